"""How far the turned away lie from the accepted: how much of any inference is a guess."""

from dataclasses import replace
from typing import Any

import numpy as np

from models.drift import shift
from models.manifest import CATEGORY
from models.measures import auc
from training.ranking.fit import Rows
from training.ranking.quick import quick_fit

SHOWN = 10
OUTSIDE = 0.99  # beyond this quantile of the accepted hardly anyone was accepted
ALIKE, APART = 0.65, 0.85  # AUC of telling the two apart


def distance(rest: Rows, rejected: Rows, *, seed: int) -> dict[str, Any]:
    """How well accepted and turned away are told apart, and the features that differ most.

    `auc` is that of a model which tells the two apart; `outside` the share of the turned away
    that it finds less acceptable than all but one in a hundred accepted: of them the accepted
    say next to nothing. `features` are by PSI against the accepted.
    """
    free = tuple(replace(feature, direction=0) for feature in rest.features)
    who = np.repeat(np.array([0, 1], dtype=np.int8), [len(rest.label), len(rejected.label)])
    known = rest.entity is not None and rejected.entity is not None
    entity = np.concatenate([rest.entity, rejected.entity]) if known else None
    matrix = np.vstack([rest.matrix, rejected.matrix])
    chance = quick_fit(Rows(matrix, who, free, entity), seed=seed).out_of_fold
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
