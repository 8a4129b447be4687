"""Times that a file's statistics prove are read as they are, and nothing else is."""

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.parquet_footer import read_footer
from features.source_values import EARLIEST, LATEST
from features.sources import open_history
from features.versions import start_of

PAYMENTS = {
    "payment_id": ["p1", "p2", "p3"],
    "merchant_id": ["m1"] * 3,
    "kind": ["payment"] * 3,
    "amount_minor": [100] * 3,
    "currency": ["CNY"] * 3,
    "recorded_at": [datetime(2026, 5, 2)] * 3,  # noqa: DTZ001
}
NOONS = [datetime(2026, 5, day, 12) for day in (1, 2, 3)]  # noqa: DTZ001
MOMENT = timedelta(microseconds=1)
TIMES = st.sampled_from([None, *NOONS, EARLIEST, EARLIEST - MOMENT, LATEST, LATEST - MOMENT])


def written(folder, times, **how):
    folder.mkdir(exist_ok=True)
    occurred = pa.array(times, pa.timestamp("us"))
    pq.write_table(
        pa.table(PAYMENTS | {"occurred_at": occurred}), folder / "payments.parquet", **how
    )
    return folder


@given(st.lists(TIMES, min_size=1, max_size=7), st.integers(1, 3))
def test_a_column_is_proven_where_each_time_is_there_and_plausible(tmp_path_factory, times, group):
    file = tmp_path_factory.getbasetemp() / "times.parquet"
    pq.write_table(
        pa.table({"at": pa.array(times, pa.timestamp("us"))}), file, row_group_size=group
    )
    whole = all(time is not None and EARLIEST <= time < LATEST for time in times)
    assert read_footer(file).proven_times == ({"at"} if whole else set())


@pytest.mark.parametrize(
    "column",
    [
        pa.array(NOONS, pa.timestamp("us", "UTC")),  # not read as it is
        pa.array(NOONS, pa.timestamp("ns")),
        pa.array([1, 2, 3]),
    ],
)
def test_other_types_are_not_proven(tmp_path, column):
    pq.write_table(pa.table({"at": column}), tmp_path / "times.parquet")
    assert read_footer(tmp_path / "times.parquet").proven_times == set()


def test_one_file_of_many_that_proves_nothing_is_enough(tmp_path):
    written(tmp_path / "payments", NOONS)
    (tmp_path / "payments/payments.parquet").rename(tmp_path / "payments/a.parquet")
    written(tmp_path / "payments", NOONS, write_statistics=False)
    with open_history(tmp_path) as history:
        assert history.sources["payments"].proven_times == set()


def since(history, day):
    rows = history.rows("payments")
    return rows.filter(rows.occurred_at >= start_of(day))


def test_proven_times_are_skipped_by_the_engine_and_others_come_to_the_same(tmp_path):
    day = (NOONS[1] - datetime(1970, 1, 1)).days  # noqa: DTZ001
    found, plans = [], []
    for name, statistics in (("with", True), ("without", False)):
        folder = written(tmp_path / name, NOONS, write_statistics=statistics)
        with open_history(folder) as history:
            asked = since(history, day)
            found.append(asked.order_by("payment_id").to_pyarrow().to_pylist())
            sql = f"EXPLAIN {history.backend.compile(asked)}"
            plans.append(history.connection.execute(sql).fetchall()[0][1])
    assert found[0] == found[1]
    assert [row["payment_id"] for row in found[0]] == ["p2", "p3"]
    assert ["Filters:" in plan for plan in plans] == [True, False]  # inside the scan itself


@pytest.mark.parametrize("statistics", [True, False])
def test_an_implausible_time_is_still_refused(tmp_path, statistics):
    folder = written(tmp_path, [*NOONS[:2], LATEST], write_statistics=statistics)
    with open_history(folder) as history, pytest.raises(Exception, match="cannot be read"):
        since(history, 0).to_pyarrow()
