"""How far the features give away a protected attribute that is none of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from models.measures import auc
from models.signature import categorical_places
from training.fairness.groups import Groups
from training.ranking.fit import Rows, dataset, folds_of, threads_for

ROWS_MAX = 10_000
FOLDS = 2
BINS_MAX, BIN_ROWS = 256, 10
ROUNDS, SMALL_ROUNDS, SMALL_ROWS = 40, 15, 2_000
SHOWN = 10
STANDS_IN = 0.98  # told so well by one column, the attribute is as good as a feature
SETTING = {
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "learning_rate": 0.15,
    "feature_fraction": 0.6,
    "lambda_l2": 5.0,
}

Proxies = dict[str, Any]


def proxies(rows: Rows, protected: Mapping[str, Any], *, seed: int) -> dict[str, Proxies]:
    """By attribute: how well the features tell who is in which group, and which do most.

    `auc` is that of a small LightGBM, `alone_auc` that of one column's values counted, both on
    rows they did not learn from; of several groups the mean over each group against all others,
    by their rows. 0.5: nothing is told. `stands_in` names columns that are the attribute by
    another name. At most ROWS_MAX rows are looked at.
    """
    picked = _picked(len(rows.label), seed)
    few = rows.take(picked)
    return {
        attribute: _proxies(few, Groups.of(values[picked]), seed=seed)
        for attribute, values in protected.items()
    }


def warnings_of(found: Mapping[str, Proxies]) -> tuple[str, ...]:
    """A line for each column that gives a protected attribute away.

    >>> warnings_of({"sex": {"stands_in": ["title"]}})
    ("column 'title' tells the protected 'sex' as if it were it: take it out of the features",)
    """
    return tuple(
        f"column {name!r} tells the protected {attribute!r} as if it were it: "
        f"take it out of the features"
        for attribute, facts in found.items()
        for name in facts["stands_in"]
    )


def alone_aucs(rows: Rows, groups: Groups) -> Any:
    """How well each column alone tells the groups: one half of the rows read by the other.

    A column is read by its own values where it has few, else by bins of equal count.
    """
    codes = set(categorical_places(rows.features))
    half = np.arange(len(rows.label)) % 2 == 0
    found = []
    for place in range(rows.matrix.shape[1]):
        bins = _bins(rows.matrix[:, place], is_code=place in codes)
        size = int(bins.max(initial=0)) + 1, len(groups.names)
        counts = [_counts(bins[side], groups.code[side], size) for side in (half, ~half)]
        sides = [_counted_auc(*pair) for pair in (counts, counts[::-1])]
        found.append(np.mean(sides))
    return np.array(found)


def _proxies(rows: Rows, groups: Groups, *, seed: int) -> Proxies:
    if sum(groups.judged) < 2:  # noqa: PLR2004  # one group is no question
        return {"auc": None, "features": [], "stands_in": []}
    alone = alone_aucs(rows, groups)
    area, gains = _together(rows, groups, seed)
    order = np.argsort(-np.maximum(gains, 2 * alone - 1), kind="stable")[:SHOWN]
    names = [feature.name for feature in rows.features]
    return {
        "auc": area,
        "features": [
            {
                "feature": names[place],
                "alone_auc": float(alone[place]),
                "gain_share": float(gains[place]),
            }
            for place in order.tolist()
        ],
        "stands_in": [
            name for name, one in zip(names, alone.tolist(), strict=True) if one >= STANDS_IN
        ],
    }


def _together(rows: Rows, groups: Groups, seed: int) -> tuple[float | None, Any]:
    """The AUC of all features together out of fold, and each feature's share of the gain."""
    told = np.zeros((len(rows.label), len(groups.names)))
    gains = np.zeros(len(rows.features))
    for seen, unseen in _halves(rows, groups, seed):
        booster = _small(rows.take(seen), groups.code[seen], len(groups.names), seed)
        told[unseen] = booster.predict(rows.matrix[unseen], num_threads=1)
        gains += booster.feature_importance("gain")
    areas = [
        (auc(groups.code == place, told[:, place]), count)
        for place, count in enumerate(groups.rows)
    ]
    known = [(area, count) for area, count in areas if area is not None]
    if not known:
        return None, gains
    return _mean_by_rows(known), gains / (gains.sum() or 1.0)


def _halves(rows: Rows, groups: Groups, seed: int) -> Iterator[tuple[Any, Any]]:
    fold = folds_of(rows, folds=FOLDS, seed=seed)
    for place in range(FOLDS):
        seen, unseen = np.flatnonzero(fold != place), np.flatnonzero(fold == place)
        if len(np.unique(groups.code[seen])) > 1:
            yield seen, unseen


def _small(rows: Rows, code: Any, groups: int, seed: int) -> Any:
    import lightgbm as lgb

    parameters = SETTING | {
        "objective": "multiclass",
        "num_class": groups,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads_for(len(code)),
        "verbosity": -1,
    }
    data = dataset(Rows(rows.matrix, code, rows.features))
    rounds = SMALL_ROUNDS if len(code) < SMALL_ROWS else ROUNDS
    return lgb.train(parameters, data, num_boost_round=rounds)


def _picked(rows: int, seed: int) -> Any:
    if rows <= ROWS_MAX:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).permutation(rows)[:ROWS_MAX])


def _bins(values: Any, *, is_code: bool) -> Any:
    """The bin of each value, missing in one of its own."""
    known = values[~np.isnan(values)]
    own = np.unique(known)
    most = max(2, min(BINS_MAX, len(values) // BIN_ROWS))
    if len(own) > most and not is_code:
        own = np.unique(np.quantile(known, np.linspace(0, 1, most)[:-1], method="lower"))
    place = np.searchsorted(own, values, side="right")
    return np.where(np.isnan(values), 0, place).astype(np.int64)


def _counts(bins: Any, code: Any, size: tuple[int, int]) -> Any:
    """Rows by bin and group."""
    flat = np.bincount(bins * size[1] + code, minlength=size[0] * size[1])
    return flat.reshape(size).astype(np.float64)


def _counted_auc(learnt: Any, judged: Any) -> float:
    """AUC of each group's share by bin in `learnt`, on the rows of `judged`, by group size."""
    share = (learnt + 1 / learnt.shape[1]) / (learnt.sum(axis=1, keepdims=True) + 1)
    areas, rows = [], judged.sum(axis=0)
    total = judged.sum(axis=1)
    for place in np.flatnonzero((rows > 0) & (rows < total.sum())):
        order = np.argsort(share[:, place], kind="stable")
        mine, others = judged[order, place], (total - judged[:, place])[order]
        starts = np.flatnonzero(np.r_[True, np.diff(share[order, place]) > 0])
        mine, others = np.add.reduceat(mine, starts), np.add.reduceat(others, starts)
        area = float(mine @ (np.cumsum(others) - others / 2) / (mine.sum() * others.sum()))
        areas.append((area, rows[place]))
    return _mean_by_rows(areas) if areas else 0.5


def _mean_by_rows(areas: Sequence[tuple[float, int]]) -> float:
    values, rows = np.array(areas, dtype=np.float64).T
    return float(np.average(values, weights=rows))
