"""Names and credit lines: tokens that prove their names, and use that adds up."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Table, func, select

from records.operations import LINE, SUBJECT
from records.pseudonyms import token_of
from records.store import Records
from records.tables import HOLDS, LINES, LOANS, OPERATIONS, SUBJECTS
from records.verification.report import Tally
from records.verification.snapshots import paged

HELD = HOLDS.c.authorized_minor - HOLDS.c.released_minor - HOLDS.c.settled_minor
LENT = (
    LOANS.c.principal_minor
    - LOANS.c.repaid_minor
    - LOANS.c.released_minor
    - LOANS.c.written_off_minor
)


def check_subjects(records: Records, told: Tally) -> None:
    """Every name against its token; what was forgotten, against the journal; a line for each."""

    def look(connection: Connection, page: Sequence[Any]) -> None:
        tokens = [row.token for row in page]
        lined = _among(connection, LINES.c.token, tokens)
        forgotten = _last(connection, SUBJECT, tokens)
        told.saw("subjects", len(page))
        for row in page:
            where = f"subject {row.token}"
            if row.token not in lined:
                told.fault(f"{where}: has no line")
            _check_name(told, where, row, forgotten.get(row.token))

    query = select(SUBJECTS).order_by(SUBJECTS.c.token)
    for _ in paged(records, query, SUBJECTS.c.token, look):
        pass


def check_lines(records: Records, told: Tally) -> None:
    """Every line: used is what its holds and loans take, its limit is what was put last."""

    def look(connection: Connection, page: Sequence[Any]) -> None:
        tokens = [row.token for row in page]
        known = _among(connection, SUBJECTS.c.token, tokens)
        held = _sums(connection, HOLDS, HELD, tokens)
        lent = _sums(connection, LOANS, LENT, tokens)
        put = _last(connection, LINE, tokens)
        told.saw("lines", len(page))
        for row in page:
            where = f"line of {row.token}"
            if row.token not in known:
                told.fault(f"{where}: has no subject")
            used_minor = held.get(row.token, 0) + lent.get(row.token, 0)
            told.expect(where, used_minor=(row.used_minor, used_minor))
            _check_limit(told, where, row, put.get(row.token))

    query = select(LINES).order_by(LINES.c.token)
    for _ in paged(records, query, LINES.c.token, look):
        pass


def _check_name(told: Tally, where: str, row: Any, forgotten: Any) -> None:
    if forgotten is not None:
        gone = {"entity_id": None, "key": None, "erased_at": forgotten.at}
        told.expect(where, **{name: (getattr(row, name), gone[name]) for name in gone})
        told.expect(where, kind=(row.kind, _detail(forgotten).get("kind")))
        return
    told.expect(where, erased_at=(row.erased_at, None))
    if row.entity_id is None or not isinstance(row.key, bytes):
        told.fault(f"{where}: its name or key is gone, and nothing tells that it was erased")
    elif token_of(row.key, row.kind, row.entity_id) != row.token:
        told.fault(f"{where}: its name or key is not the one that the token was made of")


def _check_limit(told: Tally, where: str, row: Any, put: Any) -> None:
    detail = _detail(put)
    meant = {
        "limit_minor": put.amount_minor if put is not None else None,
        "source": detail.get("source"),
        "valid_until": detail.get("valid_until"),
    }
    told.expect(where, **{name: (getattr(row, name), meant[name]) for name in meant})


def _among(connection: Connection, column: Column[Any], values: Sequence[str]) -> set[str]:
    return set(connection.execute(select(column).where(column.in_(values))).scalars())


def _sums(
    connection: Connection, table: Table, taken: ColumnElement[int], tokens: Sequence[str]
) -> dict[str, int]:
    query = select(table.c.token, func.sum(taken).label("taken"))
    query = query.where(table.c.token.in_(tokens)).group_by(table.c.token)
    return {row.token: int(row.taken) for row in connection.execute(query)}


def _last(connection: Connection, kind: str, tokens: Sequence[str]) -> Mapping[str, Any]:
    """The last operation of a kind on each token."""
    query = select(OPERATIONS).where(OPERATIONS.c.kind == kind, OPERATIONS.c.reference.in_(tokens))
    return {row.reference: row for row in connection.execute(query.order_by(OPERATIONS.c.seq))}


def _detail(one: Any) -> Mapping[str, Any]:
    try:
        return dict(orjson.loads(one.detail)) if one is not None and one.detail else {}
    except (ValueError, TypeError):
        return {}  # the chain's check tells of an operation that is not what was written
