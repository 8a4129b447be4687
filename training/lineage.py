"""Where a model comes from: its origin, and the manifest that says so."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from models.manifest import Manifest, TrainingData, new_version
from training.assurance import assurance_of
from training.lesson import Lesson
from training.rows.sample import Sample
from training.rows.split import Split

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


def manifest_of(sample: Sample, split: Split, lesson: Lesson, origin: Origin) -> Manifest:
    """The manifest of a model that nobody has judged yet."""
    return Manifest(
        product=origin.product,
        version=UNJUDGED,
        created_at=origin.now,
        features=lesson.features,
        definitions_sha256=origin.definitions_sha256,
        calibration=lesson.calibration,
        label=origin.label,
        data=_data(sample, split, origin),
        split=split_facts(split),
        seed=origin.seed,
        metrics={},
        libraries=_libraries(),
        utc_offset_minutes=origin.utc_offset_minutes,
        leakage=tuple(leak.as_json() for leak in lesson.leaks),
    )


def finished(
    manifest: Manifest, lesson: Lesson, metrics: Mapping[str, Any], origin: Origin
) -> Manifest:
    """The manifest with its figures, and a version that no other model and figures share."""
    content = hashlib.sha256(lesson.model_text.encode())
    content.update(replace(manifest, metrics=metrics).to_json().encode())
    version = new_version(at=origin.now, content_sha256=content.hexdigest())
    return replace(
        manifest, metrics=metrics["test"], assurance=assurance_of(metrics), version=version
    )


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


def split_facts(split: Split) -> dict[str, Any]:
    """How the rows were divided, as manifest and metrics tell it."""
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
