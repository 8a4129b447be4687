"""How the ledger stands: what there is of each thing, and what is open."""

from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from records.anchors import head
from records.chain import Head
from records.tables import HOLDS, LINES, LOANS, OUTBOX


@dataclass(frozen=True, slots=True)
class Standing:
    """Lines and what is used of them, holds and loans by state, the journal's end."""

    lines: int
    used_minor: int
    holds: dict[str, int]
    loans: dict[str, int]
    waiting_events: int
    head: Head

    def told(self) -> list[str]:
        """The same as a person reads it."""
        return [
            f"lines    {self.lines:,}, {self.used_minor:,} minor units used",
            f"holds    {_by_state(self.holds)}",
            f"loans    {_by_state(self.loans)}",
            f"journal  {self.head.seq:,} rows in {self.head.batch:,} batches",
            f"         sealed {self.head.sealed_at}, sha256 {self.head.sha256}",
            f"outbox   {self.waiting_events:,} events wait to be confirmed",
        ]


def standing(connection: Connection) -> Standing:
    """How the ledger stands now."""
    lines, used_minor = connection.execute(
        select(func.count(), func.coalesce(func.sum(LINES.c.used_minor), 0))
    ).one()
    waiting = select(func.count()).where(OUTBOX.c.delivered_at.is_(None))
    return Standing(
        lines=lines,
        used_minor=int(used_minor),
        holds=_states(connection, HOLDS),
        loans=_states(connection, LOANS),
        waiting_events=connection.execute(waiting).scalar_one(),
        head=head(connection),
    )


def _states(connection: Connection, table: Table) -> dict[str, int]:
    query = select(table.c.state, func.count()).group_by(table.c.state).order_by(table.c.state)
    return {row.state: row[1] for row in connection.execute(query)}


def _by_state(states: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {state}" for state, number in states.items()) or "none"
