"""On tables as lenders have them every planted leak is named and no honest column is.

The tables stand in `tests/stand/leak_tables.py`; the long form draws more of them, larger.
"""

import numpy as np
import pytest

from models.manifest import CATEGORY, NUMBER, ModelFeature
from tests.stand.leak_tables import HONEST, LEAKY, CreditTable, peer_loans
from training.leaks.detector import Leak, find_leaks
from training.ranking.fit import Rows

SUSPICIOUS = 0.95  # what a model may reach: what it finds must not hang on how well it ranks
SIZES = (1000,)
LARGER = (5000, 30_000, 150_000)
RARE = ("settlement_status", "all at once")  # a word of one bad in seven: 20 rows of 1,000


def _rows(table: CreditTable) -> Rows:
    features, columns = [], []
    for name, values in table.columns.items():
        words, codes = ((), values)
        if values.dtype.kind == "U":
            words, codes = np.unique(values, return_inverse=True)
        dtype = CATEGORY if len(words) else NUMBER
        features.append(ModelFeature(name, dtype, 0, name, tuple(map(str, words))))
        columns.append(codes.astype(np.float64))
    time = table.time.astype("datetime64[D]").astype("datetime64[us]")
    return Rows(np.column_stack(columns), table.bad, tuple(features), time=time)


def _named(table: CreditTable) -> dict[str, Leak]:
    if table.time is None:
        table = CreditTable(table.columns, table.bad, table.leaks, np.arange(len(table.bad)))
    found = find_leaks(_rows(table), model_auc=SUSPICIOUS, days=table.days)
    return {leak.column: leak for leak in found}


@pytest.fixture(scope="session")
def sizes(runs) -> tuple[int, ...]:
    """How many rows tables have: up to 150,000 in the long form."""
    return (*SIZES, *LARGER) if runs(full=1, short=0) else SIZES


@pytest.mark.parametrize("kind", LEAKY)
def test_every_planted_leak_is_named_and_nothing_else(kind, sizes, runs):
    for rows in {max(rows, 5000) for rows in sizes} if kind in RARE else sizes:
        for seed in range(runs(full=5 if rows < LARGER[1] else 1, short=1)):
            table = LEAKY[kind](rows, seed)
            assert set(_named(table)) == table.leaks, (kind, rows, seed)


@pytest.mark.parametrize("kind", HONEST)
def test_no_honest_column_is_named(kind, sizes, runs):
    for rows in (300, *sizes):
        if kind == "rule" and rows > SIZES[0]:
            continue  # luck ends where rows are many
        for seed in range(runs(full=5 if rows < LARGER[1] else 1, short=1)):
            assert _named(HONEST[kind](rows, seed)) == {}, (kind, rows, seed)


def test_of_leaks_in_three_hundred_rows_three_in_four_are_named(runs):
    planted = found = 0
    for kind, make in LEAKY.items():
        if kind in RARE:
            continue
        for seed in range(runs(full=10, short=2)):
            table = make(300, seed)
            named = set(_named(table))
            assert named <= table.leaks, (kind, seed)
            planted, found = planted + len(table.leaks), found + len(named)
    assert found >= 0.75 * planted


def test_each_is_named_for_what_gives_it_away():
    named = _named(peer_loans(5000, 0))
    says = {
        "recoveries": "bads almost without exception",
        "total_pymnt": "what part of",
        "total_rec_prncp": "equals 'loan_amnt' are goods",
        "out_prncp": "goods almost without exception",
        "last_fico": "alone",
    }
    for column, words in says.items():
        assert words in named[column].why, named[column]
