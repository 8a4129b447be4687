"""A history gives the contract's columns, typed, whatever form the files have."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit.contract import TABLE, TABLES, Column, Kind
from credit.errors import InputError
from features.source_values import CSV_TEXT, reading
from features.sources import History, connect, open_history

NOON = datetime(2026, 5, 1, 12)  # noqa: DTZ001  # tables hold naive UTC
INSTANT = pa.timestamp("us")
IBIS_TYPE = {
    Kind.TEXT: "string",
    Kind.MONEY: "int64",
    Kind.COUNT: "int64",
    Kind.FLAG: "int64",
    Kind.NUMBER: "float64",
    Kind.DAY: "date",
    Kind.INSTANT: "timestamp(6)",
}
PAYMENT_HEADER = "payment_id,merchant_id,kind,amount_minor,currency,occurred_at,recorded_at\n"
PAYMENT_LINE = "p1,m1,payment,1200,CNY,2026-05-01T12:00:00Z,2026-05-01T12:00:00Z\n"


@pytest.fixture
def merchants(tmp_path: Path) -> Path:
    table = {"merchant_id": ["m1", "m2"], "opened_on": [date(2024, 1, 1), None]}
    pq.write_table(pa.table(table), tmp_path / "merchants.parquet")
    return tmp_path


def _payments(**other: pa.Array) -> pa.Table:
    columns = {
        "payment_id": pa.array(["p1", "p2"]),
        "merchant_id": pa.array(["m1", "m1"]),
        "kind": pa.array(["payment", "refund"]),
        "amount_minor": pa.array([1200, 300]),
        "currency": pa.array(["CNY", "CNY"]),
        "occurred_at": pa.array([NOON, NOON], INSTANT),
        "recorded_at": pa.array([NOON, NOON], INSTANT),
    }
    return pa.table(columns | other)


def _rows(history: History, name: str) -> list[dict]:
    return history.table(name).order_by(TABLE[name].key).to_pyarrow().to_pylist()


def test_every_table_has_the_contracts_columns_in_order_and_typed(tmp_path: Path) -> None:
    for table in TABLES:
        header = ",".join(column.name for column in table.columns if column.required)
        (tmp_path / f"{table.name}.csv").write_text(header + "\n")
    with open_history(tmp_path) as history:
        assert history.tables == frozenset(TABLE)
        for table in TABLES:
            schema = history.table(table.name).schema()
            assert tuple(schema) == table.names
            expected = [IBIS_TYPE[column.kind] for column in table.columns]
            assert [str(kind) for kind in schema.types] == expected


def test_absent_columns_and_blank_text_are_missing(merchants: Path) -> None:
    blank = pa.array(["", " \t "])
    pq.write_table(_payments(scene=blank, user_id=pa.nulls(2)), merchants / "payments.parquet")
    with open_history(merchants) as history:
        for row in _rows(history, "payments"):
            assert [row[name] for name in ("scene", "user_id", "channel")] == [None] * 3


def test_recorded_at_falls_back_to_the_default_day_and_then_to_always(merchants: Path) -> None:
    with open_history(merchants) as history:
        recorded = [row["recorded_at"] for row in _rows(history, "merchants")]
    assert recorded == [datetime(2024, 1, 1), datetime(1970, 1, 1)]  # noqa: DTZ001


def test_an_absent_table_is_a_key_error(merchants: Path) -> None:
    with open_history(merchants) as history, pytest.raises(KeyError):
        history.table("loans")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_zoned_times_of_any_unit_become_naive_utc_microseconds(
    merchants: Path, zone: str, unit: str
) -> None:
    times = pa.array([NOON, NOON], pa.timestamp(unit)).cast(pa.timestamp(unit, zone))
    pq.write_table(_payments(occurred_at=times), merchants / "payments.parquet")
    with open_history(merchants) as history:
        rows = history.table("payments").to_pyarrow()
    assert rows.schema.field("occurred_at").type == INSTANT
    assert rows["occurred_at"].to_pylist() == [NOON, NOON]


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T12:00:00Z",
        "2026-05-01 12:00:00",
        "2026-05-01T20:00:00+08:00",
        "2026-05-01 07:00:00.000-0500",
        "2026-05-01T12:00",
    ],
)
def test_csv_times_are_read_in_utc_whatever_their_zone(merchants: Path, text: str) -> None:
    line = PAYMENT_LINE.replace("2026-05-01T12:00:00Z", text, 1)
    (merchants / "payments.csv").write_text(PAYMENT_HEADER + line)
    with open_history(merchants) as history:
        assert _rows(history, "payments")[0]["occurred_at"] == NOON


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("1200", "1200.0"), ("1200", "1e3"), ("1200", "1_200"), ("1200", " 1200")],
)
def test_csv_money_is_digits_alone(merchants: Path, text: str, wrong: str) -> None:
    (merchants / "payments.csv").write_text(PAYMENT_HEADER + PAYMENT_LINE.replace(text, wrong))
    with (
        open_history(merchants) as history,
        pytest.raises(InputError, match=r"payments\.amount_minor holds a value"),
    ):
        history.table("payments")


def test_parquet_and_csv_of_the_same_rows_read_the_same(merchants: Path, tmp_path: Path) -> None:
    (merchants / "payments.csv").write_text(PAYMENT_HEADER + PAYMENT_LINE)
    with open_history(merchants) as history:
        from_csv = _rows(history, "payments")
    (merchants / "payments.csv").unlink()
    pq.write_table(_payments().slice(0, 1), merchants / "payments.parquet")
    with open_history(merchants) as history:
        assert _rows(history, "payments") == from_csv


def test_parts_with_fewer_columns_are_read_by_name(merchants: Path) -> None:
    folder = merchants / "payments"
    folder.mkdir()
    pq.write_table(_payments(scene=pa.array(["bike", "bike"])), folder / "a.parquet")
    later = _payments(payment_id=pa.array(["p3", "p4"]))
    pq.write_table(later.select(later.column_names[::-1]), folder / "b.parquet")
    (folder / "_SUCCESS").write_text("")
    with open_history(merchants) as history:
        scenes = {row["payment_id"]: row["scene"] for row in _rows(history, "payments")}
    assert scenes == {"p1": "bike", "p2": "bike", "p3": None, "p4": None}


def test_the_currency_is_the_directorys_one(merchants: Path) -> None:
    with open_history(merchants) as history:
        assert history.currency is None
    pq.write_table(_payments(), merchants / "payments.parquet")
    with open_history(merchants) as history:
        assert history.currency == "CNY"
    mixed = _payments(currency=pa.array(["CNY", "USD"]))
    pq.write_table(mixed, merchants / "payments.parquet")
    with (
        open_history(merchants) as history,
        pytest.raises(InputError, match="CNY and USD; keep one currency"),
    ):
        _ = history.currency


def test_the_hash_follows_content_and_not_place_or_time(merchants: Path, tmp_path: Path) -> None:
    with open_history(merchants) as history:
        first = history.sha256
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "merchants.parquet").write_bytes((merchants / "merchants.parquet").read_bytes())
    (copy / "README").write_text("not a table")
    with open_history(copy) as history:
        assert history.sha256 == first
    pq.write_table(_payments(), copy / "payments.parquet")
    with open_history(copy) as history:
        assert history.sha256 != first
    assert re.fullmatch("[0-9a-f]{64}", first)


def test_a_missing_needed_column_is_named(merchants: Path) -> None:
    pq.write_table(_payments().drop_columns(["kind"]), merchants / "payments.parquet")
    with (
        open_history(merchants) as history,
        pytest.raises(InputError, match=r"payments\.parquet has no column kind"),
    ):
        history.table("payments")


def test_csv_is_parsed_once_for_all_who_share_the_scratch_space(
    merchants: Path, tmp_path: Path
) -> None:
    (merchants / "payments.csv").write_text(PAYMENT_HEADER + PAYMENT_LINE)
    scratch = tmp_path / "scratch"
    with open_history(merchants, scratch=scratch) as history:
        rows = _rows(history, "payments")
        (kept,) = (scratch / "sources").rglob("payments-*.parquet")
    written = kept.stat().st_mtime_ns
    with open_history(merchants, scratch=scratch) as history:
        assert _rows(history, "payments") == rows
    assert kept.stat().st_mtime_ns == written
    assert [path.name for path in scratch.iterdir()] == ["sources"]


def test_sessions_are_in_utc_and_ibis_shares_the_connection(merchants: Path) -> None:
    with open_history(merchants, utc_offset_minutes=60) as history:
        assert history.utc_offset_minutes == 60
        assert history.backend.con is history.connection
        zone = history.connection.execute("SELECT current_setting('TimeZone')").fetchall()
        assert zone == [("UTC",)]


row = st.tuples(
    st.sampled_from(["p1", "p2", "p3"]),
    st.integers(1, 2),
    st.sampled_from([NOON, NOON + timedelta(days=1)]),
    st.sampled_from([None, "bike"]),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    return tmp_path_factory.mktemp("repeated")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(row, min_size=1, max_size=12))
def test_identical_rows_are_one_and_all_other_rows_stay(place: Path, rows: list[tuple]) -> None:
    ids, amounts, times, scenes = zip(*rows, strict=True)
    same = len(rows) * ["same"]
    table = {
        "payment_id": ids,
        "merchant_id": same,
        "kind": same,
        "amount_minor": amounts,
        "currency": same,
        "scene": pa.array(scenes, pa.string()),
        "occurred_at": pa.array(times, INSTANT),
        "recorded_at": pa.array(times, INSTANT),
    }
    pq.write_table(pa.table(table), place / "payments.parquet")
    with open_history(place) as history:
        read = history.table("payments").to_pyarrow().to_pylist()
    found = [(r["payment_id"], r["amount_minor"], r["recorded_at"], r["scene"]) for r in read]
    assert len(found) == len(set(found))
    assert set(found) == set(rows)


@settings(max_examples=50, deadline=None)
@given(
    when=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_any_zone_of_an_iso_time_reads_as_the_same_instant(
    session: Any, when: datetime, minutes: int
) -> None:
    zone = timezone(timedelta(minutes=minutes))
    local = when.replace(tzinfo=UTC).astimezone(zone).isoformat()
    sql = reading(Column("t", Kind.INSTANT), CSV_TEXT).value
    assert session.execute(f"SELECT {sql} FROM (SELECT '{local}' AS t)").fetchall() == [(when,)]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    connection = connect(memory_limit="500MB", scratch=tmp_path_factory.mktemp("session"))
    yield connection
    connection.close()
