"""What is published is what training would see, and what is online is what is published."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urldefrag
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit.policy.evidence import Evidence, Freshness
from credit.progress import Progress
from features.backfill import Walk
from features.catalogue import ENTITY_FEATURES
from features.engines import on_engine
from features.incremental import build_incrementally
from features.publication import day_folder, read_snapshot
from features.repository import JOIN_KEY, SQLITE, is_ours, open_store
from features.snapshot import build
from features.sources import DUCKDB
from features.spine import as_known
from features.store import OnlineFeatures, materialize
from features.verification.claims import ENGINES_DIFFER_BY, Check, held_against

if TYPE_CHECKING:
    from features.sources import History

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trial:
    """Whose values are compared, as of which days (ascending), in which scratch space."""

    history: "History"
    days: tuple[date, ...]
    asked: Mapping[str, Sequence[str]]  # ids by entity
    home: Path
    online_store: str
    progress: Progress | None

    @property
    def tolerance(self) -> float:
        """Nothing, unless Spark builds: some ways are DuckDB's alone."""
        return 0.0 if self.history.engine == DUCKDB else ENGINES_DIFFER_BY

    def spine(self, entity: str, day: date) -> pa.Table:
        """Everyone asked for, as of `day`."""
        ids = self.asked[entity]
        return pa.table({"entity_id": ids, "as_of": pa.array([day] * len(ids), pa.date32())})

    def published(self, home: Path, entity: str, day: date) -> pa.Table:
        """The published row of everyone asked for."""
        stored = pq.read_table(read_snapshot(day_folder(home, entity, day)).file)
        return self.rows_of(entity, stored.rename_columns({JOIN_KEY[entity]: "entity_id"}))

    def rows_of(self, entity: str, values: pa.Table) -> pa.Table:
        """The row of everyone asked for; one without a value where there is none."""
        ids = pa.array(self.asked[entity], pa.string())
        places = pc.index_in(ids, values["entity_id"].combine_chunks())
        features = [feature.name for feature in ENTITY_FEATURES[entity]]
        return values.take(places).select(features).add_column(0, "entity_id", ids)


def published_checks(trial: Trial) -> Iterator[Check]:
    """Snapshots against training, the online store, and the other ways to a snapshot."""
    built = trial.home / "built"
    with _online_of_our_own(trial.online_store, built) as store:
        online = [it for day in trial.days for it in _online_checks(trial, built, store, day)]
    for entity in trial.asked:
        yield _training_check(trial, built, entity)
    yield from online
    yield from _kept_tiles_checks(trial, built)
    yield from (_walk_check(trial, built, entity) for entity in trial.asked)


def _training_check(trial: Trial, built: Path, entity: str) -> Check:
    spine = pa.concat_tables([trial.spine(entity, day) for day in trial.days])
    with on_engine(trial.history) as history:
        trained = as_known(history, entity, spine, progress=trial.progress)
    stored = [trial.published(built, entity, day) for day in trial.days]
    claim = f"{entity}: snapshot = training values as of {_named(trial.days)}"
    return held_against(claim, entity, trained, pa.concat_tables(stored))


@contextmanager
def _online_of_our_own(online_store: str, home: Path) -> Iterator[str]:
    """An online store of the same kind in which nobody else looks; nothing of it stays."""
    if online_store == SQLITE:
        yield online_store
        return
    ours = f"{urldefrag(online_store).url}#vouch-verify-{uuid4().hex}"
    try:
        yield ours
    finally:
        if is_ours(home / "features"):
            open_store(home / "features", online=ours).teardown()


def _online_checks(trial: Trial, home: Path, store: str, day: date) -> Iterator[Check]:
    """One day after the other goes online: from the second on, only what changed is written."""
    now = _end_of(day)
    build(trial.history, as_of=day, home=home, now=now, progress=trial.progress)
    materialize(home, now=now, online_store=store, progress=trial.progress)
    for entity, ids in trial.asked.items():
        reader = OnlineFeatures(home, entity, max_age=A_DAY, online_store=store)
        online = _as_table(entity, ids, reader.read(ids, now=now))
        stored = trial.published(home, entity, day)
        yield held_against(f"{entity}: online = snapshot as of {day}", entity, stored, online)


def _as_table(entity: str, ids: Sequence[str], online: Sequence[Evidence]) -> pa.Table:
    read = [it.values if it.freshness is Freshness.FRESH else {} for it in online]
    columns: dict[str, object] = {"entity_id": ids}
    for feature in ENTITY_FEATURES[entity]:
        columns[feature.name] = [values.get(feature.name) for values in read]
    return pa.table(columns)


def _kept_tiles_checks(trial: Trial, built: Path) -> Iterator[Check]:
    """The same days once more, by way of kept tiles."""
    kept, now = trial.home / "kept", _end_of(trial.days[-1])
    for day in trial.days:
        build_incrementally(trial.history, as_of=day, home=kept, now=now, progress=trial.progress)
    for entity in trial.asked:
        tables = [
            pa.concat_tables([trial.published(home, entity, day) for day in trial.days])
            for home in (built, kept)
        ]
        claim = f"{entity}: kept tiles = snapshot as of {_named(trial.days)}"
        yield held_against(claim, entity, *tables, tolerance=trial.tolerance)


def _walk_check(trial: Trial, built: Path, entity: str) -> Check:
    """The same days once more, on one walk over all days between them."""
    folder = trial.home / "walked"
    with Walk(trial.history, entity, trial.days[-1], folder=folder) as walk:
        walked = [
            trial.rows_of(entity, walk.values(trial.history, entity, day)) for day in trial.days
        ]
    stored = [trial.published(built, entity, day) for day in trial.days]
    claim = f"{entity}: one walk = snapshot as of {_named(trial.days)}"
    both = pa.concat_tables(stored), pa.concat_tables(walked)
    return held_against(claim, entity, *both, tolerance=trial.tolerance)


def _named(days: Sequence[date]) -> str:
    return " and ".join(map(str, days))


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + A_DAY
