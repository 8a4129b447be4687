"""How much may be lent: the least of what turnover, cash flow, the line and the policy allow."""

from collections.abc import Mapping
from dataclasses import dataclass

from credit.money import divided_down, part_down, stepped_down, whole_minor
from credit.policy.evidence import Value
from credit.policy.knockouts import known_number
from credit.policy.loan_terms import LoanBand, LoanTerms
from credit.policy.room import Room

DAYS_A_MONTH = 30
CEILING, TURNOVER, CASH_FLOW, UNKNOWN = (
    "ceiling",
    "turnover_multiple",
    "cash_flow_share",
    "turnover_unknown",
)


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit in whole steps, and each leg it is the least of."""

    limit_minor: int
    legs: tuple[tuple[str, int], ...]

    @property
    def binding(self) -> str:
        """The leg that holds the limit down; the first named, where two do."""
        return min(self.legs, key=lambda leg: leg[1])[0]


def loan_limit(
    values: Mapping[str, Value],
    terms: LoanTerms,
    band: LoanBand,
    *,
    term_days: int,
    room: Room,
    ceiling_minor: int,
) -> Limit:
    """The most that may be lent for `term_days` in `band`."""
    legs = [(CEILING, min(ceiling_minor, terms.amount_max_minor, band.amount_max_minor))]
    turnover = known_number(values, terms.capacity.turnover_feature)
    if turnover is None:
        legs.append((UNKNOWN, terms.capacity.unknown_max_minor))
    else:
        monthly = _monthly_minor(turnover, terms.capacity.turnover_days)
        service = known_number(values, terms.capacity.debt_service_feature) or 0
        legs.append((TURNOVER, part_down(monthly, band.turnover_multiple_ppm)))
        legs.append((CASH_FLOW, _cash_leg(monthly, whole_minor(service), terms, term_days)))
    legs.extend(room.legs())
    least = max(0, min(amount for _, amount in legs))
    return Limit(stepped_down(least, terms.amount_step_minor), tuple(legs))


def _monthly_minor(turnover: float, turnover_days: int) -> int:
    return divided_down(max(0, whole_minor(turnover)) * DAYS_A_MONTH, turnover_days)


def _cash_leg(monthly_minor: int, service_minor: int, terms: LoanTerms, term_days: int) -> int:
    takings_minor = divided_down(monthly_minor * term_days, DAYS_A_MONTH)
    free_minor = part_down(takings_minor, terms.capacity.cash_margin_ppm) - service_minor
    return part_down(max(0, free_minor), terms.capacity.cash_share_ppm)
