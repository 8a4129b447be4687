"""What is made in several goes where a history is long is what one go makes."""

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import kept_tiles, repeats
from features.repeats import repeated_numbers
from features.sources import open_history
from features.spine import as_known

DAYS = [date(2026, 5, day) for day in (1, 20, 31)]


@pytest.fixture
def data(tmp_path, made_up):
    folder = tmp_path / "data"
    folder.mkdir()
    for name, rows in made_up(7).items():
        rows.to_parquet(folder / f"{name}.parquet", coerce_timestamps="us", index=False)
    return folder


def known(data, entity, scratch):
    ids = [f"{entity[0]}{number}" for number in range(1, 9)]
    pairs = [(each, day) for each in ids for day in DAYS]
    names, days = zip(*pairs, strict=True)
    spine = pa.table({"entity_id": names, "as_of": pa.array(days, pa.date32())})
    with open_history(data, scratch=scratch) as history:
        values = repr(as_known(history, entity, spine).to_pylist())
        return values, [len(list(it.iterdir())) for it in sorted(history.lasting.iterdir())]


@pytest.mark.parametrize("entity", ["merchant", "user"])
@pytest.mark.parametrize("rows_at_once", [1, 40])
def test_tiles_made_by_stretches_of_entities_are_those_made_at_once(
    data, tmp_path, entity, rows_at_once, monkeypatch
):
    whole, files = known(data, entity, tmp_path / "whole")
    assert files == [1, 1]
    monkeypatch.setattr(kept_tiles, "ROWS_AT_ONCE", rows_at_once)
    parts, files = known(data, entity, tmp_path / "parts")
    assert min(files) > 1
    assert parts == whole


@given(
    numbers=st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 9), max_size=60),
    at_once=st.integers(1, 80),
)
def test_numbers_that_stand_more_than_once_are_found_in_any_number_of_passes(numbers, at_once):
    with duckdb.connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(repeats, "SORTED_AT_ONCE", at_once)
        connection.register("given", pa.table({"n": pa.array(numbers, pa.uint64())}))
        found = repeated_numbers(connection, "n", "SELECT n FROM given")
    assert found.schema == pa.schema([("n", pa.uint64())])
    several = {each for each in numbers if numbers.count(each) > 1}
    assert sorted(found["n"].to_pylist()) == sorted(several)
    assert np.unique(found["n"]).size == found.num_rows
