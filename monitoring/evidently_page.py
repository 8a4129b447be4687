"""Evidently's report of a window beside its reference, with our own stability indices in it.

This module alone imports Evidently. Its telemetry is off, and because its pages do not escape
names, columns and categories go in with nothing but plain characters left in them.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.drift import Shift
from models.manifest import CATEGORY, ModelFeature
from monitoring.figures import PROBABILITY

os.environ["DO_NOT_TRACK"] = "1"  # before Evidently is imported, which reads it when it counts

from evidently import DataDefinition, Dataset, Report
from evidently.core.metric_types import SingleValueCalculation, SingleValueMetric
from evidently.presets import DataSummaryPreset

ROWS_MAX = 5_000
_UNSAFE = re.compile(r"[^\w .,:;%+\-]")


class StabilityIndex(SingleValueMetric):
    """The population stability index of one column, computed in `models.drift`."""

    column: str
    index: float
    chance: float


class StabilityIndexCalculation(SingleValueCalculation[StabilityIndex]):
    """Hands the computed index over."""

    def calculate(self, _context: Any, _current: Dataset, _reference: Dataset | None) -> Any:
        """The index; Evidently wants a value of the reference too, where there is none."""
        return self.result(self.metric.index), None

    def display_name(self) -> str:
        """As the page calls it."""
        return f"PSI of {self.metric.column} (by chance under {self.metric.chance:.3f})"


def write_evidently(
    path: Path,
    *,
    window: Any,
    reference: Any,
    features: Sequence[ModelFeature],
    moved: Sequence[Shift],
) -> None:
    """Writes Evidently's page of two PyArrow tables; at most 5,000 rows of each are drawn."""
    names = _plain_names([*(feature.name for feature in features), PROBABILITY])
    definition = DataDefinition(
        numerical_columns=[names[feature.name] for feature in features if feature.dtype != CATEGORY]
        + [names[PROBABILITY]],
        categorical_columns=[
            names[feature.name] for feature in features if feature.dtype == CATEGORY
        ],
    )
    indices = [
        StabilityIndex(
            column=names.get(shift.name, plain(shift.name)), index=shift.psi, chance=shift.chance
        )
        for shift in moved
    ]
    report = Report([*indices, DataSummaryPreset()])
    snapshot = report.run(
        Dataset.from_pandas(_frame(window, names), data_definition=definition),
        Dataset.from_pandas(_frame(reference, names), data_definition=definition),
    )
    path.write_text(snapshot.get_html_str(as_iframe=False), encoding="utf-8")


def plain(text: str) -> str:
    """The text with what a page could read as markup replaced.

    >>> plain('<img src="x">')
    '_img src=_x__'
    """
    return _UNSAFE.sub("_", text)


def _plain_names(names: Sequence[str]) -> dict[str, str]:
    """Safe names, told apart by a number where two become one."""
    taken: dict[str, str] = {}
    for name in names:
        safe, number = plain(name), 2
        while safe in taken.values():
            safe, number = f"{plain(name)} {number}", number + 1
        taken[name] = safe
    return taken


def _frame(table: Any, names: dict[str, str]) -> Any:
    drawn = table.slice(max(0, len(table) - ROWS_MAX)).select(list(names))
    frame = drawn.rename_columns(list(names.values())).to_pandas()
    for column in frame.select_dtypes(include="object").columns:
        frame[column] = frame[column].map(plain, na_action="ignore")
    return frame
