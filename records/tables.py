"""The records' tables, as the newest migration leaves them; only `records` writes SQL."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

# Instants are text in one width (2026-06-30T12:00:00.000000Z): they sort as they read, on
# every database alike.
INSTANT = Text

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("decision_id", Text, nullable=False, unique=True),
    Column("partner", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("reference_id", Text, nullable=False),
    Column("decided_at", INSTANT, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("entry", Text, nullable=False),
    UniqueConstraint("partner", "product", "reference_id", name="decisions_reference"),
    Index("decisions_when", "product", "decided_at"),
    sqlite_autoincrement=True,
)

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("partner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("content_sha256", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("remembered_at", INSTANT, nullable=False),
)

POLICIES = Table(
    "policies",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Column("recorded_by", Text, nullable=False),
)

LIVE_POLICIES = Table(
    "live_policies",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("sha256", Text, ForeignKey("policies.sha256"), nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("put_by", Text, nullable=False),
)
