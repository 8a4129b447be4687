"""Queries made once and kept as text: for a day's few rows, making them costs more than running.

Ibis takes a second or two to turn a hundred features into SQL. What comes out depends on the
definitions and on which tables there are, but not on the rows, nor on the day if that is a column.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr.operations import InMemoryTable, PhysicalTable

from credit.contract import TABLE
from credit.errors import InputError
from features.present import empty_rows
from features.publication import write_json
from features.source_values import identifier
from features.versions import numbers_that_repeat

if TYPE_CHECKING:
    import duckdb

    from features.sources import History

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Script:
    """SQL in order, the history's tables that it reads, and the contract's that are not there."""

    key: str
    steps: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


class Recording:
    """An engine that does what it is asked to do and writes it down."""

    def __init__(self, history: "History", key: str) -> None:
        self.script = Script(key)
        self.results: list[pa.Table] = []
        self._history = history

    @contextmanager
    def kept(self, name: str, table: ibis.Table) -> Iterator[ibis.Table]:
        """`table` computed once, and kept while the block runs."""
        unique = f"{name}_step_{len(self.script.steps)}"
        self._run(f"CREATE TEMP TABLE {unique} AS {self._sql(table)}")
        # The engine's own types may be wider than those that Ibis tells of its expressions.
        yield self._history.backend.table(unique).cast(table.schema())
        self._run(f"DROP TABLE {unique}")

    def repeated(self, numbers: ibis.Table) -> AbstractContextManager[ibis.Table]:
        """The numbers that stand more than once: a day's are few enough to be grouped."""
        return self.kept("repeated", numbers_that_repeat(numbers))

    def read(self, table: ibis.Table) -> None:
        """Make what `table` comes to the next result, of the types that Ibis tells."""
        types = [(name, DuckDBType.to_string(dtype)) for name, dtype in table.schema().items()]
        columns = ", ".join(
            f"{identifier(name)}::{dtype} AS {identifier(name)}" for name, dtype in types
        )
        sql = f"SELECT {columns} FROM ({self._sql(table)})"
        self.results.append(self._run(sql).to_arrow_table())

    def _sql(self, table: ibis.Table) -> str:
        sql = self._history.backend.compile(table)
        columns = {TABLE[name].names: name for name in TABLE}
        for used in table.op().find(PhysicalTable):
            if isinstance(used, InMemoryTable):
                name = columns[tuple(used.schema.names)]
                sql = sql.replace(used.name, _empty(name))  # Ibis names it by chance
                _note(name, self.script.absent)
            elif used.name in self._history.tables:
                _note(used.name, self.script.reads)
        _register(self._history, self.script.absent)
        return sql

    def _run(self, sql: str) -> Any:
        self.script.steps.append(sql)
        connection = self._history.connection
        return connection.sql(sql) if _is_query(sql) else connection.execute(sql)


def _note(name: str, names: list[str]) -> None:
    if name not in names:
        names.append(name)


def _empty(name: str) -> str:
    return f"absent_{name}"


def _register(history: "History", absent: list[str]) -> None:
    for name in absent:
        history.connection.register(_empty(name), empty_rows(name))


def prepared(
    history: "History",
    what: tuple[object, ...],
    ask: Callable[[Recording], None],
    file: Path,
) -> list[pa.Table]:
    """The results of what `ask` reads, from the script in `file` where `what` was asked before.

    `what` names all that the text follows from, but for the versions of the libraries.
    """
    key = _key(what)
    script = _read(file, key)
    if script is not None:
        return _replayed(history, script)
    recording = Recording(history, key)
    ask(recording)
    write_json(file, asdict(recording.script))
    return recording.results


def _key(what: tuple[object, ...]) -> str:
    import duckdb
    import sqlglot

    versions = (FORMAT, ibis.__version__, sqlglot.__version__, duckdb.__version__)
    return hashlib.sha256(repr((versions, what)).encode()).hexdigest()


def _read(file: Path, key: str) -> Script | None:
    try:
        script = Script(**json.loads(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return script if script.key == key else None


def _replayed(history: "History", script: Script) -> list[pa.Table]:
    connection = history.connection
    for name in script.reads:
        history.table(name)
    _register(history, script.absent)
    results = []
    for step in script.steps:
        statement = _harmless(connection, step)
        if _is_query(step):
            results.append(connection.sql(statement).to_arrow_table())
        else:
            connection.execute(statement)
    return results


def _harmless(connection: "duckdb.DuckDBPyConnection", sql: str) -> "duckdb.Statement":
    """One statement that only reads, or keeps a table in memory, whoever wrote it."""
    import duckdb

    kinds = duckdb.StatementType
    statements = connection.extract_statements(sql)
    if [it.type in (kinds.SELECT, kinds.CREATE, kinds.DROP) for it in statements] != [True]:
        raise InputError(f"a kept query is not one that Vouch writes: {sql[:80]}", "remove it")
    return statements[0]


def _is_query(sql: str) -> bool:
    return not sql.startswith(("CREATE ", "DROP "))
