"""`train deposit-waiver|merchant-loan`: histories in, a registered candidate out."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from credit.errors import InputError
from features.catalogue import definitions_sha256, features_of
from features.sources import open_history
from models.registry import Registry
from training.product import train_product
from training.release import promote
from training.rows.cohort import read_cohort
from training.rows.dataset import point_in_time_sample

NOW = datetime(2026, 6, 30, tzinfo=UTC)
START = np.datetime64("2026-01-01T00:00", "us")
DAY = np.timedelta64(1, "D")
USERS = 400


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Users with three bills each; who pays late pays late again, and leaves captures unpaid."""
    folder = tmp_path_factory.mktemp("histories")
    _write_histories(folder)
    return folder


def _write_histories(folder: Path, *, after: str | None = None) -> None:
    random = np.random.default_rng(11)
    late = random.random(USERS) < 0.4
    user = np.array([f"U{place:04d}" for place in range(USERS)])
    pq.write_table(
        pa.table({"user_id": user, "credit_line_minor": random.integers(1, 9, USERS) * 100_000,
                  "recorded_at": np.full(USERS, START - 90 * DAY)}),
        folder / "users.parquet",
    )  # fmt: skip
    observed = START + random.integers(10, 100, USERS) * DAY + np.timedelta64(9, "h")
    bad = random.random(USERS) < np.where(late, 0.6, 0.15)
    pq.write_table(_outcomes(user, observed, bad), folder / "outcomes.parquet")
    pq.write_table(_bills(user, observed, late, random, after), folder / "bills.parquet")


def _outcomes(user, observed, bad) -> pa.Table:
    return pa.table(
        {
            "product": np.full(USERS, DEPOSIT_WAIVER),
            "entity_id": user,
            "reference_id": np.char.add("W", user),
            "observed_at": observed,
            "scene": np.full(USERS, "bike"),
            "amount_minor": np.full(USERS, 20_000),
            "term_days": np.full(USERS, 2),
            "bad": bad.astype(int),
            "matured_at": observed + 61 * DAY,
        }
    )


def _bills(user, observed, late, random, after: str | None) -> pa.Table:
    """Three bills before the decision; with `after`, what comes later says something else."""
    ids, days, due = np.repeat(user, 3), np.tile([70, 40, 15], USERS), np.repeat(observed, 3)
    slow = np.repeat(late, 3) & (random.random(3 * USERS) < 0.8)
    billed = random.integers(1_000, 90_000, 3 * USERS)
    rows = {
        "bill_id": np.char.add(np.char.add(ids, "-"), days.astype(str)),
        "user_id": ids,
        "due_on": (due - days * DAY).astype("datetime64[D]"),
        "billed_minor": billed,
        "paid_minor": np.where(slow, billed // 4, billed),
        "past_due_days": np.where(slow, 9, 0),
        "recorded_at": due - (days - 12) * DAY,
    }
    table = pa.table(rows)
    if after is None:
        return table
    # 00:00 of the decision's own day is already too late: serving answers from the day before.
    first = due.astype("datetime64[D]").astype("datetime64[us]")
    told = rows | {"recorded_at": first, "paid_minor": random.permutation(billed) % 997}
    if after == "shuffled":
        return pa.concat_tables([table, pa.table(told)])
    new = told | {"bill_id": np.char.add(rows["bill_id"], "x")}
    newer = told | {"recorded_at": first + DAY, "past_due_days": np.full(3 * USERS, 300)}
    return pa.concat_tables([table, pa.table(told), pa.table(new), pa.table(newer)])


def _sample(folder: Path, scratch: Path):
    with open_history(folder) as history:
        cohort = read_cohort(history, DEPOSIT_WAIVER, by=NOW)
        return point_in_time_sample(history, DEPOSIT_WAIVER, cohort, scratch=scratch)[0]


def _trained(histories: Path, home: Path, **asked):
    told = {"home": home, "now": NOW, "trials": 0, "seed": 0, "utc_offset_minutes": 480}
    return train_product(DEPOSIT_WAIVER, histories, **(told | asked))


@pytest.fixture(scope="module")
def trained(histories, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    return home, _trained(histories, home)


@pytest.mark.parametrize("after", ["shuffled", "tripled"])
def test_what_is_recorded_after_the_decision_moves_no_training_value(histories, tmp_path, after):
    _write_histories(tmp_path, after=after)
    before, later = _sample(histories, tmp_path / "a"), _sample(tmp_path, tmp_path / "b")
    assert before.row_id.equals(later.row_id)
    for name in before.table.column_names:
        assert before.table[name].equals(later.table[name]), name
    told = [name for name in before.table.column_names if before.table[name].null_count < USERS]
    assert len(told) > 5, "there is something that could have moved"


def test_a_candidate_is_registered_with_what_serving_needs(trained):
    home, result = trained
    manifest = Registry(home).open(result.ref).manifest
    names = tuple(feature.name for feature in manifest.features)
    assert names == tuple(feature.name for feature in features_of(DEPOSIT_WAIVER))
    assert manifest.definitions_sha256 == definitions_sha256(DEPOSIT_WAIVER)
    assert manifest.data.rows + result.metrics["test"]["rows"] == USERS
    assert manifest.metrics["auc"] == result.metrics["test"]["auc"] > 0.6


def test_training_leaves_published_features_and_the_online_store_alone(trained):
    home, _ = trained
    written = {"scratch", "training", "bentoml", "models", "keys"}
    assert {item.name for item in home.iterdir()} <= written


def test_predictions_are_named_by_reference(trained):
    _, result = trained
    rows = pq.read_table(result.out / "predictions.parquet")
    assert rows["row_id"][0].as_py().startswith("WU")
    assert rows.num_rows == result.metrics["test"]["rows"]


def test_the_same_training_again_is_the_same_model(histories, trained, tmp_path):
    home, result = trained
    again = _trained(histories, home, out=tmp_path / "again")
    for name in ("model.txt", "metrics.json"):
        assert (again.out / name).read_bytes() == (result.out / name).read_bytes()


def test_only_outcomes_matured_by_then_are_used(histories, trained, tmp_path):
    home, _ = trained
    day = NOW - timedelta(days=50)
    result = _trained(histories, home, as_of=day.date(), out=tmp_path / "out")
    rows = sum(result.metrics[part]["rows"] for part in ("train", "valid", "test"))
    matured = pq.read_table(histories / "outcomes.parquet")["matured_at"].to_numpy()
    limit = np.datetime64(day.date() + timedelta(days=1))
    assert rows == (matured < limit).sum() < USERS
    assert result.metrics["left_out"] == {"not matured": USERS - rows}


def test_rows_immature_at_the_split_are_counted_and_purged(histories, trained, tmp_path):
    home, _ = trained
    asked = {"split_at": "2026-03-25", "out": tmp_path / "out"}
    counted = _trained(histories, home, **asked).metrics
    outcomes = pq.read_table(histories / "outcomes.parquet").to_pandas()
    before = outcomes[outcomes["observed_at"] < "2026-03-25"]
    immature = int((before["matured_at"] > "2026-03-25").sum())
    assert counted["immature_at_split"] == immature > 0
    purged = _trained(histories, home, purge=True, **asked).metrics
    assert purged["train"]["rows"] + purged["valid"]["rows"] == len(before) - immature
    assert purged["test"]["rows"] == counted["test"]["rows"]


def test_a_leak_is_not_registered(histories, tmp_path, monkeypatch):
    from training.leaks.detector import Leak

    leak = Leak("credit_line_minor", "it was rewritten", "certain")
    monkeypatch.setattr("training.lesson.find_leaks", lambda *_, **__: (leak,))
    result = _trained(histories, tmp_path / "home")
    assert result.ref is None
    assert [leak.column for leak in result.leaks] == ["credit_line_minor"]
    assert json.loads((result.out / "metrics.json").read_text())["leakage"][0]["why"]
    assert Registry(tmp_path / "home").list() == ()


def test_the_gate_stands_before_promotion(trained):
    home, result = trained
    answer = promote(Registry(home), str(result.ref), by="anna", at=NOW)
    bads = round(result.metrics["test"]["rows"] * result.metrics["test"]["bad_rate"])
    assert bads < 50
    assert answer.failures[0] == f"too few bads: {bads} in the test rows, 50 are needed"
    assert Registry(home).champion(DEPOSIT_WAIVER) is None


def test_a_product_without_outcomes_or_their_source_is_refused(histories, tmp_path):
    with pytest.raises(InputError, match="no merchant-loan outcome"):
        train_product(
            MERCHANT_LOAN,
            histories,
            home=tmp_path,
            now=NOW,
            trials=0,
            seed=0,
            utc_offset_minutes=480,
        )
