"""Concentration: how much may be open where one partner or one industry carries it all."""

from dataclasses import dataclass

from credit.policy.declared import Direction, Unit, declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """Ceilings of what is open in all, over every merchant or user."""

    partner_max_minor: int = declared(
        Unit.MINOR, Direction.LOWER_ONLY, "Ceiling of what is open at one partner"
    )
    industry_max_minor: int = declared(
        Unit.MINOR, Direction.LOWER_ONLY, "Ceiling of what is open in the partner's industry"
    )
