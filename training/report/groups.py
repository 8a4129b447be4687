"""Groups of rows: what is told of each, month or segment alike."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.report.markup import Markup, element
from training.report.tables import Column, table
from training.report.words import between, count, share, short

NAMES_MAX = 7


def flag(value: Any) -> Any:
    """A mark where chance does not explain a difference."""
    return element("span", "▲ beyond chance", class_="flag") if value else "within chance"


_COLUMNS = (
    Column("rows", "rows", count),
    Column("bads", "bads", count),
    Column("bad rate", "bad_rate", share),
    Column("95% low", "low", share),
    Column("high", "high", share),
    Column("expected", "expected", share),
    Column("AUC", "auc", short),
    Column("AUC 95%", "auc_between", str),
    Column("observed against expected", "beyond_chance", flag),
)


def groups(heading: str, rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Observed against expected and the ranking of each group."""
    shown = [
        dict(row)
        | {"auc_between": between({"low": row.get("auc_low"), "high": row.get("auc_high")}, short)}
        for row in rows
    ]
    return table((Column(heading, "group"), *_COLUMNS), shown)


def month_names(months: Sequence[str]) -> list[tuple[float, str]]:
    """Where along an axis which months are named: few enough not to touch."""
    every = -(-len(months) // NAMES_MAX) or 1
    return [(float(place), name) for place, name in enumerate(months) if place % every == 0]


def level(value: Any, shown: str) -> Markup | str:
    """A figure with its level: steady, moved a little (▲), moved (▲▲)."""
    if not value:
        return shown
    return element("span", f"{shown} {'▲' * value}", class_=f"l{value}")
