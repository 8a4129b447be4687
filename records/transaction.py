"""One durable transaction: the writers' lock, the instant it takes place, and its journal batch."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from records.chain import Head, row_sha256, sealed
from records.instants import instant_of, instant_text
from records.lookups import Findings
from records.tables import BATCHES, HEAD, OUTBOX

_HEAD = select(HEAD.c.batch, HEAD.c.seq, HEAD.c.sealed_at, HEAD.c.sha256).with_for_update()
_MOVE_HEAD = update(HEAD)
Row = Mapping[str, Any]


def lock_head(connection: Connection) -> Head:
    """The journal's head, which is also the writers' lock: one transaction writes at a time."""
    return Head(*connection.execute(_HEAD).one())


class Transaction:
    """What a work writes through.

    `now` is the database's present; `at` is the same, never before what was journalled last, so
    that the journal's times run one way whatever a clock does. Rows that are only ever added wait
    for the end of the transaction and go in one go (`close`); a work that reads what a work before
    it in the same transaction may have added writes them first (`write_out`). `findings` knows such
    rows by name without that.
    """

    def __init__(self, connection: Connection, head: Head, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.at = max(now, instant_of(head.sealed_at))
        self.findings = Findings(connection)
        self._head = head
        self._journal: list[tuple[Table, Row]] = []
        self._waiting: dict[Table, list[Row]] = {}

    def add(self, table: Table, row: Row) -> None:
        """Add a row at the end of this transaction."""
        self._waiting.setdefault(table, []).append(row)

    def journal(self, table: Table, row: Row, *, topic: str, partner: str, told: bytes) -> None:
        """Append a row to the journal, and to the outbox what is told of it (JSON)."""
        seq = self._head.seq + len(self._journal) + 1
        self._journal.append((table, {"seq": seq, **row}))
        self.add(table, {"seq": seq, **row})
        event = {"seq": seq, "topic": topic, "partner": partner, "body": told.decode()}
        self.add(OUTBOX, event | {"at": instant_text(self.at), "delivered_at": None})

    def write_out(self) -> None:
        """Write what waits, so that it can be read before the transaction ends."""
        for table, rows in self._waiting.items():
            self.connection.execute(insert(table), rows)
        self._waiting.clear()

    def close(self) -> None:
        """Write what waits and seal the journal's batch; the commit follows."""
        self.write_out()
        if self._journal:
            self._seal()

    def _seal(self) -> None:
        hashes = [row_sha256(table.name, row) for table, row in self._journal]
        first, last = self._head.seq + 1, self._head.seq + len(self._journal)
        head = sealed(self._head, hashes, last_seq=last, sealed_at=instant_text(self.at))
        batch = {"batch": head.batch, "first_seq": first, "last_seq": last}
        self.connection.execute(
            insert(BATCHES), batch | {"sealed_at": head.sealed_at, "sha256": head.sha256}
        )
        self.connection.execute(_MOVE_HEAD, asdict(head))
