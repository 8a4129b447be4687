"""Additive models as LightGBM trees: one tree a feature, its leaves the feature's contribution."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.manifest import ModelFeature
from training.ranking.step_tree import Step, category_tree, number_tree
from training.ranking.tree_text import info_of_words, joined, leaf, number

_TAIL = "parameters:\n[objective: binary]\n\nend of parameters\n\npandas_categorical:null\n"


@dataclass(frozen=True, slots=True)
class Term:
    """What one column adds to the margin: a step function.

    Numbers: `values[i]` where edges[i-1] < x <= edges[i], so one value more than edges. Categories:
    `values` by code, no edges. `missing` is added for NaN and codes beyond `values`. `rows` counts
    training rows by value, then the missing: TreeSHAP weighs by them.
    """

    place: int
    categorical: bool
    edges: tuple[float, ...]
    values: tuple[float, ...]
    missing: float
    rows: tuple[int, ...]

    def of(self, column: Any) -> Any:
        """What the term adds for each value of the column."""
        known = ~np.isnan(column)
        steps = np.append(self.values, self.missing)
        if self.categorical:
            code = np.where(known & (column >= 0) & (column < len(self.values)), column, -1)
            return steps[code.astype(np.int64)]
        return steps[np.where(known, np.searchsorted(self.edges, column), -1)]


@dataclass(frozen=True, slots=True)
class AdditiveModel:
    """A margin that is an intercept and one term a column."""

    terms: tuple[Term, ...]
    intercept: float

    def margins(self, matrix: Any) -> Any:
        """Raw margins (float64), equal to those of the model text."""
        total = np.full(len(matrix), self.intercept)
        for term in self.terms:
            total += term.of(matrix[:, term.place])
        return total

    def model_text(self, features: Sequence[ModelFeature]) -> str:
        """The model as LightGBM's text over all of `features`."""
        return text(self.terms, intercept=self.intercept, features=features)


def text(terms: Sequence[Term], *, intercept: float, features: Sequence[ModelFeature]) -> str:
    """LightGBM's text of an additive model: a tree a term, and one of one leaf for the intercept.

    Missing values and unknown categories have a leaf of their own in every tree.
    """
    speaking = [term for term in terms if {*term.values, term.missing} != {term.missing}]
    silent = sum(term.missing for term in terms if term not in speaking)
    trees = [_tree(term) for term in speaking]
    return joined(_head(terms, features), [*trees, leaf(intercept + silent)], _TAIL)


def _tree(term: Term) -> str:
    absent = Step(term.missing, max(term.rows[-1], 1))
    if term.categorical:
        return category_tree(term.place, _by_code(term), absent)
    return number_tree(term.place, term.edges, _by_edge(term), absent)


def _by_edge(term: Term) -> list[Step]:
    return [Step(value, max(rows, 1)) for value, rows in zip(term.values, term.rows, strict=False)]


def _by_code(term: Term) -> list[tuple[tuple[int, ...], Step]]:
    """Codes of equal value together; those that add what the missing add are left to its leaf."""
    groups = []
    for value in sorted(set(term.values) - {term.missing}):
        codes = tuple(code for code, mine in enumerate(term.values) if mine == value)
        rows = sum(term.rows[code] for code in codes)
        groups.append((codes, Step(value, max(rows, 1))))
    return groups


def _head(terms: Sequence[Term], features: Sequence[ModelFeature]) -> list[str]:
    infos = {term.place: _info(term) for term in terms}
    every = range(len(features))
    return [
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={len(features) - 1}",
        "objective=binary sigmoid:1",
        "feature_names=" + " ".join(f"f{place}" for place in every),
        "feature_infos=" + " ".join(infos.get(place, "none") for place in every),
    ]


def _info(term: Term) -> str:
    """What LightGBM says of a feature's values: its categories, or a range."""
    if term.categorical:
        return info_of_words(len(term.values))
    return f"[{number(term.edges[0])}:{number(term.edges[-1])}]" if term.edges else "none"


def mean_of(
    models: Sequence[AdditiveModel], *, weights: Sequence[float] | None = None
) -> AdditiveModel:
    """One model whose margin is the mean of the margins (or their weighted sum).

    However many models there are, it has one term a column.
    """
    shares = weights or [1 / len(models)] * len(models)
    parts = [
        (term, share) for model, share in zip(models, shares, strict=True) for term in model.terms
    ]
    places = sorted({term.place for term, _ in parts})
    intercept = sum(model.intercept * share for model, share in zip(models, shares, strict=True))
    merged = tuple(_sum([part for part in parts if part[0].place == place]) for place in places)
    return AdditiveModel(merged, float(intercept))


def _sum(parts: Sequence[tuple[Term, float]]) -> Term:
    """The weighted sum of terms of one column, on all their edges."""
    first = parts[0][0]
    if len(parts) == 1 and parts[0][1] == 1.0:
        return first
    missing = sum(term.missing * share for term, share in parts)
    if first.categorical:
        codes = np.arange(max(len(term.values) for term, _ in parts), dtype=np.float64)
        edges, inside = (), codes
    else:
        edges = tuple(sorted(set().union(*(term.edges for term, _ in parts))))
        inside = np.array([*edges, np.inf])
    values = sum(term.of(inside) * share for term, share in parts)
    rows = _spread([term for term, _ in parts], edges, len(inside))
    return Term(first.place, first.categorical, edges, tuple(values.tolist()), missing, rows)


def _spread(terms: Sequence[Term], edges: Sequence[float], count: int) -> tuple[int, ...]:
    """Rows by value of the sum: those of the term with the most steps, shared out evenly.

    Where in a coarse bin rows lie is not known; the terms count the same rows, more or less.
    """
    mean = np.zeros(count + 1)
    for term in terms:
        mean += _shared(term, edges, count)
    return tuple(int(rows) for rows in np.rint(mean / len(terms)))


def _shared(term: Term, edges: Sequence[float], count: int) -> Any:
    rows = np.zeros(count + 1)
    rows[-1] = term.rows[-1]
    if term.categorical:
        rows[: len(term.values)] = term.rows[:-1]
        return rows
    bin_of = np.searchsorted(term.edges, [*edges, np.inf])
    pieces = np.bincount(bin_of, minlength=len(term.values))
    rows[:-1] = (np.array(term.rows[:-1]) / np.maximum(pieces, 1))[bin_of]
    return rows
