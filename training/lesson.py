"""One lesson from rows to a judged model: encode, blend, calibrate, look for leaks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from credit.errors import InputError
from credit.progress import Progress
from models.calibration import Calibration
from models.manifest import ModelFeature
from models.measures import auc
from models.signature import from_table
from training.benchmarks import benchmark_probabilities
from training.blend import Blend, Component, blend
from training.calibration import calibrate
from training.encode import encode
from training.fit import GENTLE, STRICT, Rows, fixed_parameters, folds_of
from training.leakage import Leak, find_leaks, refit_auc
from training.monotone import violations
from training.sample import Sample
from training.scorecard import Scorecard
from training.search import MIDDLE
from training.split import BY_TIME, Split

LEAK_FOLDS = 3
QUICK = MIDDLE | {"learning_rate": 0.1}  # what a column's absence is judged by


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learnt: a model and its calibration, and what to judge it by.

    `out_of_fold` holds the margin of each row of `split.rest` from folds that did not see it.
    `leaks` are suspected; `allowed` were suspected and let pass.
    """

    features: tuple[ModelFeature, ...]
    model_text: str
    calibration: Calibration
    calibration_losses: Mapping[str, float]
    out_of_fold: Any
    rounds: tuple[int, ...]
    parameters: Mapping[str, Any]
    components: tuple[Component, ...]
    scorecard: Scorecard
    benchmarks: Mapping[str, Any]
    leaks: tuple[Leak, ...]
    allowed: tuple[Leak, ...]
    warnings: tuple[str, ...]


def learn(
    sample: Sample,
    split: Split,
    *,
    trials: int,
    seed: int,
    allow_leakage: Collection[str] = (),
    progress: Progress | None = None,
) -> Lesson:
    """A calibrated model of the rows before the split, with benchmarks and suspected leaks."""
    features, warnings = encode(sample.take(split.rest))
    every = Rows(
        from_table(features, sample.table), sample.label, features, sample.entity, time=sample.time
    )
    rest = every.take(split.rest)
    learnt = _fit_in_direction(
        rest, trials=trials, seed=seed, ahead=_ahead(split), progress=progress
    )
    calibration, losses = calibrate(learnt.out_of_fold, rest.label, seed=seed)
    leaks = _leaks(rest, learnt, seed, progress)
    return Lesson(
        features,
        learnt.model_text,
        calibration,
        losses,
        learnt.out_of_fold,
        tuple(component.rounds for component in learnt.components),
        learnt.parameters,
        learnt.components,
        learnt.scorecard,
        _benchmarks(rest, learnt.scorecard, every.matrix[split.test], seed),
        tuple(leak for leak in leaks if leak.column not in allow_leakage),
        tuple(leak for leak in leaks if leak.column in allow_leakage),
        warnings,
    )


def _ahead(split: Split) -> Any:
    """Which rows before the split are the latest, by place among them; None without time."""
    return np.isin(split.rest, split.valid) if split.method == BY_TIME else None


def _benchmarks(rest: Rows, scorecard: Scorecard, matrix: Any, seed: int) -> Mapping[str, Any]:
    chance = 1 / (1 + np.exp(-scorecard.margins(matrix)))
    return {**benchmark_probabilities(rest, matrix, seed=seed), "scorecard": chance}


def _fit_in_direction(
    rest: Rows, *, trials: int, seed: int, ahead: Any, progress: Progress | None
) -> Blend:
    """A blend whose constraints hold: LightGBM's gentle method first, then its strict one."""
    wrong: tuple[str, ...] = ()
    for method in (GENTLE, STRICT):
        learnt = blend(
            rest, trials=trials, seed=seed, ahead=ahead, method=method, progress=progress
        )
        wrong = violations(learnt.model_text, rest.features, rest.matrix, seed=seed)
        if not wrong:
            return learnt
    raise InputError(
        f"the fit breaks the direction of {', '.join(wrong)}", "leave that constraint out"
    )


def _leaks(rest: Rows, learnt: Blend, seed: int, progress: Progress | None) -> tuple[Leak, ...]:
    if progress is not None:
        progress("leakage", 0.0)
    fold = folds_of(rest, folds=LEAK_FOLDS, seed=seed)
    quick = {**fixed_parameters(rest.features, rows=len(rest.label), seed=seed), **QUICK}
    return find_leaks(
        rest,
        model_auc=auc(rest.label, learnt.out_of_fold),
        without=lambda place: refit_auc(rest, fold, quick, place),
    )
