"""A stretch of days in one walk: the bytes of day-by-day builds, whatever stops it on the way."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.errors import InputError
from features import backfill as module
from features.backfill import backfill
from features.catalogue import ENTITY_FEATURES
from features.publication import published
from features.snapshot import build
from features.sources import History
from features.spine import as_known

Tables = dict[str, pd.DataFrame]
NOW = datetime(2026, 12, 1, tzinfo=UTC)
FIRST = date(2026, 5, 20)  # merchant m4 opens on the first of June
JOIN_KEY = {"merchant": "merchant_id", "user": "user_id"}


@pytest.fixture
def history(opened: Callable[[Tables], History], made_up: Callable[[int], Tables]) -> History:
    return opened(made_up(11))


def test_every_day_has_the_values_that_were_known_on_it(history: History, tmp_path: Path) -> None:
    last = FIRST + timedelta(days=24)
    summary = backfill(history, first=FIRST, last=last, home=tmp_path, now=NOW)
    assert [done.entity for done in summary.done] == ["merchant", "user"]
    for entity in ("merchant", "user"):
        snapshots = published(tmp_path, entity)
        days = [FIRST + timedelta(days=number) for number in range(25)]
        assert [snapshot.as_of for snapshot in snapshots] == days
        values = pa.concat_tables([_values(it.file, it.as_of) for it in snapshots])
        spine = values.select(["entity_id", "as_of"])
        assert as_known(history, entity, spine).equals(values.combine_chunks())


def test_a_walked_day_is_the_built_day_byte_for_byte(history: History, tmp_path: Path) -> None:
    day = FIRST + timedelta(days=9)
    backfill(history, first=FIRST, last=day, home=tmp_path / "walked", now=NOW)
    build(history, as_of=day, home=tmp_path / "built", now=NOW)
    for entity in ("merchant", "user"):
        [built] = published(tmp_path / "built", entity)
        walked = published(tmp_path / "walked", entity)[-1]
        assert walked.file.name == built.file.name
        assert walked.file.read_bytes() == built.file.read_bytes()


def test_a_walk_that_was_stopped_is_taken_up_where_it_stopped(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = FIRST + timedelta(days=11)
    backfill(history, first=FIRST, last=last, home=tmp_path / "whole", now=NOW)
    real, days = module.day_values, []

    def stops(history: History, entity: str, day: date, *rest: object, **also: object) -> pa.Table:
        days.append(day)
        if len(days) == 5:
            raise KeyboardInterrupt
        return real(history, entity, day, *rest, **also)

    monkeypatch.setattr(module, "day_values", stops)
    halted = tmp_path / "halted"
    with pytest.raises(KeyboardInterrupt):
        backfill(history, first=FIRST, last=last, home=halted, now=NOW)
    assert len(published(halted, "merchant")) == 4
    summary = backfill(history, first=FIRST, last=last, home=halted, now=NOW)
    assert "8 of 12 days" in summary.done[0].note
    assert len(days) == 5 + 8 + 12  # nothing is worked out again
    for entity in ("merchant", "user"):
        whole, taken_up = published(tmp_path / "whole", entity), published(halted, entity)
        assert [it.file.read_bytes() for it in whole] == [it.file.read_bytes() for it in taken_up]


def test_days_that_are_there_are_left_and_the_gaps_are_filled(
    history: History, tmp_path: Path
) -> None:
    for number in (3, 4):
        build(history, as_of=FIRST + timedelta(days=number), home=tmp_path, now=NOW)
    last = FIRST + timedelta(days=6)
    later = NOW + timedelta(days=1)
    backfill(history, first=FIRST, last=last, home=tmp_path, now=later)
    made = [snapshot.created for snapshot in published(tmp_path, "merchant")]
    assert made == [later, later, later, NOW, NOW, later, later]
    again = backfill(history, first=FIRST, last=last, home=tmp_path, now=later)
    assert not any(done.written for done in again.done)


def test_a_history_without_payments_has_its_days_too(
    opened: Callable[[Tables], History], made_up: Callable[[int], Tables], tmp_path: Path
) -> None:
    tables = made_up(3)
    del tables["payments"]
    history = opened(tables)
    day = FIRST + timedelta(days=1)
    backfill(history, first=FIRST, last=day, home=tmp_path / "walked", now=NOW)
    build(history, as_of=day, home=tmp_path / "built", now=NOW)
    for entity in ("merchant", "user"):
        [built] = published(tmp_path / "built", entity)
        walked = published(tmp_path / "walked", entity)[-1]
        assert walked.file.read_bytes() == built.file.read_bytes()


def test_days_the_wrong_way_round_are_refused(history: History, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2026-05-19"):
        backfill(history, first=FIRST, last=date(2026, 5, 19), home=tmp_path, now=NOW)


def _values(file: Path, as_of: date) -> pa.Table:
    """A snapshot as `as_known` would give it."""
    table = pq.read_table(file)
    [key] = set(table.column_names) & set(JOIN_KEY.values())
    [entity] = (entity for entity, name in JOIN_KEY.items() if name == key)
    ids = table[key].cast(pa.string())
    days = pa.array([as_of] * len(ids), pa.date32())
    columns = {"entity_id": ids, "as_of": days}
    return pa.table(columns | {it.name: table[it.name] for it in ENTITY_FEATURES[entity]})
