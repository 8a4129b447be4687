"""How true probabilities are where: by bin, by month, by segment, and under a moved bad rate."""

from collections.abc import Mapping, Sequence
from math import erfc, exp, lgamma, log, sqrt
from typing import Any

import numpy as np

from models.measures import ECE_BINS, ranked
from training.judging.intervals import auc_interval
from training.judging.rates import rate_of

BEYOND = 0.05  # how often one group of a whole table may be flagged by chance (Holm 1979)
NORMAL_FROM = 25.0  # variance from which a sum of outcomes is near enough to normal
PRIOR_STEPS = 500
PRIOR_SETTLED = 1e-9

Facts = dict[str, Any]


def reliability_facts(
    label: Any,
    probability: Any,
    *,
    months: Any = None,
    segments: Mapping[str, Any] | None = None,
    rest_bads: int,
    rest_rows: int,
) -> Facts:
    """`bins`, `by_month`, `by_segment` and `prior_shift` of the test rows.

    Every group holds observed bads (with Wilson's 95% interval) against expected ones, and
    `beyond_chance`: true where the two differ by more than chance gives one such table in
    twenty, the level itself being known no better than the bads before the split tell
    (`rest_bads` of `rest_rows`). `by_month` is absent without months.
    """
    y = np.asarray(label, dtype=np.float64)
    p = np.asarray(probability, dtype=np.float64)
    facts: Facts = {"bins": _bins(y, p)}
    if months is not None:
        facts["by_month"] = by_group(y, p, months, training_bads=rest_bads)
    facts["by_segment"] = {
        column: by_group(y, p, words, training_bads=rest_bads)
        for column, words in (segments or {}).items()
    }
    facts["prior_shift"] = prior_shift(y, p, rest_bads=rest_bads, rest_rows=rest_rows)
    return facts


def by_group(label: Any, probability: Any, groups: Any, *, training_bads: int) -> list[Facts]:
    """Observed against expected of each group, in the groups' order, with its AUC."""
    names, codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    rows = []
    for place, name in enumerate(names):
        mine = codes == place
        y, p = label[mine], probability[mine]
        facts = {"group": str(name)} | rate_of(y)
        facts |= {"expected": float(p.mean())} | auc_interval(y, p)
        rows.append(facts | {"p_value": chance_of(y, p, training_bads=training_bads)})
    flags = _beyond([row["p_value"] for row in rows])
    return [row | {"beyond_chance": flag} for row, flag in zip(rows, flags, strict=True)]


def prior_shift(label: Any, probability: Any, *, rest_bads: int, rest_rows: int) -> Facts:
    """The bad rate of the test rows against that before the split, and what the scores say of it.

    `scores_alone` is the bad rate that the scores imply without any outcome, were the classes
    themselves unchanged (Saerens, Latinne and Decaestecker 2002): what monitoring would know
    before outcomes mature.
    """
    before = rest_bads / rest_rows if rest_rows else None
    known = rate_of(label)
    facts = {
        "before": before,
        "test": known["bad_rate"],
        "low": known["low"],
        "high": known["high"],
    }
    moved = None
    if before is not None and len(label):
        moved = _apart(int(label.sum()), len(label), rest_bads, rest_rows) < BEYOND
    return facts | {
        "expected": float(probability.mean()) if len(label) else None,
        "scores_alone": prior_by_scores(probability, before=before),
        "beyond_chance": moved,
    }


def prior_by_scores(probability: Any, *, before: float | None) -> float | None:
    """The bad rate of rows by their scores alone; None where it was 0 or 1 before."""
    if before is None or not 0 < before < 1 or not len(probability):
        return None
    bad, good = probability / before, (1 - probability) / (1 - before)
    share = before
    for _ in range(PRIOR_STEPS):
        raised = share * bad
        found = float(np.mean(raised / (raised + (1 - share) * good)))
        if abs(found - share) < PRIOR_SETTLED:
            break
        share = found
    return found


def chance_of(label: Any, probability: Any, *, training_bads: int) -> float | None:
    """How often true probabilities give bads as far from expected (two-sided); None without rows.

    Few expected bads count as Poisson, which is the wider; many as normal, with what
    `training_bads` leave unknown of the level added.
    """
    if not len(label):
        return None
    bads, expected = float(label.sum()), float(probability.sum())
    spread = float(np.sum(probability * (1 - probability)))
    if spread < NORMAL_FROM:
        if 2 * expected > len(label):  # the rarer class is the one that is nearly Poisson
            bads, expected = len(label) - bads, len(label) - expected
        return _poisson(int(bads), expected)
    spread += expected**2 / max(training_bads, 1)
    return erfc(max(abs(bads - expected) - 0.5, 0.0) / sqrt(2 * spread))


def _bins(label: Any, probability: Any) -> list[Facts]:
    parts = [part for part in np.array_split(ranked(probability), ECE_BINS) if len(part)]
    return [
        {
            "from": float(probability[part[0]]),
            "to": float(probability[part[-1]]),
            "expected": float(probability[part].mean()),
        }
        | rate_of(label[part])
        for part in parts
    ]


def _poisson(bads: int, expected: float) -> float:
    if expected <= 0:
        return 1.0 if not bads else 0.0
    terms = [exp(k * log(expected) - expected - lgamma(k + 1)) for k in range(bads + 1)]
    up_to, from_here = sum(terms), 1 - sum(terms[:-1])
    return min(1.0, max(0.0, 2 * min(up_to, from_here)))


def _beyond(chances: Sequence[float | None]) -> list[bool]:
    """Holm's step-down: which of several differences chance does not explain."""
    known = sorted((value, place) for place, value in enumerate(chances) if value is not None)
    flags = [False] * len(chances)
    for rank, (value, place) in enumerate(known):
        if value * (len(known) - rank) >= BEYOND:
            break
        flags[place] = True
    return flags


def _apart(bads: int, rows: int, other_bads: int, other_rows: int) -> float:
    pooled = (bads + other_bads) / (rows + other_rows)
    error = sqrt(pooled * (1 - pooled) * (1 / rows + 1 / other_rows))
    return erfc(abs(bads / rows - other_bads / other_rows) / error / sqrt(2)) if error else 1.0
