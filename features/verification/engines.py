"""Every engine comes to the same values."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.sources import DUCKDB, SPARK
from features.spark_session import has_java
from features.spine import as_known, known_on
from features.verification.claims import ENGINES_DIFFER_BY, Check, held_against
from features.verification.publications import Trial

if TYPE_CHECKING:
    from features.sources import History


def why_not(engine: str) -> str:
    """Why `engine` cannot be tried here; empty where it can."""
    if engine == SPARK and find_spec("pyspark") is None:
        return "pyspark is not installed"
    if engine == SPARK and not has_java():
        return "there is no Java"
    return ""


def engine_checks(trial: Trial, engines: tuple[str, ...]) -> Iterator[Check]:
    """The values of training and of a snapshot, on each of `engines`, against DuckDB's."""
    for engine in (it for it in engines if it != DUCKDB):
        with _computed_on(trial.history, engine) as other:
            for entity in trial.asked:
                yield _training_check(trial, other, entity, engine)
                yield _snapshot_check(trial, other, entity, engine)


@contextmanager
def _computed_on(history: "History", engine: str) -> Iterator[Any]:
    from features.spark_history import SparkHistory

    if engine != SPARK:
        raise ValueError(f"there is no engine {engine!r}")
    with SparkHistory(history) as other:
        yield other


def _training_check(trial: Trial, other: Any, entity: str, engine: str) -> Check:
    spine = pa.concat_tables([trial.spine(entity, day) for day in trial.days])
    one = as_known(trial.history, entity, spine, progress=trial.progress)
    two = as_known(other, entity, spine, progress=trial.progress)
    claim = f"{entity}: training values on {engine} = {DUCKDB}"
    return held_against(claim, entity, one, two, tolerance=ENGINES_DIFFER_BY)


def _snapshot_check(trial: Trial, other: Any, entity: str, engine: str) -> Check:
    day = trial.days[-1]
    one, two = (_rows_of(it, trial, entity) for it in (trial.history, other))
    claim = f"{entity}: snapshot on {engine} = {DUCKDB} as of {day}"
    return held_against(claim, entity, one, two, tolerance=ENGINES_DIFFER_BY)


def _rows_of(history: Any, trial: Trial, entity: str) -> pa.Table:
    with known_on(history, entity, trial.days[-1]) as known:
        return trial.rows_of(entity, history.read(known))
