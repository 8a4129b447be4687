"""`vouch ledger` as its users meet it, on each database."""

import json
from pathlib import Path

import pytest

from console.main import run
from records import subjects
from records.anchors import Anchors, head
from records.store import open_records
from tests.faults.tampering import intruder
from tests.stand.lived import live


@pytest.fixture
def home(records_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose records have seen some life, their end noted by the service."""
    place = tmp_path / "home"
    monkeypatch.setenv("VOUCH_HOME", str(place))
    monkeypatch.setenv("VOUCH_DATABASE_URL", records_url)
    records = open_records(records_url)
    live(records, rows=150)
    with records.reading() as connection:
        Anchors(place / "anchors.jsonl").note(head(connection))
    records.close()
    return place


def test_a_whole_ledger_verifies(home, capsys):
    assert run(["ledger", "verify"]) == 0
    told = capsys.readouterr().out.splitlines()
    names = ("chain", "anchors", "journal", "subjects", "holds", "loans", "lines")
    assert [line.split()[:2] for line in told] == [
        ["ok", name] for name in (*names, "counters", "policies", "inbox")
    ]
    assert run(["ledger", "verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True


def test_a_changed_one_does_not_and_says_where(home, records_url, capsys):
    with intruder(records_url) as connection:
        connection.exec_driver_sql("UPDATE holds SET captured_minor = 7 WHERE auth_no = 'auth-2'")
        connection.exec_driver_sql("DELETE FROM operations WHERE seq = 1")
    assert run(["ledger", "verify"]) == 1
    told = capsys.readouterr().out
    assert "fail  holds      hold auth-2: captured_minor is 7, should be 0" in told
    assert "fail  chain      batch 1 (" in told


def test_a_ledger_cut_and_sealed_at_its_new_end_is_held_against_the_anchors(
    home, records_url, capsys
):
    with intruder(records_url) as connection:
        journal = ("decisions", "operations", "policy_events", "batches")
        for table in (*journal, "holds", "loans", "lines", "subjects"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql("UPDATE journal_head SET batch = 0, seq = 0")
    assert run(["ledger", "verify"]) == 1
    assert "fail  anchors    batch" in capsys.readouterr().out


def test_status_tells_what_there_is(home, capsys):
    assert run(["ledger", "status"]) == 0
    assert "AUTHORIZED" in capsys.readouterr().out
    assert run(["ledger", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["head"]["seq"] >= 150


def test_a_copy_goes_into_empty_records_and_nowhere_else(home, records_url, tmp_path, capsys):
    copy = str(tmp_path / "copy")
    assert run(["ledger", "backup", copy]) == 0
    assert run(["ledger", "backup", copy]) == 2
    assert run(["ledger", "restore", copy]) == 2
    assert "hold something" in capsys.readouterr().err
    assert (home / "anchors.jsonl").exists()
    with intruder(records_url) as connection:  # the disaster
        for table in ("decisions", "operations", "holds", "loans", "lines", "subjects"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        for table in ("idempotency", "policies"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    assert run(["ledger", "restore", copy]) == 0
    told = capsys.readouterr().out
    assert "restored: the journal to seq" in told
    assert "anchors-until-" in told
    assert run(["ledger", "verify"]) == 0


def test_a_name_is_forgotten_only_when_it_is_said_twice(home, records_url, monkeypatch, capsys):
    records = open_records(records_url)
    with records.writing() as transaction:
        for name in ("free-2", "free-3"):
            subjects.admitted(transaction, kind="user", entity_id=name)
    records.close()
    assert run(["ledger", "erase", "user", "free-2", "--yes"]) == 0
    assert "forgotten" in capsys.readouterr().out
    assert run(["ledger", "erase", "user", "free-2", "--yes"]) == 1
    assert "no user free-2 is known" in capsys.readouterr().out
    assert run(["ledger", "erase", "dog", "d1", "--yes"]) == 2
    monkeypatch.setattr("sys.stdin", open("/dev/null"))  # noqa: PTH123, SIM115 - nobody answers
    assert run(["ledger", "erase", "user", "free-3"]) != 0
    assert run(["ledger", "erase", "user", "free-3", "--yes"]) == 0
    assert run(["ledger", "verify"]) == 0


def test_a_name_under_which_something_is_open_is_kept(home, capsys):
    assert run(["ledger", "erase", "user", "user-2", "--yes"]) == 2
    assert "open under the line; end the holds" in capsys.readouterr().err
    assert run(["ledger", "verify"]) == 0


def test_events_are_told_until_they_are_confirmed(home, capsys, monkeypatch):
    monkeypatch.setattr("console.ledger_commands.EVENTS_A_PAGE", 40)
    assert run(["ledger", "events", "--after", "10"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["seq"] for event in told] == list(range(11, 11 + len(told)))
    assert run(["ledger", "events", "--confirm"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(told) + 10
    assert run(["ledger", "events"]) == 0
    assert capsys.readouterr().out == ""


def test_a_home_that_is_not_there_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VOUCH_HOME", str(tmp_path / "nowhere"))
    assert run(["ledger", "verify"]) == 2
    complaint = capsys.readouterr().err
    assert "nowhere is not there" in complaint
    assert len(complaint.splitlines()) == 1
