"""Opening the records: what is refused, what is set, what cannot be changed."""

from datetime import UTC, datetime
from pathlib import Path

import pysqlite3.dbapi2 as pysqlite
import pytest
from sqlalchemy import BigInteger, delete, inspect, update
from sqlalchemy.exc import IntegrityError

from credit.errors import InputError
from records import lines, policies, tables
from records.schema import NEWEST
from records.sqlite import check_version
from records.store import RecordsUnavailableError, open_records

AT = datetime(2026, 6, 30, tzinfo=UTC)
KEPT = (
    tables.DECISIONS,
    tables.OPERATIONS,
    tables.POLICY_EVENTS,
    tables.BATCHES,
    tables.POLICIES,
)


def test_every_commit_waits_for_the_disk(records):
    asked = {
        "sqlite": {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1},
        "postgresql": {"synchronous_commit": "on", "fsync": "on"},
    }[records.database.name]
    word = "PRAGMA" if records.database.name == "sqlite" else "SHOW"
    with records.reading() as connection:
        found = {name: connection.exec_driver_sql(f"{word} {name}").scalar_one() for name in asked}
    assert found == asked


def test_a_folder_that_is_not_there_is_made(tmp_path):
    open_records(f"sqlite:///{tmp_path}/deep/er/records.db").close()
    assert (tmp_path / "deep/er/records.db").is_file()


def test_an_old_sqlite_is_refused():
    with pytest.raises(InputError, match=r"SQLite is 3\.51\.2, records need 3\.51\.3"):
        check_version((3, 51, 2))
    check_version(tuple(map(int, pysqlite.sqlite_version.split("."))))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://vouch@127.0.0.1:9/vouch",
        "mysql://127.0.0.1/vouch",
        "sqlite://",
        "sqlite:///:memory:",
        "nonsense",
    ],
)
def test_a_database_that_cannot_hold_records_is_bad_input(url):
    with pytest.raises(InputError):
        open_records(url)


def test_a_password_is_not_shown(caplog):
    with pytest.raises(InputError) as refused:
        open_records("postgresql://vouch:hunter2@127.0.0.1:9/vouch")
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_no_database_is_bad_input_and_stays_as_it_is(tmp_path: Path):
    path = tmp_path / "records.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(InputError, match="cannot be opened"):
        open_records(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"not a database")


def test_migrations_lead_to_the_tables_that_the_code_names(records):
    found = inspect(records.database.engine)
    for table in tables.METADATA.sorted_tables:
        columns = {c["name"]: c["nullable"] for c in found.get_columns(table.name)}
        assert columns == {c.name: c.nullable for c in table.columns}
        keys = found.get_pk_constraint(table.name)["constrained_columns"]
        assert keys == [c.name for c in table.primary_key.columns]
        named = {c.name for c in table.constraints if c.name and "_" in str(c.name)}
        assert named <= {c["name"] for c in found.get_unique_constraints(table.name)}
        assert {i.name for i in table.indexes} <= {i["name"] for i in found.get_indexes(table.name)}
    assert set(tables.METADATA.tables) == set(found.get_table_names()) - {"alembic_version"}


def test_money_is_kept_in_64_bits(records):
    found = inspect(records.database.engine)
    for table in tables.METADATA.sorted_tables:
        for column in found.get_columns(table.name):
            if column["name"].endswith("_minor"):
                assert isinstance(column["type"], BigInteger), column


def test_opening_again_migrates_nothing(records_url):
    for _ in range(2):
        records = open_records(records_url)
        with records.reading() as connection:
            query = "SELECT version_num FROM alembic_version"
            applied = connection.exec_driver_sql(query).scalars().all()
        records.close()
    assert applied == [NEWEST]


def test_records_of_a_newer_vouch_are_left_alone(records_url):
    records = open_records(records_url)
    with records.writing() as transaction:
        transaction.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    records.close()
    with pytest.raises(InputError, match="schema version 9999"):
        open_records(records_url)


@pytest.mark.parametrize("table", KEPT, ids=lambda table: table.name)
@pytest.mark.parametrize("how", ["changed", "deleted"])
def test_what_is_recorded_can_be_neither_changed_nor_deleted(
    records, an_entry, put_down, table, how
):
    with records.writing() as transaction:
        put_down(transaction, an_entry())
        policies.seed(transaction.connection, "name = 'x'", by="test", at=AT)
        a_line(transaction)
        a_policy_event(transaction)
    column = next(iter(table.columns.values()))
    statement = update(table).values({column: column}) if how == "changed" else delete(table)
    with pytest.raises(IntegrityError, match="kept as they were written"):  # noqa: SIM117
        with records.writing() as transaction:
            transaction.connection.execute(statement)


def test_a_line_is_not_overdrawn_even_behind_the_ledgers_back(records):
    with records.writing() as transaction:
        a_line(transaction, limit_minor=100)
    more = update(tables.LINES).values(used_minor=tables.LINES.c.used_minor + 101)
    with pytest.raises(IntegrityError, match="never overdrawn"):  # noqa: SIM117
        with records.writing() as transaction:
            transaction.connection.execute(more)


def test_insert_or_replace_does_not_slip_past_the_triggers(tmp_path, an_entry, put_down):
    records = open_records(f"sqlite:///{tmp_path}/records.db")
    with records.writing() as transaction:
        put_down(transaction, an_entry())
    with pytest.raises(IntegrityError, match="kept as"), records.writing() as transaction:
        transaction.connection.exec_driver_sql(
            "INSERT OR REPLACE INTO decisions SELECT seq, decision_id, partner, product, token, "
            "reference_id, order_no, decided_at, content_tag, '{}' FROM decisions"
        )
    records.close()


def test_a_database_that_is_locked_for_too_long_is_unavailable_and_not_a_crash(records_url):
    one, other = open_records(records_url), open_records(records_url, patience_seconds=0.3)
    with one.writing():
        with pytest.raises(RecordsUnavailableError), other.writing():
            pass
        with other.reading() as connection:  # a reader is never in a writer's way
            assert policies.live(connection) is None
    with other.writing() as transaction:  # and nothing is left of it
        policies.seed(transaction.connection, "name = 'x'", by="test", at=AT)
    one.close()
    other.close()


def a_line(transaction, *, limit_minor=100):
    lines.put(
        transaction,
        partner="local",
        kind="user",
        entity_id="u1",
        limit_minor=limit_minor,
        source="test",
        valid_until=None,
    )


def a_policy_event(transaction):
    row = {
        "name": "platform",
        "version": "1",
        "sha256": "1" * 64,
        "event": "proposed",
        "done_by": "test",
        "at": "2026-06-30T12:00:00.000000Z",
        "detail": None,
    }
    transaction.journal(
        tables.POLICY_EVENTS, row, topic="policy.proposed", partner="platform", told=b"{}"
    )
