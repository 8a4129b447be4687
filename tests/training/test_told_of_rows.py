"""Stability, bands, reasons, segments and pictures of rows that a real model scores."""

import json
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from credit.money import ppm_of
from credit.policy.scorecard import score_of
from models.drift import shift
from models.manifest import NUMBER, ModelFeature
from tests.stand.judged_rows import FEATURES, judged_rows
from training.judging.bands import bands
from training.judging.reason_shares import reason_shares
from training.judging.segments import segments
from training.judging.stability import stability
from training.judging.tested import Tested as Rows  # a name that pytest does not collect
from training.report.pictured import pictured
from training.revision import code_revision


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> tuple[Rows, pa.Table, Any]:
    return judged_rows(tmp_path_factory.mktemp("tested"))


@pytest.fixture
def rows(told) -> Rows:
    return told[0]


def test_unmoved_rows_are_steady_and_moved_ones_are_not(told, tmp_path):
    still = stability(*told)
    assert still["score"]["level"] == 0
    assert [row["level"] for row in still["features"]] == [0, 0, 0, 0]
    moved = stability(*judged_rows(tmp_path, moved=0.8))
    levels = {row["name"]: row["level"] for row in moved["features"]}
    assert levels == {"income": 2, "arrears": 0, "trade": 0, "noise": 0}


def test_each_month_is_measured_as_monitoring_would_measure_it(told):
    rows, reference, before = told
    facts = stability(rows, reference, before)
    assert facts["months"] == ["2025-01", "2025-02", "2025-03"]
    for place, month in enumerate(facts["months"]):
        mine = rows.months == month
        score = shift("score", before, rows.probability[mine], category=False)
        assert facts["score"]["months"][place]["psi"] == pytest.approx(score.psi)
        words = np.array(rows.table["trade"].to_pylist(), dtype=object)[mine].tolist()
        trade = shift("trade", reference["trade"].to_pylist(), words, category=True)
        assert facts["features"][2]["months"][place]["psi"] == pytest.approx(trade.psi)
        assert facts["features"][2]["months"][place]["level"] == trade.level


def test_rows_without_dates_are_measured_whole(told):
    facts = stability(replace(told[0], months=None), *told[1:])
    assert facts["months"] == facts["score"]["months"] == facts["features"][0]["months"] == []
    json.dumps(facts, allow_nan=False)


def test_reference_quantiles_and_missing_are_told(told):
    facts = stability(*told)
    by_name = {row["name"]: row for row in facts["quantiles"]}
    assert set(by_name) == {"score", "income", "arrears", "noise"}
    assert by_name["income"]["missing"] == pytest.approx(0.1, abs=0.03)
    marks = [by_name["income"][mark] for mark in ("p01", "p25", "p50", "p75", "p99")]
    assert marks == sorted(marks)


def test_a_feature_without_a_value_has_no_quantile(told):
    rows, reference, before = told
    blank = pa.nulls(reference.num_rows, pa.float64())
    reference = reference.set_column(3, "noise", blank)
    facts = stability(rows, reference, before)
    assert facts["quantiles"][-1]["p50"] is None
    assert facts["features"][3]["missing_reference"] == 1.0
    json.dumps(facts, allow_nan=False)


def test_many_rows_and_features_are_measured_quickly(told):
    random = np.random.default_rng(0)
    count, wide = 45_000, 60
    features = tuple(ModelFeature(f"f{place}", NUMBER, 0, "x") for place in range(wide))
    table = pa.table({it.name: random.normal(size=count) for it in features})
    months = np.array([f"2025-0{1 + place % 6}" for place in range(count)])
    many = replace(
        told[0], table=table, features=features, months=months, label=np.zeros(count, int),
        probability=random.random(count),
    )  # fmt: skip
    started = time.process_time()
    stability(many, table.slice(0, 20_000), many.probability[:20_000])
    assert time.process_time() - started < 6, "under a second on a quiet machine"


def test_bands_hold_every_row_once_from_best_to_worst(rows):
    facts = bands(rows)["rows"]
    assert sum(row["rows"] for row in facts) == len(rows.label)
    assert sum(row["bads"] for row in facts) == rows.label.sum() == facts[-1]["bads_up_to"]
    expected = [row["expected"] for row in facts]
    assert expected == sorted(expected)
    assert facts[0]["score_to"] == score_of(ppm_of(float(rows.probability.min())))
    assert facts[-1]["score_from"] == score_of(ppm_of(float(rows.probability.max())))
    assert all(row["score_from"] <= row["score_to"] for row in facts)


def test_expected_loss_is_chance_times_amount_times_severity(rows):
    facts = bands(rows, loss_given_default=0.5)
    whole = sum(row["expected_loss_minor"] for row in facts["rows"])
    assert whole == pytest.approx(rows.probability.sum() * 100_00 * 0.5, abs=10)
    unknown = bands(replace(rows, amount_minor=None))
    assert unknown["loss_given_default"] is None
    assert "expected_loss_minor" not in unknown["rows"][0]


def test_reasons_are_those_that_decisions_give(rows):
    facts = reason_shares(rows, seed=0, cases=10_000)
    declined = np.flatnonzero(rows.declined)
    assert facts["declined"] == len(declined)
    given = {row["reason"]: row["share"] for row in facts["given"]}
    everybody = replace(rows, cut_off=float(np.sort(rows.probability)[-21]))
    twenty = reason_shares(everybody, seed=0)
    taken = rows.table.take(np.flatnonzero(everybody.declined)).to_pylist()
    one_by_one = [rows.scorer.reasons(row) for row in taken]
    for told in twenty["given"]:
        share = np.mean([told["reason"] in codes for codes in one_by_one])
        first = np.mean([codes[:1] == (told["reason"],) for codes in one_by_one])
        assert told["share"] == pytest.approx(share)
        assert told["first_share"] == pytest.approx(first)
    assert set(given) <= {it.reason for it in FEATURES}


def test_where_nobody_is_declined_no_reason_is_given(rows):
    facts = reason_shares(replace(rows, cut_off=1.0), seed=0)
    assert facts == {"declined": 0, "sampled": 0, "given": []}


def test_segments_are_categories_of_few_words(rows):
    assert list(segments(rows)) == ["trade"]
    words = pa.array([None if place % 2 else "food" for place in range(len(rows.label))])
    blank = replace(rows, table=rows.table.set_column(2, "trade", words))
    assert set(segments(blank)["trade"]) == {"food", "(missing)"}
    alone = replace(rows, table=rows.table.set_column(2, "trade", pa.array(["food"] * 600)))
    assert segments(alone) == {}


def test_dependence_follows_the_directions_that_are_held(rows):
    seen = pictured(rows, benchmarks={}, seed=0)
    by_name = {one.name: one for one in seen.dependence}
    assert np.all(np.diff(by_name["income"].mean) <= 1e-12)
    assert np.all(np.diff(by_name["arrears"].mean) >= -1e-12)
    assert set(by_name["trade"].words) == {"food", "retail", "travel"}
    assert sum(seen.strengths.values()) == pytest.approx(1)
    assert seen.strengths["noise"] < seen.strengths["arrears"]


def test_dependence_is_what_the_scorer_says_of_moved_rows(rows):
    one = {it.name: it for it in pictured(rows, benchmarks={}, seed=0).dependence}["arrears"]
    moved = rows.table.set_column(1, "arrears", pa.array([one.xs[-1]] * len(rows.label)))
    said = np.array(rows.scorer.score_table(moved))
    assert any(one.lines[0][-1] == value for value in said)


def test_equal_seeds_picture_equally(rows):
    first, second = (pictured(rows, benchmarks={}, seed=5) for _ in range(2))
    assert first.dependence == second.dependence
    assert first.strengths == second.strengths


def test_the_revision_is_the_checkouts_own_and_else_the_release(tmp_path: Path):
    assert code_revision(tmp_path).startswith(("vouch ", "unknown"))
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    (tmp_path / "file").write_text("one")
    for asked in (["init", "-q"], ["add", "file"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *asked], check=True)
    said = code_revision(tmp_path)
    assert said.startswith("git ")
    (tmp_path / "file").write_text("two")
    assert code_revision(tmp_path) == f"{said}-changed"
    inside = tmp_path / "lib"
    inside.mkdir()
    assert not code_revision(inside).startswith("git ")
