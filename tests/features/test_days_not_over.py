"""A day that was built before it was over is no day; two who publish one leave one whole."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from credit.errors import InputError
from features import snapshot
from features.publication import day_folder, read_snapshot
from features.snapshot import build
from features.sources import open_history
from features.store import materialize

DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MORNING_AFTER = NOON + timedelta(hours=20)


def directory(place, merchants=("m1",)):
    place.mkdir()
    opened = {"merchant_id": merchants, "opened_on": date(2026, 1, 1)}
    pd.DataFrame(opened).to_parquet(place / "merchants.parquet")
    return place


def built(data, home, now):
    with open_history(data) as history:
        (done,) = build(history, as_of=DAY, home=home, now=now).done
    return done


def test_it_does_not_go_online_until_it_is_built_again(tmp_path):
    data, home = directory(tmp_path / "data"), tmp_path / "home"
    assert built(data, home, NOON).written
    assert not built(data, home, NOON + timedelta(hours=1)).written
    with pytest.raises(InputError, match=r"merchant snapshot of 2026-03-01 .* before that day was"):
        materialize(home, now=MORNING_AFTER)
    assert built(data, home, MORNING_AFTER).written  # from the same rows
    assert materialize(home, now=MORNING_AFTER).done[0].rows == 1
    assert not built(data, home, NOON).written  # a clock set back takes nothing away
    assert not built(data, home, MORNING_AFTER).written


def test_two_who_publish_one_day_leave_a_manifest_and_its_file(tmp_path, monkeypatch):
    homes = tmp_path / "home"
    places = [directory(tmp_path / f"data{n}", ("m1", "m2")[: n + 1]) for n in range(2)]

    def slowly(what):
        def done(*given):
            time.sleep(0.2)
            what(*given)

        return done

    for step in ("publish", "_remove_unpublished"):
        monkeypatch.setattr(snapshot, step, slowly(getattr(snapshot, step)))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda data: built(data, homes, MORNING_AFTER), places))
    folder = day_folder(homes, "merchant", DAY)
    there = read_snapshot(folder)
    assert there.file.exists()
    assert {file.name for file in folder.iterdir()} == {there.file.name, "manifest.json", "lock"}
