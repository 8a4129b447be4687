"""Scratch space gives back what nobody asked for in a month, and what killed runs left."""

import os
import time

import pandas as pd
import pytest

from features.scratch import ABANDONED_DAYS, UNUSED_DAYS, tidy_scratch, used
from features.sources import open_history

KEPT = ("tiles/key", "sources/key", "historical/key")
LEFT = ("spill-1/file", "sources/key/payments.parquet.7.part", "historical/key/registry-x/db")


def aged(path, days):
    at = time.time() - days * 86_400
    os.utime(path, (at, at))


def made(scratch, name):
    file = scratch / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x")
    return file


@pytest.mark.parametrize("name", KEPT)
def test_what_a_key_holds_goes_a_month_after_its_last_use(tmp_path, name):
    file = made(tmp_path, f"{name}/values.parquet")
    aged(file, 400)  # that it was made long ago says nothing
    aged(file.parent, UNUSED_DAYS + 1)
    used(file.parent)
    tidy_scratch(tmp_path)
    assert file.exists()
    aged(file.parent, UNUSED_DAYS - 1)
    tidy_scratch(tmp_path)
    assert file.exists()
    aged(file.parent, UNUSED_DAYS + 1)
    tidy_scratch(tmp_path)
    assert not file.parent.exists()


@pytest.mark.parametrize("name", LEFT)
def test_what_a_killed_run_left_goes_in_days(tmp_path, name):
    beside = made(tmp_path, "tiles/key/values.parquet")
    file = made(tmp_path, name)
    top = file if name.endswith(".part") else file.parent
    for days, there in ((ABANDONED_DAYS - 1, True), (ABANDONED_DAYS + 1, False)):
        aged(top, days)
        tidy_scratch(tmp_path)
        assert top.exists() is there
    assert beside.exists()


def test_a_history_that_is_opened_tidies_and_one_that_is_read_uses(tmp_path):
    data, scratch = tmp_path / "data", tmp_path / "scratch"
    data.mkdir()
    pd.DataFrame({"merchant_id": ["m1"]}).to_csv(data / "merchants.csv", index=False)
    with open_history(data, scratch=scratch) as history:
        assert history.table("merchants").count().execute() == 1
    (made_by_reading,) = (scratch / "sources").iterdir()
    aged(made_by_reading, UNUSED_DAYS - 1)
    with open_history(data, scratch=scratch) as history:
        history.table("merchants").count().execute()
    assert time.time() - made_by_reading.stat().st_mtime < 86_400
    aged(made_by_reading, UNUSED_DAYS + 1)
    with open_history(data, scratch=scratch):
        assert not made_by_reading.exists()
