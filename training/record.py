"""A lesson written down: artefact, predictions, reference rows, metrics and report."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from credit.progress import Progress
from models.artefact import REFERENCE, open_artefact, write
from models.keys import Keys
from models.manifest import Manifest, TrainingData, new_version
from models.measures import measure
from models.score import Scorer
from training.calibration import probabilities
from training.evaluate import auc_difference_interval, calibration_line
from training.lesson import Lesson
from training.outputs import (
    METRICS,
    PREDICTIONS,
    REPORT,
    whole_directory,
    write_json,
    write_parquet,
)
from training.report.page import write_report
from training.report.pictures import Pictured
from training.sample import Sample
from training.split import Split

REFERENCE_ROWS = 20_000
UNJUDGED = "unjudged"  # the version while a model is scored for the first time
LIBRARIES = ("lightgbm", "numpy", "optuna", "pyarrow", "scikit-learn")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows came from and what the label means; `facts` go into `metrics.json` as are."""

    product: str
    label: Mapping[str, Any]
    data_sha256: str
    definitions_sha256: str | None
    currency: str | None
    utc_offset_minutes: int
    seed: int
    trials: int
    now: datetime
    facts: Mapping[str, Any]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """P(bad) of every part, each by the served model; of valid rows by folds that left them out."""

    train: Any
    valid: Any
    test: Any


def record(
    out: Path,
    sample: Sample,
    split: Split,
    lesson: Lesson,
    origin: Origin,
    *,
    keys: Keys,
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """Fills `out` as one piece, signed with `keys`, and gives what `metrics.json` says.

    Probabilities come from the artefact just written, through the scorer that serves it.
    """
    _tell(progress, "evaluate", 0.0)
    with whole_directory(out) as directory:
        manifest = _manifest(sample, split, lesson, origin)
        write(directory, lesson.model_text, manifest)
        judged = _judge(directory, sample, split, lesson)
        metrics = _metrics(sample, split, lesson, origin, judged)
        _write_rows(directory, sample, split, judged, origin.seed)
        write_json(directory / METRICS, metrics)
        _tell(progress, "report", 0.0)
        final = _final(manifest, lesson, metrics, origin)
        write_report(directory / REPORT, final, metrics, _pictured(sample, split, lesson, judged))
        files = (REFERENCE, METRICS, REPORT)
        write(directory, lesson.model_text, final, files=files, signed_by=keys)
    _tell(progress, "report", 1.0)
    return metrics


def _manifest(sample: Sample, split: Split, lesson: Lesson, origin: Origin) -> Manifest:
    return Manifest(
        product=origin.product,
        version=UNJUDGED,
        created_at=origin.now,
        features=lesson.features,
        definitions_sha256=origin.definitions_sha256,
        calibration=lesson.calibration,
        label=origin.label,
        data=_data(sample, split, origin),
        split=_split_facts(split),
        seed=origin.seed,
        metrics={},
        libraries=_libraries(),
        utc_offset_minutes=origin.utc_offset_minutes,
        leakage=tuple(leak.as_json() for leak in lesson.leaks),
    )


def _final(
    manifest: Manifest, lesson: Lesson, metrics: Mapping[str, Any], origin: Origin
) -> Manifest:
    """The manifest with its figures, and a version that no other model and figures share."""
    content = hashlib.sha256(lesson.model_text.encode())
    content.update(replace(manifest, metrics=metrics).to_json().encode())
    version = new_version(at=origin.now, content_sha256=content.hexdigest())
    return replace(manifest, metrics=metrics["test"], version=version)


def _data(sample: Sample, split: Split, origin: Origin) -> TrainingData:
    rest = split.rest
    times = None if sample.time is None else sample.time[rest]
    return TrainingData(
        sha256=origin.data_sha256,
        first_observed=None if times is None else str(np.sort(times)[0]),
        last_observed=None if times is None else str(np.sort(times)[-1]),
        rows=len(rest),
        bads=int(sample.label[rest].sum()),
        currency=origin.currency,
    )


def _split_facts(split: Split) -> dict[str, Any]:
    return {
        "method": split.method,
        "at": split.at,
        "train_rows": len(split.train),
        "valid_rows": len(split.valid),
        "test_rows": len(split.test),
        "immature_at_split": split.immature_at_split,
        "purged": split.purged,
    }


def _libraries() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def _judge(directory: Path, sample: Sample, split: Split, lesson: Lesson) -> Judged:
    scorer = Scorer(open_artefact(directory))
    held_out = probabilities(lesson.calibration, lesson.out_of_fold)
    return Judged(
        train=np.array(scorer.score_table(sample.table.take(split.train))),
        valid=held_out[np.searchsorted(split.rest, split.valid)],
        test=np.array(scorer.score_table(sample.table.take(split.test))),
    )


def _metrics(
    sample: Sample, split: Split, lesson: Lesson, origin: Origin, judged: Judged
) -> dict[str, Any]:
    label = sample.label[split.test]
    slope, intercept = calibration_line(label, judged.test)
    return {
        "product": origin.product,
        "train": measure(sample.label[split.train], judged.train),
        "valid": measure(sample.label[split.valid], judged.valid),
        "test": measure(label, judged.test)
        | {"calibration_slope": slope, "calibration_intercept": intercept},
        "benchmarks": {
            name: measure(label, chance)
            | {
                "auc_difference": auc_difference_interval(
                    label, judged.test, chance, seed=origin.seed
                )
            }
            for name, chance in lesson.benchmarks.items()
        },
        "leakage": [leak.as_json() for leak in lesson.leaks],
        "leakage_allowed": [leak.as_json() for leak in lesson.allowed],
        "immature_at_split": split.immature_at_split,
        "split": _split_facts(split),
        "calibration": {
            "kind": lesson.calibration.kind,
            "log_loss_cross_fitted": dict(lesson.calibration_losses),
        },
        "fit": {
            "features": len(lesson.features),
            "rounds": list(lesson.rounds),
            "trials": origin.trials,
            "seed": origin.seed,
            "parameters": dict(lesson.parameters),
        },
        **origin.facts,
        "warnings": list(origin.warnings),
    }


def _pictured(sample: Sample, split: Split, lesson: Lesson, judged: Judged) -> Pictured:
    import lightgbm as lgb

    gains = lgb.Booster(model_str=lesson.model_text).feature_importance("gain")
    shares = gains / (gains.sum() or 1.0)
    times = None if sample.time is None else sample.time[split.test]
    dated = times is not None and times.dtype.kind == "M"
    return Pictured(
        label=sample.label[split.test],
        probability=judged.test,
        benchmarks=lesson.benchmarks,
        months=times.astype("datetime64[M]").astype(str) if dated else None,
        gain_shares=dict(zip([it.name for it in lesson.features], shares.tolist(), strict=True)),
    )


def _write_rows(directory: Path, sample: Sample, split: Split, judged: Judged, seed: int) -> None:
    import pyarrow as pa

    predictions = {
        "row_id": sample.row_id.take(split.test),
        "label": pa.array(sample.label[split.test], pa.int8()),
        "probability": pa.array(judged.test, pa.float64()),
    }
    write_parquet(directory / PREDICTIONS, pa.table(predictions))
    picked = np.random.default_rng(seed).permutation(len(split.train))[:REFERENCE_ROWS]
    picked = np.sort(picked)
    rows = sample.take(split.train[picked])
    reference = rows.table.append_column(
        "probability", pa.array(judged.train[picked], pa.float64())
    ).append_column("bad", pa.array(rows.label, pa.int8()))
    write_parquet(directory / REFERENCE, reference)


def _tell(progress: Progress | None, stage: str, share: float) -> None:
    if progress is not None:
        progress(stage, share)
