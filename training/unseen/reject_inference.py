"""The model trained both ways: on the accepted alone, and with the turned away inferred."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from models.measures import measure
from training.judging.cut_off import APPROVED_SHARE, cut_off
from training.judging.intervals import auc_difference_interval
from training.ranking.fit import Rows
from training.ranking.quick import FOLDS, Quick, quick_fit
from training.unseen.augmentation import (
    FUZZY,
    HOW,
    NONE,
    PARCELLING,
    UPLIFT,
    Band,
    Inferred,
    fuzzy,
    parcelled,
    score_bands,
)
from training.unseen.randomly_approved import told_by_chance
from training.unseen.reject_distance import distance

REJECTED_MIN = 20  # fewer turn nothing, and nothing can be said of them
ROWS_MAX = 40_000  # beyond, a drawn part of each side compares as well
NOTE = (
    "Quick models, alike but for their rows, compared with each other and none of them served. "
    "Test rows are accepted applicants: no figure here shows how bad the rejected would have been."
)


def reject_inference(
    rest: Rows,
    rejected: Rows,
    test: Rows,
    *,
    facts: Mapping[str, Any],
    seed: int,
    at_random: Any = None,
    approved_share: float = APPROVED_SHARE,
    uplift: float = UPLIFT,
) -> dict[str, Any]:
    """What the report says of the turned away, and of models with and without them.

    `rest` and `rejected` are rows before the split, `test` accepted rows after it; `facts` go
    in as they are; `at_random` marks rows of `rest` that were approved at random. One quick
    model a way, uncalibrated: they are compared with each other.
    """
    told = {"accepted": len(rest.label), "rejected": len(rejected.label), **facts}
    told |= {"acceptance_rate": _share(told), "uplift": uplift, "served": NONE, "note": NOTE}
    why = _too_little(rest, rejected) if len(test.label) else "no test rows to judge by"
    if why is not None:
        return told | {"why_not": why}
    full = rest.label, len(rejected.label)
    rest, rejected = (_at_most(rows, seed=seed) for rows in (rest, rejected))
    alone = quick_fit(rest, seed=seed)
    bands = _bands(rest, alone, rejected, uplift)
    models = {NONE: alone}
    for how in (PARCELLING, FUZZY):
        inferred = _inferred(alone, rejected, bands, how, seed=seed, uplift=uplift)
        models[how] = quick_fit(_joined(rest, rejected, inferred), seed=seed)
    limit = cut_off(alone.out_of_fold, approved_share=approved_share)
    ways = _ways(models, rejected, test, limit, seed=seed)
    found = told | {
        "distance": distance(rest, rejected, seed=seed),
        "bands": [{"band": place, **asdict(band)} for place, band in enumerate(bands, 1)],
        "cut_off": limit,
        "approved_share": approved_share,
        "ways": ways,
    }
    if at_random is not None:
        found["at_random"] = told_by_chance(
            full[0], at_random, rejected=full[1], rejected_mean=ways[NONE]["rejected_mean"]
        )
    return found | {"sentence": _sentence(found)}


def augmented(rest: Rows, rejected: Rows, how: str, *, seed: int, uplift: float = UPLIFT) -> Rows:
    """`rest` first, row for row, then the turned away with inferred labels and weights.

    Labels after the first `len(rest.label)` rows were never seen: calibration and figures must
    keep to the rows before. `how` is none, parcelling or fuzzy; `rest` as it is where there is
    too little to infer from.
    """
    if how not in HOW:
        raise ValueError(f"{how!r} is no way of reject inference: use one of {', '.join(HOW)}")
    if how == NONE or _too_little(rest, rejected) is not None:
        return rest
    alone = quick_fit(rest, seed=seed)
    bands = _bands(rest, alone, rejected, uplift)
    inferred = _inferred(alone, rejected, bands, how, seed=seed, uplift=uplift)
    return _joined(rest, rejected, inferred)


def _share(told: Mapping[str, Any]) -> float | None:
    asked = told["accepted"] + told["rejected"]
    return told["accepted"] / asked if asked else None


def _too_little(rest: Rows, rejected: Rows) -> str | None:
    if len(rejected.label) < REJECTED_MIN:
        return f"{len(rejected.label)} rejected applicants are too few to infer from"
    if min(rest.label.sum(), (1 - rest.label).sum()) < FOLDS:
        return "too few goods or bads to infer from"
    return None


def _at_most(rows: Rows, *, seed: int) -> Rows:
    if len(rows.label) <= ROWS_MAX:
        return rows
    picked = np.random.default_rng(seed).permutation(len(rows.label))[:ROWS_MAX]
    return rows.take(np.sort(picked))


def _bands(rest: Rows, alone: Quick, rejected: Rows, uplift: float) -> tuple[Band, ...]:
    theirs = alone.probability(rejected.matrix)
    return score_bands(rest.label, alone.out_of_fold, theirs, uplift=uplift)


def _inferred(
    alone: Quick, rejected: Rows, bands: tuple[Band, ...], how: str, *, seed: int, uplift: float
) -> Inferred:
    chance = alone.probability(rejected.matrix)
    if how == FUZZY:
        return fuzzy(chance, uplift=uplift)
    return parcelled(chance, bands, seed=seed)


def _joined(rest: Rows, rejected: Rows, inferred: Inferred) -> Rows:
    """Both copies of an applicant lie in one fold, since folds keep an entity together."""
    more = rejected.take(inferred.place)
    weight = np.ones(len(rest.label)) if rest.weight is None else rest.weight
    return Rows(
        np.vstack([rest.matrix, more.matrix]),
        np.concatenate([rest.label, inferred.label]),
        rest.features,
        _together(rest.entity, more.entity),
        np.concatenate([weight, inferred.weight]),
        _together(rest.time, more.time),
    )


def _together(one: Any, other: Any) -> Any:
    return None if one is None or other is None else np.concatenate([one, other])


def _ways(
    models: Mapping[str, Quick], rejected: Rows, test: Rows, limit: float, *, seed: int
) -> dict[str, Any]:
    tested = {how: model.probability(test.matrix) for how, model in models.items()}
    judged = {how: model.probability(rejected.matrix) for how, model in models.items()}
    return {
        how: measure(test.label, tested[how])
        | {
            "auc_difference": auc_difference_interval(
                test.label, tested[how], tested[NONE], seed=seed
            ),
            "test_mean": float(tested[how].mean()) if len(tested[how]) else None,
            "rejected_mean": float(judged[how].mean()),
            "approved_test": float((tested[how] <= limit).mean()),
            "approved_rejected": float((judged[how] <= limit).mean()),
            "changed_test": _changed(tested[how], tested[NONE], limit),
            "changed_rejected": _changed(judged[how], judged[NONE], limit),
        }
        for how in models
    }


def _changed(ours: Any, theirs: Any, limit: float) -> float:
    """The share of decisions that one cut-off makes otherwise."""
    return float(((ours <= limit) != (theirs <= limit)).mean())


def _sentence(found: Mapping[str, Any]) -> str:
    """What a committee reads first."""
    ways, apart = found["ways"], found["distance"]
    better = [how for how in (PARCELLING, FUZZY) if (ways[how]["auc_difference"]["low"] or 0) > 0]
    worse = [how for how in (PARCELLING, FUZZY) if (ways[how]["auc_difference"]["high"] or 0) < 0]
    ranks = (
        f"{' and '.join(better)} ranks the accepted better beyond chance"
        if better
        else f"{' and '.join(worse)} ranks the accepted worse beyond chance"
        if worse
        else "none ranks the accepted better or worse beyond chance"
    )
    return (
        f"Those turned away are {apart['word']}: {apart['outside']:.0%} lie where hardly anyone was"
        f" accepted. Of them {ways[NONE]['rejected_mean']:.1%} are expected to be bad by the"
        f" accepted alone, {ways[PARCELLING]['rejected_mean']:.1%} by parcelling and"
        f" {ways[FUZZY]['rejected_mean']:.1%} by fuzzy augmentation at an uplift of"
        f" {found['uplift']:g}; {ranks}."
    )
