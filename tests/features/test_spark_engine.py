"""The engine spark: the same values from the same expressions, on a cluster of Spark's settings."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from console.app import app
from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN, TABLE
from credit.errors import InputError
from features import historical as training
from features import spark_session as sessions
from features.snapshot import build
from features.sources import SPARK, open_history
from features.spark_history import SparkHistory
from features.spark_reading import spark_types

PRODUCTS = {MERCHANT_LOAN: ("m1", "m2", "m3", "m4"), DEPOSIT_WAIVER: ("u1", "u2", "u4", "u5")}
NOW = datetime(2026, 9, 1, tzinfo=UTC)


def asked(product: str, rows: int) -> pa.Table:
    """Decisions at odd minutes, some of one instant, some of an entity that nobody knows."""
    rng = np.random.default_rng(5)
    minutes = np.repeat(rng.integers(0, 240 * 1440, rows // 2), 2)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return pa.table(
        {
            "reference_id": [f"r{number}" for number in range(rows)],
            "entity_id": rng.choice([*PRODUCTS[product], "nobody"], rows).tolist(),
            "observed_at": [start + timedelta(minutes=int(minute)) for minute in minutes],
            "amount_minor": [50_000] * rows,
            "term_days": [30] * rows,
            "scene": ["bike"] * rows,
        }
    )


def assert_equal(one: pa.Table, two: pa.Table) -> None:
    assert one.schema == two.schema
    assert one.num_rows == two.num_rows
    for name in one.column_names:
        if pa.types.is_floating(one[name].type):
            assert one[name].is_null().equals(two[name].is_null()), name
            numbers = (column.to_numpy() for column in (one[name], two[name]))
            np.testing.assert_allclose(*numbers, rtol=1e-9, err_msg=name)
        else:
            assert one[name].equals(two[name]), name


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("product", PRODUCTS)
def test_training_values_on_spark_are_those_of_duckdb(opened, made_up, tmp_path, product):
    tables, spine = made_up(11), asked(product, 40)
    one, two = (
        training.historical(
            opened(tables, engine=engine), product, spine, scratch=tmp_path / engine
        )
        for engine in ("duckdb", "spark")
    )
    assert_equal(one, two)
    assert one["entity_id"].equals(spine["entity_id"])


@pytest.mark.usefixtures("spark")
def test_a_snapshot_from_spark_is_that_of_duckdb(opened, made_up, tmp_path):
    tables, files = made_up(12), {}
    for engine in ("duckdb", "spark"):
        home = tmp_path / f"home-{engine}"
        done = build(opened(tables, engine=engine), as_of=date(2026, 7, 1), home=home, now=NOW).done
        assert [(each.rows > 2, each.written) for each in done] == [(True, True)] * 2
        files[engine] = sorted(home.rglob("values-*.parquet"))
    assert [file.name for file in files["duckdb"]] == [file.name for file in files["spark"]]
    for pair in zip(files["duckdb"], files["spark"], strict=True):
        assert_equal(*map(pq.read_table, pair))


@pytest.mark.usefixtures("spark")
def test_feast_on_spark_uses_no_row_that_was_created_later(opened, made_up, tmp_path):
    spine = training._typed(asked(MERCHANT_LOAN, 12))
    values, beside = tmp_path / "values.parquet", tmp_path / "beside.parquet"
    training._write_values(opened(made_up(11)), "merchant", spine, values, None)
    rows = pq.read_table(values)
    later = rows.to_pandas().assign(created_timestamp=pd.Timestamp(NOW), turnover_30d=-7.0)
    assert list(later) == rows.column_names
    pq.write_table(pa.concat_tables([pa.Table.from_pandas(later, rows.schema), rows]), beside)
    assert_equal(
        training._join("duckdb", "merchant", spine, values).drop(["event_timestamp"]),
        training._join("spark", "merchant", spine, beside).drop(["event_timestamp"]),
    )


def test_parquet_of_the_contracts_types_is_read_where_it_lies(spark, opened, made_up, tmp_path):
    history = opened(made_up(11))
    with SparkHistory(history) as computed:
        read = computed.backend.frame(computed.rows("payments")).inputFiles()
    assert read == [f"file://{history.path}/payments.parquet"]
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    assert not (tmp_path / "scratch" / "sources").exists()


def times(unit: str, zone: str | None) -> pa.Array:
    moments = [datetime(2026, 1, 1, 8, tzinfo=UTC), None, datetime(2026, 3, 1, 8, tzinfo=UTC)]
    return pa.array(moments, pa.timestamp("us", tz="UTC")).cast(pa.timestamp(unit, tz=zone))


ODD: dict[str, Callable[[], dict[str, Any]]] = {
    "nanoseconds": lambda: {"recorded_at": times("ns", None)},
    "milliseconds with a zone": lambda: {"recorded_at": times("ms", "Asia/Shanghai")},
    "small numbers": lambda: {"credit_line_minor": pa.array([1, None, 3], pa.int16())},
    "money as a decimal": lambda: {
        "credit_line_minor": pa.array([1, 2, 3]).cast(pa.decimal128(19))
    },
    "nothing at all": lambda: {"credit_line_minor": pa.nulls(3)},
    "blank text": lambda: {"user_id": pa.array([" u1 ", "u2", " \t"])},
    "codes": lambda: {"user_id": pa.array(["u1", "u2", "u1"]).dictionary_encode()},
}


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("odd", ODD)
def test_spark_reads_values_as_duckdb_does(tmp_path, odd):
    folder = tmp_path / "data [x]{1,2}%20*"
    folder.mkdir()
    users = {
        "user_id": pa.array(["u1", "u2", "u3"]),
        "registered_on": pa.array([date(2025, 1, 1), None, date(2025, 1, 3)]),
        "credit_line_minor": pa.array([100, None, 300], pa.int64()),
    }
    pq.write_table(pa.table(users | ODD[odd]()), folder / "users.parquet")
    assert_same_rows(folder, tmp_path / "scratch")


@pytest.mark.usefixtures("spark")
def test_csv_and_what_lies_beside_are_read_as_duckdb_does(tmp_path):
    folder, inbox = tmp_path / "data", tmp_path / "inbox"
    (inbox / "users").mkdir(parents=True)
    folder.mkdir()
    with (folder / "users.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["user_id", "credit_line_minor"], ["u1", "5"], ["u2", ""]])
    pq.write_table(pa.table({"user_id": ["u9", "u9"]}), inbox / "users" / "part-1.parquet")
    assert_same_rows(folder, tmp_path / "scratch", also=(inbox,))


def assert_same_rows(folder: Path, scratch: Path, also: tuple[Path, ...] = ()) -> None:
    with (
        open_history(folder, scratch=scratch, also=also) as history,
        SparkHistory(history) as computed,
    ):
        one, two = (it.read(it.table("users")).sort_by("user_id") for it in (history, computed))
    assert one.equals(two.cast(one.schema))


@pytest.mark.usefixtures("spark")
def test_a_value_that_cannot_be_read_ends_the_work_in_one_line(tmp_path):
    users = {"user_id": ["u1"], "registered_on": [date(2900, 1, 1)]}
    pq.write_table(pa.table(users), tmp_path / "users.parquet")
    with (
        open_history(tmp_path) as history,
        SparkHistory(history) as computed,
        pytest.raises(InputError, match=r"^users.registered_on holds a value that cannot"),
    ):
        computed.read(computed.table("users"))


@pytest.mark.parametrize("name", ["_hidden", ".hidden"])
def test_files_that_spark_would_pass_over_are_not_left_to_it(tmp_path, name):
    seen, hidden = tmp_path / "a.parquet", tmp_path / f"{name}.parquet"
    for file in (seen, hidden):
        pq.write_table(pa.table({"user_id": ["u1"]}), file)
    assert spark_types(TABLE["users"], (seen,)) == {"user_id": "string"}
    assert spark_types(TABLE["users"], (seen, hidden)) is None


def test_no_other_machine_reaches_a_local_spark(spark):
    java = [it for it in psutil.Process().children(recursive=True) if "java" in it.name()]
    ears = [it for process in java for it in process.net_connections() if it.status == "LISTEN"]
    assert len(ears) >= 2  # what Python talks to, and the driver
    assert {ear.laddr.ip.removeprefix("::ffff:") for ear in ears} == {"127.0.0.1"}
    assert spark.sparkContext.uiWebUrl is None


@pytest.mark.parametrize("lacking", ["pyspark", "Java"])
def test_what_spark_needs_and_is_not_there_is_said_in_one_line(tmp_path, monkeypatch, lacking):
    def absent(name: str) -> str:
        raise sessions.PackageNotFoundError(name)

    if lacking == "Java":
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("JAVA_HOME", raising=False)
    else:
        monkeypatch.setattr(sessions, "version", absent)
    command = ["features", "build", "--data", str(tmp_path), "--as-of", "2026-06-30"]
    result = CliRunner().invoke(app, [*command, "--engine", SPARK])
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith(f"engine spark needs {lacking}")


def test_the_pyspark_that_is_named_is_the_one_that_is_tried():
    lock = Path(__file__).resolve().parents[2] / "requirements" / "test.txt"
    assert f"\npyspark=={sessions.PYSPARK} " in lock.read_text()
