"""Tables: columns are declared once, and one that no row fills is left out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.report.markup import Markup, element, join
from training.report.words import text

FOLDED_FROM = 14

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, where a row keeps the value, and how it is shown; `text` stands left."""

    heading: str
    key: str
    show: Callable[[Any], Any] = text


def table(columns: Sequence[Column], rows: Iterable[Row], *, caption: str = "") -> Markup:
    """Rows under headings; a column whose key no row carries is left out."""
    rows = list(rows)
    kept = [column for column in columns if any(column.key in row for row in rows)]
    if not kept:
        return join()
    head = element("tr", *(_head(column) for column in kept))
    body = (element("tr", *(_cell(column, row) for column in kept)) for row in rows)
    said = element("caption", caption) if caption else None
    whole = element("table", said, element("thead", head), element("tbody", *body))
    return element("div", whole, class_="wide", tabindex="0")


def long_table(
    columns: Sequence[Column], rows: Sequence[Row], *, caption: str = "", first: int = FOLDED_FROM
) -> Markup:
    """The first rows, and the rest folded away."""
    if len(rows) <= first + 2:
        return table(columns, rows, caption=caption)
    rest = folded(f"{len(rows) - first:,} more", table(columns, rows[first:]))
    return join(table(columns, rows[:first], caption=caption), rest)


def pairs(facts: Iterable[tuple[str, Any]]) -> Markup:
    """Names with what they are; a fact of None is left out."""
    return element(
        "dl",
        *(
            element("div", element("dt", name), element("dd", value))
            for name, value in facts
            if value is not None
        ),
    )


def folded(summary: str, *inside: Any) -> Markup:
    """What only some readers want."""
    return element("details", element("summary", summary), *inside)


def listed(items: Iterable[Any]) -> Markup:
    """A list of points."""
    return element("ul", *(element("li", item) for item in items))


def _head(column: Column) -> Markup:
    return element("th", column.heading, scope="col", class_=_side(column))


def _cell(column: Column, row: Row) -> Markup:
    shown = column.show(row.get(column.key)) if column.key in row else text(None)
    return element("td", shown, class_=_side(column))


def _side(column: Column) -> str | None:
    return None if column.show is text else "n"
