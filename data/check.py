"""Holds a data directory against the contract, without loading a table whole.

Each table is scanned by DuckDB within a memory limit; what does not fit spills to disk.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from credit.contract import TABLE, TOTAL_MAX, Kind
from credit.errors import ContradictionError, InputError
from credit.progress import Progress
from data.check_between import currencies, references
from data.check_opened import Opened, open_table
from data.check_report import CheckReport, Violation
from data.check_rows import row_rules
from data.check_versions import falling_payments, version_conflicts
from features.source_files import Source, find_sources
from features.source_values import identifier
from features.sources import connect
from features.tile_store.deliveries import PAYMENTS, files_of, only

if TYPE_CHECKING:
    import duckdb

__all__ = ["CheckReport", "Violation", "check", "require_clean"]

MEMORY_LIMIT = "1200MB"
_NO_TABLE = {"truth"}  # what generated data knows and nobody may train on


def check(
    path: Path,
    *,
    now: datetime,
    progress: Progress | None = None,
    also: tuple[Path, ...] = (),
    known: Callable[[Path], bool] | None = None,
    found: Mapping[str, Source] | None = None,
) -> CheckReport:
    """What in `path` violates the contract; `now` (aware) tells what would be the future.

    Rows in `also`, where those lie that were accepted over HTTP, are checked with it. Files of
    payments that are `known` were held against the contract before, and are not read again: what
    holds between them and the other ones, as what a payment refers to, is not looked at. With
    `found` just these files are, though others may have come since.

    InputError where there is nothing to check or a file cannot be read.
    """
    with TemporaryDirectory(prefix="vouch-check-") as scratch:
        connection = connect(memory_limit=MEMORY_LIMIT, scratch=Path(scratch))
        try:
            sources = dict(found or find_sources(path, connection, also))
            _require_entities(path, sources)
            if known is not None:
                sources = _without(known, sources, connection)
            connection.execute("SET preserve_insertion_order = true")  # csv rows go by number
            tables = {
                name: open_table(source, connection, Path(scratch), also)
                for name, source in sources.items()
            }
            partial = {PAYMENTS} if known else set()
            whole = {name: table for name, table in tables.items() if name not in partial}
            report = _checked(tables, whole, now.astimezone(UTC).replace(tzinfo=None), progress)
            return replace(report, warnings=(*_strangers(path), *report.warnings))
        finally:
            connection.close()


def require_clean(
    path: Path,
    *,
    now: datetime,
    progress: Progress | None = None,
    also: tuple[Path, ...] = (),
    known: Callable[[Path], bool] | None = None,
    found: Mapping[str, Source] | None = None,
) -> None:
    """Nothing, where `path` keeps the contract; InputError with the first violation else.

    ContradictionError where nothing worse is wrong than rows that say otherwise than others.
    """
    report = check(path, now=now, progress=progress, also=also, known=known, found=found)
    if report.violations:
        more = f"{report.wrong} violations in all; " if report.wrong > 1 else ""
        beside = [str(place) for place in also if place.exists()]
        mend = f"{more}vouch data check {path}{' --with-inbox' if beside else ''} lists them"
        if beside:
            mend += (
                f"; what came over HTTP lies in {', '.join(beside)}: mend or move the part there"
            )
        kind = ContradictionError if report.contradicts else InputError
        raise kind(f"{path}: {report.violations[0].line}", mend)


def _require_entities(path: Path, sources: dict[str, Source]) -> None:
    if not {"merchants", "users"} & sources.keys():
        there = ", ".join(sources)
        what = f"{path} has neither merchants nor users (only {there})"
        raise InputError(what, "merchant-loan needs merchants, deposit-waiver users")


def _without(
    known: Callable[[Path], bool],
    sources: dict[str, Source],
    connection: "duckdb.DuckDBPyConnection",
) -> dict[str, Source]:
    """The tables, of payments only the files that are not known."""
    if PAYMENTS not in sources:
        return sources
    files = {file for file in files_of(sources[PAYMENTS]) if not known(file)}
    left = only(sources[PAYMENTS], files, connection)
    others = {name: source for name, source in sources.items() if name != PAYMENTS}
    return others | ({PAYMENTS: left} if left else {})


def _checked(
    tables: dict[str, Opened],
    whole: dict[str, Opened],
    now: datetime,
    progress: Progress | None,
) -> CheckReport:
    """What is wrong with `tables`, and with what they say of those that are here `whole`."""
    rows: dict[str, int] = {}
    violations: list[Violation] = []
    warnings: list[str] = []
    for place, (name, opened) in enumerate(tables.items()):
        if progress is not None:
            progress(name, place / len(tables))
        rows[name], found = _rows(opened, now)
        violations += [*_columns(opened, rows[name]), *found, *version_conflicts(opened)]
        missing = list(references(opened, whole))
        violations += [it for it in missing if isinstance(it, Violation)]
        violations += currencies(opened)
        warnings += [it for it in missing if isinstance(it, str)]
        warnings += [*_odd(opened, rows[name]), *falling_payments(opened)]
    return CheckReport(rows, tuple(violations), tuple(warnings))


def _columns(opened: Opened, rows: int) -> Iterator[Violation]:
    table = opened.table
    for column in table.columns:
        if not column.required:
            continue
        lacking = [file for place in opened.source.places for file in place.lacking(column.name)]
        if column.name not in opened.columns:
            mend = f"add it; the contract's {table.name} needs it"
            yield Violation(table.name, column.name, "missing column", max(rows, 1), (), mend)
        elif lacking:
            mend = "write the parts with one schema"
            examples = tuple(file.name for file in lacking[:3])
            yield Violation(table.name, column.name, "missing column", len(lacking), examples, mend)


def _rows(opened: Opened, now: datetime) -> tuple[int, list[Violation]]:
    """Rows of the table and what is wrong with single ones, counted in one scan."""
    rules = row_rules(opened.table, opened.columns, now)
    money = [it.name for it in opened.table.columns if it.kind is Kind.MONEY]
    money = [name for name in money if name in opened.columns]
    counts = [f"count_if({rule.broken})" for rule in rules]
    sums = [f"sum(abs({identifier(name)}::HUGEINT))" for name in money]
    query = f"SELECT count(*), {', '.join([*counts, *sums])} FROM {opened.view}"
    total, *found = opened.fetch(query)[0]
    broken, added = found[: len(rules)], found[len(rules) :]
    violations = [
        opened.violation(rule, count) for rule, count in zip(rules, broken, strict=True) if count
    ]
    return total, [*violations, *_too_much(opened.table.name, zip(money, added, strict=True))]


def _too_much(table: str, sums: Iterable[tuple[str, int | None]]) -> Iterator[Violation]:
    """Columns whose amounts add up to more than any lender has lent: some must be wrong."""
    for name, total in sums:
        if total is not None and total > TOTAL_MAX:
            mend = f"find the amounts that are too large: sums to {TOTAL_MAX} are kept"
            yield Violation(table, name, "total", 1, (f"all rows add up to {total}",), mend)


def _odd(opened: Opened, rows: int) -> Iterator[str]:
    name = opened.table.name
    if not rows:
        yield f"{name} has no rows"
    for column in (column for place in opened.source.places for column in place.columns):
        if column not in opened.table.names:
            yield f"{name} has column {column[:60]!r}, which the contract does not know: ignored"


def _strangers(path: Path) -> Iterator[str]:
    for entry in sorted(path.iterdir()):
        is_table = entry.suffix in (".parquet", ".csv") or any(entry.glob("*.parquet"))
        name = entry.stem if entry.suffix in (".parquet", ".csv") else entry.name
        if is_table and name not in TABLE and name not in _NO_TABLE:
            near = get_close_matches(name, TABLE, n=1)
            meant = f" (is {near[0]} meant?)" if near else ""
            yield f"{entry.name} is no table of the contract{meant}: ignored"
