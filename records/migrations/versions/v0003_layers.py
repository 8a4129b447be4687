"""Policies in layers: versions, slots, events, switches; exposure counted by partner, industry."""

import sqlalchemy as sa
from alembic import op

from records.migrations.kept import keep

revision = "0003"
down_revision = "0002"

# What an authorisation is still open for, and of which product: as verification adds it up.
_EXPOSED = (
    ("deposit-waiver", "holds", "authorized_minor - released_minor - settled_minor"),
    (
        "merchant-loan",
        "loans",
        "principal_minor - repaid_minor - released_minor - written_off_minor",
    ),
)


def upgrade() -> None:
    """The tables of layered policies; what is in force, and what is open, comes over."""
    _create_policy_tables()
    _give_live_policies_slots()
    _create_concentrations()
    keep("policy_events")


def _create_policy_tables() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, sa.ForeignKey("policies.sha256"), nullable=False),
        sa.Column("layer", sa.Text, nullable=False),
        sa.Column("parent", sa.Text),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("proposed_at", sa.Text, nullable=False),
        sa.Column("wanted", sa.Text),
    )
    op.create_table(
        "policy_events",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("done_by", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
    )
    op.create_index("policy_events_of", "policy_events", ["name", "version"])
    op.create_table(
        "switches",
        sa.Column("product", sa.Text, primary_key=True),
        sa.Column("partner", sa.Text, primary_key=True),
        sa.Column("scene", sa.Text, primary_key=True),
        sa.Column("stopped", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("done_by", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.CheckConstraint("stopped IN (0, 1)", name="switches_stopped"),
    )


def _give_live_policies_slots() -> None:
    """Made anew with the wider key: SQLite changes no key of a table that is there."""
    run = op.get_bind().execute
    standing = [dict(row) for row in run(sa.text("SELECT * FROM live_policies")).mappings()]
    op.drop_table("live_policies")
    slots = op.create_table(
        "live_policies",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("slot", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, sa.ForeignKey("policies.sha256"), nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("put_by", sa.Text, nullable=False),
        sa.CheckConstraint("slot IN ('live', 'shadow', 'scheduled')", name="live_policies_slot"),
    )
    for row in standing:
        run(slots.insert(), row | {"slot": "live"})


def _create_concentrations() -> None:
    for table in ("holds", "loans"):
        op.add_column(table, sa.Column("industry", sa.Text))
    op.create_table(
        "concentrations",
        sa.Column("product", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("used_minor", sa.BigInteger, nullable=False),
        sa.CheckConstraint("used_minor >= 0", name="concentrations_used"),
        sa.CheckConstraint("kind IN ('partner', 'industry')", name="concentrations_kind"),
    )
    for product, table, exposure in _EXPOSED:
        op.execute(
            "INSERT INTO concentrations (product, kind, name, used_minor) "
            f"SELECT '{product}', 'partner', partner, SUM({exposure}) FROM {table} GROUP BY partner"
        )
