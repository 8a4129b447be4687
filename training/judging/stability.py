"""Stability: how far each month of the test rows lies from the rows that the model was made of."""

from typing import TYPE_CHECKING, Any

import numpy as np

from models.drift import Cut, Shift, cut_of, shift_of, values_of
from models.manifest import CATEGORY, ModelFeature
from training.judging.tested import Tested

if TYPE_CHECKING:
    import pyarrow as pa

QUANTILES = (0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99)
SCORE = "score"


def stability(tested: Tested, reference: "pa.Table", reference_probability: Any) -> dict[str, Any]:
    """The index of the score (PSI) and of each feature (CSI) of the test rows, whole and by month.

    `reference` are training rows and `reference_probability` what the served model says of
    them. Where rows have no dates, `months` is empty. Bins, thresholds and what chance allows
    are `models.drift`'s, as in monitoring.
    """
    months = _Months(tested.months, len(tested.label))
    before = np.asarray(reference_probability, dtype=np.float64)
    score, cut = months.against(SCORE, before, tested.probability, category=False)
    return {
        "reference_rows": reference.num_rows,
        "months": list(months.names),
        "score": score | {"bins": _bins(cut, before, tested.probability)},
        "features": [_feature(months, each, reference, tested) for each in tested.features],
        "quantiles": [
            _quantiles(SCORE, before),
            *(
                _quantiles(each.name, values_of(reference, each))
                for each in tested.features
                if each.dtype != CATEGORY
            ),
        ],
    }


class _Months:
    """The months of some rows, so that a column's bins are counted for all of them at once."""

    def __init__(self, months: Any, rows: int) -> None:
        self.names: tuple[str, ...] = ()
        self._codes = np.zeros(rows, dtype=np.int64)
        if months is not None and rows:
            names, self._codes = np.unique(np.asarray(months).astype(str), return_inverse=True)
            self.names = tuple(names.tolist())

    def against(
        self, name: str, reference: Any, rows: Any, *, category: bool
    ) -> tuple[dict[str, Any], Cut]:
        cut = cut_of(reference, category=category)
        before, places = cut.counts(cut.places(reference)), cut.places(rows)
        wide = len(cut.labels)
        cells = np.bincount(
            self._codes * wide + places, minlength=max(len(self.names), 1) * wide
        ).reshape(-1, wide)
        whole = _facts(shift_of(name, cut, before, cells.sum(axis=0).astype(float)))
        each = [_facts(shift_of(name, cut, before, cell.astype(float))) for cell in cells]
        return whole | {"months": each if self.names else []}, cut


def _feature(
    months: _Months, feature: ModelFeature, reference: "pa.Table", tested: Tested
) -> dict[str, Any]:
    facts, _ = months.against(
        feature.name,
        values_of(reference, feature),
        values_of(tested.table, feature),
        category=feature.dtype == CATEGORY,
    )
    return {"name": feature.name} | facts


def _facts(found: Shift) -> dict[str, Any]:
    return {
        "psi": found.psi,
        "chance": found.chance,
        "level": found.level,
        "missing_reference": found.missing_reference,
        "missing": found.missing_window,
    }


def _bins(cut: Cut, reference: Any, rows: Any) -> list[dict[str, Any]]:
    found = shift_of(SCORE, cut, cut.counts(cut.places(reference)), cut.counts(cut.places(rows)))
    return [{"bin": label, "reference": was, "test": now} for label, was, now in found.bins]


def _quantiles(name: str, values: Any) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    marks = np.quantile(known, QUANTILES).tolist() if len(known) else [None] * len(QUANTILES)
    shares = {
        f"p{round(100 * share):02d}": mark for share, mark in zip(QUANTILES, marks, strict=True)
    }
    return {
        "name": name,
        "missing": float(np.isnan(values).mean()) if len(values) else 0.0,
    } | shares
