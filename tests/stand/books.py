"""The books after the storm: what clients were told, held against what the ledger holds."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from records.anchors import Anchors, head
from records.operations import HOLD
from records.store import Records, open_records
from records.tables import DECISIONS, HOLDS, LINES, OPERATIONS, SUBJECTS
from records.verification.verify import verify
from tests.stand.client import Ledger

Effect = tuple[str, str, int]  # an order's number or a hold's, what was done, how much
OPENED = "authorize"


@dataclass(frozen=True, slots=True)
class Books:
    """The records as they stand, read by a program of their own."""

    records: Records
    anchors: Path

    def assert_whole(self) -> None:
        """Chain, anchors, names, holds, loans and lines all add up."""
        report = verify(self.records, anchors=Anchors(self.anchors))
        assert report.holds, "\n".join(report.lines())

    def is_anchored(self) -> bool:
        """Whether the journal's end, as it is now, is noted outside."""
        with self.records.reading() as connection:
            now = head(connection)
        return now in Anchors(self.anchors).read()

    def assert_nothing_lost_or_doubled(self, ledger: Ledger) -> None:
        """Every change that was acknowledged is there once, and there is no other.

        Everything that was sent must have its verdict by now.
        """
        assert not ledger.contradictions, "a key was answered in two ways"
        assert not ledger.unanswered()
        assert self.effects() == told_effects(ledger)
        assert self.orders() == Counter(
            request.body["out_order_no"]
            for key, request in ledger.sent.items()
            if key in ledger.acknowledged and "out_order_no" in request.body
        )

    def assert_settled(self, ledger: Ledger) -> None:
        """Nothing was lost, nothing doubled, and it all adds up."""
        self.assert_nothing_lost_or_doubled(ledger)
        self.assert_whole()

    def effects(self) -> Counter[Effect]:
        """What was done to holds at clients' wish: nothing that fell due by itself."""
        query = (
            select(HOLDS.c.out_order_no, OPERATIONS.c.move, OPERATIONS.c.amount_minor)
            .join(HOLDS, HOLDS.c.auth_no == OPERATIONS.c.reference)
            .where(OPERATIONS.c.kind == HOLD, OPERATIONS.c.move != "expire")
        )
        with self.records.reading() as connection:
            return Counter((row[0], row[1], row[2]) for row in connection.execute(query))

    def orders(self) -> Counter[str]:
        """How often each order was decided."""
        query = select(DECISIONS.c.order_no).where(DECISIONS.c.order_no.is_not(None))
        with self.records.reading() as connection:
            return Counter(connection.execute(query).scalars())

    def holds(self) -> list[dict[str, Any]]:
        """Every hold, as its row."""
        with self.records.reading() as connection:
            return [dict(row) for row in connection.execute(select(HOLDS)).mappings()]

    def moves(self) -> dict[str, list[str]]:
        """What was done to each hold, in order."""
        query = (
            select(OPERATIONS.c.reference, OPERATIONS.c.move)
            .where(OPERATIONS.c.kind == HOLD)
            .order_by(OPERATIONS.c.seq)
        )
        done: dict[str, list[str]] = {}
        with self.records.reading() as connection:
            for reference, move in connection.execute(query):
                done.setdefault(reference, []).append(move)
        return done

    def used_minor(self, user_id: str) -> int:
        """What is used of a user's line."""
        query = (
            select(LINES.c.used_minor)
            .join(SUBJECTS, SUBJECTS.c.token == LINES.c.token)
            .where(SUBJECTS.c.kind == "user", SUBJECTS.c.entity_id == user_id)
        )
        with self.records.reading() as connection:
            used: int = connection.execute(query).scalar_one()
            return used


@contextmanager
def open_books(url: str, anchors: Path) -> Iterator[Books]:
    """The books of records that others may be writing to."""
    records = open_records(url)
    try:
        yield Books(records, anchors)
    finally:
        records.close()


def told_effects(ledger: Ledger) -> Counter[Effect]:
    """What clients were told that was done: the last operation of each answer."""
    done: Counter[Effect] = Counter()
    for key in ledger.acknowledged:
        answer = ledger.told(key)
        hold = answer.get("hold", answer)
        if hold is not None and "operations" in hold:
            last = hold["operations"][-1]
            done[hold["out_order_no"], last["type"], last["amount_minor"]] += 1
    return done
