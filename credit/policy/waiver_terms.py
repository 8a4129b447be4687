"""What a policy says of waived deposits: every field with its unit, meaning and direction."""

# ruff: noqa: RUF009  (declarations are dataclass fields, made once per class)

from collections.abc import Mapping
from dataclasses import dataclass

from credit.policy.bands import Band
from credit.policy.concentration import Concentration
from credit.policy.context import ContextField
from credit.policy.declared import Direction, Unit, declared, named, rows, table
from credit.policy.knockouts import Knockout
from credit.policy.no_history import NoHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverBand(Band):
    """What of a deposit is waived in this band."""

    credit_share_ppm: int = declared(
        Unit.SHARE, Direction.LOWER_ONLY, "Share of the deposit that is waived (1: all, 0: none)"
    )
    credit_max_minor: int = declared(
        Unit.MINOR, Direction.LOWER_ONLY, "Ceiling of what is waived in this band"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneTerms:
    """What holds in one scene."""

    offered: bool = declared(
        Unit.FLAG, Direction.LOWER_ONLY, "Whether deposits may be waived here at all"
    )
    deposit_max_minor: int = declared(
        Unit.MINOR, Direction.LOWER_ONLY, "Largest deposit that may be asked about", least="1"
    )
    credit_max_minor: int = declared(
        Unit.MINOR, Direction.LOWER_ONLY, "Ceiling of what is waived in this scene"
    )
    partial_allowed: bool = declared(
        Unit.FLAG, Direction.LOWER_ONLY, "Whether a part of a deposit may be waived"
    )
    duration_days_max: int = declared(Unit.DAYS, Direction.LOWER_ONLY, "Longest order", least="1")
    grace_hours: int = declared(
        Unit.HOURS,
        Direction.DELEGATED,
        "Hours after `due_at` at which a hold expires",
        looser=1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverNoHistory(NoHistory):
    """What a user is answered of whom nothing is known."""

    credit_max_minor: int = declared(
        Unit.MINOR, Direction.LOWER_ONLY, "Largest deposit waived for a starter"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverTerms:
    """The deposit-waiver section of a policy."""

    approve_probability_max_ppm: int = declared(
        Unit.SHARE, Direction.LOWER_ONLY, "P(bad) up to and with which a deposit may be waived"
    )
    refer_probability_max_ppm: int = declared(
        Unit.SHARE, Direction.LOWER_ONLY, "P(bad) up to and with which a person may still waive"
    )
    user_max_minor: int = declared(
        Unit.MINOR, Direction.LOWER_ONLY, "Ceiling of what is waived for one user at a time"
    )
    open_credit_feature: str = declared(
        Unit.FACT, Direction.FIXED, "Feature that holds what is waived for the user already"
    )
    credit_min_minor: int = declared(
        Unit.MINOR,
        Direction.DELEGATED,
        "Least part of a deposit worth waiving",
        least="1",
        looser=-1,
    )
    decision_valid_minutes: int = declared(
        Unit.MINUTES, Direction.LOWER_ONLY, "Minutes for which a consultation holds", least="1"
    )
    knockout_features: tuple[str, ...] = declared(
        Unit.FACT, Direction.SUBSET, "What knock-outs may look at", many=True
    )
    context: tuple[ContextField, ...] = rows(
        ContextField, Direction.SUPERSET, "Facts that requests carry for knock-outs to look at"
    )
    knockouts: tuple[Knockout, ...] = rows(
        Knockout, Direction.SUPERSET, "Facts that decide without a score"
    )
    no_history: WaiverNoHistory = table(WaiverNoHistory, "Users of whom nothing is known")
    bands: tuple[WaiverBand, ...] = rows(WaiverBand, Direction.DELEGATED, "Bands of probability")
    concentration: Concentration = table(
        Concentration, "What may be waived at one partner and in its industry at a time"
    )
    new_scene: SceneTerms = table(
        SceneTerms, "What a lower layer may give a scene that no layer above it names"
    )
    scenes: Mapping[str, SceneTerms] = named(
        SceneTerms, Direction.LOWER_ONLY, "Scenes in which deposits may be waived"
    )
