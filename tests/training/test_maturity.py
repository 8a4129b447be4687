"""Label maturity: what of the recent past is not known yet, and when to warn of it."""

import json
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from training.rows.cohort import Cohort
from training.unseen.maturity import maturity

BY = datetime(2026, 6, 30, 12, tzinfo=UTC)
US = pa.timestamp("us")


def _outcomes(months: dict[str, tuple[int, int]], *, window: int = 61) -> pa.Table:
    """Of each month so many rows and bads among them, matured `window` days later."""
    observed, bad = [], []
    for month, (rows, bads) in months.items():
        observed += [np.datetime64(f"{month}-15", "us")] * rows
        bad += [1] * bads + [0] * (rows - bads)
    times = np.array(observed, dtype="datetime64[us]")
    return pa.table(
        {
            "observed_at": pa.array(times, US),
            "matured_at": pa.array(times + np.timedelta64(window, "D"), US),
            "bad": pa.array(bad, pa.int64()),
        }
    )


def _cohort(months, unripe=None) -> Cohort:
    late = _outcomes(unripe or {}, window=91).select(["observed_at", "matured_at"])
    return Cohort(_outcomes(months), {}, {"not matured": len(late)}, late)


def test_a_month_says_how_much_of_it_has_matured():
    found = maturity(_cohort({"2026-03": (40, 4), "2026-04": (10, 1)}, {"2026-04": (30, 0)}), by=BY)
    march, april = found.facts["months"]
    assert (march["matured"], march["share_matured"], march["bad_rate"]) == (40, 1.0, 0.1)
    assert (april["matured"], april["not_matured"], april["share_matured"]) == (10, 30, 0.25)
    assert found.facts["days_to_maturity"]["p25"] == 61
    assert found.facts["days_to_maturity"]["p95"] == 91


def test_a_month_mostly_not_matured_is_warned_of():
    calm = maturity(_cohort({"2026-03": (40, 4), "2026-04": (40, 4)}), by=BY)
    assert calm.warnings == ()
    green = maturity(_cohort({"2026-03": (40, 4), "2026-04": (10, 1)}, {"2026-04": (30, 0)}), by=BY)
    assert len(green.warnings) == 1
    assert "2026-04 (25%)" in green.warnings[0]


def test_approved_applications_without_an_outcome_count_as_awaited():
    silent = _outcomes({"2026-04": (30, 0), "2026-07": (5, 0)}).select(["observed_at"])
    found = maturity(
        _cohort({"2026-03": (40, 4), "2026-04": (10, 1)}), by=BY, without_outcome=silent
    )
    assert found.facts["without_outcome"] == 30, "what comes after the cut-off is not awaited yet"
    assert found.facts["months"][-1]["share_matured"] == 0.25
    assert maturity(_cohort({"2026-03": (40, 4)}), by=BY).facts["without_outcome"] is None


@pytest.mark.parametrize(
    ("young", "off"), [((200, 60), True), ((200, 22), False), ((200, 1), True), ((31, 6), False)]
)
def test_a_youngest_vintage_far_from_those_before_is_warned_of(young, off):
    found = maturity(_cohort({"2026-02": (400, 40), "2026-03": (400, 40), "2026-04": young}), by=BY)
    assert found.facts["youngest"]["far_off"] is off
    assert bool(found.warnings) is off
    if off:
        assert "2026-04" in found.warnings[0]
        assert "risk has changed" in found.warnings[0]


def test_the_warning_tells_a_young_label_from_a_changed_risk():
    green = _cohort({"2026-02": (400, 40), "2026-04": (200, 60)}, {"2026-04": (100, 0)})
    assert "only 67% of it has matured" in maturity(green, by=BY).warnings[0]


def test_a_vintage_of_few_rows_is_not_the_youngest_to_judge():
    found = maturity(
        _cohort({"2026-02": (400, 40), "2026-03": (400, 40), "2026-04": (5, 5)}), by=BY
    )
    assert found.facts["youngest"]["month"] == "2026-03"
    assert not found.warnings


@pytest.mark.parametrize("months", [{}, {"2026-03": (1, 1)}, {"2026-03": (40, 0)}])
def test_little_or_nothing_is_json(months):
    found = maturity(_cohort(months), by=BY, immature_at_split=3)
    assert json.loads(json.dumps(found.facts, allow_nan=False))["immature_at_split"] == 3
    assert found.facts["youngest"] is None
