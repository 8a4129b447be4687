"""The real online store away, locked or damaged: nothing is approved, and all recovers."""

import itertools
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient

from credit.contract import PRODUCTS
from credit.policy.evidence import Freshness
from features.snapshot import build
from features.sources import open_history
from features.store import materialize
from records.journal import scan
from serving.app import application
from serving.assembly import open_office
from serving.desk import Model
from serving.settings import read_settings

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
LAST_DAY = date(2026, 6, 14)
LOAN = {"merchant_id": "m1", "amount_minor": 1_000_000, "currency": "CNY", "term_days": 90}
WAIVER = {
    "user_id": "u1",
    "scene": "hotel",
    "deposit_minor": 30_000,
    "currency": "CNY",
    "due_at": "2026-06-17T12:00:00Z",
}
IN_TIME_SECONDS = 1.0  # 300 ms is due; a busy test machine is given more
# A reader of a write-ahead log takes one of these bytes of its index (sqlite.org/walformat.html).
LOCKS = "(8, 120)"


class Sure:
    """A model that fears nothing: whatever is not approved is not for its sake."""

    def score(self, rows):
        return [0.01 for _ in rows]

    def reasons(self, row, limit=4):  # noqa: ARG002 - nobody's risk is spoken of
        return ()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A home in which one merchant and one user are known, and a day is online."""
    folder = tmp_path_factory.mktemp("features-away")
    at = pd.date_range("2025-12-01 03:00", f"{LAST_DAY} 03:00", freq="D")
    payments = {
        "payment_id": [f"p{number}" for number in range(len(at))],
        "merchant_id": "m1",
        "user_id": "u1",
        "kind": "payment",
        "amount_minor": 1_000_000,
        "currency": "CNY",
        "occurred_at": at,
        "recorded_at": at,
    }
    tables = {
        "merchants": pd.DataFrame({"merchant_id": ["m1"], "industry": "food"}),
        "users": pd.DataFrame({"user_id": ["u1"]}),
        "payments": pd.DataFrame(payments),
    }
    (folder / "data").mkdir()
    for name, rows in tables.items():
        rows.to_parquet(folder / "data" / f"{name}.parquet", coerce_timestamps="us", index=False)
    with open_history(folder / "data") as history:
        build(history, as_of=LAST_DAY, home=folder / "home", now=NOW)
    materialize(folder / "home", now=NOW)
    with closing(sqlite3.connect(store_of(folder / "home"))) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / "home"


def store_of(home):
    return home / "features" / "online.db"


@pytest.fixture
def home(published, tmp_path):
    return Path(shutil.copytree(published, tmp_path / "home"))


@pytest.fixture
def start(home):
    """Opens the service over the home, with a model that fears nothing."""
    opened = []

    def serve():
        settings = read_settings({"VOUCH_HOME": str(home), "VOUCH_NOW": NOW.isoformat()})
        office = open_office(settings)
        sure = Model(Sure(), {"name": "sure", "version": "v1", "sha256": "a" * 64})
        office.in_force.model = lambda product: sure if product in PRODUCTS else None
        client = TestClient(application(lambda: office), raise_server_exceptions=False)
        opened.append(client.__enter__())
        return Service(client, office.records)

    yield serve
    for client in opened:
        client.__exit__(None, None, None)


class Service:
    """Asks for a loan and a waiver, and holds every answer against what is promised."""

    def __init__(self, client, records):
        self._client = client
        self._records = records
        self._numbers = itertools.count()

    def ask(self):
        number = next(self._numbers)
        loan = self._post("merchant-loans", LOAN | {"application_id": f"a{number}"})
        return loan, self._post("deposit-waivers", WAIVER)

    def values(self):
        """The feature values that a loan and a waiver are decided on, as the journal has them."""
        self.ask()
        last = list(scan(self._records))[-2:]
        return [entry["evidence"]["values"] for entry in last]

    def _post(self, what, body):
        key, started = f"{what}-{next(self._numbers)}", time.perf_counter()
        answer = self._client.post(
            f"/v1/{what}/decisions", json=body, headers={"Idempotency-Key": key}
        )
        assert time.perf_counter() - started < IN_TIME_SECONDS
        assert answer.status_code == 200, answer.text
        return answer.json()

    def approves(self):
        """Both products approve, on features that are fresh."""
        answers = self.ask()
        return all(it["outcome"] == "approve" and not it["degraded"] for it in answers)

    def refers(self):
        """Neither product approves, and both say why."""
        loan, waiver = answers = self.ask()
        assert [it["outcome"] for it in answers] == ["refer", "refer"]
        assert (waiver["credit_minor"], waiver["deposit_due_minor"]) == (0, 30_000)
        faults = {f"FEATURES_{it.name}" for it in (Freshness.STALE, Freshness.UNAVAILABLE)}
        assert all(it["degraded"] and it["reasons"][0]["code"] in faults for it in answers)
        return bool(loan)

    def recovers(self, within=10):
        until = time.monotonic() + within
        while time.monotonic() < until:
            if self.approves():
                return True
            time.sleep(0.02)
        return False


@contextmanager
def moved_away(path):
    """As when a volume is not mounted, or somebody deletes what he shall not; later it is back."""
    aside = path.with_name("aside")
    path.rename(aside)
    yield
    aside.rename(path)


@contextmanager
def written_over(path, content):
    """Another content in the same file; later the right one, put there as a restore does it."""
    right = path.read_bytes()
    path.write_bytes(content(right))
    yield
    aside = path.with_name("restored")
    aside.write_bytes(right)
    for log in path.parent.glob(f"{path.name}-*"):
        log.unlink()  # a write-ahead log belongs to the file that it was written for
    aside.replace(path)


@contextmanager
def locked_by_another(path):
    """Every lock of the write-ahead log in the hands of a process that does not let go."""
    code = (
        "import fcntl, sys\n"
        "index = open(sys.argv[1], 'r+b')\n"
        f"fcntl.lockf(index, fcntl.LOCK_EX, *{LOCKS})\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, f"{path}-shm"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            holder.stdin.close()


def test_all_is_well_before_anything_breaks(start):
    assert start().approves()


def test_a_store_that_another_process_locks_is_given_up_and_taken_up_again(home, start):
    service = start()
    assert service.approves()
    with locked_by_another(store_of(home)):
        for _ in range(20):
            assert service.refers()
    assert service.recovers()


def test_a_writers_exclusive_transaction_stops_no_reader(home, start):
    service = start()
    with closing(sqlite3.connect(store_of(home), isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("DELETE FROM merchant_features")
        assert service.approves()
        writer.execute("ROLLBACK")


@pytest.mark.parametrize("name", ["online.json", "registry.json", ".", "online.db"])
def test_files_that_are_moved_away_before_the_start_are_taken_up_when_they_are_back(
    home, start, name
):
    with moved_away((home / "features" / name).resolve()):
        service = start()
        assert service.refers()
    assert service.recovers()


@pytest.mark.parametrize("name", ["online.json", ".", "online.db"])
def test_files_that_are_moved_away_while_serving_are_taken_up_when_they_are_back(home, start, name):
    service = start()
    assert service.approves()
    with moved_away((home / "features" / name).resolve()):
        assert service.refers()
    assert service.recovers()


def emptied(_):
    return b""


def halved(right):
    return right[: len(right) // 2]


def garbled(right):
    return b"\x17" * len(right)


@pytest.mark.parametrize("damage", [emptied, halved, garbled])
def test_a_damaged_publication_approves_nothing_until_it_is_mended(home, start, damage):
    service = start()
    with written_over(home / "features" / "online.json", damage):
        assert service.refers()
    assert service.recovers()


@pytest.mark.parametrize("damage", [emptied, halved, garbled])
def test_a_store_that_is_damaged_at_the_start_approves_nothing_until_it_is_restored(
    home, start, damage
):
    with written_over(store_of(home), damage):
        service = start()
        assert service.refers()
    assert service.recovers()


@pytest.mark.parametrize("damage", [emptied, halved, garbled])
def test_a_store_that_is_damaged_while_serving_tells_the_truth_or_nothing(home, start, damage):
    service = start()
    right = service.values()
    with written_over(store_of(home), damage):
        for _ in range(3):
            assert service.values() in (right, [{}, {}])  # a page read before may still be known
    assert service.recovers()


def test_rows_that_cannot_be_unpacked_approve_nothing_until_they_are_mended(home, start):
    service = start()
    with closing(sqlite3.connect(store_of(home), isolation_level=None)) as writer:
        tables = ("merchant_features", "user_features")
        right = {
            it: writer.execute(f"SELECT entity_key, vals FROM {it}").fetchall() for it in tables
        }
        for table in tables:
            writer.execute(f"UPDATE {table} SET vals = x'ffff'")
        assert service.refers()
        for table, rows in right.items():
            for key, values in rows:
                writer.execute(f"UPDATE {table} SET vals = ? WHERE entity_key = ?", (values, key))
    assert service.recovers()
