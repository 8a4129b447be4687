"""`metrics.json`: the figures of every part, and of what else was tried on the same rows."""

from dataclasses import asdict
from typing import Any

from models.measures import measure
from training.examination import Examined, examine
from training.fairness.proxies import warnings_of
from training.judged import Judged
from training.judging.evaluate import calibration_line
from training.judging.intervals import differences
from training.judging.reliability import reliability_facts
from training.judging.segments import segments
from training.lesson import Lesson
from training.lineage import Origin, split_facts
from training.revision import code_revision

Facts = dict[str, Any]


def figures(seen: Examined, origin: Origin, judged: Judged) -> Facts:
    """All that `metrics.json` says of a finished model."""
    lesson, split, examined = seen.lesson, seen.split, examine(seen)
    proxies = examined.get("less_discriminatory", {}).get("proxies", {})
    return {
        "product": origin.product,
        **_parts(seen, judged),
        "benchmarks": _benchmarks(seen),
        "leakage": [leak.as_json() for leak in lesson.leaks],
        "leakage_allowed": [leak.as_json() for leak in lesson.allowed],
        "immature_at_split": split.immature_at_split,
        "split": split_facts(split),
        "calibration": _calibration(seen),
        "scorecard": lesson.scorecard.points(),
        "fit": _fit(lesson, origin),
        "code": code_revision(),
        **examined,
        **origin.facts,
        "warnings": [*origin.warnings, *warnings_of(proxies), *_learnt(examined)],
    }


def _learnt(examined: Facts) -> list[str]:
    """A champion that learnt from the test rows looks better on them than it is."""
    rows = examined.get("swap_set", {}).get("learnt_by_champion", 0)
    return [f"the champion may have learnt from {rows} of the test rows"] if rows else []


def _parts(seen: Examined, judged: Judged) -> Facts:
    label, split, tested = seen.sample.label, seen.split, seen.tested
    slope, intercept = calibration_line(tested.label, tested.probability)
    line = {"calibration_slope": slope, "calibration_intercept": intercept}
    return {
        "train": measure(label[split.train], judged.train),
        "valid": measure(label[split.valid], judged.valid),
        "test": measure(tested.label, tested.probability) | line,
    }


def _benchmarks(seen: Examined) -> Facts:
    label, ours = seen.tested.label, seen.tested.probability
    return {
        name: measure(label, theirs) | differences(label, ours, theirs, seed=seen.seed)
        for name, theirs in seen.lesson.benchmarks.items()
    }


def _calibration(seen: Examined) -> Facts:
    lesson, tested = seen.lesson, seen.tested
    rest = seen.sample.label[seen.split.rest]
    return {
        "kind": lesson.calibration.kind,
        "cross_fitted": dict(lesson.calibration_losses),
        **reliability_facts(
            tested.label,
            tested.probability,
            months=tested.months,
            segments=segments(tested),
            rest_bads=int(rest.sum()),
            rest_rows=len(rest),
        ),
    }


def _fit(lesson: Lesson, origin: Origin) -> Facts:
    return {
        "features": len(lesson.features),
        "rounds": list(lesson.rounds),
        "trials": origin.trials,
        "seed": origin.seed,
        "parameters": dict(lesson.parameters),
        "components": [asdict(component) for component in lesson.components],
    }
