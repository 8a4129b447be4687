"""One lesson from rows to a judged model: encode, blend, calibrate, look for leaks."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from credit.errors import InputError
from credit.progress import Progress
from models.calibration import Calibration
from models.manifest import ModelFeature
from models.measures import auc
from models.signature import from_table
from training.judging.calibration import calibrate
from training.leaks.detector import Leak, find_leaks
from training.ranking.benchmarks import benchmark_probabilities
from training.ranking.blend import Blend, Component, blend
from training.ranking.encode import encode
from training.ranking.fit import GENTLE, STRICT, Rows
from training.ranking.monotone import Sweep, sweep
from training.ranking.scorecard import Scorecard
from training.rows.sample import Sample
from training.rows.split import BY_TIME, Split


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
    monotone: Sweep
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
    taught_too: Callable[[Rows], Rows] | None = None,
    progress: Progress | None = None,
) -> Lesson:
    """A calibrated model of the rows before the split, with benchmarks and suspected leaks.

    `taught_too` gives these rows with others after them, whose labels are inferred: they teach,
    and nothing is calibrated or judged on them.
    """
    features, warnings = encode(sample.take(split.rest))
    every = Rows(
        from_table(features, sample.table), sample.label, features, sample.entity, time=sample.time
    )
    rest = every.take(split.rest)
    taught = taught_too(rest) if taught_too else rest
    learnt, swept = _fit_in_direction(
        taught, trials=trials, seed=seed, ahead=_ahead(split, taught), progress=progress
    )
    out_of_fold = learnt.out_of_fold[: len(rest.label)]
    calibration, losses = calibrate(out_of_fold, rest.label, seed=seed)
    if progress is not None:
        progress("leakage", 0.0)
    days = frozenset(plan.name for plan in sample.features if plan.is_day)
    leaks = find_leaks(rest, model_auc=auc(rest.label, out_of_fold), days=days)
    return Lesson(
        features=features,
        model_text=learnt.model_text,
        calibration=calibration,
        calibration_losses=losses,
        out_of_fold=out_of_fold,
        rounds=tuple(component.rounds for component in learnt.components),
        parameters=learnt.parameters,
        components=learnt.components,
        scorecard=learnt.scorecard,
        monotone=swept,
        benchmarks=_benchmarks(rest, learnt.scorecard, every.matrix[split.test], seed),
        leaks=tuple(leak for leak in leaks if leak.column not in allow_leakage),
        allowed=tuple(leak for leak in leaks if leak.column in allow_leakage),
        warnings=warnings,
    )


def _ahead(split: Split, taught: Rows) -> Any:
    """Which rows taught are the latest before the split; None without time."""
    if split.method != BY_TIME:
        return None
    latest = np.isin(split.rest, split.valid)
    return np.pad(latest, (0, len(taught.label) - len(latest)))


def _benchmarks(rest: Rows, scorecard: Scorecard, matrix: Any, seed: int) -> Mapping[str, Any]:
    chance = 1 / (1 + np.exp(-scorecard.margins(matrix)))
    return {**benchmark_probabilities(rest, matrix, seed=seed), "scorecard": chance}


def _fit_in_direction(
    rest: Rows, *, trials: int, seed: int, ahead: Any, progress: Progress | None
) -> tuple[Blend, Sweep]:
    """A blend whose constraints hold: LightGBM's gentle method first, then its strict one."""
    wrong: tuple[str, ...] = ()
    for method in (GENTLE, STRICT):
        learnt = blend(
            rest, trials=trials, seed=seed, ahead=ahead, method=method, progress=progress
        )
        swept = sweep(learnt.model_text, rest.features, rest.matrix, seed=seed)
        if not swept.violations:
            return learnt, swept
        wrong = swept.violations
    raise InputError(
        f"the fit breaks the direction of {', '.join(wrong)}", "leave that constraint out"
    )
