"""Somebody with the database's password at work: guards down, then one row at a time.

Each tampering answers with its place: what a fault that finds it must name.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pysqlite3.dbapi2 as pysqlite
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    create_engine,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import make_url

from records.chain import GENESIS, Head, row_sha256, sealed
from records.tables import (
    BATCHES,
    CONCENTRATIONS,
    DECISIONS,
    HEAD,
    HOLDS,
    LINES,
    LOANS,
    OPERATIONS,
    POLICY_EVENTS,
    SUBJECTS,
)

TRIES = 1_000
OUT_OF_PLACE = 10**9
JOURNAL = (DECISIONS, OPERATIONS, POLICY_EVENTS)


@contextmanager
def intruder(url: str) -> Iterator[Connection]:
    """A connection whose changes nothing refuses: no trigger, no constraint but uniqueness."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed.set(drivername="sqlite+pysqlite"), module=pysqlite)
        down = _sqlite_guards_down
    else:
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"))
        down = _postgresql_guards_down
    with engine.connect() as connection:
        down(connection)
        yield connection
        connection.commit()
    engine.dispose()


def _sqlite_guards_down(connection: Connection) -> None:
    run = connection.exec_driver_sql
    run("PRAGMA ignore_check_constraints = ON")
    for name in run("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
        run(f"DROP TRIGGER {name}")


def _postgresql_guards_down(connection: Connection) -> None:
    run = connection.exec_driver_sql
    run("SET session_replication_role = replica")
    checks = run(
        "SELECT conrelid::regclass, conname FROM pg_constraint "
        "WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    )
    for table, name in checks.all():
        run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


@dataclass
class Intruder:
    """Tampers once in a place, and never twice with what belongs together."""

    connection: Connection
    chance: Random
    touched: set[object] = field(default_factory=set)

    def changed_journal_row(self) -> str:
        """A byte of any column of a decision, an operation or a policy event."""
        table, row, batch = self._journal_row()
        column = self.chance.choice(list(row))
        self._set(table, row, {column: self._other(table, column, row)})
        return f"batch {batch} ("

    def deleted_journal_row(self) -> str:
        """A decision, an operation or a policy event less."""
        table, row, batch = self._journal_row()
        self._delete(table, row)
        return f"batch {batch} ("

    def swapped_journal_rows(self) -> str:
        """Two rows of one table in each other's place."""
        table, one, batch = self._journal_row()
        _, other, _ = self._journal_row(table)
        self._set(table, one, {"seq": -1})
        self._set(table, other, {"seq": one["seq"]})
        self._set(table, {**one, "seq": -1}, {"seq": other["seq"]})
        return f"batch {batch} ("

    def inserted_journal_row(self) -> str:
        """A copy under a number that a row of another table has."""
        table, row, batch = self._journal_row()
        twin = self.chance.choice([other for other in JOURNAL if other is not table])
        _, model, _ = self._journal_row(twin)
        unique = {"decision_id": "forged", "order_no": "forged", "reference_id": "forged"}
        unique |= {"operation_id": "forged"}
        number = row["seq"]
        forged = {k: f"forged-{number}" if k in unique else v for k, v in model.items()}
        self.connection.execute(insert(twin), forged | {"seq": number})
        return f"batch {batch} ("

    def changed_batch(self) -> str:
        """A byte of any column of a batch's row."""
        row = self._batch()
        column = self.chance.choice(list(row))
        self._set(BATCHES, row, {column: self._other(BATCHES, column, row)})
        return f"batch {row['batch'] + 1 if column == 'batch' else row['batch']} ("

    def deleted_batch(self) -> str:
        """A batch's row less."""
        row = self._batch()
        self._delete(BATCHES, row)
        return f"batch {row['batch'] + 1} ("

    def swapped_names(self) -> str:
        """Two subjects under each other's name."""
        kind = self.chance.choice(["user", "merchant"])
        named = (SUBJECTS.c.kind == kind, SUBJECTS.c.entity_id.is_not(None))
        one, other = (self._row(SUBJECTS, *named) for _ in range(2))
        self._set(SUBJECTS, one, {"entity_id": None})
        self._set(SUBJECTS, other, {"entity_id": one["entity_id"]})
        self._set(SUBJECTS, one, {"entity_id": other["entity_id"]})
        return f"subject {one['token']}"

    def changed_subject(self) -> str:
        """Any column of a subject."""
        return self._changed(SUBJECTS, "subject {token}")

    def changed_hold(self) -> str:
        """Any column of a hold: its amounts, its state, whose it is."""
        return self._changed(HOLDS, "hold {auth_no}")

    def changed_loan(self) -> str:
        """Any column of a loan."""
        return self._changed(LOANS, "loan of decision {decision_id}")

    def changed_line(self) -> str:
        """Any column of a line."""
        return self._changed(LINES, "line of {token}")

    def changed_counter(self) -> str:
        """What is counted for a partner or an industry."""
        names = select(CONCENTRATIONS.c.product, CONCENTRATIONS.c.kind, CONCENTRATIONS.c.name)
        among = sorted(tuple(one) for one in self.connection.execute(names))
        product, kind, name = self.chance.choice(among)
        row = {"product": product, "kind": kind, "name": name}
        if self.chance.random() < 1 / 2:
            self._delete(CONCENTRATIONS, row)
        else:
            self._set(CONCENTRATIONS, row, {"used_minor": CONCENTRATIONS.c.used_minor + 1})
        return f"counters: {product} of {kind} {name}: used_minor"

    def deleted_holding(self) -> str:
        """A hold, a loan, a line or a subject less."""
        table = self.chance.choice([HOLDS, LOANS, LINES, SUBJECTS])
        row = self._row(table)
        self._delete(table, row)
        if table is LINES:
            return f"subject {row['token']}: has no line"
        key = next(iter(table.primary_key)).name
        return f"{table.name}.{key} has no {row[key]}"

    def inserted_hold(self) -> str:
        """A hold that nobody authorised."""
        row = self._row(HOLDS)
        name = f"forged-{row['auth_no']}"
        forged = row | {"auth_no": name, "out_order_no": name, "decision_id": name}
        self.connection.execute(insert(HOLDS), forged)
        return f"hold {name}"

    def changed_head(self) -> str:
        """Any column of the head, or a head too few."""
        row = dict(self.connection.execute(select(HEAD)).mappings().one())
        column = self.chance.choice([*row, None])
        if column in (None, "one"):
            self._delete(HEAD, row)
        else:
            self._set(HEAD, row, {column: self._other(HEAD, column, row)})
        return "chain: journal_head"

    def cut_tail(self) -> str:
        """The last batches gone, and the head where they began."""
        last = self._last_batch()
        kept = self.chance.randrange(1, last)
        head = self._sealed(kept)
        for table in JOURNAL:
            self.connection.execute(delete(table).where(table.c.seq > head.seq))
        self.connection.execute(delete(BATCHES).where(BATCHES.c.batch > kept))
        self._move_head(head)
        return f"anchors: batch {last} ("

    def sealed_anew(self) -> str:
        """A row changed, and every hash from there to the head made to fit it."""
        table, row, first = self._journal_row()
        column = "entry" if table is DECISIONS else "detail"
        self._set(table, row, {column: '{"forged":true}'})
        head = self._sealed(first - 1) if first > 1 else Head(0, 0, "", GENESIS)
        later = select(BATCHES).where(BATCHES.c.batch >= first).order_by(BATCHES.c.batch)
        for batch in self.connection.execute(later).all():
            hashes = self._row_hashes(batch.first_seq, batch.last_seq)
            head = sealed(head, hashes, last_seq=batch.last_seq, sealed_at=batch.sealed_at)
            query = update(BATCHES).where(BATCHES.c.batch == batch.batch)
            self.connection.execute(query, {"sha256": head.sha256})
        self._move_head(head)
        return f"anchors: batch {head.batch} ("

    def _row_hashes(self, first: int, last: int) -> list[bytes]:
        hashes = {}
        for table in JOURNAL:
            query = select(table).where(table.c.seq.between(first, last))
            for row in self.connection.execute(query).mappings():
                hashes[row["seq"]] = row_sha256(table.name, row)
        return [hashes[seq] for seq in sorted(hashes)]

    def _move_head(self, head: Head) -> None:
        moved = {"batch": head.batch, "seq": head.seq, "sha256": head.sha256}
        self.connection.execute(update(HEAD), moved | {"sealed_at": head.sealed_at})

    def _sealed(self, batch: int) -> Head:
        columns = (BATCHES.c.batch, BATCHES.c.last_seq, BATCHES.c.sealed_at, BATCHES.c.sha256)
        return Head(
            *self.connection.execute(select(*columns).where(BATCHES.c.batch == batch)).one()
        )

    def _last_batch(self) -> int:
        query = select(func.max(BATCHES.c.batch)).where(BATCHES.c.batch < OUT_OF_PLACE)
        return self.connection.execute(query).scalar_one()

    def _changed(self, table: Table, place: str) -> str:
        row = self._row(table)
        column = self.chance.choice(list(row))
        changed = {column: self._other(table, column, row)}
        self._set(table, row, changed)
        return place.format(**row | changed)

    def _other(self, table: Table, column: str, row: dict[str, Any]) -> Any:
        """Another value of the column's kind: a byte or a bit of it changed."""
        value, kind = row[column], table.c[column].type
        if isinstance(kind, BigInteger):
            if column in ("seq", "batch") and table is not HEAD:
                return value + OUT_OF_PLACE  # one that no other row has
            return (value or 0) ^ (1 << self.chance.randrange(8))
        letter = chr(0x4E00 + self.chance.randrange(20_000))  # two are seldom alike
        if not value:
            return b"~" if isinstance(kind, LargeBinary) else letter
        place = self.chance.randrange(len(value))
        if isinstance(value, bytes):
            return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        return value[:place] + letter + value[place + 1 :]

    def _row(self, table: Table, *where: Any) -> dict[str, Any]:
        """A row that shares its subject with nothing that was touched."""
        many = self.connection.execute(
            select(func.count()).select_from(table).where(*where)
        ).scalar_one()
        query = select(table).where(*where).order_by(next(iter(table.primary_key)))
        for _ in range(TRIES):
            place = self.chance.randrange(many)
            row = dict(self.connection.execute(query.offset(place).limit(1)).mappings().one())
            if row["token"] not in self.touched:
                self.touched.add(row["token"])
                return row
        raise RuntimeError(f"no place left in {table.name}")

    def _journal_row(self, table: Table | None = None) -> tuple[Table, dict[str, Any], int]:
        """A row of a batch that, like its neighbours, was not touched."""
        for _ in range(TRIES):
            one = table if table is not None else self.chance.choice(JOURNAL)
            known = one.c.seq < OUT_OF_PLACE
            top = self.connection.execute(select(func.max(one.c.seq)).where(known)).scalar_one()
            at_least = one.c.seq >= self.chance.randint(1, top)
            query = select(one).where(at_least, known).order_by(one.c.seq).limit(1)
            row = self.connection.execute(query).mappings().one_or_none()
            batch = row and self._batch_of(row["seq"])
            if batch and not self.touched & {("batch", batch + near) for near in (-1, 0, 1)}:
                self.touched.add(("batch", batch))
                return one, dict(row), batch
        raise RuntimeError("no place left in the journal")

    def _batch_of(self, seq: int) -> int | None:
        query = select(BATCHES.c.batch).where(BATCHES.c.first_seq <= seq, BATCHES.c.last_seq >= seq)
        return self.connection.execute(query).scalars().first()

    def _batch(self) -> dict[str, Any]:
        """A batch's row, not the last."""
        for _ in range(TRIES):
            _, _, batch = self._journal_row()
            query = select(BATCHES).where(BATCHES.c.batch == batch)
            row = dict(self.connection.execute(query).mappings().one())
            if batch < self._last_batch():
                return row
        raise RuntimeError("no batch left")

    def _set(self, table: Table, row: dict[str, Any], values: dict[str, Any]) -> None:
        self.connection.execute(update(table).where(*_same(table, row)).values(values))

    def _delete(self, table: Table, row: dict[str, Any]) -> None:
        self.connection.execute(delete(table).where(*_same(table, row)))


def _same(table: Table, row: dict[str, Any]) -> list[ColumnElement[bool]]:
    return [column == row[column.name] for column in table.primary_key]


APART: tuple[Callable[[Intruder], str], ...] = (
    Intruder.changed_journal_row,
    Intruder.changed_journal_row,  # what most would try
    Intruder.deleted_journal_row,
    Intruder.swapped_journal_rows,
    Intruder.inserted_journal_row,
    Intruder.changed_batch,
    Intruder.deleted_batch,
    Intruder.swapped_names,
    Intruder.changed_subject,
    Intruder.changed_hold,
    Intruder.changed_loan,
    Intruder.changed_line,
    Intruder.deleted_holding,
    Intruder.inserted_hold,
)
ALONE: tuple[Callable[[Intruder], str], ...] = (
    Intruder.changed_head,
    Intruder.cut_tail,
    Intruder.sealed_anew,
    Intruder.changed_counter,
)
