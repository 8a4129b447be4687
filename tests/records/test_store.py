"""Opening the records: what is refused, what is set, what cannot be changed."""

from datetime import UTC, datetime

import pysqlite3.dbapi2 as pysqlite
import pytest
from sqlalchemy import delete, inspect, update
from sqlalchemy.exc import IntegrityError

from credit.errors import InputError
from records import journal, policies, store, tables
from records.migrations import NEWEST
from records.store import RecordsUnavailableError, open_records


def an_entry(**changes):
    entry = {
        "decision_id": "d1",
        "partner": "local",
        "product": "merchant-loan",
        "entity_id": "m1",
        "reference_id": "a1",
        "decided_at": "2026-06-30T12:00:00.000000Z",
        "content_sha256": "0" * 64,
        "request": {"amount_minor": 100},
        "evidence": {"values": {"turnover_30d": 1.5}, "as_of": None, "freshness": "fresh"},
        "scored": [],
        "model": None,
        "policy": {"name": "platform", "version": "1", "sha256": "1" * 64},
        "decision": {"outcome": "approve"},
        "clock": "real",
    }
    return entry | changes


@pytest.fixture
def records(tmp_path):
    opened = open_records(f"sqlite:///{tmp_path}/deep/er/records.db")
    yield opened
    opened.close()


def test_every_commit_waits_for_the_disk(records):
    with records.reading() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragma == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": store.BUSY_TIMEOUT_MS,
    }


def test_an_old_sqlite_is_refused():
    with pytest.raises(InputError, match=r"SQLite is 3\.51\.2, records need 3\.51\.3"):
        store._check_version((3, 51, 2))
    store._check_version(tuple(map(int, pysqlite.sqlite_version.split("."))))


@pytest.mark.parametrize(
    "url", ["postgresql://localhost/vouch", "sqlite://", "sqlite:///:memory:", "nonsense"]
)
def test_a_database_that_cannot_hold_records_is_bad_input(url):
    with pytest.raises(InputError):
        open_records(url)


def test_a_file_that_is_no_database_is_bad_input_and_stays_as_it_is(tmp_path):
    path = tmp_path / "records.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(InputError, match="cannot be opened"):
        open_records(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"not a database")


def test_migrations_lead_to_the_tables_that_the_code_names(records):
    found = inspect(records.engine)
    for table in tables.METADATA.sorted_tables:
        columns = {c["name"]: c["nullable"] for c in found.get_columns(table.name)}
        assert columns == {c.name: c.nullable for c in table.columns}
        keys = found.get_pk_constraint(table.name)["constrained_columns"]
        assert keys == [c.name for c in table.primary_key.columns]


def test_opening_again_migrates_nothing(tmp_path):
    for _ in range(2):
        records = open_records(f"sqlite:///{tmp_path}/r.db")
        with records.reading() as connection:
            applied = connection.exec_driver_sql("SELECT version FROM migrations").scalars().all()
        records.close()
    assert applied == list(range(1, NEWEST + 1))


def test_records_of_a_newer_vouch_are_left_alone(tmp_path):
    records = open_records(f"sqlite:///{tmp_path}/r.db")
    with records.writing() as connection:
        connection.exec_driver_sql("INSERT INTO migrations (version, purpose) VALUES (99, 'x')")
    records.close()
    with pytest.raises(InputError, match="schema version 99"):
        open_records(f"sqlite:///{tmp_path}/r.db")


@pytest.mark.parametrize(
    "statement",
    [
        update(tables.DECISIONS).values(entry="{}"),
        delete(tables.DECISIONS),
        update(tables.POLICIES).values(text=""),
        delete(tables.POLICIES),
    ],
)
def test_what_is_recorded_can_be_neither_changed_nor_deleted(records, statement):
    at = datetime(2026, 6, 30, tzinfo=UTC)
    with records.writing() as connection:
        journal.write(connection, an_entry())
        policies.seed(connection, "name = 'x'", by="test", at=at)
    with pytest.raises(IntegrityError, match="kept as they were written"):  # noqa: SIM117
        with records.writing() as connection:
            connection.execute(statement)


def test_insert_or_replace_does_not_slip_past_the_triggers(records):
    with records.writing() as connection:
        journal.write(connection, an_entry())
    with pytest.raises(IntegrityError), records.writing() as connection:
        connection.exec_driver_sql(
            "INSERT OR REPLACE INTO decisions SELECT seq, decision_id, partner, product, "
            "entity_id, reference_id, decided_at, content_sha256, '{}' FROM decisions"
        )


def test_a_locked_database_is_unavailable_and_not_a_crash(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "BUSY_TIMEOUT_MS", 10)
    url = f"sqlite:///{tmp_path}/r.db"
    one, other = open_records(url), open_records(url)
    with one.writing():
        with pytest.raises(RecordsUnavailableError, match="locked"), other.writing():
            pass
        with other.reading() as connection:  # a reader is never in a writer's way
            assert policies.live(connection) is None
