"""Applications that no outcome tells of: declined, left in review, or approved and not known."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN

if TYPE_CHECKING:
    import pyarrow as pa

    from features.sources import History

TURNED_AWAY = ("decline", "refer")
GRANTED = ("approve", "approve_at_random")
# Which tables show that an application became credit, and under which names it stands there.
CREDIT = {
    MERCHANT_LOAN: ("loans", ("application_id", "loan_id")),
    DEPOSIT_WAIVER: ("holds", ("application_id", "hold_id")),
}


def turned_away(history: "History", product: str, *, by: datetime) -> "pa.Table | None":
    """Applications declined or left in review, as known at `by`, that never became credit.

    Columns as a spine of features has them, and `outcome`; by time. An application is asked
    for as it was first recorded and answered as it was last. None without the table.
    """
    return _asked(history, product, by, answers=TURNED_AWAY)


def without_outcome(history: "History", product: str, *, by: datetime) -> "pa.Table | None":
    """Applications approved, as known at `by`, of which no outcome tells, matured or not.

    They were not taken up, or what became of them was never given. None without the table.
    """
    return _asked(history, product, by, answers=GRANTED)


def approved_at_random(history: "History", product: str, *, by: datetime) -> frozenset[str]:
    """References of what was approved at random, whatever the policy said: the unbiased few."""
    if "applications" not in history.tables:
        return frozenset()
    history.table("applications")
    lucky = _AT_RANDOM.format(product=product, at=_at(by))
    parts = [lucky]
    table, names = CREDIT[product]
    if table in history.tables:
        history.table(table)
        parts.append(f"SELECT {names[1]} FROM {table} WHERE {names[0]} IN ({lucky})")
    found = history.connection.sql(" UNION ".join(parts)).fetchall()
    return frozenset(name for (name,) in found)


def _at(by: datetime) -> str:
    return f"TIMESTAMP '{by.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


def _asked(
    history: "History", product: str, by: datetime, *, answers: tuple[str, ...]
) -> "pa.Table | None":
    if "applications" not in history.tables:
        return None
    history.table("applications")
    words = ", ".join(f"'{word}'" for word in answers)
    at = _at(by)
    known = " UNION ALL ".join(_known(history, product, at=at, settled=answers == GRANTED))
    rows = _APPLICATIONS.format(product=product, at=at, words=words, known=known)
    return history.connection.sql(rows).to_arrow_table()


def _known(history: "History", product: str, *, at: str, settled: bool) -> list[str]:
    """SQL of the names of applications that became credit or, `settled`, have an outcome.

    An outcome names an application, a loan or a hold; loans and holds name applications. Where
    outcomes are not given but derived, a loan or hold is as good as one.
    """
    table, names = CREDIT[product]
    parts, told = [_NOBODY], ""
    if "outcomes" in history.tables:
        history.table("outcomes")
        outcomes = f"SELECT reference_id AS name FROM outcomes WHERE product = '{product}'"
        parts.append(outcomes)
        told = f" AND {names[1]} IN ({outcomes})" if settled else ""
    if table in history.tables:
        history.table(table)
        parts += [f"SELECT {name} FROM {table} WHERE recorded_at <= {at}{told}" for name in names]
    return parts


_AT_RANDOM = """
SELECT application_id AS name FROM applications
WHERE product = '{product}' AND recorded_at <= {at} AND outcome = 'approve_at_random'"""
_NOBODY = "SELECT NULL::VARCHAR AS name WHERE false"
_APPLICATIONS = """
WITH first AS (
    SELECT application_id, entity_id, applied_at, scene, requested_minor,
        coalesce(term_days, CAST(ceil(epoch(due_at - applied_at) / 86400) AS BIGINT)) AS term_days
    FROM applications WHERE product = '{product}' AND recorded_at <= {at}
    QUALIFY row_number() OVER (PARTITION BY application_id ORDER BY recorded_at) = 1
), latest AS (
    SELECT application_id, outcome
    FROM applications WHERE product = '{product}' AND recorded_at <= {at}
    QUALIFY row_number() OVER (PARTITION BY application_id ORDER BY recorded_at DESC) = 1
)
SELECT application_id AS reference_id, entity_id, applied_at AS observed_at, scene,
    requested_minor AS amount_minor, term_days, outcome
FROM first JOIN latest USING (application_id)
WHERE outcome IN ({words})
    AND application_id NOT IN (SELECT name FROM ({known}) WHERE name IS NOT NULL)
ORDER BY observed_at, reference_id
"""
