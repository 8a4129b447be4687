"""Reading much of the records, a page at a time, each page on one state of them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Connection, Select

from records.store import Records

PAGE_ROWS = 1_000
Look = Callable[[Connection, Sequence[Any]], None]


@contextmanager
def snapshot(records: Records) -> Iterator[Connection]:
    """A connection on one state of the records, however many statements look at it."""
    with records.reading() as connection:
        if records.database.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield connection


def paged(
    records: Records, query: Select[Any], key: Column[Any], look: Look | None = None
) -> Iterator[Any]:
    """Rows in the order of their key; `look` sees each page on the state that it was read from.

    `query` is ordered by the key, which is unique.
    """
    further = query
    while True:
        with snapshot(records) as connection:
            page = connection.execute(further.limit(PAGE_ROWS)).all()
            if look:
                look(connection, page)
        yield from page
        if len(page) < PAGE_ROWS:
            return
        further = query.where(key > getattr(page[-1], key.name))
