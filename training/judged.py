"""What the finished model says of every part, through the scorer that serves it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.score import Scorer
from training.context import Context
from training.judging.calibration import probabilities
from training.judging.cut_off import cut_off
from training.judging.tested import Tested
from training.lesson import Lesson
from training.rows.sample import Sample
from training.rows.split import Split


@dataclass(frozen=True, slots=True)
class Judged:
    """P(bad) of every part, each by the served model; of valid rows by folds that left them out.

    `held_out` is that of all rows before the split, from folds that left each out.
    """

    train: Any
    valid: Any
    test: Any
    held_out: Any


def judge(scorer: Scorer, sample: Sample, split: Split, lesson: Lesson) -> Judged:
    """P(bad) of every part."""
    held_out = probabilities(lesson.calibration, lesson.out_of_fold)
    return Judged(
        train=np.array(scorer.score_table(sample.table.take(split.train))),
        valid=held_out[np.searchsorted(split.rest, split.valid)],
        test=np.array(scorer.score_table(sample.table.take(split.test))),
        held_out=held_out,
    )


def tested_of(
    scorer: Scorer, sample: Sample, split: Split, judged: Judged, context: Context
) -> Tested:
    """The test rows as evaluation looks at them."""
    rows, amount = sample.take(split.test), context.amount_minor
    dated = rows.time is not None and rows.time.dtype.kind == "M"
    protected = context.protected or {}
    return Tested(
        label=rows.label,
        probability=judged.test,
        table=rows.table,
        features=scorer.features,
        scorer=scorer,
        cut_off=cut_off(judged.held_out),
        row_id=rows.row_id,
        months=rows.time.astype("datetime64[M]").astype(str) if dated else None,
        amount_minor=None if amount is None else amount[split.test],
        protected={name: words[split.test] for name, words in protected.items()} or None,
    )
