"""Scores are the same to the bit whichever way they are asked for."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from credit.errors import InputError
from models import signature
from models.artefact import open_artefact
from models.calibration import Calibration
from models.manifest import ModelFeature
from models.score import Scorer

Make = Callable[..., Path]
ROWS: Mapping[str, Any] = {
    "turnover_30d_minor": 20_000,
    "days_past_due": 1.0,
    "worst_delay": None,
    "industry": "food",
}


@pytest.fixture
def scorer(make_artefact: Make) -> Scorer:
    return Scorer(open_artefact(make_artefact()))


@pytest.fixture(scope="session")
def table(make_world: Callable[..., pa.Table]) -> pa.Table:
    return make_world(500, seed=11)


def test_rows_one_by_one_a_batch_arrow_and_pandas_agree_to_the_bit(
    scorer: Scorer, table: pa.Table
) -> None:
    rows = table.to_pylist()
    batch = scorer.score(rows)
    assert batch == [scorer.score([row])[0] for row in rows]
    assert batch == scorer.score_table(table)
    assert batch == scorer.score_table(table.to_pandas())
    assert len(set(batch)) > 20


def test_a_model_read_again_scores_the_same_to_the_bit(
    scorer: Scorer, table: pa.Table, make_artefact: Make
) -> None:
    again = Scorer(open_artefact(make_artefact("again")))
    assert again.score_table(table) == scorer.score_table(table)


def test_the_order_of_names_and_further_names_do_not_matter(scorer: Scorer) -> None:
    turned = dict(reversed(ROWS.items())) | {"of_no_concern": 1}
    assert scorer.score([turned]) == scorer.score([ROWS])


@pytest.mark.parametrize("name", ROWS)
def test_a_row_without_a_feature_is_refused_by_name(scorer: Scorer, name: str) -> None:
    short = {key: value for key, value in ROWS.items() if key != name}
    with pytest.raises(KeyError, match=name):
        scorer.score([short])


def test_a_table_without_a_feature_is_refused_by_name(scorer: Scorer, table: pa.Table) -> None:
    with pytest.raises(InputError, match="worst_delay"):
        scorer.score_table(table.drop_columns("worst_delay"))
    with pytest.raises(InputError, match="worst_delay"):
        scorer.score_table(table.drop_columns("worst_delay").to_pandas())


def test_a_value_of_the_wrong_kind_is_refused_by_name(scorer: Scorer, table: pa.Table) -> None:
    with pytest.raises(TypeError, match="worst_delay"):
        scorer.score([{**ROWS, "worst_delay": "late"}])
    with pytest.raises(TypeError, match="industry"):
        scorer.score([{**ROWS, "industry": 3}])
    words = table.set_column(2, "worst_delay", pa.array(["late"] * len(table)))
    with pytest.raises(InputError, match="worst_delay"):
        scorer.score_table(words)


def test_missing_is_not_zero_and_an_unknown_word_is_missing(scorer: Scorer) -> None:
    matrix = signature.from_rows(
        signature.encoders(scorer.features),
        [{**ROWS, "industry": "unheard-of"}, {**ROWS, "industry": None, "worst_delay": 0}],
    )
    assert np.isnan(matrix[0, 2])
    assert np.isnan(matrix[:, 3]).all()
    assert matrix[1, 2] == 0


def test_columns_of_any_arrow_type_are_read_as_rows_are() -> None:
    features = (ModelFeature("count", "number", 0, "X"), ModelFeature("flag", "number", 0, "X"))
    table = pa.table({"count": pa.array([2**60 + 1, None]), "flag": pa.array([True, None])})
    by_column = signature.from_table(features, table)
    assert np.array_equal(
        by_column, signature.from_rows(signature.encoders(features), table.to_pylist()), True
    )
    nothing = pa.table({"count": pa.nulls(2), "flag": pa.nulls(2)})
    assert np.isnan(signature.from_table(features, nothing)).all()


def test_no_rows_have_no_scores(scorer: Scorer, table: pa.Table) -> None:
    assert scorer.score([]) == []
    assert scorer.score_table(table.slice(0, 0)) == []


def test_reasons_sum_features_of_one_code_and_only_raise(scorer: Scorer) -> None:
    worse = {**ROWS, "days_past_due": 6, "worst_delay": 8}
    assert scorer.reasons(worse)[0] == "REPAYMENT_HISTORY"
    better = {**ROWS, "days_past_due": 0, "worst_delay": 0, "turnover_30d_minor": 300_000}
    assert "REPAYMENT_HISTORY" not in scorer.reasons(better)
    assert len(scorer.reasons(worse, limit=1)) == 1
    assert set(scorer.contributions(worse)) == {feature.reason for feature in scorer.features}


def test_contributions_add_up_to_the_margin(scorer: Scorer, table: pa.Table) -> None:
    rows = table.slice(0, 50).to_pylist()
    middle = {
        round(m - sum(scorer.contributions(r).values()), 9)
        for r, m in zip(rows, scorer.margins(table.slice(0, 50)), strict=True)
    }
    assert len(middle) == 1


def test_the_calibration_of_the_manifest_is_what_scores(make_artefact: Make) -> None:
    flat = Calibration("platt", {"slope": 0.0, "intercept": 0.0})
    assert Scorer(open_artefact(make_artefact(calibration=flat))).score([ROWS]) == [0.5]


def test_a_manifest_that_names_fewer_features_than_the_model_reads_is_refused(
    make_artefact: Make, scorer: Scorer
) -> None:
    short = make_artefact("short", features=scorer.features[:-1])
    with pytest.raises(InputError, match="reads 4 features"):
        Scorer(open_artefact(short))
