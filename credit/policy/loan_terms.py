"""What a policy says of loans to merchants: every field with its unit, meaning and direction."""

# ruff: noqa: RUF009  (declarations are dataclass fields, made once per class)

from dataclasses import dataclass

from credit.policy.bands import Band
from credit.policy.concentration import Concentration
from credit.policy.context import ContextField
from credit.policy.declared import Direction, Unit, declared, rows, table
from credit.policy.knockouts import Knockout
from credit.policy.no_history import NoHistory

EQUAL_PRINCIPAL = "equal_principal"
EQUAL_INSTALMENTS = "equal_instalments"
BULLET = "bullet"
REPAYMENT_TYPES = (EQUAL_PRINCIPAL, EQUAL_INSTALMENTS, BULLET)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanBand(Band):
    """What a merchant of this band may have."""

    amount_max_minor: int = declared(
        Unit.MINOR, Direction.LOWER_ONLY, "Ceiling of the limit in this band"
    )
    turnover_multiple_ppm: int = declared(
        Unit.MULTIPLE, Direction.LOWER_ONLY, "Limit as a multiple of turnover in 30 days"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """From what a merchant's limit is measured, besides its band."""

    turnover_feature: str = declared(
        Unit.FACT, Direction.FIXED, "Feature that holds turnover of the last `turnover_days`"
    )
    turnover_days: int = declared(
        Unit.DAYS, Direction.FIXED, "Days that the turnover feature spans", least="1"
    )
    debt_service_feature: str = declared(
        Unit.FACT,
        Direction.FIXED,
        "Feature that holds instalments due in 30 days, taken off once where known",
    )
    cash_margin_ppm: int = declared(
        Unit.SHARE,
        Direction.LOWER_ONLY,
        "Share of turnover left after purchases, before instalments",
    )
    cash_share_ppm: int = declared(
        Unit.SHARE, Direction.LOWER_ONLY, "Share of what then remains over the term that may repay"
    )
    unknown_max_minor: int = declared(
        Unit.MINOR, Direction.LOWER_ONLY, "Ceiling where turnover is not known"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanPrice:
    """What a loan costs to make, and what may be asked for it."""

    apr_cap_ppm: int = declared(
        Unit.RATE,
        Direction.LOWER_ONLY,
        "Highest all-in annual rate, fees included",
        least="0.0001",
        most="0.36",
    )
    apr_floor_ppm: int = declared(
        Unit.RATE, Direction.DELEGATED, "Lowest annual rate offered", looser=-1
    )
    funding_rate_ppm: int = declared(
        Unit.RATE, Direction.HIGHER_ONLY, "What the money lent costs a year"
    )
    margin_rate_ppm: int = declared(
        Unit.RATE,
        Direction.DELEGATED,
        "What the lender earns a year on top of all costs",
        looser=-1,
    )
    operating_cost_minor: int = declared(
        Unit.MINOR, Direction.HIGHER_ONLY, "What one loan costs to make and serve"
    )
    fee_share_ppm: int = declared(
        Unit.SHARE, Direction.FIXED, "Fee on disbursal as a share of the amount"
    )
    roll_to_loss_ppm: int = declared(
        Unit.SHARE, Direction.HIGHER_ONLY, "Share of bad loans that roll on to loss"
    )
    loss_given_default_ppm: int = declared(
        Unit.SHARE, Direction.HIGHER_ONLY, "Share of what is owed at loss that is never recovered"
    )
    exposure_at_default_ppm: int = declared(
        Unit.SHARE, Direction.HIGHER_ONLY, "Share of the amount that is still owed at loss"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanNoHistory(NoHistory):
    """What a merchant is answered of whom nothing is known."""

    amount_max_minor: int = declared(Unit.MINOR, Direction.LOWER_ONLY, "Ceiling of a starter loan")
    probability_ppm: int = declared(
        Unit.SHARE, Direction.HIGHER_ONLY, "P(bad) assumed for the price of a starter loan"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanTerms:
    """The loan section of a policy."""

    amount_min_minor: int = declared(
        Unit.MINOR, Direction.DELEGATED, "Least loan made", least="1", looser=-1
    )
    amount_max_minor: int = declared(
        Unit.MINOR, Direction.LOWER_ONLY, "Largest loan that may be asked for", least="1"
    )
    amount_step_minor: int = declared(
        Unit.MINOR, Direction.FIXED, "Limits and counter-offers are whole steps of this", least="1"
    )
    terms_days: tuple[int, ...] = declared(
        Unit.DAYS, Direction.SUBSET, "Terms offered, shortest first", least="1", many=True
    )
    repayment_type: str = declared(
        Unit.TEXT,
        Direction.DELEGATED,
        "How a loan is repaid",
        choices=REPAYMENT_TYPES,
        looser=1,
    )
    approve_probability_max_ppm: int = declared(
        Unit.SHARE, Direction.LOWER_ONLY, "P(bad) up to and with which a loan may be approved"
    )
    refer_probability_max_ppm: int = declared(
        Unit.SHARE, Direction.LOWER_ONLY, "P(bad) up to and with which a person may still approve"
    )
    offer_valid_hours: int = declared(
        Unit.HOURS, Direction.LOWER_ONLY, "Hours for which an approval reserves room", least="1"
    )
    offers_max: int = declared(
        Unit.COUNT, Direction.LOWER_ONLY, "Most offers in one answer", least="1", most="9"
    )
    counter_shares_ppm: tuple[int, ...] = declared(
        Unit.SHARE,
        Direction.SUBSET,
        "Counter-offers as shares of what was asked, largest first",
        many=True,
    )
    counter_terms_days: tuple[int, ...] = declared(
        Unit.DAYS,
        Direction.SUBSET,
        "Terms that counter-offers try where longer ones were asked, shortest first",
        least="1",
        many=True,
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
    capacity: Capacity = table(Capacity, "From what a limit is measured")
    concentration: Concentration = table(
        Concentration, "What may be open at one partner and in its industry, loans alone"
    )
    price: LoanPrice = table(LoanPrice, "From what a price is made")
    no_history: LoanNoHistory = table(LoanNoHistory, "Merchants of whom nothing is known")
    bands: tuple[LoanBand, ...] = rows(LoanBand, Direction.DELEGATED, "Bands of probability")
