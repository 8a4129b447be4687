"""A column known only after the outcome is named; an honest strong one is not."""

import json

import numpy as np
import pytest

from models.manifest import CATEGORY, ModelFeature
from training.leaks.alone import alone_auc
from training.leaks.detector import find_leaks
from training.ranking.fit import Rows

ROWS = 6000


def _world(seed: int = 3, base: float = -1.6):
    random = np.random.default_rng(seed)
    risk = random.normal(size=ROWS)
    bad = (random.random(ROWS) < 1 / (1 + np.exp(-(base + risk)))).astype(np.int64)
    return random, risk, bad


def _leaks(columns, bad, *, words=None, model_auc=0.75, without=lambda _: 0.7):
    words = words or {}
    features = tuple(
        ModelFeature(name, CATEGORY if name in words else "number", 0, name, words.get(name, ()))
        for name in columns
    )
    rows = Rows(np.column_stack(list(columns.values())).astype(float), bad, features)
    return {leak.column: leak for leak in find_leaks(rows, model_auc=model_auc, without=without)}


def _falling(whole, others):
    """A model that ranks like this with all columns and so without any."""
    return lambda places: others if places else whole


def rewritten_terms(random, bad):
    """Round terms as agreed; those of bads cut to the month in which the loan broke."""
    agreed = random.choice([36, 60, 84, 120, 240], len(bad), p=[0.15, 0.2, 0.45, 0.1, 0.1])
    broken = np.floor(random.uniform(0.15, 0.9, len(bad)) * np.minimum(agreed, 120))
    repaid_early = (bad == 0) & (random.random(len(bad)) < 0.15)
    early = np.floor(random.uniform(0.3, 1, len(bad)) * agreed)
    cut = np.where((bad == 1) & (random.random(len(bad)) < 0.9), broken, agreed)
    return np.where(repaid_early, early, cut)


def test_a_term_rewritten_when_the_loan_ends_is_named():
    random, _, bad = _world()
    term = rewritten_terms(random, bad)
    assert 0.7 < alone_auc(term, bad, category=False) < 0.95
    assert "rewritten" in _leaks({"term": term}, bad)["term"].why


def test_an_honest_term_with_usual_values_is_not_named():
    random, risk, bad = _world()
    term = np.where(
        random.random(ROWS) < 0.85,
        random.choice([12, 24, 36, 60], ROWS),
        random.integers(6, 72, ROWS),
    )
    rate = np.round(8 + 4 * risk + random.normal(size=ROWS), 1)
    assert _leaks({"term": term, "rate": rate}, bad) == {}


def test_an_honest_ratio_that_ranks_alone_at_84_is_not_named():
    random, risk, bad = _world()
    ratio = np.exp(1.6 * (bad - 0.5) + 0.2 * risk + 1.1 * random.normal(size=ROWS))
    ratio[random.random(ROWS) < np.where(bad == 1, 0.5, 0.1)] = np.nan
    found = alone_auc(ratio, bad, category=False)
    assert 0.8 < found < 0.92
    weak = risk + 3 * random.normal(size=ROWS)
    columns = {"ratio": ratio, "weak": weak}
    assert _leaks(columns, bad, model_auc=0.87, without=_falling(0.87, 0.72)) == {}


def test_sums_bunched_on_round_figures_are_not_named():
    random, risk, bad = _world()
    amount = np.exp(9 + 0.5 * random.normal(size=ROWS) - 0.3 * risk)
    rounded = np.where(random.random(ROWS) < 0.6, np.round(amount, -3), np.round(amount, -1))
    assert _leaks({"amount": rounded}, bad) == {}


def test_round_figures_that_are_somewhat_riskier_are_not_named():
    random, risk, bad = _world()
    guessed = random.random(ROWS) < np.where(bad == 1, 0.75, 0.5)
    income = np.exp(8 - 0.2 * risk + 0.4 * random.normal(size=ROWS))
    income = np.where(guessed, np.round(income, -3), np.round(income, -1))
    assert _leaks({"income": income}, bad) == {}


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_a_copy_of_the_outcome_is_named(noise):
    random, _, bad = _world()
    found = _leaks({"copy": bad + noise * random.normal(size=ROWS)}, bad)
    assert found["copy"].certainty == "certain"


def test_a_column_filled_in_for_bads_alone_is_named():
    random, _, bad = _world()
    recovered = np.where((bad == 1) & (random.random(ROWS) < 0.4), random.random(ROWS), np.nan)
    assert "is filled in are bads" in _leaks({"recovered": recovered}, bad)["recovered"].why


def test_a_word_that_only_bads_have_is_named():
    random, _, bad = _world()
    status = np.where((bad == 1) & (random.random(ROWS) < 0.5), 2, random.integers(0, 2, ROWS))
    words = {"status": ("closed", "open", "written off")}
    assert "'written off'" in _leaks({"status": status}, bad, words=words)["status"].why


def test_a_column_that_ranks_far_above_all_others_is_named_as_likely():
    random, _, bad = _world()
    late = 2.0 * bad + random.normal(size=ROWS)
    others = {f"c{place}": random.normal(size=ROWS) for place in range(6)}
    found = _leaks({"late": late, **others}, bad, model_auc=0.93, without=_falling(0.93, 0.66))
    assert found["late"].certainty == "likely"


def test_help_that_neither_the_column_nor_the_others_explain_is_named():
    random, _, bad = _world()
    hint = bad + 0.8 * random.normal(size=ROWS)
    found = _leaks({"hint": hint}, bad, model_auc=0.98, without=_falling(0.98, 0.66))
    assert "more than its own" in found["hint"].why


def test_noise_is_never_named():
    random, _, bad = _world()
    columns = {f"c{place}": random.normal(size=ROWS) for place in range(12)}
    columns["missing"] = np.where(random.random(ROWS) < 0.7, np.nan, 1.0)
    columns["count"] = random.poisson(2, ROWS)
    assert _leaks(columns, bad) == {}


def test_a_leak_is_written_down_and_may_be_allowed(book, train):
    columns = book()
    columns["settled"] = columns["bad"] + 0.05 * np.random.default_rng(0).normal(size=800)
    result = train(columns)
    assert [leak.column for leak in result.leaks] == ["settled"]
    written = json.loads((result.out / "metrics.json").read_text())
    assert written["leakage"][0]["column"] == "settled"
    assert written["leakage"][0]["why"]
    assert written["test"]["auc"] > 0.99, "figures are computed with the column"
    assert "Suspected leak" in (result.out / "report.html").read_text()
    allowed = train(columns, allow_leakage=["settled"])
    assert allowed.leaks == ()
    assert allowed.metrics["leakage_allowed"][0]["column"] == "settled"


@pytest.mark.parametrize("name", ["taiwan", "gmsc"])
def test_real_credit_tables_have_no_leak(shared_datasets, name):
    import pyarrow.parquet as pq

    label = {"taiwan": "default.payment.next.month", "gmsc": "SeriousDlqin2yrs"}[name]
    table = pq.read_table(shared_datasets / f"{name}.parquet")
    bad = table[label].to_numpy()
    columns = {
        column: table[column].cast("float64").to_numpy()
        for column in table.column_names
        if column != label
    }
    assert _leaks(columns, bad, model_auc=0.87) == {}
