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
    """Places in all rows: tried out on, held out of everything, judged on, and left over.

    Goods and bads are in proportion in each; `tried` and `held` split as the whole does.
    """

    tried: Split
    held: Split
    left: Any

    def facts(self, split: Split) -> dict[str, int]:
        """How many rows each part has, as `metrics.json` says it."""
        return {
            "rows_before_split": len(split.rest),
            "rows_drawn": len(self.tried.rest),
            "rows_held_out": len(self.held.rest),
            "test_rows": len(split.test),
            "test_rows_drawn": len(self.tried.test),
        }


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
    drawn = draw(sample.label, split, seed=seed)
    lesson = learn(*_part(sample, drawn.tried), **asked, progress=progress)
    many = Many(lesson.features, sample.table, drawn.left, sample.label[drawn.left])
    whole = taught_by_all(lesson, many, sample.take(drawn.held.rest), seed=seed)
    groups = {name: words[_places(drawn.held)] for name, words in protected.items()}
    held = _part(sample, drawn.held)
    return Taught(*held, groups, whole, {"sampled": drawn.facts(split)})


def draw(label: Any, split: Split, *, seed: int) -> Drawn:
    """60,000 rows before the split to try things out on, as many held out, 200,000 after it."""
    random = np.random.default_rng(seed)
    share = DRAWN_ROWS / len(split.rest)
    test, _ = _some(label, split.test, min(1.0, JUDGED_ROWS / len(split.test)), random)
    parts = {}
    for name in ("train", "valid"):
        tried, others = _some(label, getattr(split, name), share, random)
        held, left = _some(label, others, share / (1 - share), random)
        parts[name] = tried, held, left
    tried, held = (
        replace(split, train=parts["train"][which], valid=parts["valid"][which], test=test)
        for which in (0, 1)
    )
    return Drawn(tried, held, np.sort(np.concatenate([parts["train"][2], parts["valid"][2]])))


def _places(split: Split) -> Any:
    return np.sort(np.concatenate([split.rest, split.test]))


def _part(sample: Sample, split: Split) -> tuple[Sample, Split]:
    """The rows of the split alone, and the split in their places."""
    places = _places(split)
    parts = {"train": split.train, "valid": split.valid, "test": split.test}
    found = {name: np.searchsorted(places, part) for name, part in parts.items()}
    return sample.take(places), replace(split, **found)


def taught_by_all(lesson: Lesson, many: Many, held: Sample, *, seed: int) -> Lesson:
    """The lesson of the draw, and trees that learnt from many rows what it does not say.

    They start from the blend's margins. Where they stop, and how to calibrate, is told by rows
    that neither has seen: what is said of these stands for rows out of fold.
    """
    judge = Rows(from_table(lesson.features, held.table), held.label, lesson.features)
    rounds, whole, swept = _in_direction(many, lesson.model_text, judge, seed)
    unseen = _margins(whole, judge.matrix)
    calibration, losses = calibrate(unseen, judge.label, seed=seed)
    loss = log_loss(judge.label, 1 / (1 + np.exp(-unseen)))
    return replace(
        lesson,
        model_text=whole,
        calibration=calibration,
        calibration_losses=losses,
        out_of_fold=unseen,
        rounds=(*lesson.rounds, rounds),
        components=(*lesson.components, Component(ALL_ROWS, 1.0, rounds, loss, ON_ALL)),
        monotone=swept,
    )


def _in_direction(many: Many, blended: str, judge: Rows, seed: int) -> tuple[int, str, Sweep]:
    """The rounds on top, the text of both, and its sweep: the strict method where it is needed."""
    import lightgbm as lgb

    data = many.dataset(init_score=many.margins(blended))
    stop = lgb.Dataset(
        judge.matrix, judge.label, reference=data, init_score=_margins(blended, judge.matrix)
    )
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
        whole = weighted([blended, text], [1.0, 1.0])
        swept = sweep(whole, many.features, judge.matrix, seed=seed)
        if not swept.violations:
            break
    return booster.best_iteration, whole, swept


def _margins(model_text: str, matrix: Any) -> Any:
    import lightgbm as lgb

    booster, threads = lgb.Booster(model_str=model_text), threads_for(len(matrix))
    return booster.predict(matrix, raw_score=True, num_threads=threads)


def _some(label: Any, places: Any, share: float, random: Any) -> tuple[Any, Any]:
    """A share of these places, goods and bads alike, and the others."""
    parts = [random.permutation(places[label[places] == outcome]) for outcome in (0, 1)]
    cuts = [round(len(part) * share) for part in parts]
    taken = [part[:cut] for part, cut in zip(parts, cuts, strict=True)]
    others = [part[cut:] for part, cut in zip(parts, cuts, strict=True)]
    return np.sort(np.concatenate(taken)), np.sort(np.concatenate(others))


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
