"""Proof, on one's own data, that features are right in time and equal offline and online."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit.errors import InputError
from credit.policy.evidence import Freshness, Value
from credit.progress import Progress
from features.catalogue import ENTITY_FEATURES
from features.perturbed import altered_later, without_later
from features.publication import published
from features.repository import JOIN_KEY
from features.snapshot import build, known_entities
from features.spine import PROFILE_TABLE, as_known
from features.store import OnlineFeatures, materialize

if TYPE_CHECKING:
    from features.sources import History

# Profiles may be recorded years before anything happens: a day between would prove nothing.
EVENT_TABLES = ("payments", "loans", "repayments", "bills", "holds")
PROFILE_TABLES = tuple(PROFILE_TABLE.values())
DAYS_BEFORE_CUT = 60


@dataclass(frozen=True, slots=True)
class Check:
    """One claim: how many values were compared, how many differ, and the first that does.

    A value that is missing on both sides is not counted as compared.
    """

    claim: str
    compared: int
    differing: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """Every claim with what came of it."""

    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """True where every claim compared values and none differs: no rows are no proof."""
        return bool(self.checks) and all(
            check.compared and not check.differing for check in self.checks
        )

    def lines(self) -> Iterator[str]:
        """The report for people, a claim a line."""
        for check in self.checks:
            state = f"{check.differing:,} differ" if check.differing else "holds"
            state = state if check.compared else "nothing to compare"
            example = f": {check.example}" if check.example else ""
            yield f"{check.claim:<58} {check.compared:>9,} values  {state}{example}"


def verify(
    history: "History",
    *,
    sample: int,
    seed: int,
    scratch: Path,
    progress: Progress | None = None,
) -> VerifyReport:
    """Compare up to `sample` entities of each kind, in scratch space.

    The snapshot of the data's last day equals the training values of that day; what is online
    equals the snapshot bit for bit; and no value as of a day moves when the rows recorded after
    it are taken away, or tripled, exchanged and corrected.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    first, last = recorded_days(history)
    cut = first + (last - first) * 2 // 3
    rng = random.Random(seed)  # noqa: S311  # a sample, not a secret
    with TemporaryDirectory(dir=scratch, prefix="verify-") as home:
        checks = []
        for entity in _entities(history):
            ids = _sampled(known_entities(history, entity, last), sample, rng)
            checks += _published_checks(
                history, entity, ids, last, home=Path(home), progress=progress
            )
            ids = _sampled(known_entities(history, entity, cut), sample, rng)
            checks += _later_rows_checks(history, entity, ids, cut, rng=rng, progress=progress)
    return VerifyReport(tuple(checks))


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
    row = history.backend.to_pyarrow(bounds).to_pylist()[0]
    return [time.date() for time in row.values() if time is not None]


def _entities(history: "History") -> list[str]:
    entities = [entity for entity, table in PROFILE_TABLE.items() if table in history.tables]
    if not entities:
        raise InputError(f"{history.path} has neither merchants nor users", "give it one of them")
    return entities


def _sampled(ids: pa.Array, sample: int, rng: random.Random) -> list[str]:
    known = ids.to_pylist()
    return sorted(rng.sample(known, min(sample, len(known))))


def _published_checks(
    history: "History",
    entity: str,
    ids: list[str],
    day: date,
    *,
    home: Path,
    progress: Progress | None,
) -> list[Check]:
    if not ids:
        return []
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    build(history, as_of=day, home=home, now=now, progress=progress)
    materialize(home, now=now, progress=progress)
    stored = pq.read_table(published(home, entity)[-1].file)
    stored = stored.filter(pc.is_in(stored[JOIN_KEY[entity]], pa.array(ids)))
    spine = pa.table({"entity_id": ids, "as_of": pa.array([day] * len(ids), pa.date32())})
    trained = as_known(history, entity, spine, progress=progress)
    online = OnlineFeatures(home, entity, max_age=timedelta(days=1)).read(ids, now=now)
    read = [item.values if item.freshness is Freshness.FRESH else {} for item in online]
    return [
        _compared(f"{entity}: snapshot = training values as of {day}", entity, stored, trained),
        _compared(f"{entity}: online = snapshot", entity, stored, _as_table(entity, ids, read)),
    ]


def _as_table(entity: str, ids: list[str], read: list[dict[str, Value]]) -> pa.Table:
    columns = {"entity_id": ids}
    for feature in ENTITY_FEATURES[entity]:
        columns[feature.name] = [values.get(feature.name) for values in read]
    return pa.table(columns)


def _later_rows_checks(
    history: "History",
    entity: str,
    ids: list[str],
    cut: date,
    *,
    rng: random.Random,
    progress: Progress | None,
) -> list[Check]:
    if not ids:
        return []
    days = [cut - timedelta(days=rng.randrange(DAYS_BEFORE_CUT)) for _ in ids]
    spine = pa.table({"entity_id": ids, "as_of": pa.array(days, pa.date32())})
    known = as_known(history, entity, spine, progress=progress)
    worlds = {
        f"rows recorded after {cut} removed": without_later(history, cut),
        f"rows recorded after {cut} altered": altered_later(history, cut),
    }
    return [
        _compared(
            f"{entity}: {what}", entity, known, as_known(world, entity, spine, progress=progress)
        )
        for what, world in worlds.items()
    ]


def _compared(claim: str, entity: str, left: pa.Table, right: pa.Table) -> Check:
    """Bit for bit: the text of a double says every bit of it."""
    compared, differing, example = 0, 0, ""
    for feature in ENTITY_FEATURES[entity]:
        pairs = zip(left[feature.name].to_pylist(), right[feature.name].to_pylist(), strict=True)
        for row, (one, other) in enumerate(pairs):
            compared += one is not None or other is not None
            if repr(one) != repr(other):
                differing += 1
                at = left.column(0)[row].as_py()
                example = example or f"{at} {feature.name} {one} and {other}"
    return Check(claim, compared, differing, example)
