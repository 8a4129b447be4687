"""The ranking benchmark is fair: no later knowledge in its tables, the same rows for every tool."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.ranking.comparison import resampled_interval
from benchmarks.ranking.earlier_loans import with_what_was_known
from benchmarks.ranking.peers import PEERS
from benchmarks.ranking.rows import divide, seeds
from benchmarks.ranking.tables import LABEL, ROLES, other_tables, public_tables
from benchmarks.ranking.vouch import trained
from models.measures import auc

ASKED = pd.Timestamp("2017-07-10 09:00")
CUSTOMERS = pd.DataFrame(
    {
        "customerid": ["a", "a"],
        "bank_account_type": ["Savings", "Savings"],
        "employment_status_clients": [None, None],
        "level_of_education_clients": [None, None],
    }
)
LOANS = pd.DataFrame(
    {
        "customerid": ["a", "stranger"],
        "systemloanid": [100, 101],
        "creationdate": [ASKED, ASKED],
        "approveddate": [ASKED + pd.Timedelta(hours=1)] * 2,
        "loanamount": [20_000.0, 10_000.0],
        "totaldue": [23_000.0, 11_500.0],
        "termdays": [30, 15],
    }
)
DAYS = st.integers(-200, 60)


def _at(days):
    return ASKED + pd.Timedelta(days=days, hours=1)


def _earlier(rows):
    """One loan a row: days from the asking to its approval, and on to due, repaid, closed."""
    columns = ("approved", "due", "repaid", "closed")
    told = pd.DataFrame(rows, columns=columns)
    return pd.DataFrame(
        {
            "customerid": "a",
            "systemloanid": np.arange(len(told)),
            "approveddate": [_at(it) for it in told.approved],
            "firstduedate": [_at(a + d) for a, d in zip(told.approved, told.due, strict=True)],
            "firstrepaiddate": [
                _at(a + d) for a, d in zip(told.approved, told.repaid, strict=True)
            ],
            "closeddate": [_at(a + d) for a, d in zip(told.approved, told.closed, strict=True)],
            "loanamount": 10_000.0,
            "termdays": 30,
        }
    )


LATER = st.integers(1, 90)
EARLIER = st.lists(st.tuples(DAYS, LATER, LATER, LATER), min_size=1, max_size=6).map(_earlier)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EARLIER, st.integers(1, 400))
def test_what_happened_after_the_asking_changes_no_feature(earlier, days):
    otherwise = earlier.copy()
    for moment in ("closeddate", "firstrepaiddate"):
        after = otherwise[moment] >= ASKED
        otherwise[moment] = otherwise[moment].mask(
            after, otherwise[moment] + pd.Timedelta(days, "D")
        )
    otherwise = otherwise[otherwise["approveddate"] < ASKED]
    pd.testing.assert_frame_equal(
        with_what_was_known(LOANS, earlier, CUSTOMERS),
        with_what_was_known(LOANS, otherwise, CUSTOMERS),
    )


def test_a_loan_closed_after_the_asking_counts_as_open_and_unpaid():
    earlier = _earlier([(-100, 30, 40, 45), (-20, 15, 25, 30), (5, 10, 10, 10)])
    joined = with_what_was_known(LOANS, earlier, CUSTOMERS).set_index("systemloanid")
    mine = joined.loc[100]
    assert (mine.earlier_loans, mine.still_open) == (2, 1)
    assert (mine.late_max, mine.late_last) == (10, 10)
    assert mine.overdue_max == pytest.approx(5 - 1 / 24)
    assert joined.loc[101].earlier_loans == 0
    assert np.isnan(joined.loc[101].late_mean)


def test_every_tool_ranks_the_rows_that_the_trainer_holds_out(tmp_path):
    random = np.random.default_rng(1)
    income, word = random.normal(size=400), random.choice(["x", "y", None], 400)
    bad = random.random(400) < 1 / (1 + np.exp(income + (word == "x")))
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, 400), "D")
    frame = pd.DataFrame({"income": income, "word": word, "on": when, "defaulted": bad.astype(int)})
    frame.to_parquet(tmp_path / "mine.parquet")
    (tmp_path / ROLES).write_text(json.dumps({"mine": {"label": "defaulted", "time": "on"}}))
    table = next(other_tables(tmp_path, tmp_path / "prepared"))
    division = divide(table, 0)
    assert frame["on"].iloc[division.test].min() > frame["on"].iloc[division.rest].max()
    ours, spent = trained(division, tmp_path, trials=0)  # raises where the rows are others
    logistic = next(peer for peer in PEERS if peer.name == "logistic").probabilities(division)
    label = division.label[division.test]
    assert auc(label, ours) > 0.6
    assert 0 < spent.fit_seconds < spent.seconds
    assert auc(label, logistic) > 0.6


def test_small_tables_are_divided_often_and_every_time_otherwise(shared_datasets, tmp_path):
    table = next(public_tables(shared_datasets, tmp_path, ["superlender_joined"]))
    cuts = [divide(table, seed) for seed in seeds(table, 4368, 10, 1)][:3]
    assert len({cut.key for cut in cuts}) == 3
    for cut in cuts:
        assert LABEL not in cut.frame
        assert not np.isin(cut.test, cut.rest).any()
        assert cut.label[cut.test].mean() == pytest.approx(cut.label.mean(), abs=0.001)


def test_an_interval_over_splits_is_wider_than_if_they_shared_no_rows():
    differences = [0.01, 0.02, 0.0, 0.015, 0.005]
    found = resampled_interval(differences, 3 / 7)
    naive = 2.776 * np.std(differences, ddof=1) / 5**0.5
    assert found["mean"] == pytest.approx(0.01)
    assert found["high"] - found["mean"] > 1.5 * naive
