"""Rows too many for one matrix teach what they would teach in one."""

from collections.abc import Callable
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.manifest import ModelFeature
from models.signature import from_table
from training import large
from training.large import Many, draw
from training.ranking.fit import Rows, dataset
from training.result import TrainingResult
from training.rows.sample import FeaturePlan, Sample
from training.rows.split import split

WORDS = tuple(f"w{code}" for code in range(12))
FEATURES = (
    ModelFeature("income", "number", 1, "income"),
    ModelFeature("trade", "category", 0, "trade", WORDS),
    ModelFeature("count", "number", 0, "count"),
)
ASKED = {"objective": "binary", "verbosity": -1, "num_threads": 1, "deterministic": True}


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Many:
    """Four thousand of five thousand rows, read 700 at a time."""
    monkeypatch.setattr(large, "CHUNK_ROWS", 700)
    random = np.random.default_rng(5)
    income, trade = random.normal(size=5000).astype(np.float32), random.integers(0, 13, 5000)
    income[random.random(5000) < 0.1] = np.nan
    words = pa.array([*WORDS, None]).take(pa.array(trade))
    counts = pa.array(random.poisson(2, 5000).astype(np.int32))
    table = pa.table({"income": income, "trade": words, "count": counts})
    told = np.nan_to_num(income) + (trade % 3 == 0) + random.normal(size=5000)
    places = np.sort(random.permutation(5000)[:4000])
    return Many(FEATURES, table, places, (told > 1.2).astype(int)[places])


def test_chunks_teach_what_one_matrix_teaches(many: Many) -> None:
    matrix = from_table(FEATURES, many.table.take(pa.array(many.places)))
    sets = many.dataset(), dataset(Rows(matrix, many.label, FEATURES))
    texts = [lgb.train(ASKED, data, 20).model_to_string() for data in sets]
    assert texts[0] == texts[1]
    said = lgb.Booster(model_str=texts[0]).predict(matrix, raw_score=True)
    assert (many.margins(texts[0]) == said).all()


def test_a_draw_divides_as_the_split_does_and_leaves_the_rest_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(large, "DRAWN_ROWS", 700)
    monkeypatch.setattr(large, "JUDGED_ROWS", 300)
    label = (np.arange(5000) % 10 == 0).astype(np.int8)
    table = pa.table({"place": np.arange(5000.0)})
    sample = Sample((FeaturePlan("place"),), table, label, pa.array(range(5000)))
    chosen = split(sample, seed=0)
    drawn = draw(label, chosen, seed=0)
    for half in (drawn.tried, drawn.held):
        for part in ("train", "valid", "test"):
            mine = getattr(half, part)
            assert np.isin(mine, getattr(chosen, part)).all()
            assert label[mine].mean() == pytest.approx(0.1, abs=0.005)
        assert len(half.rest) == pytest.approx(700, abs=2)
        assert len(half.test) == pytest.approx(300, abs=2)
    every = np.concatenate([drawn.tried.rest, drawn.held.rest, drawn.left])
    assert sorted(every) == chosen.rest.tolist()
    assert (drawn.tried.test == drawn.held.test).all()


def test_all_rows_teach_where_only_some_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
    book: Callable[..., dict[str, Any]],
    train: Callable[..., TrainingResult],
) -> None:
    columns = book(6000)
    asked = {"monotone": {"income": -1}, "time": "observed"}
    alone = train(columns, **asked)
    for name, rows in (("LARGE_ROWS", 2000), ("DRAWN_ROWS", 1000), ("JUDGED_ROWS", 900)):
        monkeypatch.setattr(large, name, rows)
    found = train(columns, **asked)
    sampled = found.metrics["sampled"]
    assert sampled["rows_drawn"] == pytest.approx(1000, abs=2)
    assert sampled["rows_before_split"] + sampled["test_rows"] == 6000
    assert found.metrics["fit"]["components"][-1]["name"] == large.ALL_ROWS
    assert found.metrics["monotone"]["violations"] == []
    assert found.metrics["test"]["auc"] > alone.metrics["test"]["auc"] - 0.02
    predictions = pq.read_table(found.out / "predictions.parquet")
    assert len(predictions) == sampled["test_rows_drawn"]
