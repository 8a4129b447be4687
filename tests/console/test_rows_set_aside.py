"""Rows accepted over HTTP that the data directory contradicts: it holds, and none is lost."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console.main import run
from data import check as data_check
from data import settling
from data.settling import SET_ASIDE, settle

COLUMNS = ("payment_id", "amount_minor", "occurred_at")
ROWS = (("p1", 100, "2026-03-01 10:00"), ("p2", 20, "2026-03-01 11:00"))
WAYS = pytest.mark.parametrize("way", [(), ("--incremental",)], ids=["whole", "incremental"])


def payments(*rows):
    table = pd.DataFrame(rows, columns=COLUMNS)
    times = pd.to_datetime(table.occurred_at)
    fixed = {"merchant_id": "m1", "kind": "payment", "currency": "CNY"}
    return table.assign(**fixed, occurred_at=times, recorded_at=times)


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    (folder / "payments").mkdir(parents=True)
    pd.DataFrame({"merchant_id": ["m1"]}).to_parquet(folder / "merchants.parquet")
    monkeypatch.setenv("VOUCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VOUCH_NOW", "2026-03-03T08:00:00Z")
    put(folder, "a", *ROWS)
    return folder


@pytest.fixture
def inbox(tmp_path):
    return tmp_path / "home" / "inbox"


def put(place, name, *rows):
    (place / "payments").mkdir(parents=True, exist_ok=True)
    file = place / "payments" / f"{name}.parquet"
    payments(*rows).to_parquet(file, coerce_timestamps="us", index=False)


def build(data, *way, day="2026-03-02"):
    return run(["features", "build", "--data", str(data), "--as-of", day, *way])


def turnover(capsys):
    capsys.readouterr()
    assert run(["features", "materialize"]) == 0
    assert run(["features", "get", "merchant", "m1", "--json"]) == 0
    return "".join(capsys.readouterr().out.split()).partition('"turnover_7d":')[2].partition(",")[0]


def ids(folder: Path):
    files = sorted(folder.glob("*.parquet"))
    return sorted(name for file in files for name in pq.read_table(file)["payment_id"].to_pylist())


@WAYS
def test_the_directory_holds_and_what_said_otherwise_is_kept_aside(data, inbox, way, capsys):
    put(inbox, "part-1", ("p1", 999, ROWS[0][2]), ROWS[1], ("p3", 3, "2026-03-01 12:00"))
    assert build(data, *way) == 0
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "payments: 1 row accepted over HTTP (payment_id='p1', recorded_at=2026-03-01" in told
    assert turnover(capsys) == "123.0"
    assert ids(inbox / "payments") == ["p2", "p3"]
    assert ids(inbox / SET_ASIDE / "payments") == ["p1"]
    assert build(data, *way) == 0
    assert not capsys.readouterr().err


@WAYS
def test_a_file_that_is_delivered_later_holds_too(data, inbox, way, capsys):
    put(inbox, "part-1", ("p3", 3, "2026-03-01 12:00"), ("p4", 4, "2026-03-01 12:00"))
    assert build(data, *way, day="2026-03-01") == 0
    put(data, "b", ("p3", 1000, "2026-03-01 12:00"))
    assert build(data, *way) == 0
    assert "payment_id='p3'" in capsys.readouterr().err
    assert turnover(capsys) == "1124.0"
    assert (ids(inbox / "payments"), ids(inbox / SET_ASIDE / "payments")) == (["p4"], ["p3"])


@WAYS
def test_rows_of_one_place_that_contradict_each_other_are_refused_as_before(
    data, inbox, way, capsys
):
    put(inbox, "part-1", ("p3", 3, "2026-03-01 12:00"), ("p3", 4, "2026-03-01 12:00"))
    assert build(data, *way) == 2
    assert "p3" in capsys.readouterr().err
    assert ids(inbox / "payments") == ["p3", "p3"]
    put(inbox, "part-1", ("p3", 3, "2026-03-01 12:00"))
    put(data, "b", ("p4", 1, "2026-03-01 12:00"), ("p4", 2, "2026-03-01 12:00"))
    assert build(data, *way) == 2
    assert not (inbox / SET_ASIDE).exists()


def test_other_violations_stay_violations_and_nothing_steps_aside_for_them(data, inbox, capsys):
    put(inbox, "part-1", ("p1", 999, ROWS[0][2]), ("p3", -3, "2026-03-01 12:00"))
    assert build(data) == 2
    assert "amount_minor" in capsys.readouterr().err
    assert ids(inbox / "payments") == ["p1", "p3"]


def test_a_run_that_dies_between_the_two_files_loses_no_row_and_is_made_good(
    data, inbox, monkeypatch
):
    put(inbox, "part-1", ("p1", 999, ROWS[0][2]), ("p3", 3, "2026-03-01 12:00"))
    before = pq.read_table(inbox / "payments" / "part-1.parquet")
    written = []

    def dies_at_the_second(file, write):
        if written:
            raise KeyboardInterrupt
        written.append(file)
        put_whole(file, write)

    put_whole = settling.put
    monkeypatch.setattr(settling, "put", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        settle(data, inbox)
    assert pq.read_table(inbox / "payments" / "part-1.parquet").equals(before)
    monkeypatch.setattr(settling, "put", put_whole)
    [aside] = settle(data, inbox)
    assert aside.file == written[0]
    kept = [pq.read_table(it) for it in (aside.file, inbox / "payments" / "part-1.parquet")]
    assert pa.concat_tables(kept).equals(before)
    assert settle(data, inbox) == ()


def test_two_runs_that_settle_at_once_take_no_other_row(data, inbox, monkeypatch):
    rows = [(f"q{number}", number, "2026-03-01 12:00") for number in range(1, 6)]
    put(inbox, "part-1", ("p1", 999, ROWS[0][2]), *rows)
    take = settling._step_aside

    def slowly(*given):
        time.sleep(0.3)  # both have found row 1 by now, were they let in together
        return take(*given)

    monkeypatch.setattr(settling, "_step_aside", slowly)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: settle(data, inbox), range(2)))
    assert sorted(len(each) for each in found) == [0, 1]
    assert ids(inbox / "payments") == ["q1", "q2", "q3", "q4", "q5"]
    assert ids(inbox / SET_ASIDE / "payments") == ["p1"]


def test_the_check_reads_the_inbox_where_it_is_asked_to(data, inbox, capsys):
    put(inbox, "part-1", ("p1", -999, ROWS[0][2]))
    assert run(["data", "check", str(data)]) == 0
    assert run(["data", "check", str(data), "--with-inbox"]) == 1
    assert "part-1.parquet" in capsys.readouterr().out
    assert build(data) == 2
    assert f"vouch data check {data} --with-inbox lists them" in capsys.readouterr().err


def test_a_file_that_comes_during_the_check_is_not_read_unchecked(data, monkeypatch, capsys):
    def checked_meanwhile(*given, **asked):
        put(data, "late", ("p9", -5, "2026-03-01 12:00"))
        return check(*given, **asked)

    check = data_check.require_clean
    monkeypatch.setattr(data_check, "require_clean", checked_meanwhile)
    assert build(data) == 0
    assert turnover(capsys) == "120.0"
    assert build(data) == 2  # now it is there from the beginning
    assert "late.parquet" in capsys.readouterr().err


def test_an_inbox_of_somebody_else_is_told(data, inbox, monkeypatch, capsys):
    put(inbox, "part-1", ("p1", 999, ROWS[0][2]))

    def refused(*_):
        raise PermissionError(13, "Permission denied", str(inbox))

    monkeypatch.setattr(settling, "_step_aside", refused)
    assert build(data) == 2
    assert f"{inbox} cannot be written (Permission denied)" in capsys.readouterr().err
