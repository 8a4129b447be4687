"""Concentration counters: what a partner or an industry has open of a product adds up."""

from collections import Counter as Sums

from sqlalchemy import Column, ColumnElement, Connection, Table, func, select

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from records.counters import INDUSTRY, PARTNER, Counter
from records.store import Records
from records.tables import CONCENTRATIONS, HOLDS, LOANS
from records.verification.lines_check import HELD, LENT
from records.verification.report import Tally
from records.verification.snapshots import snapshot

_EXPOSED: tuple[tuple[str, Table, ColumnElement[int]], ...] = (
    (DEPOSIT_WAIVER, HOLDS, HELD),
    (MERCHANT_LOAN, LOANS, LENT),
)


def check_counters(records: Records, told: Tally) -> None:
    """Every counter is what its holds or loans have open, on one state of the records."""
    with snapshot(records) as connection:
        counted = _counted(connection)
        meant = _meant(connection)
    told.saw("counters", len(counted))
    for counter in sorted({*counted, *meant}, key=str):
        told.expect(_where(counter), used_minor=(counted.get(counter, 0), meant[counter]))


def _where(counter: Counter) -> str:
    product, kind, name = counter
    return f"{product} of {kind} {name}"


def _counted(connection: Connection) -> dict[Counter, object]:
    rows = connection.execute(select(CONCENTRATIONS))
    return {(row.product, row.kind, row.name): row.used_minor for row in rows}


def _meant(connection: Connection) -> Sums[Counter]:
    sums = Sums[Counter]()
    for product, table, exposure in _EXPOSED:
        for kind, column in ((PARTNER, table.c.partner), (INDUSTRY, table.c.industry)):
            for name, open_minor in _open(connection, column, exposure):
                sums[product, kind, name] += open_minor
    return sums


def _open(
    connection: Connection, column: Column[str], exposure: ColumnElement[int]
) -> list[tuple[str, int]]:
    query = select(column, func.sum(exposure)).where(column.is_not(None)).group_by(column)
    return [(name, int(open_minor)) for name, open_minor in connection.execute(query)]
