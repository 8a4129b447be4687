"""What is fitted, and how one booster is: rows, folds, LightGBM's data sets and boosters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from models.manifest import ModelFeature
from models.signature import categorical_places

ROUNDS_MAX = 1500
PATIENCE = 50
THREADS_MAX = 2
ROWS_A_THREAD = 200_000  # under this, LightGBM's threads wait for each other longer than they work
FOLDS_AT_ONCE = 2
GENTLE, STRICT = "intermediate", "basic"  # LightGBM's ways of holding monotone constraints
ENTITIES_A_FOLD = 2  # fewer could leave a fold without rows or without a class

Parameters = Mapping[str, Any]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Rows:
    """What LightGBM is given: the matrix, labels, and which rows belong to one entity.

    `weight` says how much a row counts (None: all alike), `time` when it was (None: not known).
    """

    matrix: Any
    label: Any
    features: tuple[ModelFeature, ...]
    entity: Any = None
    weight: Any = None
    time: Any = None

    def take(self, rows: Any) -> "Rows":
        """The rows at these places."""
        entity, weight, time = (
            None if values is None else values[rows]
            for values in (self.entity, self.weight, self.time)
        )
        return Rows(self.matrix[rows], self.label[rows], self.features, entity, weight, time)


def threads_for(rows: int) -> int:
    """How many threads help, by rows alone: bytes must not depend on the machine."""
    return max(1, min(THREADS_MAX, rows // ROWS_A_THREAD))


def fixed_parameters(
    features: Sequence[ModelFeature], *, rows: int, seed: int, method: str = GENTLE
) -> dict[str, Any]:
    """What no search changes: bytes equal for equal seeds, whatever the threads.

    `method` is LightGBM's way of holding monotone constraints.
    """
    directions = [feature.direction for feature in features]
    fixed: dict[str, Any] = {
        "objective": "binary",
        "metric": "binary_logloss",
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads_for(rows),
        "verbosity": -1,
        "bagging_freq": 1,
        "feature_pre_filter": False,
    }
    if any(directions):
        fixed |= {"monotone_constraints": directions, "monotone_constraints_method": method}
    return fixed


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to fit and rows to stop on, binned once; `unseen` are the latter as they were."""

    seen: Any
    stop: Any
    unseen: Rows


def fold_of(seen: Rows, unseen: Rows) -> Fold:
    """Both sides as LightGBM's data sets, the unseen in the bins of the seen."""
    import lightgbm as lgb

    data = dataset(seen)
    stop = lgb.Dataset(unseen.matrix, unseen.label, reference=data, weight=unseen.weight)
    return Fold(data, stop, unseen)


def boost(fold: Fold, parameters: Parameters, *, patience: int = PATIENCE) -> Any:
    """A booster grown until the loss on unseen rows has not fallen for `patience` rounds.

    It predicts by its best round, and holds the later ones too.
    """
    import lightgbm as lgb

    return lgb.train(
        dict(parameters),
        fold.seen,
        num_boost_round=ROUNDS_MAX,
        valid_sets=[fold.stop],
        callbacks=[lgb.early_stopping(patience, verbose=False)],
        keep_training_booster=True,  # else LightGBM drops the rounds after the best
    )


def dataset(rows: Rows) -> Any:
    """The rows as LightGBM's own data set."""
    import lightgbm as lgb

    return lgb.Dataset(
        rows.matrix,
        rows.label,
        weight=rows.weight,
        feature_name=[f"f{place}" for place in range(len(rows.features))],
        categorical_feature=categorical_places(rows.features),
        params={"feature_pre_filter": False, "verbosity": -1},
        free_raw_data=False,
    )


def folds_of(rows: Rows, *, folds: int, seed: int) -> Any:
    """The fold of each row: an entity's rows together; without, goods and bads evenly spread."""
    random = np.random.default_rng(seed)
    if rows.entity is not None:
        entities, group = np.unique(rows.entity, return_inverse=True)
        if len(entities) >= ENTITIES_A_FOLD * folds:
            return random.permutation(np.arange(len(entities)) % folds)[group]
    fold = np.empty(len(rows.label), dtype=np.int64)
    for outcome in (0, 1):
        mine = np.flatnonzero(rows.label == outcome)
        fold[mine] = random.permutation(np.arange(len(mine)) % folds)
    return fold


def each_fold(work: Callable[[Any], Result], folds: Sequence[Any]) -> Iterator[Result]:
    """`work` of every fold, in order, two at a time: LightGBM works outside Python's lock."""
    with ThreadPoolExecutor(FOLDS_AT_ONCE) as pool:
        yield from pool.map(work, folds)


def margin(booster: Any, matrix: Any) -> Any:
    """Raw margins at the booster's best round."""
    return booster.predict(matrix, raw_score=True, num_threads=threads_for(len(matrix)))
