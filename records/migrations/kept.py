"""What the database itself refuses: changed journal rows, and a line taken beyond its limit."""

from alembic import op

_REFUSE = """
CREATE OR REPLACE FUNCTION vouch_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% are kept as they were written', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation'; END $$
"""

_REFUSE_OVERDRAFT = """
CREATE OR REPLACE FUNCTION vouch_refuse_overdraft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a line is never overdrawn'
    USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def keep(*tables: str) -> None:
    """Refuse updates and deletions from now on."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(_REFUSE)
    for table in tables:
        if postgresql:
            op.execute(
                f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION vouch_refuse_change()"
            )
        else:
            for operation in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_refuse_{operation.lower()} BEFORE {operation} "
                    f"ON {table} BEGIN SELECT RAISE(ABORT, "
                    f"'{table} are kept as they were written'); END"
                )


def guard_lines() -> None:
    """Refuse to take more of a line than its limit; a limit may be cut below what is used."""
    over = "NEW.used_minor > OLD.used_minor AND NEW.used_minor > NEW.limit_minor"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE_OVERDRAFT)
        op.execute(
            "CREATE TRIGGER lines_guarded BEFORE UPDATE ON lines "
            f"FOR EACH ROW WHEN ({over}) EXECUTE FUNCTION vouch_refuse_overdraft()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER lines_guarded BEFORE UPDATE ON lines WHEN {over} "
            "BEGIN SELECT RAISE(ABORT, 'a line is never overdrawn'); END"
        )
