"""The model trained both ways: on the accepted alone, and with the turned away inferred."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from models.drift import shift
from models.manifest import CATEGORY
from models.measures import auc, measure
from training.augmentation import (
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
from training.cut_off import APPROVED_SHARE, cut_off
from training.evaluate import auc_difference_interval
from training.fit import Rows, boost, each_fold, fixed_parameters, fold_of, folds_of, margin

FOLDS = 3
QUICK: Mapping[str, Any] = {
    "num_leaves": 8,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "learning_rate": 0.1,
}
LEAF_ROWS = 30
PATIENCE = 20
REJECTED_MIN = 20  # fewer turn nothing, and nothing can be said of them
SHOWN = 10
OUTSIDE = 0.99  # beyond this quantile of the accepted hardly anyone was accepted
ALIKE, APART = 0.65, 0.85  # AUC of telling the two apart
NOTE = (
    "Quick models, alike but for their rows, compared with each other and none of them served. "
    "Test rows are accepted applicants: no figure here shows how bad the rejected would have been."
)


@dataclass(frozen=True, slots=True)
class _Quick:
    """A quick model: its folds, and P(bad) of each row from folds that did not see it."""

    boosters: tuple[Any, ...]
    out_of_fold: Any

    def probability(self, matrix: Any) -> Any:
        """P(bad) by the mean of the folds' margins."""
        return _chance(np.mean([margin(one, matrix) for one in self.boosters], axis=0))


def reject_inference(
    rest: Rows,
    rejected: Rows,
    test: Rows,
    *,
    facts: Mapping[str, Any],
    seed: int,
    approved_share: float = APPROVED_SHARE,
    uplift: float = UPLIFT,
) -> dict[str, Any]:
    """What the report says of the turned away, and of models with and without them.

    `rest` and `rejected` are rows before the split, `test` accepted rows after it; `facts` go
    in as they are. One quick model a way, uncalibrated: they are compared with each other.
    """
    told = {**facts, "accepted": len(rest.label), "uplift": uplift, "served": NONE, "note": NOTE}
    if (why := _too_little(rest, rejected)) is not None:
        return told | {"why_not": why}
    alone = _quick(rest, seed=seed)
    bands = _bands(rest, alone, rejected, uplift)
    models = {NONE: alone}
    for how in (PARCELLING, FUZZY):
        inferred = _inferred(alone, rejected, bands, how, seed=seed, uplift=uplift)
        models[how] = _quick(_joined(rest, rejected, inferred), seed=seed)
    limit = cut_off(alone.out_of_fold, approved_share=approved_share)
    return told | {
        "distance": _distance(rest, rejected, seed=seed),
        "bands": [asdict(band) for band in bands],
        "cut_off": limit,
        "approved_share": approved_share,
        "ways": _ways(models, rejected, test, limit, seed=seed),
    }


def augmented(rest: Rows, rejected: Rows, how: str, *, seed: int, uplift: float = UPLIFT) -> Rows:
    """`rest` first, row for row, then the turned away with inferred labels and weights.

    Labels after the first `len(rest.label)` rows were never seen: calibration and figures must
    keep to the rows before. `how` is none, parcelling or fuzzy; as they are where there is too
    little to infer from.
    """
    if how not in HOW:
        raise ValueError(f"{how!r} is no way of reject inference: use one of {', '.join(HOW)}")
    if how == NONE or _too_little(rest, rejected) is not None:
        return rest
    alone = _quick(rest, seed=seed)
    bands = _bands(rest, alone, rejected, uplift)
    inferred = _inferred(alone, rejected, bands, how, seed=seed, uplift=uplift)
    return _joined(rest, rejected, inferred)


def _too_little(rest: Rows, rejected: Rows) -> str | None:
    if len(rejected.label) < REJECTED_MIN:
        return f"{len(rejected.label)} rejected applicants are too few to infer from"
    if min(rest.label.sum(), (1 - rest.label).sum()) < FOLDS:
        return "too few goods or bads to infer from"
    return None


def _quick(rows: Rows, *, seed: int) -> _Quick:
    parameters = fixed_parameters(rows.features, rows=len(rows.label), seed=seed) | {
        **QUICK,
        "min_data_in_leaf": max(2, min(LEAF_ROWS, len(rows.label) // 40)),
    }
    fold = folds_of(rows, folds=FOLDS, seed=seed)

    def one(place: int) -> Any:
        cut = fold_of(rows.take(fold != place), rows.take(fold == place))
        return boost(cut, parameters, patience=PATIENCE)

    boosters = tuple(each_fold(one, range(FOLDS)))
    held_out = np.zeros(len(rows.label))
    for place, booster in enumerate(boosters):
        held_out[fold == place] = margin(booster, rows.matrix[fold == place])
    return _Quick(boosters, _chance(held_out))


def _chance(margins: Any) -> Any:
    return 1 / (1 + np.exp(-margins))


def _bands(rest: Rows, alone: _Quick, rejected: Rows, uplift: float) -> tuple[Band, ...]:
    theirs = alone.probability(rejected.matrix)
    return score_bands(rest.label, alone.out_of_fold, theirs, uplift=uplift)


def _inferred(
    alone: _Quick, rejected: Rows, bands: tuple[Band, ...], how: str, *, seed: int, uplift: float
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
    models: Mapping[str, _Quick], rejected: Rows, test: Rows, limit: float, *, seed: int
) -> dict[str, Any]:
    tested = {how: model.probability(test.matrix) for how, model in models.items()}
    judged = {how: model.probability(rejected.matrix) for how, model in models.items()}
    return {
        how: measure(test.label, tested[how])
        | {
            "auc_difference": auc_difference_interval(
                test.label, tested[how], tested[NONE], seed=seed
            ),
            "test_mean": _mean(tested[how]),
            "rejected_mean": _mean(judged[how]),
            "approved_test": int((tested[how] <= limit).sum()),
            "approved_rejected": int((judged[how] <= limit).sum()),
            "changed_test": _changed(tested[how], tested[NONE], limit),
            "changed_rejected": _changed(judged[how], judged[NONE], limit),
        }
        for how in models
    }


def _mean(probability: Any) -> float | None:
    return float(probability.mean()) if len(probability) else None


def _changed(ours: Any, theirs: Any, limit: float) -> int:
    return int(((ours <= limit) != (theirs <= limit)).sum())


def _distance(rest: Rows, rejected: Rows, *, seed: int) -> dict[str, Any]:
    """How far the turned away lie from the accepted: a model that tells them apart, and PSI."""
    free = tuple(replace(feature, direction=0) for feature in rest.features)
    who = np.repeat(np.array([0, 1], dtype=np.int8), [len(rest.label), len(rejected.label)])
    rows = Rows(
        np.vstack([rest.matrix, rejected.matrix]), who, free,
        _together(rest.entity, rejected.entity),
    )  # fmt: skip
    chance = _quick(rows, seed=seed).out_of_fold
    apart = auc(who, chance)
    outside = chance[who == 1] > np.quantile(chance[who == 0], OUTSIDE)
    return {
        "auc": apart,
        "outside": float(outside.mean()),
        "word": _word(apart),
        "features": _moved(rest, rejected),
    }


def _word(apart: float | None) -> str:
    if apart is None or apart < ALIKE:
        return "much like the accepted"
    return "in part unlike the accepted" if apart < APART else "far from the accepted"


def _moved(rest: Rows, rejected: Rows) -> list[dict[str, Any]]:
    """PSI of the turned away against the accepted, the features that differ most."""
    found = []
    for place, feature in enumerate(rest.features):
        columns = [rows.matrix[:, place] for rows in (rest, rejected)]
        category = feature.dtype == CATEGORY
        if category:
            columns = [_words(column, feature.vocabulary) for column in columns]
        found.append(shift(feature.name, *columns, category=category))
    found.sort(key=lambda one: -one.psi)
    return [
        {
            "feature": one.name,
            "psi": one.psi,
            "missing_accepted": one.missing_reference,
            "missing_rejected": one.missing_window,
        }
        for one in found[:SHOWN]
    ]


def _words(codes: Any, vocabulary: tuple[str, ...]) -> list[str | None]:
    return [None if np.isnan(code) else vocabulary[int(code)] for code in codes]
