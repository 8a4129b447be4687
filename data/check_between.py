"""What must hold between rows and tables: references, and one currency."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from credit.contract import ENTITY_OF, PRODUCTS
from data.check_opened import Opened
from data.check_report import Violation
from data.check_rows import Rule
from features.source_values import identifier, literal

BY_PRODUCT = ("applications", "outcomes")  # whose entity is a merchant or a user by product


@dataclass(frozen=True, slots=True)
class Reference:
    """Values of a column that one of the tables `into` must know, for rows where `where` holds."""

    column: str
    into: tuple[str, ...]
    where: str = "TRUE"


def references(opened: Opened, tables: Mapping[str, Opened]) -> Iterator[Violation | str]:
    """Rows that refer to what a table that is there does not know.

    What was accepted over HTTP may come before what it refers to: it is told as a warning.
    """
    for reference in _references(opened):
        into = [tables[name] for name in reference.into if name in tables]
        known = [other for other in into if other.table.key[0] in other.columns]
        if known and reference.column in opened.columns:
            yield from _unknown(opened, reference, known)


def currencies(opened: Opened) -> Iterator[Violation]:
    """More than one currency in a directory: all rows but those of the commonest are wrong."""
    if "currency" not in opened.columns:
        return
    counts = opened.fetch(
        f"SELECT currency, count(*) FROM {opened.view} WHERE currency IS NOT NULL"
        " GROUP BY currency ORDER BY count(*) DESC, currency"
    )
    if len(counts) > 1:
        other = f"currency <> {literal(counts[0][0])}"
        mend = f"keep one currency in a directory (most rows say {counts[0][0][:3]})"
        rule = Rule("one currency", "currency", other, mend, ("currency",))
        yield opened.violation(rule, sum(count for _, count in counts[1:]))


def _references(opened: Opened) -> Iterator[Reference]:
    for column in opened.table.columns:
        if column.references:
            yield Reference(column.name, column.references)
    if opened.table.name in BY_PRODUCT and "product" in opened.columns:
        for product in PRODUCTS:
            where = f"product = {literal(product)}"
            yield Reference("entity_id", (f"{ENTITY_OF[product]}s",), where)


def _unknown(
    opened: Opened, reference: Reference, known: list[Opened]
) -> Iterator[Violation | str]:
    unknown = identifier(f"unknown {opened.table.name}.{reference.column}")
    name = identifier(reference.column)
    keys = " UNION ALL ".join(
        f"SELECT {identifier(other.table.key[0])} FROM {other.view}" for other in known
    )
    wanted = f"SELECT DISTINCT {name} FROM {opened.view} WHERE {name} IS NOT NULL"
    opened.fetch(
        f"CREATE OR REPLACE TEMP TABLE {unknown} AS"
        f" SELECT {name} AS value FROM ({wanted} AND {reference.where})"
        f" EXCEPT (SELECT * FROM ({keys}))"
    )
    if not opened.fetch(f"SELECT count(*) FROM {unknown}")[0][0]:
        return
    broken = f"{reference.where} AND {name} IN (FROM {unknown})"
    names = " or ".join(other.table.name for other in known)
    of_files = f"{broken} AND NOT ({opened.accepted})"
    count, waiting = opened.fetch(
        f"SELECT count_if({of_files}), count_if({broken} AND ({opened.accepted}))"
        f" FROM {opened.view}"
    )[0]
    if count:
        mend = f"add what {names} lacks or correct the id"
        rule = Rule("reference", reference.column, of_files, mend, (reference.column,))
        yield opened.violation(rule, count)
    if waiting:
        what = f"{waiting} rows of {opened.table.name} that came over HTTP"
        yield f"{what} name a {reference.column} that {names} does not know yet"
