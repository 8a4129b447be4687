"""What a policy says of instalments that a merchant subsidises at its till."""

# ruff: noqa: RUF009  (declarations are dataclass fields, made once per class)

from dataclasses import dataclass

from credit.policy.context import ContextField
from credit.policy.declared import Direction, Unit, declared, rows, table
from credit.policy.knockouts import Knockout

ASSUMPTION, HOLDOUT, BOOKS = "assumption", "holdout", "books"
HEADS_MAX = "1000000000"  # of an experiment: nobody has more customers


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """A randomised experiment: who was offered the subsidy was drawn by lot. Zeros where none."""

    treated_offered: int = declared(
        Unit.COUNT, Direction.DELEGATED, "Customers who were offered the subsidy", most=HEADS_MAX
    )
    treated_bought: int = declared(
        Unit.COUNT, Direction.DELEGATED, "Of those, how many bought", most=HEADS_MAX
    )
    control_offered: int = declared(
        Unit.COUNT, Direction.DELEGATED, "Customers held out: no subsidy offered", most=HEADS_MAX
    )
    control_bought: int = declared(
        Unit.COUNT, Direction.DELEGATED, "Of those held out, how many bought", most=HEADS_MAX
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftTerms:
    """By how much a subsidy raises sales, and how anybody knows."""

    source: str = declared(
        Unit.TEXT,
        Direction.DELEGATED,
        "Where the lift comes from: assumed, or measured against a hold-out",
        choices=(ASSUMPTION, HOLDOUT),
    )
    assumed_share_ppm: int = declared(
        Unit.SHARE, Direction.DELEGATED, "Extra orders as a share of orders, where it is assumed"
    )
    holdout: Holdout = table(Holdout, "The experiment, where it is measured")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentTerms:
    """The instalment section of a policy."""

    counts: tuple[int, ...] = declared(
        Unit.COUNT,
        Direction.SUBSET,
        "Monthly instalments offered, fewest first; none: not offered",
        least="2",
        most="36",
        many=True,
    )
    order_min_minor: int = declared(
        Unit.MINOR,
        Direction.DELEGATED,
        "Least order that may be paid in instalments",
        least="1000",
        looser=-1,
    )
    order_max_minor: int = declared(
        Unit.MINOR,
        Direction.LOWER_ONLY,
        "Largest order that may be paid in instalments",
        least="1000",
    )
    fee_rate_ppm: int = declared(
        Unit.RATE,
        Direction.HIGHER_ONLY,
        "Fee a year on what is still owed: money, losses and work; customer and merchant share it",
        most="0.24",
    )
    offer_valid_minutes: int = declared(
        Unit.MINUTES, Direction.LOWER_ONLY, "Minutes for which an offer holds", least="1"
    )
    subsidy_share_ppm: int = declared(
        Unit.SHARE, Direction.DELEGATED, "Share of the fee that the merchant pays", looser=1
    )
    subsidy_budget_minor: int = declared(
        Unit.MINOR,
        Direction.DELEGATED,
        "Most that one merchant pays of fees in a month",
        looser=1,
    )
    gross_margin_ppm: int = declared(
        Unit.SHARE, Direction.DELEGATED, "Share of a sale that the merchant keeps before the fee"
    )
    gross_margin_source: str = declared(
        Unit.TEXT,
        Direction.DELEGATED,
        "Whether the margin is assumed or from the merchant's books",
        choices=(ASSUMPTION, BOOKS),
    )
    context: tuple[ContextField, ...] = rows(
        ContextField, Direction.SUPERSET, "Facts that requests carry for knock-outs to look at"
    )
    knockouts: tuple[Knockout, ...] = rows(
        Knockout, Direction.SUPERSET, "Facts of the request that decide"
    )
    lift: LiftTerms = table(LiftTerms, "What a subsidy is expected to bring")
