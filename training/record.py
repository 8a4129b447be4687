"""A lesson written down: artefact, predictions, reference rows, metrics and report."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.progress import Progress
from models.artefact import REFERENCE, TEST, open_artefact, write
from models.keys import Keys
from models.score import Scorer
from training.context import NOTHING, Context
from training.examination import Examined
from training.figures import figures
from training.judged import Judged, judge, tested_of
from training.lesson import Lesson
from training.lineage import Origin, finished, manifest_of
from training.outputs import (
    METRICS,
    PREDICTIONS,
    REPORT,
    SCORECARD,
    whole_directory,
    write_json,
    write_parquet,
)
from training.report.page import write_report
from training.report.pictured import pictured
from training.rows.sample import Sample
from training.rows.split import Split

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_KEPT = 20_000
BELONGING = (REFERENCE, TEST, METRICS, REPORT, SCORECARD)


def record(
    out: Path,
    sample: Sample,
    split: Split,
    lesson: Lesson,
    origin: Origin,
    *,
    keys: Keys,
    context: Context = NOTHING,
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """Fills `out` as one piece, signed with `keys`, and gives what `metrics.json` says.

    Probabilities come from the artefact just written, through the scorer that serves it.
    """
    _tell(progress, "evaluate", 0.0)
    with whole_directory(out) as directory:
        manifest = manifest_of(sample, split, lesson, origin)
        write(directory, lesson.model_text, manifest)
        scorer = Scorer(open_artefact(directory))
        judged = judge(scorer, sample, split, lesson)
        reference = _write_rows(directory, sample, split, judged, origin.seed)
        seen = Examined(
            sample,
            split,
            lesson,
            tested_of(scorer, sample, split, judged, context),
            judged.held_out,
            reference,
            context,
            origin.definitions_sha256,
            origin.seed,
        )
        metrics = figures(seen, origin, judged)
        lesson.scorecard.write_csv(directory / SCORECARD)
        write_json(directory / METRICS, metrics)
        _tell(progress, "report", 0.0)
        final = finished(manifest, lesson, metrics, origin)
        shown = pictured(seen.tested, benchmarks=lesson.benchmarks, seed=origin.seed)
        write_report(directory / REPORT, final, metrics, shown)
        write(directory, lesson.model_text, final, files=BELONGING, signed_by=keys)
    _tell(progress, "report", 1.0)
    return metrics


def _write_rows(
    directory: Path, sample: Sample, split: Split, judged: Judged, seed: int
) -> "pa.Table":
    """Writes what each test row got, and the rows that are kept; of these the training rows."""
    import pyarrow as pa

    predictions = {
        "row_id": sample.row_id.take(split.test),
        "label": pa.array(sample.label[split.test], pa.int8()),
        "probability": pa.array(judged.test, pa.float64()),
    }
    write_parquet(directory / PREDICTIONS, pa.table(predictions))
    kept = {
        REFERENCE: _kept(sample, split.train, judged.train, seed),
        TEST: _kept(sample, split.test, judged.test, seed),
    }
    for name, rows in kept.items():
        write_parquet(directory / name, rows)
    return kept[REFERENCE]


def _kept(sample: Sample, places: Any, probability: Any, seed: int) -> "pa.Table":
    """Up to 20,000 of these rows with what the model says of them and what came."""
    import pyarrow as pa

    picked = np.sort(np.random.default_rng(seed).permutation(len(places))[:ROWS_KEPT])
    rows = sample.take(places[picked])
    told = rows.table.append_column("probability", pa.array(probability[picked], pa.float64()))
    return told.append_column("bad", pa.array(rows.label, pa.int8()))


def _tell(progress: Progress | None, stage: str, share: float) -> None:
    if progress is not None:
        progress(stage, share)
