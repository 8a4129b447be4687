"""`train table` from outside: files, splits, refusals, and what is served is what was judged."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.errors import InputError
from models.artefact import open_artefact
from models.measures import auc, measure
from models.score import Scorer
from training.table import train_table

FILES = {
    "report.html",
    "metrics.json",
    "model.txt",
    "manifest.json",
    "manifest.sig",
    "predictions.parquet",
    "reference.parquet",
    "test.parquet",
    "scorecard.csv",
}


def _predictions(out: Path):
    return pq.read_table(out / "predictions.parquet")


def test_every_file_is_written_and_says_what_the_predictions_say(book, train):
    result = train(book(), time="observed")
    assert {item.name for item in result.out.iterdir()} == FILES
    metrics = json.loads((result.out / "metrics.json").read_text())
    rows = _predictions(result.out)
    assert rows.column_names == ["row_id", "label", "probability"]
    again = measure(rows["label"].to_numpy(), rows["probability"].to_numpy())
    assert {name: metrics["test"][name] for name in again} == again
    for name in ("logistic", "lightgbm_default"):
        assert set(again) <= set(metrics["benchmarks"][name])
    assert metrics["test"]["auc"] > 0.65
    assert metrics["leakage"] == []


def test_served_probabilities_are_the_judged_ones(book, train, tmp_path):
    result = train(book(), time="observed")
    scorer = Scorer(open_artefact(result.out))
    rows = _predictions(result.out).to_pylist()
    table = pq.read_table(tmp_path / "table.parquet")
    asked = [table.slice(row["row_id"], 1).to_pylist()[0] for row in rows[:40]]
    assert scorer.score(asked) == [row["probability"] for row in rows[:40]]


def test_same_seed_gives_the_same_bytes(book, train, tmp_path):
    first = train(book(), trials=3, out=tmp_path / "one").out
    second = train(book(), trials=3, out=tmp_path / "two").out
    for name in ("model.txt", "metrics.json", "predictions.parquet"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_label_time_dropped_and_protected_columns_are_never_features(book, train):
    result = train(book(), time="observed", drop=["noise"], protected=["trade"])
    names = {feature.name for feature in open_artefact(result.out).manifest.features}
    assert names == {"income", "arrears"}


def test_test_rows_are_those_at_or_after_the_split(book, train):
    columns = book()
    result = train(columns, time="observed", split_at="2025-08-01")
    tested = _predictions(result.out)["row_id"].to_numpy()
    late = np.flatnonzero(columns["observed"] >= np.datetime64("2025-08-01"))
    assert set(tested) == set(late)


def test_without_a_split_value_the_last_thirty_percent_by_whole_days_judge(book, train):
    columns = book()
    result = train(columns, time="observed")
    tested = _predictions(result.out)["row_id"].to_numpy()
    days = columns["observed"]
    rest = np.setdiff1d(np.arange(len(days)), tested)
    assert days[tested].min() > days[rest].max()
    assert abs(len(tested) / len(days) - 0.3) < 0.02


def test_monotone_columns_move_one_way(book, train):
    result = train(book(), monotone={"income": -1, "noise": 1})
    scorer = Scorer(open_artefact(result.out))
    row = {"income": 0.0, "arrears": 1, "trade": "food", "noise": 0.0, "observed": 20000.0}
    swept = [row | {"income": float(income)} for income in np.linspace(100, 20_000, 60)]
    assert np.all(np.diff(scorer.score(swept)) <= 1e-12)
    swept = [row | {"noise": float(noise)} for noise in np.linspace(-3, 3, 60)]
    assert np.all(np.diff(scorer.score(swept)) >= -1e-12)


def test_a_word_never_seen_and_a_missing_value_are_scored(book, train):
    columns = book()
    columns["income"] = np.where(np.arange(800) % 7 == 0, np.nan, columns["income"])
    scorer = Scorer(open_artefact(train(columns, drop=["observed"]).out))
    rows = [{"income": None, "arrears": None, "trade": word, "noise": 0.0} for word in ("?", None)]
    unknown, missing = scorer.score(rows)
    assert 0 < unknown == missing < 1


def test_words_are_learnt_from_rows_before_the_split_alone(book, train):
    columns = book()
    late = columns["observed"] >= np.datetime64("2025-08-01")
    columns["trade"] = np.where(late & (columns["trade"] == "food"), "vending", columns["trade"])
    result = train(columns, time="observed", split_at="2025-08-01")
    (trade,) = [
        feature
        for feature in open_artefact(result.out).manifest.features
        if feature.name == "trade"
    ]
    assert trade.vocabulary == ("food", "retail", "travel")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bad": np.full(800, 2)}, "holds 2"),
        ({"bad": np.zeros(800, dtype=int)}, "all 800 rows are good"),
        ({"bad": np.array(["yes", "no"] * 400)}, "'yes'"),
        ({"bad": np.full(800, np.nan)}, "no rows"),
    ],
)
def test_labels_other_than_goods_and_bads_are_refused(book, train, change, says):
    with pytest.raises(InputError, match=says) as refused:
        train(book() | change)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", [bool, float, str, np.int8])
def test_labels_may_be_true_or_one_or_its_text(book, train, kind):
    columns = book(300)
    columns["bad"] = columns["bad"].astype(int).astype(kind)
    if kind is bool:
        columns["bad"] = columns["bad"].astype(bool)
    assert train(columns).metrics["train"]["rows"] > 0


def test_one_side_of_the_split_may_not_be_empty(book, train):
    with pytest.raises(InputError, match="choose one between"):
        train(book(), time="observed", split_at="2031-01-01")
    with pytest.raises(InputError, match="no date or time"):
        train(book(), time="observed", split_at="soon")
    with pytest.raises(InputError, match="exclude each other"):
        train(book(), time="observed", split_at="2025-08-01", test_share=0.3)
    with pytest.raises(InputError, match="no such column"):
        train(book(), label="nothing")


def test_odd_columns_end_in_a_word_and_a_model(book, train):
    rows = 800
    columns = book(rows) | {
        "constant": np.ones(rows),
        "empty": pa.nulls(rows),
        "name": np.array([f"customer {place}" for place in range(rows)]),
        "row_id": np.arange(rows)[::-1],
        "endless": np.where(np.arange(rows) % 9 == 0, np.inf, np.arange(rows) % 13),
        "words": np.array([f"w{place % 390}" for place in range(rows)]),
        "<script>alert(1)</script>": np.random.default_rng(1).normal(size=rows),
    }
    result = train(columns, time="observed")
    said = " ".join(result.warnings)
    for column in ("constant", "empty", "name", "row_id"):
        assert f"column {column!r}" in said
    assert "infinite values are read as missing" in said
    assert "of 390 texts" in said or "different texts" in said
    endless = pq.read_table(result.out / "reference.parquet")["endless"].to_numpy()
    assert not np.isinf(endless).any()
    assert np.isnan(endless).any()
    report = (result.out / "report.html").read_text()
    assert "<script" not in report
    assert "&lt;script&gt;" in report


def test_few_bads_warn_and_do_not_stop(book, train):
    columns = book(400)
    bad = np.zeros(400, dtype=int)
    bad[::16] = 1
    result = train(columns | {"bad": bad})
    assert any("bads are few" in warning for warning in result.warnings)


@pytest.mark.parametrize(("rows", "bads"), [(60, 2), (100, 1), (100, 99), (60, 30)])
def test_very_small_tables_end_in_a_model_that_warns(book, train, rows, bads):
    bad = np.zeros(rows, dtype=int)
    bad[np.random.default_rng(4).permutation(rows)[:bads]] = 1
    result = train(book(rows) | {"bad": bad})
    assert any("few" in warning for warning in result.warnings)
    assert json.loads((result.out / "metrics.json").read_text())["test"]["log_loss"] > 0


@pytest.mark.parametrize(("rows", "bads"), [(2, 1), (4, 2), (6, 2), (12, 6)])
def test_too_few_rows_are_refused(book, train, rows, bads):
    with pytest.raises(InputError, match=r"too few|no test rows|are good"):
        train(book(rows) | {"bad": np.arange(rows) < bads})


def test_copies_across_the_split_are_said(book, train):
    columns = {name: np.concatenate([part, part]) for name, part in book(200).items()}
    assert any("flatter" in warning for warning in train(columns).warnings)


def test_an_undefined_figure_is_null(book, train):
    columns = book()
    late = columns["observed"] >= np.datetime64("2025-08-01")
    columns["bad"] = np.where(late, 0, columns["bad"])
    result = train(columns, time="observed", split_at="2025-08-01")
    assert result.metrics["test"]["auc"] is None
    assert result.metrics["test"]["log_loss"] > 0
    assert '"auc": null' in (result.out / "metrics.json").read_text()


def test_a_directory_of_something_else_is_left_alone(book, train, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="thesis"):
        train(book())
    assert [item.name for item in out.iterdir()] == ["thesis.tex"]


def test_an_earlier_training_is_replaced_whole(book, train):
    train(book())
    again = train(book(300))
    assert {item.name for item in again.out.iterdir()} == FILES
    assert sum(again.metrics[part]["rows"] for part in ("train", "valid", "test")) == 300
    assert [item.name for item in again.out.parent.iterdir() if item.name.startswith(".")] == []


def test_a_failed_training_leaves_nothing_behind(book, train, tmp_path, monkeypatch):
    monkeypatch.setattr("training.record.write_report", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(book(300))
    assert [item.name for item in tmp_path.iterdir()] == ["table.parquet"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"bad,x\n", "no rows"),
        ("t.parquet", b"PAR1 and nothing", "cannot be read"),
        ("t.csv", b"bad,x\n1,2,3\n0\n", "cannot be read"),
        ("t.csv", b"bad,x,x\n1,2,3\n", "stands twice"),
        ("t.bin", b"\x00\x01\x02", "neither parquet nor text"),
    ],
)
def test_files_that_cannot_be_used_are_named(tmp_path, name, content, says):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError, match=says) as refused:
        train_table(
            file,
            label="bad",
            trials=0,
            seed=0,
            out=tmp_path / "o",
            home=tmp_path / "home",
            now=datetime.now(UTC),
        )
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "o").exists()


def test_csv_gives_the_figures_of_parquet(book, train, tmp_path):
    from pyarrow import csv

    columns = book(400)
    file = tmp_path / "table.csv"
    csv.write_csv(pa.table(columns), file)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    asked = {"label": "bad", "time": "observed", "trials": 0, "seed": 0, "now": now}
    from_csv = train_table(file, out=tmp_path / "csv", home=tmp_path, **asked)
    from_parquet = train(columns, time="observed")
    assert from_csv.metrics["test"] == from_parquet.metrics["test"]


def test_give_me_some_credit_ranks_as_it_should(shared_datasets, tmp_path):
    table = pq.read_table(shared_datasets / "gmsc.parquet").slice(0, 30_000)
    file = tmp_path / "gmsc.parquet"
    pq.write_table(table, file)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    asked = {"label": "SeriousDlqin2yrs", "test_share": 0.3, "trials": 0, "seed": 0, "now": now}
    result = train_table(file, out=tmp_path / "out", home=tmp_path, **asked)
    assert result.metrics["test"]["auc"] > 0.85
    assert result.metrics["test"]["ece"] < 0.015
    assert result.leaks == ()
    rows = _predictions(result.out)
    assert auc(rows["label"], rows["probability"]) == result.metrics["test"]["auc"]
