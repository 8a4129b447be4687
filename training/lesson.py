"""One lesson from rows to a judged model: split, encode, search, fit, calibrate, look for leaks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from credit.errors import InputError
from credit.progress import Progress
from models.calibration import Calibration
from models.manifest import ModelFeature
from models.measures import auc
from models.signature import from_table
from training.benchmarks import benchmark_probabilities
from training.calibration import calibrate
from training.encode import encode
from training.fit import Fitted, Rows, fit, folds_of
from training.leakage import Leak, find_leaks, refit_auc
from training.monotone import violations
from training.sample import Sample
from training.search import search
from training.split import Split

LEAK_FOLDS = 3


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
    every = Rows(from_table(features, sample.table), sample.label, features, sample.entity)
    rest = every.take(split.rest)
    parameters = search(
        every.take(split.train), every.take(split.valid), trials=trials, seed=seed,
        progress=progress,
    )  # fmt: skip
    fitted, parameters = _fit_in_direction(rest, parameters, seed=seed, progress=progress)
    calibration, losses = calibrate(fitted.out_of_fold, rest.label, seed=seed)
    leaks = _leaks(rest, fitted, parameters, seed, progress)
    return Lesson(
        features,
        fitted.model_text,
        calibration,
        losses,
        fitted.out_of_fold,
        fitted.rounds,
        parameters,
        benchmark_probabilities(rest, every.matrix[split.test], seed=seed),
        tuple(leak for leak in leaks if leak.column not in allow_leakage),
        tuple(leak for leak in leaks if leak.column in allow_leakage),
        warnings,
    )


def _fit_in_direction(
    rest: Rows, parameters: Mapping[str, Any], *, seed: int, progress: Progress | None
) -> tuple[Fitted, Mapping[str, Any]]:
    """A fit whose constraints hold: LightGBM's gentler method first, its strict one if need be."""
    wrong: tuple[str, ...] = ()
    for method in ("intermediate", "basic"):
        if "monotone_constraints" in parameters:
            parameters = {**parameters, "monotone_constraints_method": method}
        fitted = fit(rest, parameters, seed=seed, progress=progress)
        wrong = violations(fitted.model_text, rest.features, rest.matrix, seed=seed)
        if not wrong:
            return fitted, parameters
    raise InputError(
        f"the fit breaks the direction of {', '.join(wrong)}", "leave that constraint out"
    )


def _leaks(
    rest: Rows, fitted: Fitted, parameters: Mapping[str, Any], seed: int, progress: Progress | None
) -> tuple[Leak, ...]:
    if progress is not None:
        progress("leakage", 0.0)
    fold = folds_of(rest, folds=LEAK_FOLDS, seed=seed)
    quick = {**parameters, "learning_rate": 0.1}
    return find_leaks(
        rest,
        model_auc=auc(rest.label, fitted.out_of_fold),
        without=lambda place: refit_auc(rest, fold, quick, place),
    )
