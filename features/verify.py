"""Proof, on one's own data, that features are right in time and equal whichever way they come."""

import random
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa

from credit.errors import InputError
from credit.progress import Progress
from features.effort import rows_read
from features.engines import on_engine
from features.entity_values import PROFILE_KEY, PROFILE_TABLE
from features.perturbed import altered_later, without_later
from features.repository import SQLITE
from features.snapshot import known_entities
from features.sources import DUCKDB
from features.spine import as_known
from features.verification.claims import Check, VerifyReport, held_against
from features.verification.engines import engine_checks, why_not
from features.verification.publications import Trial, published_checks

if TYPE_CHECKING:
    from features.sources import History

__all__ = ["Check", "VerifyReport", "recorded_days", "verify"]

# Profiles may be recorded years before anything happens: a day between would prove nothing.
EVENT_TABLES = ("payments", "loans", "repayments", "bills", "holds")
PROFILE_TABLES = tuple(PROFILE_TABLE.values())
DAYS_BEFORE_CUT = 60


def verify(
    history: "History",
    *,
    sample: int,
    seed: int,
    scratch: Path,
    online_store: str = SQLITE,
    engines: tuple[str, ...] = (DUCKDB,),
    progress: Progress | None = None,
) -> VerifyReport:
    """Hold up to `sample` entities of each kind against themselves, in scratch space.

    On several days the published snapshot equals the training values of that day, and what is
    online equals the snapshot, bit for bit; kept tiles and one walk over many days end in the
    same snapshots; no value as of a day moves when the rows recorded after it are taken away, or
    tripled, given to others and corrected; and each of `engines` comes to the same values. What
    is published and online in the home is left alone.
    """
    started = time.monotonic()
    scratch.mkdir(parents=True, exist_ok=True)
    first, last = recorded_days(history)
    cut = first + (last - first) * 2 // 3
    rng = random.Random(seed)  # noqa: S311  # a sample, not a secret
    days = tuple(sorted({cut, last}))
    asked = {it: _sampled(history, it, last, sample, rng) for it in _entities(history)}
    usable = tuple(engine for engine in engines if not why_not(engine))
    with TemporaryDirectory(dir=scratch, prefix="verify-") as home:
        trial = Trial(history, days, asked, Path(home), online_store, progress)
        checks = [*published_checks(trial)]
        for entity in asked:
            ids = _sampled(history, entity, cut, sample, rng)
            checks += later_rows_checks(trial, entity, ids, cut, rng)
        checks += engine_checks(trial, usable)
    return VerifyReport(
        tuple(checks),
        unchecked=tuple(
            f"{it} = {DUCKDB}: not checked: {why_not(it)}" for it in engines if why_not(it)
        ),
        entities=sum(len(ids) for ids in asked.values()),
        rows_read=rows_read(history),
        seconds=time.monotonic() - started,
    )


def recorded_days(history: "History") -> tuple[date, date]:
    """First and last day on which an event was recorded; of profiles where there are no events."""
    for names in (EVENT_TABLES, PROFILE_TABLES):
        days = [day for name in names for day in _bounds(history, name)]
        if days:
            return min(days), max(days)
    raise InputError(f"{history.path} holds no row that features read", "give it histories")


def _bounds(history: "History", name: str) -> list[date]:
    if name not in history.tables:
        return []
    recorded = history.table(name).recorded_at
    bounds = history.table(name).aggregate(first=recorded.min(), last=recorded.max())
    row = history.read(bounds).to_pylist()[0]
    return [time.date() for time in row.values() if time is not None]


def _entities(history: "History") -> list[str]:
    entities = [entity for entity, table in PROFILE_TABLE.items() if table in history.tables]
    if not entities:
        raise InputError(f"{history.path} has neither merchants nor users", "give it one of them")
    return entities


def _sampled(
    history: "History", entity: str, day: date, sample: int, rng: random.Random
) -> list[str]:
    """Some of the entities that are known by the end of `day`."""
    known = known_entities(history, entity, day).to_pylist()
    return sorted(rng.sample(known, min(sample, len(known))))


def later_rows_checks(
    trial: Trial, entity: str, ids: list[str], cut: date, rng: random.Random
) -> Iterator[Check]:
    """No value as of up to `DAYS_BEFORE_CUT` days before `cut` moves with what came after it."""
    if not ids:
        return
    days = [cut - timedelta(days=rng.randrange(DAYS_BEFORE_CUT)) for _ in ids]
    spine = pa.table({"entity_id": ids, "as_of": pa.array(days, pa.date32())})
    onto = {PROFILE_KEY[it]: tuple(some) for it, some in trial.asked.items() if some}
    onto[PROFILE_KEY[entity]] = tuple(ids)
    with on_engine(trial.history) as history:
        known = as_known(history, entity, spine, progress=trial.progress)
        worlds = {
            f"rows recorded after {cut} removed": without_later(history, cut),
            f"rows recorded after {cut} altered": altered_later(history, cut, onto=onto),
        }
        for what, world in worlds.items():
            moved = as_known(world, entity, spine, progress=trial.progress)
            yield held_against(f"{entity}: {what}", entity, known, moved)
