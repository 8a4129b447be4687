"""PostgreSQL away, slow, silent or restarted: an answer in time, nothing lost, nothing doubled."""

import time
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import event, func, select

from records.store import RecordsUnavailableError, open_records
from records.tables import HOLDS
from records.verify import verify
from tests.stand.lived import WAIVER, decide, hold_claim

PATIENCE_S = 0.4
CONNECT_S = 2.0  # libpq's least


@pytest.fixture
def url(postgres):
    postgres.start()
    made = postgres.new_database()
    yield made
    postgres.start()
    postgres.drop(made)


@pytest.fixture
def open_at():
    """Opens records with little patience, and closes them."""
    opened = []

    def at(url):
        opened.append(open_records(url, patience_seconds=PATIENCE_S))
        return opened[-1]

    yield at
    for records in opened:
        records.close()


def test_who_waits_on_a_line_that_swallows_everything_is_freed(wire, url, open_at):
    records = open_at(wire.url(url))
    waive(records, 1)
    wire.blackhole()
    assert refused_after(records, 2) < PATIENCE_S + 0.5  # on a connection that was there
    assert refused_after(records, 2) < CONNECT_S + 0.5  # on a new one
    wire.mend()
    waive(records, 2)
    assert verified(records) == 2


def test_who_reads_from_a_line_that_swallows_everything_is_freed(wire, url, open_at):
    records = open_at(wire.url(url))
    holds_of(records)
    wire.blackhole()
    before = time.monotonic()
    with pytest.raises(RecordsUnavailableError):
        holds_of(records)
    assert time.monotonic() - before < PATIENCE_S + 0.5


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_after_a_restart_the_first_caller_is_served(postgres, url, open_at, mode):
    records = open_at(url)
    waive(records, 1)
    postgres.restart(mode)
    waive(records, 2)
    assert verified(records) == 2


def test_a_line_that_breaks_before_any_statement_leaves_all_or_nothing(url, open_at):
    records = open_at(url)
    with broken_before(records, 10**6) as statements:
        waive(records, 0)
    last = next(statements) - 1
    for place in range(1, last + 1):
        with broken_before(records, place), pytest.raises(RecordsUnavailableError):
            waive(records, place)
        assert holds_of(records) == place
        waive(records, place)
    assert verified(records) == last + 1


def waive(records, number):
    """A hold of its own order, or None where the order stands."""
    with records.writing() as transaction:
        expires_at = transaction.now + timedelta(days=30)
        return decide(transaction, number, WAIVER, hold_claim(number, expires_at))


def refused_after(records, number):
    """How many seconds it takes to hear that nothing can be written."""
    before = time.monotonic()
    with pytest.raises(RecordsUnavailableError):
        waive(records, number)
    return time.monotonic() - before


def holds_of(records):
    with records.reading() as connection:
        return connection.scalar(select(func.count()).select_from(HOLDS))


def verified(records):
    """How many holds there are, in a ledger that adds up."""
    told = verify(records)
    assert told.holds, told.lines()
    return holds_of(records)


@contextmanager
def broken_before(records, place):
    """The line breaks before the `place`-th statement (or commit). Yields how many there were."""
    passed = count(1)

    def pass_by(connection, *_):
        if next(passed) == place:
            records.database.break_off(connection.connection.driver_connection)

    engine = records.database.engine
    for name in ("before_cursor_execute", "commit"):
        event.listen(engine, name, pass_by)
    yield passed
    for name in ("before_cursor_execute", "commit"):
        event.remove(engine, name, pass_by)
