"""What bad means: each product's label, derived from histories where no outcomes are given.

Only what was recorded by the cut-off counts. A label's window ends at the same distance for goods
and bads, so that recent bads do not ripen before recent goods.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from credit.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from features.sources import History

NOT_MATURED = "not matured"
WINDOW = ("observed_at", "matured_at")


@dataclass(frozen=True, slots=True)
class LoanLabel:
    """Bad: an instalment much short and late, or the loan written off or restructured, in time.

    Late by `late_days`, short by more than `short_share` of it, and all within
    min(term, `term_days_max`) + `grace_days` days of disbursal.
    """

    late_days: int = 30
    short_share: float = 0.01
    term_days_max: int = 360
    grace_days: int = 31


@dataclass(frozen=True, slots=True)
class WaiverLabel:
    """Bad: a captured amount is still unpaid `unpaid_days` after capture.

    The window ends `window_days` after the order was due: a capture comes within a month of
    that and is given `unpaid_days` to be paid.
    """

    unpaid_days: int = 30
    window_days: int = 61


@dataclass(frozen=True, slots=True)
class Derived:
    """Outcomes as the contract's table has them, and how many were left out, by why.

    `table` also has `bad_at`: when a bad one became bad (null for goods). `unripe` holds
    `observed_at, matured_at` of those whose window has not ended.
    """

    table: "pa.Table"
    left_out: Mapping[str, int]
    unripe: "pa.Table"


Label = LoanLabel | WaiverLabel
DEFAULT_LABELS: Mapping[str, Label] = {
    MERCHANT_LOAN: LoanLabel(),
    DEPOSIT_WAIVER: WaiverLabel(),
}


def derive_outcomes(history: "History", product: str, *, label: Label, by: datetime) -> Derived:
    """Outcomes of `product` matured and recorded by `by`; InputError where a table is absent."""
    derive: Callable[[History, Any, datetime], Derived] = (
        _of_loans if product == MERCHANT_LOAN else _of_holds
    )
    return derive(history, label, by)


def label_facts(product: str, label: Label) -> dict[str, Any]:
    """The definition for the manifest."""
    words = " ".join((type(label).__doc__ or "").split())
    return {"source": "derived", "product": product, "definition": words, **asdict(label)}


def _needed(history: "History", *names: str) -> None:
    for name in names:
        if name not in history.tables:
            raise InputError(
                f"{history.path} has neither outcomes nor {name}", "give outcomes, or that table"
            )
        history.table(name)


def _of_loans(history: "History", label: LoanLabel, by: datetime) -> Derived:
    _needed(history, "loans", "repayments")
    applied = "loans.disbursed_at"
    join = ""
    if "applications" in history.tables:
        history.table("applications")
        applied = "coalesce(asked.applied_at, loans.disbursed_at)"
        join = (
            "LEFT JOIN (SELECT application_id, min(applied_at) AS applied_at FROM applications "
            f"WHERE recorded_at <= {_at(by)} GROUP BY ALL) asked USING (application_id)"
        )
    rows = history.connection.sql(
        _LOANS.format(**asdict(label), by=_at(by), applied=applied, join=join)
    ).to_arrow_table()
    return _split_off(rows)


def _of_holds(history: "History", label: WaiverLabel, by: datetime) -> Derived:
    _needed(history, "holds")
    return _split_off(
        history.connection.sql(_HOLDS.format(**asdict(label), by=_at(by))).to_arrow_table()
    )


def _at(by: datetime) -> str:
    return f"TIMESTAMP '{by.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


def _split_off(rows: "pa.Table") -> Derived:
    """Rows with an outcome, and a count of the others by what is the matter."""
    import pyarrow.compute as pc

    why = rows.column("left_out")
    found = pc.value_counts(why.drop_null()).to_pylist()
    counts = {str(one["values"]): int(one["counts"]) for one in found}
    kept = rows.filter(pc.is_null(why)).drop_columns(["left_out"])
    unripe = rows.filter(pc.equal(why, NOT_MATURED)).select(list(WINDOW))
    return Derived(kept, dict(sorted(counts.items())), unripe)


# Principal and term are those first recorded: later versions may have been rewritten by what
# became of the loan. What was paid by a deadline is the least of what was said then and what is
# said now, since a later correction may have taken a payment back.
_LOANS = """
WITH first AS (
    SELECT * FROM loans WHERE recorded_at <= {by}
    QUALIFY row_number() OVER (PARTITION BY loan_id ORDER BY recorded_at) = 1
), loan AS (
    SELECT loans.loan_id, loans.merchant_id, loans.principal_minor, loans.term_days,
        coalesce(loans.application_id, loans.loan_id) AS reference_id,
        {applied} AS observed_at,
        loans.disbursed_at + to_days(CAST(least(loans.term_days, {term_days_max}) + {grace_days}
            AS INTEGER)) AS matured_at
    FROM first AS loans {join}
), ended AS (
    SELECT loan.loan_id,
        bool_or(status = 'cancelled') AS cancelled,
        min(recorded_at) FILTER (status IN ('written_off', 'restructured')
            AND recorded_at <= loan.matured_at) AS broken_at
    FROM loans JOIN loan USING (loan_id) WHERE recorded_at <= {by} GROUP BY ALL
), latest AS (
    SELECT * FROM repayments WHERE recorded_at <= {by}
    QUALIFY row_number() OVER (PARTITION BY repayment_id ORDER BY recorded_at DESC) = 1
), due AS (
    SELECT repayment_id, loan_id, due_minor, coalesce(paid_minor, 0) AS paid_now,
        CAST(due_on AS TIMESTAMP) + to_days({late_days} + 1) AS deadline
    FROM latest
), in_time AS (
    SELECT due.repayment_id,
        coalesce(arg_max(paid_minor, recorded_at), 0) AS paid_then
    FROM repayments JOIN due USING (repayment_id)
    WHERE recorded_at <= {by} AND coalesce(paid_at, recorded_at) < due.deadline
    GROUP BY ALL
), arrears AS (
    SELECT loan_id, count(*) AS instalments, min(deadline) FILTER (
        deadline <= loan.matured_at
        AND due_minor - least(paid_now, coalesce(paid_then, 0)) > {short_share} * due_minor
    ) AS late_at
    FROM due LEFT JOIN in_time USING (repayment_id) JOIN loan USING (loan_id) GROUP BY ALL
)
SELECT merchant_id AS entity_id, reference_id, observed_at, CAST(NULL AS VARCHAR) AS scene,
    principal_minor AS amount_minor, term_days,
    CAST(late_at IS NOT NULL OR broken_at IS NOT NULL AS BIGINT) AS bad, matured_at,
    least(late_at, broken_at) AS bad_at,
    CASE WHEN cancelled THEN 'cancelled'
        WHEN matured_at > {by} THEN 'not matured'
        WHEN instalments IS NULL AND broken_at IS NULL THEN 'no instalments'
    END AS left_out
FROM loan LEFT JOIN ended USING (loan_id) LEFT JOIN arrears USING (loan_id)
ORDER BY observed_at, reference_id
"""

_HOLDS = """
WITH opened AS (
    SELECT * FROM holds WHERE recorded_at <= {by}
    QUALIFY row_number() OVER (PARTITION BY hold_id ORDER BY recorded_at) = 1
), latest AS (
    SELECT *, captured_at + to_days({unpaid_days}) AS deadline
    FROM holds WHERE recorded_at <= {by}
    QUALIFY row_number() OVER (PARTITION BY hold_id ORDER BY recorded_at DESC) = 1
), owed AS (
    SELECT holds.hold_id,
        arg_max(coalesce(holds.unpaid_minor, holds.captured_minor, 1), holds.recorded_at)
            FILTER (holds.recorded_at <= latest.deadline) AS unpaid_then,
        arg_min(coalesce(holds.unpaid_minor, holds.captured_minor, 1), holds.recorded_at)
            AS unpaid_first
    FROM holds JOIN latest USING (hold_id)
    WHERE holds.recorded_at <= {by} AND holds.captured_at IS NOT NULL
    GROUP BY ALL
)
SELECT opened.user_id AS entity_id, hold_id AS reference_id, opened.opened_at AS observed_at,
    opened.scene, opened.deposit_minor AS amount_minor,
    CAST(ceil(epoch(opened.due_at - opened.opened_at) / 86400) AS BIGINT) AS term_days,
    CAST(latest.captured_at IS NOT NULL
        AND coalesce(unpaid_then, unpaid_first) > 0
        AND (latest.settled_at IS NULL OR latest.settled_at > latest.deadline) AS BIGINT) AS bad,
    opened.due_at + to_days({window_days}) AS matured_at,
    CASE WHEN bad = 1 THEN latest.deadline END AS bad_at,
    CASE WHEN opened.due_at + to_days({window_days}) > {by} THEN 'not matured'
        WHEN latest.captured_at IS NULL AND latest.closed_at IS NULL THEN 'indeterminate'
    END AS left_out
FROM opened JOIN latest USING (hold_id) LEFT JOIN owed USING (hold_id)
ORDER BY observed_at, reference_id
"""
