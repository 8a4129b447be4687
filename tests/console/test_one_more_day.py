"""`vouch features build --incremental`, from the data to what is online."""

import json

import pandas as pd
import pytest

from console.main import run

COLUMNS = ("payment_id", "amount_minor", "occurred_at")


def payments(*rows):
    table = pd.DataFrame(rows, columns=COLUMNS)
    times = pd.to_datetime(table.occurred_at)
    fixed = {"merchant_id": "m1", "kind": "payment", "currency": "CNY"}
    return table.assign(**fixed, occurred_at=times, recorded_at=times)


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    (folder / "payments").mkdir(parents=True)
    pd.DataFrame({"merchant_id": ["m1", "m2"]}).to_parquet(folder / "merchants.parquet")
    monkeypatch.setenv("VOUCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VOUCH_NOW", "2026-03-03T08:00:00Z")
    return folder


def deliver(data, name, *rows):
    file = data / "payments" / f"{name}.parquet"
    payments(*rows).to_parquet(file, coerce_timestamps="us", index=False)


def one_more(data, day, *options):
    return run(
        ["features", "build", "--data", str(data), "--as-of", day, "--incremental", *options]
    )


def test_a_day_is_brought_online_and_only_its_new_rows_are_read(data, capsys):
    deliver(data, "a", ("p1", 100, "2026-03-01 10:00"))
    assert one_more(data, "2026-03-01", "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["payments_new"], first["days"], first["note"]) == (1, 0, "nothing was kept")
    deliver(data, "b", ("p1", 70, "2026-03-02 09:00"), ("p2", 5, "2026-03-02 10:00"))
    assert one_more(data, "2026-03-02", "--json") == 0
    second = json.loads(capsys.readouterr().out)
    assert (second["payments_new"], second["payments_corrected"]) == (2, 1)
    assert (second["days"], second["note"], second["entities"]) == (1, "", 2)
    assert [done["written"] for done in second["online"]["done"]] == [True]
    assert run(["features", "get", "merchant", "m1", "--json"]) == 0
    assert '"turnover_7d": 75.0' in " ".join(capsys.readouterr().out.split())


def test_new_rows_are_held_against_the_contract_and_no_day_goes_online_before_its_end(data, capsys):
    deliver(data, "a", ("p1", 100, "2026-03-01 10:00"))
    assert one_more(data, "2026-03-03") == 0
    assert "not online yet: the day is not over" in capsys.readouterr().out
    deliver(data, "b", ("p2", -100, "2026-03-01 10:00"))
    assert one_more(data, "2026-03-03") == 2
    complaint = capsys.readouterr().err
    assert "amount_minor" in complaint
    assert len(complaint.splitlines()) == 1


def test_other_engines_and_stretches_are_refused_by_name(data, monkeypatch, capsys):
    assert one_more(data, "2026-03-01", "--since", "2026-02-01") == 2
    assert "--incremental and --since exclude each other" in capsys.readouterr().err
    monkeypatch.setenv("VOUCH_ENGINE", "spark")
    assert one_more(data, "2026-03-01") == 2
    assert "--incremental runs on duckdb" in capsys.readouterr().err
