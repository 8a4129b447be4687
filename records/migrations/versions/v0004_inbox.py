"""The inbox: rows of the contract that came over the wire, and the parts they were exported as."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEPT = sa.text("content IS NOT NULL")


def upgrade() -> None:
    """The inbox's two tables."""
    op.create_table(
        "inbox",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("table_name", sa.Text, nullable=False),
        sa.Column("key_sha256", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("accepted_at", sa.Text, nullable=False),
        sa.Column("partner", sa.Text, nullable=False),
        sa.Column("merchant_id", sa.Text),
        sa.Column("user_id", sa.Text),
        sa.Column("content", sa.Text),
        sa.UniqueConstraint("key_sha256", "recorded_at", name="inbox_version"),
    )
    op.create_index("inbox_of_table", "inbox", ["table_name", "seq"])
    op.create_index("inbox_of_merchant", "inbox", ["merchant_id", "recorded_at"])
    op.create_index("inbox_of_user", "inbox", ["user_id", "recorded_at"])
    op.create_index(
        "inbox_kept", "inbox", ["accepted_at"], sqlite_where=_KEPT, postgresql_where=_KEPT
    )
    op.create_table(
        "inbox_parts",
        sa.Column("table_name", sa.Text, primary_key=True),
        sa.Column("first_seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("claimed_at", sa.Text, nullable=False),
        sa.Column("published_at", sa.Text),
    )
