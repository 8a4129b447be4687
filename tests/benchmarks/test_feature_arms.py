"""The benchmark of features is fair: every arm gives Vouch's values; pages say what was found."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.features.arms import by_hand, vouch
from benchmarks.features.child import measured
from benchmarks.features.comparing import refuse_different
from benchmarks.features.curves import axis_over, drawing
from benchmarks.features.figures import growth
from benchmarks.features.histories import AS_OF, Size, delivered, made
from benchmarks.features.pages import CURVES, RESULTS, SCALE, text, with_section

SMALL = Size(20_000, merchants=60)
JSON = RESULTS / "features.json"


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("histories"), SMALL)


@pytest.fixture(scope="module")
def published(history, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("vouch") / "vouch.parquet"
    vouch.run(history, file, AS_OF)
    return file


@pytest.mark.parametrize("arm", ["by_hand", "by_pandas", "by_polars"])
def test_every_arm_gives_the_values_that_vouch_publishes(arm, history, published, tmp_path):
    if arm == "by_polars":
        pytest.importorskip("polars", reason="polars comes with the locks of benchmarks alone")
    run = import_module(f"benchmarks.features.arms.{arm}").run
    run(history, tmp_path / "out.parquet", AS_OF)
    assert refuse_different(published, tmp_path / "out.parquet") == 55 * SMALL.merchants


def test_values_that_ignore_corrections_are_found_to_differ(history, published, tmp_path):
    by_hand.run_uncorrected(history, tmp_path / "out.parquet", AS_OF)
    with pytest.raises(AssertionError, match="turnover"):
        refuse_different(published, tmp_path / "out.parquet")


def test_what_is_delivered_by_a_day_and_on_the_next_is_what_was_recorded_then(history, tmp_path):
    import pyarrow.parquet as pq

    base, day = delivered(history, tmp_path, AS_OF)
    whole = pq.read_table(history / "payments")["recorded_at"].to_pylist()
    came = pq.read_table(base / "payments")["recorded_at"].to_pylist()
    new = pq.read_table(day)["recorded_at"].to_pylist()
    assert max(came).date() == AS_OF
    assert {time.date().isoformat() for time in new} == {"2026-06-30"}
    assert sorted(came + new) == sorted(
        time for time in whole if time.date().isoformat() < "2026-07"
    )


def test_a_child_says_what_its_work_took(history, tmp_path):
    took = measured("benchmarks.features.works:arm", "scan", history, tmp_path / "out.parquet")
    assert set(took) == {"work_seconds", "work_processor_seconds", "peak_mb"}


def test_an_axis_holds_its_values_between_whole_decades():
    axis = axis_over([0.4, 70.0], start=0, length=300)
    assert axis.decades() == [0.1, 1.0, 10.0, 100.0]
    assert axis.at(1.0) == pytest.approx(100)


@pytest.mark.skipif(not JSON.exists(), reason="nothing was measured yet")
def test_pages_and_curves_say_what_was_measured():
    found = json.loads(JSON.read_text(encoding="utf-8"))
    assert (RESULTS / "features.md").read_text(encoding="utf-8") == text(found)
    assert CURVES.read_text(encoding="utf-8") == drawing(growth(found))
    page = SCALE.read_text(encoding="utf-8")
    assert page == with_section(page, found)
