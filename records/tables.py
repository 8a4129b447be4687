"""The records' tables, as the newest migration leaves them; only `records` writes SQL.

Nobody's name stands in them but in `subjects`, and for a while in `inbox`: every other row knows a
merchant or a consumer by a token, so that forgetting a name is forgetting one row. A row of the
inbox says what it was sent with until it has been exported and retention is over.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
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
MINOR = BigInteger

SUBJECTS = Table(
    "subjects",
    METADATA,
    Column("token", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # merchant, user
    Column("entity_id", Text),  # with its key, forgotten on request
    Column("key", LargeBinary),
    Column("erased_at", INSTANT),
    UniqueConstraint("kind", "entity_id", name="subjects_entity"),
)

LINES = Table(
    "lines",
    METADATA,
    Column("token", Text, ForeignKey("subjects.token"), primary_key=True),
    Column("limit_minor", MINOR),
    Column("source", Text),
    Column("valid_until", INSTANT),
    Column("used_minor", MINOR, nullable=False),
)

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("decision_id", Text, nullable=False, unique=True),
    Column("partner", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("token", Text, ForeignKey("subjects.token"), nullable=False),
    Column("reference_id", Text, nullable=False),  # what outcomes refer to
    Column("order_no", Text),  # what the partner calls it: application_id, out_order_no
    Column("decided_at", INSTANT, nullable=False),
    Column("content_tag", Text, nullable=False),
    Column("entry", Text, nullable=False),
    UniqueConstraint("partner", "product", "reference_id", name="decisions_reference"),
    UniqueConstraint("partner", "product", "order_no", name="decisions_order"),
    Index("decisions_when", "product", "decided_at"),
)

OPERATIONS = Table(
    "operations",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("operation_id", Text, nullable=False, unique=True),
    Column("partner", Text, nullable=False),
    Column("token", Text, ForeignKey("subjects.token"), nullable=False),
    Column("kind", Text, nullable=False),  # hold, loan, line, decision
    Column("reference", Text, nullable=False),  # auth_no, decision_id, token, decision_id
    Column("move", Text, nullable=False),
    Column("amount_minor", MINOR),
    Column("exposure_minor", MINOR, nullable=False),  # by how much the line's use moved
    Column("at", INSTANT, nullable=False),
    Column("detail", Text),
    Index("operations_of", "kind", "reference"),
)

BATCHES = Table(
    "batches",
    METADATA,
    Column("batch", BigInteger, primary_key=True, autoincrement=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("sealed_at", INSTANT, nullable=False),
    Column("sha256", Text, nullable=False),
)

HEAD = Table(
    "journal_head",
    METADATA,
    Column("one", BigInteger, primary_key=True, autoincrement=False),
    Column("batch", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sealed_at", INSTANT, nullable=False),
    Column("sha256", Text, nullable=False),
)

HOLDS = Table(
    "holds",
    METADATA,
    Column("auth_no", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Column("out_order_no", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("token", Text, ForeignKey("subjects.token"), nullable=False),
    Column("scene", Text, nullable=False),
    Column("industry", Text),  # the partner's when it was opened
    Column("deposit_minor", MINOR, nullable=False),
    Column("authorized_minor", MINOR, nullable=False),
    Column("captured_minor", MINOR, nullable=False),
    Column("released_minor", MINOR, nullable=False),
    Column("settled_minor", MINOR, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    UniqueConstraint("partner", "out_order_no", name="holds_order"),
    Index("holds_due", "state", "expires_at"),
    Index("holds_of", "token"),
)

LOANS = Table(
    "loans",
    METADATA,
    Column("decision_id", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Column("loan_no", Text),
    Column("token", Text, ForeignKey("subjects.token"), nullable=False),
    Column("industry", Text),
    Column("principal_minor", MINOR, nullable=False),
    Column("repaid_minor", MINOR, nullable=False),
    Column("released_minor", MINOR, nullable=False),
    Column("written_off_minor", MINOR, nullable=False),
    Column("state", Text, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("terms", Text),  # the offer that was accepted
    UniqueConstraint("partner", "loan_no", name="loans_number"),
    Index("loans_due", "state", "expires_at"),
    Index("loans_of", "token"),
)

CONCENTRATIONS = Table(
    "concentrations",
    METADATA,
    Column("product", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # partner, industry
    Column("name", Text, primary_key=True),
    Column("used_minor", MINOR, nullable=False),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # that of what it tells
    Column("topic", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("delivered_at", INSTANT),
    Index("outbox_waiting", "delivered_at", "seq"),
)

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("partner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("content_sha256", Text, nullable=False),
    Column("status", BigInteger, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("remembered_at", INSTANT, nullable=False),
    Index("idempotency_age", "remembered_at"),
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

POLICY_VERSIONS = Table(
    "policy_versions",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("sha256", Text, ForeignKey("policies.sha256"), nullable=False),
    Column("layer", Text, nullable=False),  # platform, industry, partner, scene
    Column("parent", Text),  # None for the platform
    Column("author", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("proposed_at", INSTANT, nullable=False),
    Column("wanted", Text),  # JSON: what its author would have next
)

LIVE_POLICIES = Table(
    "live_policies",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("slot", Text, primary_key=True),  # live, shadow, scheduled
    Column("sha256", Text, ForeignKey("policies.sha256"), nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("put_by", Text, nullable=False),
)

POLICY_EVENTS = Table(
    "policy_events",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("detail", Text),  # JSON
    Index("policy_events_of", "name", "version"),
)

SWITCHES = Table(
    "switches",
    METADATA,
    Column("product", Text, primary_key=True),  # '' in any of these three: every one
    Column("partner", Text, primary_key=True),
    Column("scene", Text, primary_key=True),
    Column("stopped", BigInteger, nullable=False),  # 0, 1
    Column("reason", Text, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
)

INBOX = Table(
    "inbox",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # in the order of commits
    Column("table_name", Text, nullable=False),
    Column("key_sha256", Text, nullable=False),  # of the table's name and the row's key
    Column("recorded_at", INSTANT, nullable=False),  # '' where rows are no versions
    Column("content_sha256", Text, nullable=False),
    Column("accepted_at", INSTANT, nullable=False),
    Column("partner", Text, nullable=False),
    Column("merchant_id", Text),  # whom it names, with the content forgotten in the end
    Column("user_id", Text),
    Column("content", Text),  # JSON
    UniqueConstraint("key_sha256", "recorded_at", name="inbox_version"),
    Index("inbox_of_table", "table_name", "seq"),
    Index("inbox_of_merchant", "merchant_id", "recorded_at"),
    Index("inbox_of_user", "user_id", "recorded_at"),
)

INBOX_PARTS = Table(
    "inbox_parts",
    METADATA,
    Column("table_name", Text, primary_key=True),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("claimed_at", INSTANT, nullable=False),
    Column("published_at", INSTANT),
)
