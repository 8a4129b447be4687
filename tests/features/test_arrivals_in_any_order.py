"""However rows come - shuffled, twice, in parts, late - the same rows end in the same values.

Published files are compared byte for byte.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from features.publication import published
from features.snapshot import build
from features.sources import open_history
from tests.stand.feature_world import World

WORLD = World(merchants=12, users=12, payments=1_200)
FINAL = WORLD.last_day() + timedelta(days=95)  # all that may come late has come
CLOSED = pd.Timestamp(WORLD.last_day() + timedelta(days=60))
NOW = datetime(2027, 1, 1, tzinfo=UTC)
LATE_DAYS = 30


@pytest.fixture(scope="module")
def tables():
    """The world without what is recorded after its books were closed."""
    return {name: rows[~(rows.recorded_at > CLOSED)] for name, rows in WORLD.tables(21).items()}


def built(folder, write):
    """The bytes that are published of a data directory that `write` makes."""
    (folder / "data").mkdir(parents=True)
    write(folder / "data")
    with open_history(folder / "data", scratch=folder / "scratch") as history:
        build(history, as_of=FINAL, home=folder / "home", now=NOW)
    files = [published(folder / "home", entity)[-1].file for entity in ("merchant", "user")]
    return [file.read_bytes() for file in files]


@pytest.fixture(scope="module")
def plain(tables, tmp_path_factory):
    return built(tmp_path_factory.mktemp("plain"), plainly(tables))


def plainly(tables):
    def write(folder):
        for name, rows in tables.items():
            rows.to_parquet(folder / f"{name}.parquet", coerce_timestamps="us", index=False)

    return write


def shuffled(tables, rng):
    state = int(rng.integers(1 << 30))
    return plainly({name: rows.sample(frac=1, random_state=state) for name, rows in tables.items()})


def repeated(tables, rng):
    """Every row up to three times, far from each other."""
    state = int(rng.integers(1 << 30))
    more = {
        name: pd.concat([rows, rows.sample(frac=0.6, random_state=state), rows.sample(frac=0.4)])
        for name, rows in tables.items()
    }
    return shuffled(more, rng)


def in_parts(tables, rng):
    """Each table as a folder of parts, its rows dealt out at random, some of them twice."""

    def write(folder):
        for name, rows in tables.items():
            (folder / name).mkdir()
            part = rng.integers(0, 5, len(rows))
            for number in range(5):
                file = folder / name / f"{rng.integers(1 << 30)}.parquet"
                dealt = rows[(part == number) | (rng.random(len(rows)) < 0.1)]
                dealt.to_parquet(file, coerce_timestamps="us", index=False)

    return write


def as_text(tables, rng):
    """The same rows as csv, columns in another order."""

    def write(folder):
        for name, rows in tables.items():
            columns = rng.permutation(rows.columns)
            rows[columns].to_csv(folder / f"{name}.csv", index=False)

    return write


def late(tables, rng):
    """Every key's versions up to 30 days later than they came, in their order."""
    delayed = {}
    for name, rows in tables.items():
        keys = rows.iloc[:, 0]
        days = dict(zip(keys.unique(), rng.random(keys.nunique()) * LATE_DAYS, strict=True))
        delay = pd.to_timedelta(keys.map(days) * 86_400e6, unit="us").dt.round("us")
        delayed[name] = rows.assign(recorded_at=rows.recorded_at + delay)
    return plainly(delayed)


def with_wrong_turns(tables, rng):
    """Before the last version of each payment others came that it put right."""
    rows = tables["payments"]
    wrong = rows.assign(
        amount_minor=rows.amount_minor * 9 + 1,
        merchant_id=rng.permutation(rows.merchant_id),
        recorded_at=rows.recorded_at - pd.to_timedelta(rng.integers(1, 999, len(rows)), unit="s"),
    )
    wrong = wrong[wrong.recorded_at.gt(wrong.occurred_at)]
    every = pd.concat([rows, wrong]).drop_duplicates(["payment_id", "recorded_at"])
    return plainly(tables | {"payments": every.sample(frac=1, random_state=3)})


WAYS = (shuffled, repeated, in_parts, as_text, late, with_wrong_turns)


@pytest.mark.parametrize("way", WAYS)
def test_the_same_rows_end_in_the_same_bytes(tables, plain, tmp_path, way, runs):
    for seed in range(runs(full=15, short=1)):
        again = built(tmp_path / str(seed), way(tables, np.random.default_rng(seed)))
        assert again == plain


def test_another_row_ends_in_other_bytes(tables, plain, tmp_path):
    first = tables["payments"].sort_values("recorded_at").tail(1)
    other = first.assign(payment_id="new", kind="payment", merchant_id=WORLD.merchant_ids[0])
    more = tables | {"payments": pd.concat([tables["payments"], other])}
    assert built(tmp_path / "more", plainly(more))[0] != plain[0]
