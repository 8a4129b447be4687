"""Vintages: each month's decisions, how they turned out and how fast."""

import json

import numpy as np
import pytest

from training.unseen.vintages import vintages

DAYS = np.array(
    ["2025-11-05", "2025-11-20", "2025-12-01", "2025-12-02", "2026-01-03", "2026-01-30"],
    dtype="datetime64[us]",
)
LABEL = np.array([0, 1, 1, 0, 1, 0], dtype=np.int8)
CHANCE = np.array([0.1, 0.3, 0.2, 0.2, 0.5, np.nan])
PART = np.array(["train", "train", "train", "test", "test", "test"])


def _lines(found: dict) -> dict:
    return {(line["month"], line["part"]): line for line in found["months"]}


def test_a_month_that_the_split_divides_stands_once_on_each_side():
    lines = _lines(vintages(DAYS, LABEL, CHANCE, PART))
    assert list(lines) == [
        ("2025-11", "train"), ("2025-12", "train"), ("2025-12", "test"), ("2026-01", "test"),
    ]  # fmt: skip
    assert sum(line["rows"] for line in lines.values()) == len(DAYS)


def test_a_vintage_says_what_came_and_what_was_expected():
    lines = _lines(vintages(DAYS, LABEL, CHANCE, PART))
    assert lines["2025-11", "train"]["bad_rate"] == 0.5
    assert lines["2025-11", "train"]["mean_probability"] == pytest.approx(0.2)
    assert lines["2026-01", "test"]["mean_probability"] == 0.5  # of the row that has one
    single = lines["2025-12", "test"]
    assert (single["bad_rate"], single["low"]) == (0.0, 0.0)
    assert single["high"] > 0.5


def test_rows_of_neither_part_are_not_looked_at():
    part = np.where(PART == "test", "", PART)
    found = vintages(DAYS, LABEL, CHANCE, part)
    assert sum(line["rows"] for line in found["months"]) == 3


def test_bads_accumulate_with_age_to_the_bad_rate_of_the_vintage():
    days = np.array([np.nan, 45.0, 90.0, np.nan, 20.0, np.nan])
    found = vintages(DAYS, LABEL, CHANCE, PART, days_to_bad=days)
    train, december, january = found["by_age"]
    assert (train["vintage"], december["vintage"], january["vintage"]) == (
        "2025Q4", "2025Q4", "2026Q1",
    )  # fmt: skip
    curve = [(step["days"], step["bads"]) for step in train["curve"]]
    assert curve == [(30, 0), (60, 1), (90, 2)], "day 90 is within 90 days"
    assert train["curve"][-1]["bad_rate"] == pytest.approx(train["bads"] / train["rows"])
    assert [(step["days"], step["bads"]) for step in december["curve"]] == [(30, 0)]


def test_a_bad_whose_day_is_not_known_is_counted_apart():
    found = vintages(DAYS, LABEL, CHANCE, PART, days_to_bad=np.full(6, np.nan))
    assert [one["day_unknown"] for one in found["by_age"]] == [2, 0, 1]


def test_another_mix_is_told_from_another_risk():
    rows = 600
    month = np.repeat(np.array(["2026-01", "2026-02"], dtype="datetime64[M]"), rows // 2)
    scene = np.array(["bike"] * (rows // 2) + ["hotel"] * (rows // 2), dtype=object)
    part = np.where(month == np.datetime64("2026-01"), "train", "test")
    amount = np.random.default_rng(0).lognormal(size=rows)
    nothing = np.full(rows, None, dtype=object)
    found = vintages(
        month.astype("datetime64[us]"), np.zeros(rows), np.zeros(rows), part,
        mix={"scene": scene, "amount_minor": amount, "channel": nothing},
    )  # fmt: skip
    before, after = (line["mix_psi"] for line in found["months"])
    assert set(before) == {"scene", "amount_minor"}, "what says nothing is left out"
    assert before["scene"] == 0
    assert after["scene"] > 1
    assert after["amount_minor"] < 0.2


@pytest.mark.parametrize("time", [None, np.arange(6.0), np.array(list("abcdef"))])
def test_rows_without_dates_have_no_vintages(time):
    assert vintages(time, LABEL, CHANCE, PART) is None


def test_no_rows_or_no_training_rows_are_json():
    assert vintages(DAYS[:0], LABEL[:0], CHANCE[:0], PART[:0]) is None
    only = vintages(DAYS, LABEL, CHANCE, np.full(6, "test"), mix={"scene": np.full(6, "a")},
                    days_to_bad=np.full(6, np.nan))  # fmt: skip
    assert json.dumps(only, allow_nan=False)
    assert only["months"][0]["mix_psi"] == {"scene": None}
