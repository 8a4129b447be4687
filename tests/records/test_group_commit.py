"""Group commit: shared transactions, separate fates, nothing answered before it is durable."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from records.group_commit import GroupCommit
from records.store import Records, RecordsUnavailableError, open_records

ROOT = Path(__file__).resolve().parents[2]


class RefusedError(Exception):
    """A work's own objection."""


def put(number):
    def work(transaction):
        transaction.connection.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number})
        return number

    return work


def put_then_refuse(number):
    def work(transaction):
        put(number)(transaction)
        raise RefusedError(number)

    return work


def numbers(records):
    with records.reading() as connection:
        return set(connection.exec_driver_sql("SELECT n FROM numbers").scalars())


def add_table(records):
    with records.writing() as transaction:
        transaction.connection.execute(text("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))


@pytest.fixture
def records(records_url):
    opened = open_records(records_url)
    add_table(opened)
    yield opened
    opened.close()


class CountedRecords(Records):
    """Records that count transactions and can hold one back, or fail it as it commits."""

    def __init__(self, records):
        super().__init__(records.database, records.patience)
        object.__setattr__(self, "log", [])
        object.__setattr__(self, "gate", threading.Event())
        object.__setattr__(self, "broken", False)
        self.gate.set()

    __slots__ = ("broken", "gate", "log")

    @contextmanager
    def writing(self):
        with super().writing() as transaction:
            self.gate.wait()
            yield transaction
            if self.broken:
                raise RecordsUnavailableError("disk full")
        self.log.append("committed")


def run_all(commit, works):
    async def gather():
        return await asyncio.gather(*map(commit.submit, works), return_exceptions=True)

    return asyncio.run(gather())


def test_works_that_wait_share_one_transaction(records):
    counted = CountedRecords(records)
    commit = GroupCommit(counted)
    counted.gate.clear()
    answers = [commit.hand_in(put(n)) for n in range(20)]
    assert not any(answer.done() for answer in answers)
    counted.gate.set()
    assert [answer.result(5) for answer in answers] == list(range(20))
    commit.close()
    assert len(counted.log) <= 2  # the first may have gone alone
    assert numbers(records) == set(range(20))


def test_nobody_is_answered_before_the_commit(records):
    counted = CountedRecords(records)
    commit = GroupCommit(counted)
    seen = []
    commit.hand_in(put(1)).add_done_callback(lambda _: seen.extend(counted.log))
    commit.close()
    assert seen == ["committed"]


def test_one_failing_work_does_not_sink_its_neighbours(records):
    commit = GroupCommit(records)
    results = run_all(commit, [put(1), put_then_refuse(2), put(1), put(3)])
    commit.close()
    assert results[0] == 1
    assert results[3] == 3
    assert isinstance(results[1], RefusedError)
    assert isinstance(results[2], IntegrityError)
    assert numbers(records) == {1, 3}


def test_when_the_commit_fails_everyone_hears_and_nothing_is_written(records):
    counted = CountedRecords(records)
    object.__setattr__(counted, "broken", True)
    commit = GroupCommit(counted)
    results = run_all(commit, [put(1), put(2)])
    assert all(isinstance(result, RecordsUnavailableError) for result in results)
    object.__setattr__(counted, "broken", False)
    assert run_all(commit, [put(3)]) == [3]  # and the writer goes on
    commit.close()
    assert numbers(records) == {3}


def test_closing_writes_what_was_handed_in_and_refuses_the_rest(records):
    commit = GroupCommit(records, group_max=3)
    answers = [commit.hand_in(put(n)) for n in range(10)]
    commit.close()
    assert [answer.result(0) for answer in answers] == list(range(10))
    with pytest.raises(RecordsUnavailableError):
        commit.hand_in(put(11))
    commit.close()


def test_a_caller_that_goes_away_takes_nobody_with_it(records):
    counted = CountedRecords(records)
    commit = GroupCommit(counted)
    counted.gate.clear()
    gone, stays = commit.hand_in(put(1)), commit.hand_in(put(2))
    gone.cancel()
    counted.gate.set()
    assert stays.result(5) == 2
    commit.close()


def test_a_caller_that_went_away_while_waiting_is_not_written_for(records):
    counted = CountedRecords(records)
    commit = GroupCommit(counted)
    counted.gate.clear()
    first = commit.hand_in(put(1))
    while not first.running():
        time.sleep(0.01)
    gone = commit.hand_in(put(2))
    assert gone.cancel()
    assert not first.cancel()  # it is being written: too late
    counted.gate.set()
    commit.close()
    assert numbers(records) == {1}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=30), st.integers(1, 8))
def test_what_is_acknowledged_is_what_is_there(records, works, group_max):
    with records.writing() as transaction:
        transaction.connection.execute(text("DELETE FROM numbers"))
    commit = GroupCommit(records, group_max=group_max)
    results = run_all(commit, [put(n) if good else put_then_refuse(n) for n, good in works])
    commit.close()
    assert numbers(records) == {result for result in results if isinstance(result, int)}
    assert numbers(records) == {number for number, good in works if good}


WRITER = """
import asyncio, sys
from sqlalchemy import text
from records.group_commit import GroupCommit
from records.store import open_records

records = open_records(sys.argv[1])
commit = GroupCommit(records)

def put(n):
    query = text("INSERT INTO numbers VALUES (:n)")
    return lambda transaction: transaction.connection.execute(query, {"n": n}) and n

async def client(start):
    for n in range(start, start + 10**6):
        await commit.submit(put(n))
        sys.stdout.write(f"{n}\\n")
        sys.stdout.flush()

async def main():
    await asyncio.gather(*(client(k * 10**7) for k in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("after_lines", [1, 40, 333])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(records, records_url, after_lines):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, records_url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    acknowledged = [int(writer.stdout.readline()) for _ in range(after_lines)]
    os.kill(writer.pid, signal.SIGKILL)
    rest = writer.stdout.read().splitlines(keepends=True)
    writer.wait()
    acknowledged += [int(line) for line in rest if line.endswith("\n")]
    assert set(acknowledged) <= numbers(records)
