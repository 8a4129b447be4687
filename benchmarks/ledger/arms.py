"""The arms: the same clients and the same holds, each commit shared or each its own."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import Any

from sqlalchemy import Table, event, func, select

from benchmarks.ledger.holds import Orders
from records.decisions import Recorded, record_all
from records.group_commit import GROUP_MAX, GroupCommit
from records.store import Records
from records.tables import BATCHES, HOLDS

CLIENTS = 64


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to commit, and what a commit costs beyond the disk."""

    way: str  # of WAYS
    commit_ms: float


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one arm: what was acknowledged, after which waits, in how many commits."""

    arm: Arm
    seconds: float
    latencies_ms: tuple[float, ...]  # sorted
    commits: int

    @property
    def per_second(self) -> float:
        """Durable holds."""
        return len(self.latencies_ms) / self.seconds


def measure(records: Records, arm: Arm, seconds: float) -> Round:
    """One round; SystemExit where what was acknowledged is not what is on record."""
    holds, commits = _count(records, HOLDS), _count(records, BATCHES)
    with _slow_commits(records, arm.commit_ms):
        started = time.perf_counter()
        waits = WAYS[arm.way](records, seconds)
        took = time.perf_counter() - started
    if _count(records, HOLDS) - holds != len(waits):
        raise SystemExit(f"{arm.way}: {len(waits)} holds acknowledged, others on record")
    in_ms = tuple(sorted(1_000 * wait for wait in waits))
    return Round(arm, took, in_ms, _count(records, BATCHES) - commits)


def work_ms(records: Records, *, holds: int, transactions: int = 40) -> float:
    """What one hold costs before its commit, so many in a transaction: the median, nobody else."""
    orders = Orders(datetime.now(UTC)).of_a_client()
    took = []
    for _ in range(transactions):
        works = [next(orders) for _ in range(holds)]
        with _noting_commits(records) as commits:
            began = time.perf_counter()
            with records.writing() as transaction:
                record_all(transaction, works)
        took.append((commits[0] - began) * 1_000 / holds)
    return median(took)


def _through_writer(records: Records, seconds: float, *, group_max: int) -> list[float]:
    """64 clients of one event loop, as in the service, before one writer's thread."""
    with closing(GroupCommit(records, group_max=group_max)) as commit:
        return asyncio.run(_tasks(commit, seconds))


async def _tasks(commit: GroupCommit, seconds: float) -> list[float]:
    waits: list[float] = []
    orders = Orders(datetime.now(UTC))
    until = time.perf_counter() + seconds

    async def client() -> None:
        for work in orders.of_a_client():
            asked_at = time.perf_counter()
            if asked_at > until:
                return
            _check(await commit.submit(work))
            waits.append(time.perf_counter() - asked_at)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return waits


def _threads(records: Records, seconds: float, *, door: AbstractContextManager[Any]) -> list[float]:
    """64 threads that write for themselves; `door`: who may begin."""
    waits: list[float] = []
    orders = Orders(datetime.now(UTC))
    until = time.perf_counter() + seconds

    def client() -> None:
        for work in orders.of_a_client():
            asked_at = time.perf_counter()
            if asked_at > until:
                return
            with door, records.writing() as transaction:
                answer = work(transaction)
            _check(answer)
            waits.append(time.perf_counter() - asked_at)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits


def _check(answer: object) -> None:
    """A hold that was refused, or was there already, would be fast and no hold."""
    if not isinstance(answer, Recorded) or not answer.new:
        raise SystemExit(f"a hold was not recorded: {answer}")


WAYS: dict[str, Callable[[Records, float], list[float]]] = {
    "grouped": partial(_through_writer, group_max=GROUP_MAX),
    "each": partial(_through_writer, group_max=1),
    "lock": lambda records, seconds: _threads(records, seconds, door=threading.Lock()),
    "pool": lambda records, seconds: _threads(records, seconds, door=nullcontext()),
}


@contextmanager
def _slow_commits(records: Records, milliseconds: float) -> Iterator[None]:
    """Every commit waits so long before it begins, the writers' lock held."""
    with _before_commits(records, lambda _connection: time.sleep(milliseconds / 1_000)):
        yield


@contextmanager
def _noting_commits(records: Records) -> Iterator[list[float]]:
    """When each commit began."""
    began: list[float] = []
    with _before_commits(records, lambda _connection: began.append(time.perf_counter())):
        yield began


@contextmanager
def _before_commits(records: Records, what: Callable[[object], None]) -> Iterator[None]:
    event.listen(records.database.engine, "commit", what)
    try:
        yield
    finally:
        event.remove(records.database.engine, "commit", what)


def _count(records: Records, table: Table) -> int:
    with records.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
