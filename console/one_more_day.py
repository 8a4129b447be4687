"""`vouch features build --incremental`: a day's new rows, from the data to what is online."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.done import done_lines
from console.histories import open_clean, settled
from console.output import progress_bar, show
from console.parse import parse_day
from console.priority import give_way
from credit.errors import InputError
from serving.settings import Settings, read_settings

if TYPE_CHECKING:
    from datetime import datetime

    from credit.progress import Progress
    from features.incremental import Incremental
    from features.publication import Summary


@dataclass(frozen=True, slots=True)
class OneMoreDay:
    """What was built, and what of it went online; nothing does before the day is over."""

    built: "Incremental"
    online: "Summary | None"

    def to_json(self) -> dict[str, Any]:
        """The fields of what was built, and what went online."""
        online = None if self.online is None else self.online.to_json()
        return self.built.to_json() | {"online": online}

    def lines(self) -> Iterator[str]:
        """The same for people."""
        built = self.built
        yield from done_lines(built)
        if built.note:
            yield f"all payments were read: {built.note}"
        yield (
            f"{built.payments_new:,} new payments, {built.payments_corrected:,} known before,"
            f" {built.tiles:,} tiles, {built.days} days on"
        )
        if self.online is None:
            yield "not online yet: the day is not over"
        for done in self.online.done if self.online else ():
            yield f"online {done.entity}: {done.note or 'nothing changed'}"


def build_one_more_day(data: Path, as_of: str, *, as_json: bool) -> None:
    """Ingest what is new, publish the day, bring what changed online."""
    from features.incremental import build_incrementally, read_before
    from features.sources import DUCKDB

    settings = read_settings()
    if settings.engine != DUCKDB:
        what = f"--incremental runs on {DUCKDB}, and VOUCH_ENGINE is {settings.engine!r}"
        raise InputError(what, f"build the day whole, or set VOUCH_ENGINE={DUCKDB}")
    day, now = parse_day(as_of, "--as-of"), settings.now()
    with progress_bar(quiet=as_json) as progress:
        known = read_before(settings.home, data)

        def build() -> "Incremental":
            history = open_clean(data, settings, progress, known=known)
            return build_incrementally(
                history, as_of=day, home=settings.home, now=now, progress=progress
            )

        built = settled(build, data, settings)
        is_over = all(done.event_time <= now for done in built.done)
        online = _brought_online(settings, now, progress) if is_over else None
    run = OneMoreDay(built, online)
    show(run, run.lines(), as_json=as_json)


def _brought_online(settings: Settings, now: "datetime", progress: "Progress | None") -> "Summary":
    from features.store import materialize

    give_way()
    return materialize(
        settings.home, now=now, online_store=settings.online_store, progress=progress
    )
