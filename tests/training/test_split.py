"""Which rows judge: by time, by whole days, or stratified at random."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.errors import InputError
from training.rows.sample import FeaturePlan, Sample
from training.rows.split import split
from training.rows.times import times_of

DAYS = np.datetime64("2025-01-01T08:00", "us") + np.arange(100) * np.timedelta64(1, "D")


def _sample(time=None, *, matured_after=None, label=None, rows=100) -> Sample:
    rows = rows if time is None else len(time)
    label = np.arange(rows) % 3 == 0 if label is None else label
    matured = None
    if matured_after is not None:
        matured = time + np.timedelta64(matured_after // timedelta(microseconds=1), "us")
    return Sample(
        (FeaturePlan("x"),),
        pa.table({"x": np.arange(rows, dtype=float)}),
        np.asarray(label, dtype=np.int8),
        pa.array(np.arange(rows)),
        time=time,
        matured_at=matured,
    )


def _parts(found):
    return set(found.train), set(found.valid), set(found.test)


@given(
    days=st.lists(st.integers(0, 40), min_size=30, max_size=200),
    seed=st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_no_row_teaches_what_is_judged_and_none_is_lost(days, seed):
    time = np.datetime64("2025-01-01", "us") + np.array(days) * np.timedelta64(1, "D")
    label = np.arange(len(days)) % 2
    try:
        found = split(_sample(time, label=label), seed=seed)
    except InputError:
        return  # goods or bads alone before the split
    train, valid, test = _parts(found)
    assert not train & valid
    assert not (train | valid) & test
    assert len(train | valid | test) == len(days)
    if found.method == "time":
        assert time[list(test)].min() > time[list(train | valid)].max()


def test_the_split_value_itself_judges():
    found = split(_sample(DAYS), split_at="2025-03-01", seed=0)
    assert found.at == "2025-03-01"
    assert set(found.test) == set(range(59, 100))


def test_valid_is_the_last_fifth_of_the_rest():
    found = split(_sample(DAYS), split_at="2025-03-02", seed=0)
    assert set(found.valid) == set(range(48, 60))


def test_the_default_cuts_between_days_never_within_one():
    time = np.repeat(DAYS[:8], 13)[:100] + np.arange(100) * np.timedelta64(1, "m")
    found = split(_sample(time), seed=0)
    assert set(found.test) == set(range(65, 100)), "65 of 100 is nearer to 70 than 78 is"


@pytest.mark.parametrize(
    ("column", "at", "count"),
    [
        (pa.array(DAYS.astype("datetime64[D]")), "2025-03-01", 41),
        (pa.array(DAYS), "2025-03-01T08:00:00Z", 41),
        (pa.array(DAYS, pa.timestamp("us", "Asia/Shanghai")), "2025-03-01", 41),
        (pa.array([str(day)[:10] for day in DAYS]), "2025-03-01", 41),
        (pa.array([f"{day.item():%d-%b-%y}" for day in DAYS]), "2025-03-01", 41),
        (pa.array(np.arange(100)), "59", 41),
        (pa.array(np.arange(100) / 10), "5.9", 41),
        (pa.array([f"Q{place // 10}" for place in range(100)]), "Q6", 40),
    ],
    ids=["day", "instant", "zoned", "iso text", "named month", "whole", "real", "text"],
)
def test_the_split_value_is_read_in_the_columns_own_type(column, at, count):
    found = split(_sample(times_of(column)), split_at=at, seed=0)
    assert len(found.test) == count
    assert set(found.test) == set(range(100 - count, 100))


def test_one_single_time_splits_at_random_and_stratified():
    time = np.full(100, DAYS[0])
    found = split(_sample(time), seed=0)
    label = _sample(time).label
    assert found.method == "random"
    assert len(found.test) == 30
    assert abs(label[found.test].mean() - label.mean()) < 0.02
    assert set(found.test) != set(split(_sample(time), seed=1).test)
    assert set(found.test) == set(split(_sample(time), seed=0).test)


def test_rows_matured_after_the_split_are_counted_and_purged_on_demand():
    sample = _sample(DAYS, matured_after=timedelta(days=10))
    kept = split(sample, split_at="2025-03-01", seed=0)
    assert (kept.immature_at_split, kept.purged) == (10, 0)
    purged = split(sample, split_at="2025-03-01", seed=0, purge=True)
    assert (purged.immature_at_split, purged.purged) == (10, 10)
    matured = sample.matured_at[purged.rest]
    assert matured.max() <= np.datetime64("2025-03-01", "us")
    assert len(purged.valid) > 0, "valid is cut from what is left"
    assert set(purged.test) == set(kept.test)


def test_a_split_that_teaches_goods_alone_is_refused():
    with pytest.raises(InputError, match="train rows: all"):
        split(_sample(DAYS, label=np.arange(100) >= 80), split_at="2025-03-01", seed=0)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, 1.5])
def test_a_share_beyond_its_bounds_is_refused(share):
    with pytest.raises(InputError, match="--test-share"):
        split(_sample(DAYS), test_share=share, seed=0)
