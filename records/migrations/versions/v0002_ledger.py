"""Credit lines, holds, loans, outbox; names apart from the journal, and the journal chained."""

import secrets
from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

from records.chain import GENESIS, Head, row_sha256, sealed
from records.migrations.kept import guard_lines, keep
from records.pseudonyms import KIND_OF, content_tag, token_of, without_name

revision = "0002"
down_revision = "0001"

PAGE_ROWS = 1_000
_START = "1970-01-01T00:00:00.000000Z"


def upgrade() -> None:
    """The ledger's tables; what was decided before moves over and is chained."""
    op.execute("ALTER TABLE decisions RENAME TO decisions_before")
    op.execute("DROP INDEX decisions_when")
    if op.get_bind().dialect.name == "postgresql":  # constraints' names are the schema's there
        op.execute("ALTER TABLE decisions_before DROP CONSTRAINT decisions_reference")
    _create_subjects()
    _create_journal()
    _create_ledger()
    op.create_index("idempotency_age", "idempotency", ["remembered_at"])
    _move_decisions()
    op.execute("DROP TABLE decisions_before")
    op.execute("DROP TABLE IF EXISTS migrations")
    keep("decisions", "operations", "batches")
    guard_lines()


def _create_subjects() -> None:
    op.create_table(
        "subjects",
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("entity_id", sa.Text),
        sa.Column("key", sa.LargeBinary),
        sa.Column("erased_at", sa.Text),
        sa.UniqueConstraint("kind", "entity_id", name="subjects_entity"),
    )
    op.create_table(
        "lines",
        sa.Column("token", sa.Text, sa.ForeignKey("subjects.token"), primary_key=True),
        sa.Column("limit_minor", sa.BigInteger),
        sa.Column("source", sa.Text),
        sa.Column("valid_until", sa.Text),
        sa.Column("used_minor", sa.BigInteger, nullable=False),
        sa.CheckConstraint("used_minor >= 0", name="lines_used"),
        sa.CheckConstraint("limit_minor >= 0", name="lines_limit"),
    )


def _create_journal() -> None:
    seq = sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False)
    op.create_table(
        "decisions",
        seq,
        sa.Column("decision_id", sa.Text, nullable=False, unique=True),
        sa.Column("partner", sa.Text, nullable=False),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("token", sa.Text, sa.ForeignKey("subjects.token"), nullable=False),
        sa.Column("reference_id", sa.Text, nullable=False),
        sa.Column("order_no", sa.Text),
        sa.Column("decided_at", sa.Text, nullable=False),
        sa.Column("content_tag", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.UniqueConstraint("partner", "product", "reference_id", name="decisions_reference"),
        sa.UniqueConstraint("partner", "product", "order_no", name="decisions_order"),
    )
    op.create_index("decisions_when", "decisions", ["product", "decided_at"])
    op.create_table(
        "operations",
        seq.copy(),
        sa.Column("operation_id", sa.Text, nullable=False, unique=True),
        sa.Column("partner", sa.Text, nullable=False),
        sa.Column("token", sa.Text, sa.ForeignKey("subjects.token"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("move", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("exposure_minor", sa.BigInteger, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
    )
    op.create_index("operations_of", "operations", ["kind", "reference"])
    op.create_table(
        "batches",
        sa.Column("batch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("first_seq", sa.BigInteger, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("sealed_at", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
    )
    op.create_table(
        "journal_head",
        sa.Column("one", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("batch", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("sealed_at", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.CheckConstraint("one = 1", name="journal_head_one"),
    )


def _create_ledger() -> None:
    _create_holds()
    _create_loans()
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("partner", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("delivered_at", sa.Text),
    )
    op.create_index("outbox_waiting", "outbox", ["delivered_at", "seq"])


def _create_holds() -> None:
    op.create_table(
        "holds",
        sa.Column("auth_no", sa.Text, primary_key=True),
        sa.Column("partner", sa.Text, nullable=False),
        sa.Column("out_order_no", sa.Text, nullable=False),
        sa.Column("decision_id", sa.Text, nullable=False),
        sa.Column("token", sa.Text, sa.ForeignKey("subjects.token"), nullable=False),
        sa.Column("scene", sa.Text, nullable=False),
        sa.Column("deposit_minor", sa.BigInteger, nullable=False),
        sa.Column("authorized_minor", sa.BigInteger, nullable=False),
        sa.Column("captured_minor", sa.BigInteger, nullable=False),
        sa.Column("released_minor", sa.BigInteger, nullable=False),
        sa.Column("settled_minor", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("opened_at", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.UniqueConstraint("partner", "out_order_no", name="holds_order"),
        sa.CheckConstraint(
            "0 < authorized_minor AND authorized_minor <= deposit_minor", name="holds_authorized"
        ),
        sa.CheckConstraint("0 <= captured_minor AND 0 <= released_minor", name="holds_moved"),
        sa.CheckConstraint(
            "captured_minor + released_minor <= authorized_minor", name="holds_rest"
        ),
        sa.CheckConstraint(
            "0 <= settled_minor AND settled_minor <= captured_minor", name="holds_settled"
        ),
        sa.CheckConstraint(
            "state = 'AUTHORIZED' OR (state IN ('FINISHED', 'CLOSED') AND "
            "captured_minor + released_minor = authorized_minor)",
            name="holds_state",
        ),
    )
    op.create_index("holds_due", "holds", ["state", "expires_at"])
    op.create_index("holds_of", "holds", ["token"])


def _create_loans() -> None:
    op.create_table(
        "loans",
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("partner", sa.Text, nullable=False),
        sa.Column("loan_no", sa.Text),
        sa.Column("token", sa.Text, sa.ForeignKey("subjects.token"), nullable=False),
        sa.Column("principal_minor", sa.BigInteger, nullable=False),
        sa.Column("repaid_minor", sa.BigInteger, nullable=False),
        sa.Column("released_minor", sa.BigInteger, nullable=False),
        sa.Column("written_off_minor", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("terms", sa.Text),
        sa.UniqueConstraint("partner", "loan_no", name="loans_number"),
        sa.CheckConstraint(
            "0 <= repaid_minor AND 0 <= released_minor AND 0 <= written_off_minor "
            "AND repaid_minor + released_minor + written_off_minor "
            "<= principal_minor",
            name="loans_outstanding",
        ),
    )
    op.create_index("loans_due", "loans", ["state", "expires_at"])
    op.create_index("loans_of", "loans", ["token"])


def _move_decisions() -> None:
    """Every decision in its order, its subject's name taken out, in chained batches."""
    run = op.get_bind().execute
    head, tokens = Head(0, 0, _START, GENESIS), dict[tuple[str, str], tuple[str, bytes]]()
    for page in _pages():
        rows = []
        for seq, before in enumerate(page, head.seq + 1):
            subject = KIND_OF[before["product"]], before["entity_id"]
            if subject not in tokens:
                tokens[subject] = _admit(*subject)
            rows.append(_moved(before, seq, *tokens[subject]))
        run(_table("decisions", *rows[0]).insert(), rows)
        hashes = [row_sha256("decisions", row) for row in rows]
        first, last = head.seq + 1, rows[-1]["seq"]
        head = sealed(head, hashes, last_seq=last, sealed_at=rows[-1]["decided_at"])
        batch = {
            "batch": head.batch,
            "first_seq": first,
            "last_seq": last,
            "sealed_at": head.sealed_at,
            "sha256": head.sha256,
        }
        run(_table("batches", *batch).insert(), batch)
    told = {
        "one": 1,
        "batch": head.batch,
        "seq": head.seq,
        "sealed_at": head.sealed_at,
        "sha256": head.sha256,
    }
    run(_table("journal_head", *told).insert(), told)


def _pages() -> Iterator[list[Any]]:
    after = 0
    query = sa.text(
        f"SELECT * FROM decisions_before WHERE seq > :after ORDER BY seq LIMIT {PAGE_ROWS}"
    )
    while page := list(op.get_bind().execute(query, {"after": after}).mappings()):
        yield page
        after = page[-1]["seq"]


def _admit(kind: str, entity_id: str) -> tuple[str, bytes]:
    key = secrets.token_bytes(32)
    token = token_of(key, kind, entity_id)
    row = {"token": token, "kind": kind, "entity_id": entity_id, "key": key}
    op.get_bind().execute(_table("subjects", *row).insert(), row)
    line = {"token": token, "used_minor": 0}
    op.get_bind().execute(_table("lines", *line).insert(), line)
    return token, key


def _moved(before: Any, seq: int, token: str, key: bytes) -> dict[str, Any]:
    entry = without_name(orjson.loads(before["entry"]), token)
    loan = before["product"] == "merchant-loan"
    return {
        "seq": seq,
        "decision_id": before["decision_id"],
        "partner": before["partner"],
        "product": before["product"],
        "token": token,
        "reference_id": before["reference_id"],
        "order_no": before["reference_id"] if loan else None,
        "decided_at": before["decided_at"],
        "content_tag": content_tag(key, before["content_sha256"]),
        "entry": orjson.dumps(entry).decode(),
    }


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))
