"""Records of an earlier Vouch: what they say comes over whole, chained, and names nobody."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import column, insert, table, text

from records import journal, policies
from records.instants import instant_text
from records.pseudonyms import KIND_OF
from records.schema import migrate
from records.store import _database, open_records
from records.verification.verify import verify

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = (
    "decision_id",
    "partner",
    "product",
    "entity_id",
    "reference_id",
    "decided_at",
    "content_sha256",
    "entry",
)
A_PAGE = 5_000
# The schema as the first Vouch made it, which counted its migrations itself.
BEFORE_ALEMBIC = """
DROP TABLE alembic_version;
CREATE TABLE migrations (version INTEGER NOT NULL PRIMARY KEY, purpose TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO migrations (version, purpose)
    VALUES (1, 'decision journal, idempotent answers, policies');
"""


def entry(number):
    """A decision as the first Vouch wrote it: of what came later it knows nothing."""
    product = "deposit-waiver" if number % 3 else "merchant-loan"
    kind = KIND_OF[product]
    return {
        "decision_id": f"decision-{number}",
        "partner": f"partner-{number % 2}",
        "product": product,
        "entity_id": f"{kind}-{number % 1_000}",
        "reference_id": f"reference-{number}",
        "decided_at": instant_text(FIRST + timedelta(seconds=number)),
        "content_sha256": f"{number:064}",
        "request": {f"{kind}_id": f"{kind}-{number % 1_000}", "amount_minor": number},
        "evidence": {"values": {"trend": number / 7, "nothing": None}, "as_of": None},
        "scored": [{"amount_minor": number, "probability": 1 / (1 + number)}],
        "model": None,
        "policy": {"name": "platform", "version": "1", "sha256": "1" * 64},
        "decision": {"outcome": "approve", "reasons": ["中文"]},
        "clock": "real",
    }


def row(number):
    said = entry(number)
    return {**{name: said[name] for name in COLUMNS[:-1]}, "entry": orjson.dumps(said).decode()}


def write_as_before(url, rows):
    """Records in schema 0001 with so many decisions."""
    database = _database(url, 600.0)
    into = insert(table("decisions", *map(column, COLUMNS)))
    with database.engine.begin() as connection:
        migrate(connection, to="0001")
        for start in range(0, rows, A_PAGE):
            connection.execute(into, [row(n) for n in range(start, min(rows, start + A_PAGE))])
    return database


def test_every_decision_reads_back_as_before_and_the_chain_verifies(records_url, runs):
    rows = runs(full=100_000, short=5_000)
    write_as_before(records_url, rows).engine.dispose()
    records = open_records(records_url)
    none_then = ("order_no", "room_minor", "shared_room_minor", "stopped", "hold")
    later = {**dict.fromkeys(none_then), "shadows": []}
    found = 0
    for number, after in enumerate(journal.scan(records)):
        before = later | entry(number)
        del before["content_sha256"]  # kept as a tag that only the subject's key can make
        assert after == before
        found += 1
    assert found == rows
    report = verify(records)
    assert report.holds, report.lines()
    assert f"{rows:,} rows" in report.lines()[0]
    records.close()


def test_names_are_in_one_table_alone_after_it(records_url):
    write_as_before(records_url, 50).engine.dispose()
    records = open_records(records_url)
    with records.reading() as connection:
        kept = str(connection.execute(text("SELECT * FROM decisions")).all())
        named = connection.execute(text("SELECT entity_id FROM subjects")).scalars().all()
    assert sorted(named) == sorted({entry(n)["entity_id"] for n in range(50)})
    assert not any(f'"{name}"' in kept for name in named)
    records.close()


@pytest.mark.parametrize("rows", [0, 1, 1_000, 1_001])
def test_records_that_counted_their_own_migrations_come_over(records_url, rows):
    database = write_as_before(records_url, rows)
    with database.engine.begin() as connection:
        for statement in BEFORE_ALEMBIC.split(";\n"):
            connection.execute(text(statement)) if statement.strip() else None
    database.engine.dispose()
    records = open_records(records_url)
    assert len(list(journal.scan(records))) == rows
    assert verify(records).holds
    with records.reading() as connection:
        assert not connection.dialect.has_table(connection, "migrations")
    records.close()
    open_records(records_url).close()


def test_a_migration_that_dies_on_the_way_leaves_everything_as_it_was(records_url, monkeypatch):
    database = write_as_before(records_url, 100)
    database.engine.dispose()
    from records import pseudonyms

    def die(*_):
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(pseudonyms, "content_tag", die)
        with pytest.raises(RuntimeError, match="the power went"):
            open_records(records_url)
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM decisions")).scalar_one() == 100
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert version == "0001"
    database.engine.dispose()
    records = open_records(records_url)
    assert len(list(journal.scan(records))) == 100
    records.close()


def write_the_ledger_before_layers(url):
    """Records in schema 0002: a policy in force, three holds, two loans, one of them repaid."""
    database = _database(url, 600.0)
    with database.engine.begin() as connection:
        migrate(connection, to="0002")
        for into, rows in BEFORE_LAYERS.items():
            for values in rows:
                connection.execute(insert(table(into, *map(column, values))), values)
    database.engine.dispose()


AT = instant_text(FIRST)
SUBJECTS_BEFORE = [
    {"token": "t1", "kind": "user", "entity_id": "u1", "key": b"1" * 32},
    {"token": "t2", "kind": "merchant", "entity_id": "m1", "key": b"2" * 32},
]


def hold_before(number, partner, *, released=0, settled=0):
    return {
        "auth_no": f"auth-{number}",
        "partner": partner,
        "out_order_no": f"order-{number}",
        "decision_id": f"decision-{number}",
        "token": "t1",
        "scene": "hotel",
        "deposit_minor": 100,
        "authorized_minor": 100,
        "captured_minor": 100 - released,
        "released_minor": released,
        "settled_minor": settled,
        "state": "FINISHED",
        "opened_at": AT,
        "expires_at": AT,
    }


def loan_before(number, partner, *, repaid=0):
    return {
        "decision_id": f"loan-decision-{number}",
        "partner": partner,
        "loan_no": f"loan-{number}",
        "token": "t2",
        "principal_minor": 1_000,
        "repaid_minor": repaid,
        "released_minor": 0,
        "written_off_minor": 0,
        "state": "ACTIVE",
        "expires_at": AT,
        "terms": None,
    }


BEFORE_LAYERS = {
    "policies": [
        {
            "sha256": "1" * 64,
            "name": "platform",
            "text": "name = 'platform'",
            "recorded_at": AT,
            "recorded_by": "seed",
        }
    ],
    "live_policies": [{"name": "platform", "sha256": "1" * 64, "since": AT, "put_by": "seed"}],
    "subjects": SUBJECTS_BEFORE,
    "lines": [{"token": "t1", "used_minor": 190}, {"token": "t2", "used_minor": 1_600}],
    "holds": [
        hold_before(1, "bikes", released=40),
        hold_before(2, "bikes", settled=30),
        hold_before(3, "hotels", settled=40),
    ],
    "loans": [loan_before(1, "bikes", repaid=400), loan_before(2, "bikes")],
}


def test_what_is_in_force_keeps_its_place_and_what_is_open_is_counted_by_partner(records_url):
    write_the_ledger_before_layers(records_url)
    records = open_records(records_url)
    with records.reading() as connection:
        assert policies.live(connection) == ("name = 'platform'", "1" * 64)
        query = "SELECT product, kind, name, used_minor FROM concentrations"
        counted = sorted(map(tuple, connection.execute(text(query)).all()))
        for named in ("holds", "loans"):
            industries = connection.execute(text(f"SELECT industry FROM {named}")).scalars()
            assert set(industries) == {None}
    assert counted == [
        ("deposit-waiver", "partner", "bikes", 130),
        ("deposit-waiver", "partner", "hotels", 60),
        ("merchant-loan", "partner", "bikes", 1_600),
    ]
    records.close()
