"""Decision journal, idempotent answers, policies."""

import sqlalchemy as sa
from alembic import op

from records.migrations.kept import keep

revision = "0001"
down_revision = None

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """The first tables."""
    op.create_table(
        "decisions",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
        sa.Column("decision_id", sa.Text, nullable=False, unique=True),
        sa.Column("partner", sa.Text, nullable=False),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("entity_id", sa.Text, nullable=False),
        sa.Column("reference_id", sa.Text, nullable=False),
        sa.Column("decided_at", sa.Text, nullable=False),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.UniqueConstraint("partner", "product", "reference_id", name="decisions_reference"),
    )
    op.create_index("decisions_when", "decisions", ["product", "decided_at"])
    op.create_table(
        "idempotency",
        sa.Column("partner", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("status", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("remembered_at", sa.Text, nullable=False),
    )
    op.create_table(
        "policies",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
    )
    op.create_table(
        "live_policies",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, sa.ForeignKey("policies.sha256"), nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("put_by", sa.Text, nullable=False),
    )
    keep("decisions", "policies")
