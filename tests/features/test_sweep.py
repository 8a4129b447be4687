"""A running state tells on every day what the expressions tell of that day's rows, to the bit."""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import payment_measures as measures
from features.definition import LONGEST_WINDOW
from features.sweep import Arrivals, Sweep, Tiles, load, named, pair, save, tidy
from features.sweep.blocks import Block, merged, narrowed
from features.sweep.pairs import Pairs
from features.sweep.squares import decimals, square_limbs
from features.tiles import AMOUNTS

START = 20_000
SPAN = 230  # days in which events happen: longer than the longest window
LAGS = (-3, 0, 0, 0, 0, 1, 29, 30, 31, 89, 90, 179, 180, 200)
Measures = dict[tuple[int, int], dict[str, object]]

rows_of_tiles = st.lists(
    st.tuples(
        st.integers(0, 2),  # entity
        st.integers(0, 3),  # counterpart
        st.integers(0, SPAN),  # event day
        st.sampled_from(LAGS),  # until it arrives
        st.sampled_from((1, 1, 1, -1)),  # a row, or one that is taken back
        st.sampled_from((1, 7, 10**6, 4 * 10**12)),  # what it is worth
    ),
    max_size=30,
)
steps = st.lists(st.sampled_from((0, 1, 1, 1, 2, 5, 29, 60)), min_size=1, max_size=25)


@dataclass(frozen=True, slots=True)
class Asked:
    """The expressions as SQL over tables `days`, `pairs` and `spine`."""

    connection: duckdb.DuckDBPyConnection
    queries: dict[str, str]

    def of(self, arrivals: Arrivals, days: list[int], *, entities: int = 3) -> dict[str, Measures]:
        spine = {
            "spine_id": np.arange(entities * len(days)),
            "entity_id": np.tile(np.arange(entities), len(days)),
            "as_of_day": np.repeat(days, entities),
        }
        tiles, pairs = arrivals.days, arrivals.counterparts
        tables = {
            "spine": spine,
            "days": _columns(tiles) | {"entity_id": tiles.key},
            "pairs": _columns(pairs)
            | {"entity_id": pairs.key >> 32, "counterpart_id": pairs.key & 0xFFFFFFFF},
        }
        for name, table in tables.items():
            self.connection.register(name, pa.table(table))
        found = {}
        for name, query in self.queries.items():
            rows = self.connection.sql(query).to_arrow_table().to_pylist()
            found[name] = {
                (days[row["spine_id"] // entities], row["spine_id"] % entities): _but(
                    row, "spine_id"
                )
                for row in rows
            }
        return found


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    backend = ibis.duckdb.connect()
    whole = {"entity_id": "int64", "event_day": "int64", "arrival_day": "int64"}
    days = ibis.table(whole | dict.fromkeys(AMOUNTS, "int64"), name="days")
    counted = {"counterpart_id": "int64", "count": "int64", "minor": "int64"}
    pairs = ibis.table(whole | counted, name="pairs")
    spine = ibis.table(
        {"spine_id": "int64", "entity_id": "int64", "as_of_day": "int64"}, name="spine"
    )
    near = measures.near(days, spine)
    each = measures.near_counterparts(measures.near(pairs, spine))
    expressions = {
        "sums": measures.window_sums(near),
        "trading": measures.trading_measures(near),
        "counterparts": measures.counterpart_measures(each),
    }
    queries = {name: backend.compile(it) for name, it in expressions.items()}
    yield Asked(backend.con, queries)
    backend.disconnect()


def test_every_edge_of_every_window_is_crossed_on_its_day(asked: Asked) -> None:
    """Entities that traded twice, so many days apart, are watched until both days are forgotten."""
    gaps = (1, 6, 7, 29, 30, 31, 59, 89, 90, 91, 120)
    rows = [
        (entity, other, day, 0, 1, 10 ** (other + 1) + entity)
        for entity, gap in enumerate(gaps)
        for other in range(7)
        for day in (other, other + gap)
    ]
    everything = _arrivals(rows)
    days = list(range(START, START + max(gaps) + LONGEST_WINDOW + 8))
    expected = asked.of(everything, days, entities=len(gaps))
    sweep = Sweep.empty(START - 1)
    for day in days:
        sweep.advance(day, _between(everything, day - 1, day))
        _assert_equal(sweep, day, expected)


def test_what_was_recorded_before_it_happened_waits_until_it_does(
    asked: Asked, tmp_path: Path
) -> None:
    everything = _arrivals([(entity, 1, 3 + entity, -3, 1, 7) for entity in range(3)])
    days = list(range(START, START + 9))
    expected = asked.of(everything, days)
    sweep, saved = Sweep.empty(START), None
    sweep.advance(START, everything)
    for day in days:
        sweep.advance(day)
        _assert_equal(sweep, day, expected)
        saved = save(sweep, tmp_path, saved)
        sweep = load(tmp_path, saved)


@settings(deadline=None, max_examples=25)
@given(rows=rows_of_tiles, first=st.integers(0, SPAN), walk=steps, early=st.booleans())
def test_a_walk_tells_what_the_expressions_tell(
    asked: Asked, rows: list[tuple[int, ...]], first: int, walk: list[int], *, early: bool
) -> None:
    everything = _arrivals(rows)
    days = [START + first + ahead for ahead in np.cumsum([0, *walk]).tolist()]
    expected = asked.of(everything, sorted(set(days)))
    sweep = Sweep.empty(days[0])
    for known, day in zip((None, *days), days, strict=False):
        if early:  # all at once: what has not arrived yet waits
            sweep.advance(day, everything if known is None else None)
        else:
            sweep.advance(day, _between(everything, known, day))
        _assert_equal(sweep, day, expected)


@settings(deadline=None, max_examples=25)
@given(rows=rows_of_tiles, first=st.integers(0, SPAN), walk=steps, data=st.data())
def test_a_state_that_was_saved_and_loaded_goes_on_as_if_it_never_was(
    rows: list[tuple[int, ...]], first: int, walk: list[int], data: st.DataObject
) -> None:
    everything = _arrivals(rows)
    days = [START + first + ahead for ahead in np.cumsum([0, *walk]).tolist()]
    kept, moved = Sweep.empty(days[0]), Sweep.empty(days[0])
    saved = None
    with TemporaryDirectory() as place:
        folder = Path(place)
        for known, day in zip((None, *days), days, strict=False):
            for sweep in (kept, moved):
                sweep.advance(day, _between(everything, known, day))
            if data.draw(st.booleans()):
                saved = json.loads(json.dumps(save(moved, folder, saved)))
                tidy(folder, saved)
                assert {file.name for file in folder.iterdir()} == named(saved)
                moved = load(folder, saved) if data.draw(st.booleans()) else moved
            assert moved.day_measures().equals(kept.day_measures())
            assert moved.counterpart_measures().equals(kept.counterpart_measures())


def test_late_files_are_made_one_and_stay_few(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    late = [(0, 1, int(day), 29, 1, 7) for day in generator.integers(0, 200, 400)]
    prompt = [(1, 2, day, 0, 1, 1) for day in range(200)]
    everything = _arrivals([*late, *prompt])
    sweep, saved = Sweep.empty(START), None
    for day in range(START + 4, START + 200, 14):
        sweep.advance(day, _between(everything, sweep.day, day))
        saved = save(sweep, tmp_path, saved)
        tidy(tmp_path, saved)
        sweep = load(tmp_path, saved)
    fresh = Sweep.empty(sweep.day)
    fresh.advance(sweep.day, _between(everything, None, sweep.day))
    assert sweep.day_measures().equals(fresh.day_measures())
    assert len(list(tmp_path.glob("*late*"))) <= 2 * 8
    assert len(list(tmp_path.iterdir())) < 2 * (LONGEST_WINDOW + 8) + 10


def test_equal_steps_after_equal_states_write_equal_bytes(tmp_path: Path) -> None:
    everything = _arrivals([(0, 1, 3, 0, 1, 7), (1, 1, 2, 1, 1, 10**6), (2, 0, 1, 29, 1, 1)])
    for name in ("one", "other"):
        sweep, saved = Sweep.empty(START), None
        for day in (START + 3, START + 40):
            sweep.advance(day, _between(everything, sweep.day, day))
            saved = save(sweep, tmp_path / name, saved)
            sweep = load(tmp_path / name, saved)
    one, other = sorted((tmp_path / "one").iterdir()), sorted((tmp_path / "other").iterdir())
    assert [file.name for file in one] == [file.name for file in other]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, other, strict=True))


def test_what_a_save_wrote_is_never_written_again(tmp_path: Path) -> None:
    """Whoever published the earlier value still finds all that it names, byte for byte."""
    everything = _arrivals([(0, 1, day, lag, 1, 7) for day in range(60) for lag in (0, 29)])
    sweep = Sweep.empty(START + 40)
    sweep.advance(START + 40, _between(everything, None, START + 40))
    before = save(sweep, tmp_path)
    bytes_before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    sweep.advance(START + 60, _between(everything, START + 40, START + 60))
    save(sweep, tmp_path, before)
    assert {name: (tmp_path / name).read_bytes() for name in bytes_before} == bytes_before
    assert load(tmp_path, before).day == START + 40


amounts_by_key = st.dictionaries(st.integers(0, 40), st.integers(-200, 10**12), max_size=12)


@settings(deadline=None)
@given(st.lists(amounts_by_key, min_size=1, max_size=5))
def test_late_blocks_add_to_what_was_there_and_keep_the_keys_in_order(
    parts: list[dict[int, int]],
) -> None:
    whole = merged([_block(part) for part in parts])
    expected = Counter()
    for part in parts:
        expected.update(part)
    assert whole.keys.tolist() == sorted(expected)
    found = whole.looked_up("minor", np.arange(41))
    assert found.tolist() == [expected[key] for key in range(41)]


@given(st.lists(st.integers(-(10**17), 10**17), max_size=40))
def test_sums_of_squares_are_exact(values: list[int]) -> None:
    limbs = np.stack(square_limbs(np.array(values, np.int64))).sum(axis=1, keepdims=True)
    assert int(decimals(limbs)[0].as_py()) == sum(value * value for value in values)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.integers(0, 60), st.integers(0, 3), max_size=30), max_size=12))
def test_pairs_are_found_whichever_run_they_lie_in(days: list[dict[int, int]]) -> None:
    pairs, expected = Pairs(), {}
    for changes in days:
        keys = np.array(sorted(changes), np.int64)
        values = np.array([changes[key] for key in keys.tolist()], np.int64)
        pairs.put(keys, np.stack([values] * 4))
        expected |= changes
    asked_for = np.arange(62)
    assert pairs.known(asked_for)[0].tolist() == [expected.get(key, 0) for key in range(62)]
    lengths = [len(run.keys) for run in pairs.runs]
    assert all(older > 4 * newer for older, newer in itertools.pairwise(lengths))


def _block(amounts: dict[int, int]) -> Block:
    keys = np.array(sorted(amounts), np.int64)
    minor = np.array([amounts[key] for key in keys.tolist()], np.int64)
    return Block(narrowed(keys), {"minor": narrowed(minor)})


def _arrivals(rows: list[tuple[int, ...]]) -> Arrivals:
    entity, other, event, lag, sign, worth = np.array(rows or [(0,) * 6], np.int64).T[
        :, : len(rows)
    ]
    event = event + START
    amounts = {
        name: sign * (worth if name.endswith("minor") else 1) * (place % 3 > 0)
        for place, name in enumerate(AMOUNTS, start=1)
    }
    amounts["payment_count"], amounts["payment_minor"] = sign, sign * worth
    return Arrivals(
        Tiles(entity, event, event + lag, amounts),
        Tiles(pair(entity, other), event, event + lag, {"count": sign, "minor": sign * worth}),
    )


def _between(arrivals: Arrivals, known: int | None, day: int) -> Arrivals:
    """What counts from a day after `known` on, by `day`."""

    def chosen(tiles: Tiles) -> Tiles:
        counts_from = tiles.counts_from
        return tiles.where((counts_from > (known or 0)) & (counts_from <= day))

    return Arrivals(chosen(arrivals.days), chosen(arrivals.counterparts))


def _assert_equal(sweep: Sweep, day: int, expected: dict[str, Measures]) -> None:
    for row in sweep.day_measures().to_pylist():
        here = (day, row["entity_code"])
        told = expected["sums"].get(here, {}) | expected["trading"].get(here, {})
        zero = {name: 0 for name in measures.ZERO_WHERE_NONE if told.get(name) is None}
        assert _but(row, "entity_code") == dict.fromkeys(_but(row, "entity_code")) | told | zero
    told = {
        code: row for (asked_day, code), row in expected["counterparts"].items() if asked_day == day
    }
    mine = {
        row["entity_code"]: _but(row, "entity_code")
        for row in sweep.counterpart_measures().to_pylist()
    }
    assert mine == told


def _but(row: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in row.items() if key != name}


def _columns(tiles: Tiles) -> dict[str, object]:
    return {"event_day": tiles.event_day, "arrival_day": tiles.arrival_day} | dict(tiles.amounts)
