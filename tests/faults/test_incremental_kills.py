"""kill -9 of an incremental run: the next ends in the same bytes, and no day is ever half there."""

import json
import random
import select
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.publication import published

CHANCE = random.Random(11)  # noqa: S311 - moments, not secrets
DAY, NEXT_DAY = date(2026, 6, 1), date(2026, 6, 2)
ROOT = Path(__file__).resolve().parents[2]
NOT_PUBLISHED = ("lock", "steps")


def payments(count, first, last, rng):
    """Some payments, each recorded within the days, and later versions of some."""
    minutes = (last - first).days * 24 * 60
    at = pd.Timestamp(first) + pd.to_timedelta(np.sort(rng.integers(0, minutes, count)), unit="min")
    return pd.DataFrame(
        {
            "payment_id": [f"p{number}" for number in rng.integers(0, 400, count)],
            "merchant_id": rng.choice(["m1", "m2", "m3"], count),
            "user_id": rng.choice(["u1", "u2", "u3"], count),
            "kind": rng.choice(["payment", "refund"], count, p=[0.9, 0.1]),
            "amount_minor": rng.integers(1, 9_000, count),
            "currency": "CNY",
            "occurred_at": at,
            "recorded_at": at,
        }
    ).drop_duplicates(["payment_id", "recorded_at"])


class Lender:
    """Data with one more day than its home has, and runs over them that die."""

    def __init__(self, root):
        self.data, self.home, self.kept = root / "data", root / "home", root / "kept"
        (self.data / "payments").mkdir(parents=True)
        self.home.mkdir()
        pd.DataFrame({"merchant_id": ["m1", "m2", "m3"]}).to_parquet(
            self.data / "merchants.parquet"
        )
        pd.DataFrame({"user_id": ["u1", "u2", "u3"]}).to_parquet(self.data / "users.parquet")
        self.rng = np.random.default_rng(2)
        self.deliver("first", payments(300, date(2026, 1, 1), NEXT_DAY, self.rng))

    def deliver(self, name, rows):
        file = self.data / "payments" / f"{name}.parquet"
        rows.to_parquet(file, coerce_timestamps="us", index=False)

    def run_on(self, day):
        """A process that runs for this day as often as it is told to."""
        command = [sys.executable, "-m", "tests.stand.one_more_day"]
        return subprocess.Popen(
            [*command, str(self.data), str(self.home), day.isoformat()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def back(self):
        """The home as it was before the next day."""
        shutil.rmtree(self.home)
        shutil.copytree(self.kept, self.home)

    def files(self):
        """Every byte of the home's features."""
        folder = self.home / "features"
        return {
            str(file.relative_to(folder)): file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file() and file.name not in NOT_PUBLISHED
        }

    def assert_whole(self, truth):
        """What a reader finds is a whole day: all its rows, as they are to be."""
        for entity in ("merchant", "user"):
            for snapshot in published(self.home, entity):
                name = str(snapshot.file.relative_to(self.home / "features"))
                assert snapshot.file.read_bytes() == truth[name]
                assert pq.read_metadata(snapshot.file).num_rows == snapshot.rows == 3


def told(process, order, meanwhile=lambda: None):
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    while not select.select([process.stdout], [], [], 0.02)[0]:
        meanwhile()
    return json.loads(process.stdout.readline())


@pytest.fixture(scope="module")
def lender(tmp_path_factory):
    lender = Lender(tmp_path_factory.mktemp("kills"))
    with lender.run_on(DAY) as process:
        assert told(process, {})["status"] == 0
        process.stdin.close()
    lender.deliver("second", payments(120, DAY, NEXT_DAY + (NEXT_DAY - DAY), lender.rng))
    shutil.copytree(lender.home, lender.kept)
    return lender


@pytest.fixture(scope="module")
def runner(lender):
    with lender.run_on(NEXT_DAY) as process:
        yield process
        process.stdin.close()


@pytest.fixture(scope="module")
def undisturbed(lender, runner):
    """How many steps a run has, and what it leaves."""
    ended = told(runner, {})
    assert ended["status"] == 0
    return ended["steps"], lender.files()


def assert_recovers(lender, runner, truth, order):
    lender.back()
    died = told(runner, order, lambda: lender.assert_whole(truth))
    lender.assert_whole(truth)
    assert told(runner, {}, lambda: lender.assert_whole(truth))["status"] == 0
    assert lender.files() == truth
    return died["status"]


def test_a_run_that_dies_at_any_rename_is_made_good_by_the_next(lender, runner, undisturbed, runs):
    steps, truth = undisturbed
    assert steps > 30
    for step in sorted(CHANCE.sample(range(steps), min(steps, runs(full=steps, short=4)))):
        assert assert_recovers(lender, runner, truth, {"step": step}) != 0


def test_killed_at_random_moments_the_rerun_ends_in_the_same_bytes(
    lender, runner, undisturbed, runs
):
    """A moment after the run's end kills nothing, and does not count."""
    _, truth = undisturbed
    wanted = runs(full=50, short=2)
    killed = 0
    for _ in range(10 * wanted):
        moment = CHANCE.uniform(0.02, 0.8)
        killed += assert_recovers(lender, runner, truth, {"after": moment}) != 0
        if killed == wanted:
            break
    assert killed == wanted
