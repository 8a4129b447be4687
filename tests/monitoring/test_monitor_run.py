"""From the journal to a verdict in a line, and a page that runs nothing."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from credit.errors import InputError
from monitoring.run import latest, monitor, status

NOW = datetime(2026, 9, 1, tzinfo=UTC)
LOAN = "merchant-loan"
Draw = Callable[..., pa.Table]


@pytest.fixture
def run(desk: Any, home: Path) -> Callable[..., Any]:
    def monitored(**changes: Any) -> Any:
        told = {"outcomes_path": desk.outcomes, "since": None, "until": None, "now": NOW}
        return monitor(home, desk.records, LOAN, **told | changes)

    return monitored


def test_the_same_population_is_no_drift(desk: Any, run: Any, applicants: Draw) -> None:
    desk.decide(applicants(1500, seed=21))
    found = run()
    assert found.kind == "no drift"
    assert not found.found_drift
    assert found.figures["performance"]["rate"]["rows"] == found.figures["matured"] == 1500
    assert 1000 < found.figures["approvals"]["rows"] < 1500


def test_a_downturn_that_no_feature_shows_is_named_by_its_bad_rate(
    desk: Any, run: Any, applicants: Draw
) -> None:
    desk.decide(applicants(1500, seed=22, worse=0.9))
    found = run()
    assert found.found_drift
    assert "calibration: observed" in found.verdict
    assert "score PSI" not in found.verdict


def test_a_feed_that_stopped_is_named_by_its_feature(desk: Any, run: Any, applicants: Draw) -> None:
    table = applicants(800, seed=23)
    gone = pa.nulls(len(table), pa.float64())
    desk.decide(table.set_column(0, "turnover_30d_minor", gone))
    found = run(outcomes_path=None)
    assert found.found_drift
    assert "values went missing: turnover_30d_minor (0% to 100%)" in found.verdict


def test_a_turned_score_is_named_by_its_gini(desk: Any, run: Any, applicants: Draw) -> None:
    table = applicants(1500, seed=24)
    turned = pa.array([1 if place % 5 == 0 else 0 for place in range(len(table))])
    desk.decide(table.set_column(4, "bad", turned))
    assert "Gini" in run().verdict


def test_a_feature_that_moved_and_moves_no_score_is_told_on_the_page_alone(
    desk: Any, run: Any, applicants: Draw
) -> None:
    table = applicants(1500, seed=25)
    words = pa.array(["food"] * len(table))
    desk.decide(table.set_column(2, "industry", words))
    found = run()
    assert found.kind == "no drift"
    assert "industry" in found.report.read_text()


def test_worse_applicants_are_watched_until_credit_is_given_to_them(
    desk: Any, run: Any, applicants: Draw
) -> None:
    table = applicants(3000, seed=34)
    worse = table.filter(pc.fill_null(pc.greater(table["days_past_due"], 1), False))
    desk.decide(worse)
    before, after = run(outcomes_path=None), run()
    assert before.kind == "watch"
    assert "applicants' score PSI" in before.verdict
    assert "days_past_due" in before.verdict
    assert after.found_drift
    assert "among those given credit" in after.verdict


def test_a_handful_of_decisions_is_not_enough(desk: Any, run: Any, applicants: Draw) -> None:
    desk.decide(applicants(40, seed=26))
    assert run().verdict == "not enough data: 40 scored decisions, 100 are needed"


def test_outcomes_that_have_not_matured_are_not_used(desk: Any, run: Any, applicants: Draw) -> None:
    desk.decide(applicants(600, seed=27, worse=2))
    found = run(now=datetime(2026, 2, 1, tzinfo=UTC))
    assert found.figures["matured"] == 0
    assert found.kind == "no drift"
    assert "0 matured approvals are too few" in found.verdict


def test_the_window_is_whole_days_with_both_ends(desk: Any, run: Any, applicants: Draw) -> None:
    desk.decide(applicants(480, seed=28))
    found = run(since=date(2026, 1, 3), until=date(2026, 1, 12))
    assert found.figures["decisions"] == 240
    assert (found.figures["first"], found.figures["last"]) == ("2026-01-03", "2026-01-12")
    assert found.report.parent.name == "2026-01-03_2026-01-12"


def test_unscored_decisions_and_other_models_are_counted_apart(
    desk: Any, run: Any, applicants: Draw
) -> None:
    desk.decide(applicants(300, seed=29))
    row = applicants(1, seed=1).to_pylist()[0]
    unscored = desk.entry(900, row, 0.1) | {"scored": [], "model": None}
    others = desk.entry(901, row, 0.1) | {"model": {"sha256": "e" * 64}}
    desk.remember([unscored, others])
    found = run().figures
    assert (found["decisions"], found["unscored"], found["by_other_models"]) == (300, 1, 1)


def test_the_report_and_its_figures_are_written_and_found_again(
    desk: Any, run: Any, applicants: Draw, home: Path
) -> None:
    desk.decide(applicants(300, seed=30))
    found = run()
    assert json.loads(found.figures_file.read_text()) == json.loads(json.dumps(found.figures))
    assert latest(home, LOAN).report == found.report
    assert status(home) == {LOAN: found.verdict}
    page = found.report.read_text()
    assert found.verdict in page
    assert page.index(found.verdict) < page.index("<table")
    assert "PSI of score" in found.evidently.read_text()


def test_a_hostile_name_from_data_runs_nothing_on_either_page(
    desk: Any, run: Any, applicants: Draw
) -> None:
    table = applicants(300, seed=31)
    words = pa.array(["<script>alert(1)</script>"] * len(table))
    desk.decide(table.set_column(2, "industry", words))
    found = run()
    assert "<script>alert(1)" not in found.report.read_text() + found.evidently.read_text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"since": date(2027, 1, 1)}, "no merchant-loan was decided"),
        ({"outcomes_path": Path("/nowhere")}, "/nowhere"),
    ],
)
def test_what_cannot_be_monitored_is_named(
    desk: Any, run: Any, applicants: Draw, change: dict[str, Any], words: str
) -> None:
    desk.decide(applicants(120, seed=32))
    with pytest.raises(InputError, match=words):
        run(**change)


def test_a_model_that_is_not_registered_is_named(
    desk: Any, applicants: Draw, tmp_path: Path
) -> None:
    desk.decide(applicants(120, seed=33))
    with pytest.raises(InputError, match="not registered"):
        monitor(
            tmp_path / "other",
            desk.records,
            LOAN,
            outcomes_path=None,
            since=None,
            until=None,
            now=NOW,
        )


def test_a_product_never_monitored_is_named(home: Path) -> None:
    assert status(home) == {}
    with pytest.raises(InputError, match="never monitored"):
        latest(home, LOAN)


def test_asking_for_the_latest_verdict_imports_nothing_heavy() -> None:
    program = (
        "import sys, monitoring.run;"
        "heavy = {'evidently', 'lightgbm', 'pandas', 'pyarrow', 'numpy'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
