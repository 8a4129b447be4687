"""A stretch of days in one walk: the bytes of day-by-day builds, whatever stops it on the way."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.errors import InputError
from features import backfill as module
from features.backfill import backfill
from features.catalogue import ENTITY_FEATURES
from features.publication import day_folder, published
from features.snapshot import build
from features.sources import History, open_history
from features.spine import as_known

Tables = dict[str, pd.DataFrame]
NOW = datetime(2026, 12, 1, tzinfo=UTC)
FIRST = date(2026, 5, 28)
DAYS = [FIRST + timedelta(days=number) for number in range(8)]
JOIN_KEY = {"merchant": "merchant_id", "user": "user_id"}


@dataclass(frozen=True, slots=True)
class Walked:
    """A history of which `DAYS` were walked, and where they are published."""

    history: History
    home: Path

    def another_home(self, home: Path) -> Path:
        """A home in which queries were made before, and nothing else."""
        prepared = Path("features", "prepared")
        shutil.copytree(self.home / prepared, home / prepared)
        return home


@pytest.fixture(scope="module")
def walked(
    tmp_path_factory: pytest.TempPathFactory, made_up: Callable[[int], Tables]
) -> Iterator[Walked]:
    folder = tmp_path_factory.mktemp("walked")
    tables = made_up(11)
    # Somebody is known only from the third of the days on.
    tables["merchants"]["recorded_at"] = [*[datetime(2026, 1, 1)] * 3, datetime(2026, 5, 30)]  # noqa: DTZ001
    (folder / "data").mkdir()
    for name, rows in tables.items():
        file = folder / "data" / f"{name}.parquet"
        rows.to_parquet(file, coerce_timestamps="us", index=False)
    with open_history(folder / "data", scratch=folder / "scratch") as history:
        backfill(history, first=DAYS[0], last=DAYS[-1], home=folder / "home", now=NOW)
        yield Walked(history, folder / "home")


def test_every_day_has_the_values_that_were_known_on_it(walked: Walked) -> None:
    for entity in ("merchant", "user"):
        snapshots = published(walked.home, entity)
        assert [snapshot.as_of for snapshot in snapshots] == DAYS
        values = pa.concat_tables([_values(it.file, it.as_of) for it in snapshots])
        spine = values.select(["entity_id", "as_of"])
        assert as_known(walked.history, entity, spine).equals(values.combine_chunks())
    assert [it.rows for it in published(walked.home, "merchant")] == [3, 3, 4, 4, 4, 4, 4, 4]


def test_a_walked_day_is_the_built_day_byte_for_byte(walked: Walked, tmp_path: Path) -> None:
    build(walked.history, as_of=DAYS[-1], home=tmp_path, now=NOW)
    for entity in ("merchant", "user"):
        [built] = published(tmp_path, entity)
        last = published(walked.home, entity)[-1]
        assert last.file.name == built.file.name
        assert last.file.read_bytes() == built.file.read_bytes()


def test_a_walk_that_was_stopped_is_taken_up_where_it_stopped(
    walked: Walked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = module.day_values, []

    def stops(history: History, entity: str, day: date, *rest: Any, **also: Any) -> pa.Table:
        asked.append(day)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return real(history, entity, day, *rest, **also)

    monkeypatch.setattr(module, "day_values", stops)
    home = walked.another_home(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        backfill(walked.history, first=DAYS[0], last=DAYS[-1], home=home, now=NOW)
    assert len(published(home, "merchant")) == 3
    summary = backfill(walked.history, first=DAYS[0], last=DAYS[-1], home=home, now=NOW)
    assert "5 of 8 days" in summary.done[0].note
    assert len(asked) == 4 + 5 + 8  # nothing that was published is worked out again
    for entity in ("merchant", "user"):
        whole, taken_up = published(walked.home, entity), published(home, entity)
        assert [it.file.read_bytes() for it in whole] == [it.file.read_bytes() for it in taken_up]


def test_days_that_are_there_are_left_and_the_gaps_are_filled(
    walked: Walked, tmp_path: Path
) -> None:
    home = walked.another_home(tmp_path)
    for entity in ("merchant", "user"):
        for day in (*DAYS[:1], *DAYS[3:]):
            there = day_folder(walked.home, entity, day)
            shutil.copytree(there, day_folder(home, entity, day))
    later = NOW + timedelta(days=1)
    backfill(walked.history, first=DAYS[0], last=DAYS[-1], home=home, now=later)
    made = [snapshot.created for snapshot in published(home, "merchant")]
    assert made == [NOW, later, later, *[NOW] * 5]
    again = backfill(walked.history, first=DAYS[0], last=DAYS[-1], home=home, now=later)
    assert not any(done.written for done in again.done)


def test_a_history_without_payments_has_its_days_too(
    opened: Callable[[Tables], History], made_up: Callable[[int], Tables], tmp_path: Path
) -> None:
    history = opened({name: made_up(3)[name] for name in ("merchants", "loans", "repayments")})
    backfill(history, first=DAYS[0], last=DAYS[1], home=tmp_path / "walked", now=NOW)
    build(history, as_of=DAYS[1], home=tmp_path / "built", now=NOW)
    [built] = published(tmp_path / "built", "merchant")
    assert (
        published(tmp_path / "walked", "merchant")[-1].file.read_bytes() == built.file.read_bytes()
    )


def test_days_the_wrong_way_round_are_refused(walked: Walked, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2026-05-19"):
        backfill(walked.history, first=FIRST, last=date(2026, 5, 19), home=tmp_path, now=NOW)


def _values(file: Path, as_of: date) -> pa.Table:
    """A snapshot as `as_known` would give it."""
    table = pq.read_table(file)
    [key] = set(table.column_names) & set(JOIN_KEY.values())
    [entity] = (entity for entity, name in JOIN_KEY.items() if name == key)
    ids = table[key].cast(pa.string())
    days = pa.array([as_of] * len(ids), pa.date32())
    columns = {"entity_id": ids, "as_of": days}
    return pa.table(columns | {it.name: table[it.name] for it in ENTITY_FEATURES[entity]})
