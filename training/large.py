"""Tables of very many rows: a draw is tried out and blended, then all rows teach what it missed.

Rows are encoded a chunk at a time and kept as LightGBM's bins, a byte a value.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.progress import Progress
from models.manifest import ModelFeature
from models.measures import log_loss
from models.signature import categorical_places, from_table
from training.judging.calibration import calibrate
from training.lesson import Lesson, learn
from training.ranking.blend import Component
from training.ranking.fit import GENTLE, STRICT, Rows, fixed_parameters, threads_for
from training.ranking.monotone import Sweep, sweep
from training.ranking.trees import weighted
from training.rows.sample import Sample
from training.rows.split import Split

if TYPE_CHECKING:
    import pyarrow as pa

LARGE_ROWS = 300_000  # before the split; below this every row is tried out and blended
DRAWN_ROWS = 60_000
JUDGED_ROWS = 200_000  # of the test rows
CHUNK_ROWS = 1 << 16
PATIENCE = 20
ROUNDS_MAX = 500
ALL_ROWS = "all rows"
ON_ALL = {
    "num_leaves": 31,
    "min_data_in_leaf": 200,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.5,
    "learning_rate": 0.1,
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample and its split small enough to try things out on, and the rows left over.

    `left` are places in `table` of rows before the split that were not drawn; `facts` say so.
    """

    sample: Sample
    split: Split
    table: "pa.Table"
    left: Any
    left_label: Any
    places: Any
    facts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Taught:
    """A lesson, and the rows that it is judged on; `facts` say so where these are a draw."""

    sample: Sample
    split: Split
    protected: Mapping[str, Any]
    lesson: Lesson
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Many:
    """Rows as they lie in an Arrow table: places in it, and a label a place."""

    features: tuple[ModelFeature, ...]
    table: "pa.Table"
    places: Any
    label: Any

    def __len__(self) -> int:
        return len(self.places)

    def chunk(self, start: int, end: int) -> Any:
        """Rows from `start` to `end` as numbers, by the encoding that serves."""
        import pyarrow as pa

        return from_table(self.features, self.table.take(pa.array(self.places[start:end])))

    def chunks(self) -> Iterator[Any]:
        """All rows as numbers, a chunk at a time."""
        for start in range(0, len(self), CHUNK_ROWS):
            yield self.chunk(start, start + CHUNK_ROWS)

    def margins(self, model_text: str) -> Any:
        """The raw margin of every row."""
        import lightgbm as lgb

        booster, threads = lgb.Booster(model_str=model_text), threads_for(len(self))
        said = (
            booster.predict(rows, raw_score=True, num_threads=threads) for rows in self.chunks()
        )
        return np.concatenate(list(said))

    def dataset(self, *, init_score: Any = None) -> Any:
        """The rows as LightGBM's own data set, in bins, starting from these margins."""
        import lightgbm as lgb

        data = lgb.Dataset(
            _sequence(self),
            self.label,
            init_score=init_score,
            feature_name=[f"f{place}" for place in range(len(self.features))],
            categorical_feature=categorical_places(self.features),
            params={"feature_pre_filter": False, "verbosity": -1},
        )
        return data.construct()


def draw(sample: Sample, split: Split, *, seed: int) -> Drawn:
    """About 60,000 rows before the split, 200,000 after it: goods and bads in proportion."""
    rest = split.rest
    share = DRAWN_ROWS / len(rest)
    parts = {
        "train": _some(sample.label, split.train, share, seed),
        "valid": _some(sample.label, split.valid, share, seed),
        "test": _some(sample.label, split.test, JUDGED_ROWS / len(split.test), seed),
    }
    places = np.sort(np.concatenate(list(parts.values())))
    small = replace(split, **{name: np.searchsorted(places, part) for name, part in parts.items()})
    left = np.setdiff1d(rest, places, assume_unique=True)
    facts = {
        "rows_before_split": len(rest),
        "rows_drawn": len(small.train) + len(small.valid),
        "test_rows": len(split.test),
        "test_rows_drawn": len(small.test),
    }
    return Drawn(sample.take(places), small, sample.table, left, sample.label[left], places, facts)


def taught(
    sample: Sample,
    split: Split,
    protected: Mapping[str, Any],
    *,
    trials: int,
    seed: int,
    allow_leakage: Collection[str],
    progress: Progress | None,
) -> Taught:
    """A lesson of all rows before the split; of very many, a draw is tried out and judged on."""
    asked: dict[str, Any] = {"trials": trials, "seed": seed, "allow_leakage": allow_leakage}
    if len(split.rest) < LARGE_ROWS:
        lesson = learn(sample, split, **asked, progress=progress)
        return Taught(sample, split, protected, lesson, {})
    drawn = draw(sample, split, seed=seed)
    lesson = learn(drawn.sample, drawn.split, **asked, progress=progress)
    groups = {name: words[drawn.places] for name, words in protected.items()}
    whole = taught_by_all(lesson, drawn, seed=seed)
    return Taught(drawn.sample, drawn.split, groups, whole, {"sampled": drawn.facts})


def taught_by_all(lesson: Lesson, drawn: Drawn, *, seed: int) -> Lesson:
    """The lesson of the draw, and trees that learnt from all other rows what it does not say.

    They start from the blend's margins and stop on the drawn rows, which they do not see: with
    what folds said of these rows they give margins to calibrate on.
    """
    rest = drawn.sample.take(drawn.split.rest)
    seen = Rows(from_table(lesson.features, rest.table), rest.label, lesson.features)
    many = Many(lesson.features, drawn.table, drawn.left, drawn.left_label)
    booster, whole, swept = _in_direction(many, lesson, seen, seed)
    out_of_fold = lesson.out_of_fold + booster.predict(seen.matrix, raw_score=True)
    calibration, losses = calibrate(out_of_fold, seen.label, seed=seed)
    loss = log_loss(seen.label, 1 / (1 + np.exp(-out_of_fold)))
    rounds = booster.num_trees()
    return replace(
        lesson,
        model_text=whole,
        calibration=calibration,
        calibration_losses=losses,
        out_of_fold=out_of_fold,
        rounds=(*lesson.rounds, rounds),
        components=(*lesson.components, Component(ALL_ROWS, 1.0, rounds, loss, ON_ALL)),
        monotone=swept,
    )


def _in_direction(many: Many, lesson: Lesson, judge: Rows, seed: int) -> tuple[Any, str, Sweep]:
    """The trees on top, the text of both, and its sweep: the strict method where it is needed."""
    import lightgbm as lgb

    data = many.dataset(init_score=many.margins(lesson.model_text))
    stop = lgb.Dataset(judge.matrix, judge.label, reference=data, init_score=lesson.out_of_fold)
    for method in (GENTLE, STRICT):
        fixed = fixed_parameters(many.features, rows=len(many), seed=seed, method=method)
        booster = lgb.train(
            fixed | ON_ALL,
            data,
            num_boost_round=ROUNDS_MAX,
            valid_sets=[stop],
            callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
        )
        text = booster.model_to_string(num_iteration=booster.best_iteration)
        whole = weighted([lesson.model_text, text], [1.0, 1.0])
        swept = sweep(whole, many.features, judge.matrix, seed=seed)
        if not swept.violations:
            break
    return lgb.Booster(model_str=text), whole, swept


def _some(label: Any, places: Any, share: float, seed: int) -> Any:
    """A share of these places, goods and bads alike; all of them where it is one or more."""
    if share >= 1:
        return places
    random = np.random.default_rng(seed)
    parts = [places[label[places] == outcome] for outcome in (0, 1)]
    taken = [random.permutation(part)[: round(len(part) * share)] for part in parts]
    return np.sort(np.concatenate(taken))


def _sequence(many: Many) -> Any:
    """The rows as LightGBM asks for them: first some one by one, in order, then all by slices."""
    import lightgbm as lgb

    class Chunks(lgb.Sequence):
        batch_size = CHUNK_ROWS

        def __init__(self) -> None:
            self._start, self._rows = -1, np.empty((0, 0))

        def __len__(self) -> int:
            return len(many)

        def __getitem__(self, asked: Any) -> Any:
            if isinstance(asked, slice):
                return many.chunk(asked.start, asked.stop)
            start = asked - asked % CHUNK_ROWS
            if start != self._start:
                self._start, self._rows = start, many.chunk(start, start + CHUNK_ROWS)
            return self._rows[asked - start].copy()  # a view would keep its whole chunk

    return Chunks()
