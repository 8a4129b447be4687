"""Kept tiles are those of all rows together, however and in whatever order the rows came."""

import shutil
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit.errors import InputError
from features.sources import open_history
from features.tile_store.durable import alone
from features.tile_store.identities import all_ids, coded
from features.tile_store.manifest import Identities, read_kept
from features.tile_store.place import Place
from features.tile_store.sorted_runs import appended, found, open_runs, packed
from features.tile_store.store import TileStore

START = datetime(2026, 3, 1)  # noqa: DTZ001  # tables hold naive UTC
EPOCH = date(1970, 1, 1)
MERCHANTS = pd.DataFrame({"merchant_id": ["m1", "m2"]})
COLUMNS = ("payment_id", "merchant_id", "user_id", "kind", "amount_minor", "currency")
COLUMNS += ("occurred_at", "recorded_at")

versions = st.tuples(
    st.integers(0, 4),  # key
    st.sampled_from(["m1", "m2"]),
    st.sampled_from(["u1", "u2", None]),
    st.sampled_from(["payment", "payment", "refund"]),
    st.integers(1, 9),
    st.integers(0, 3),  # day of the event
    st.integers(0, 12),  # thirds of days until it was recorded
)
histories = st.lists(versions, min_size=1, max_size=14, unique_by=lambda row: (row[0], row[6]))


def frame(rows):
    table = [
        (
            f"p{key}",
            merchant,
            user,
            kind,
            amount,
            "CNY",
            START + timedelta(days=day),
            START + timedelta(hours=8 * recorded),
        )
        for key, merchant, user, kind, amount, day, recorded in rows
    ]
    return pd.DataFrame(table, columns=COLUMNS)


def day_of(time):
    return (time.date() - EPOCH).days


def expected(rows):
    """Tiles by a plain reading: each version counts from its day until the next one's."""
    days, counterparts = Counter(), Counter()
    for key in {row[0] for row in rows}:
        known = sorted({row for row in rows if row[0] == key}, key=lambda row: row[6])
        arrivals = [day_of(START + timedelta(hours=8 * row[6])) for row in known]
        for row, since, until in zip(known, arrivals, [*arrivals[1:], None], strict=True):
            if since == until:
                continue
            _, merchant, user, kind, amount, day, _ = row
            event = day_of(START + timedelta(days=day))
            for arrival, sign in ((since, 1), (until, -1)):
                if arrival is None:
                    continue
                days[merchant, event, arrival, f"{kind}_count"] += sign
                days[merchant, event, arrival, f"{kind}_minor"] += sign * amount
                if kind == "payment" and user is not None:
                    counterparts[merchant, user, event, arrival, "count"] += sign
                    counterparts[merchant, user, event, arrival, "minor"] += sign * amount
    return [{key: many for key, many in tiles.items() if many} for tiles in (days, counterparts)]


def kept_tiles(folder):
    """All tiles that are kept, added up."""
    kept = read_kept(folder)
    ids = {name: all_ids(folder, it).to_pylist() for name, it in kept.identities.items()}
    days, counterparts = Counter(), Counter()
    for part in kept.parts_of("merchant"):
        for tile in pq.read_table(folder / part.days).to_pylist():
            for name in ("payment_count", "payment_minor", "refund_count", "refund_minor"):
                key = ids["merchant"][tile["entity"]], tile["event_day"], tile["arrival_day"]
                days[*key, name] += tile[name]
        for tile in pq.read_table(folder / part.counterparts).to_pylist():
            pair = ids["merchant"][tile["entity"]], ids["user"][tile["counterpart"]]
            for name in ("count", "minor"):
                counterparts[*pair, tile["event_day"], tile["arrival_day"], name] += tile[name]
    return [{key: many for key, many in tiles.items() if many} for tiles in (days, counterparts)]


class World:
    """A data directory to which files of payments are delivered, and the tiles kept of it."""

    def __init__(self, root, prepared):
        self.root, self.folder = root, root / "tiles"
        self.data = root / "data"
        (self.data / "payments").mkdir(parents=True)
        MERCHANTS.to_parquet(self.data / "merchants.parquet")
        self.folder.mkdir()
        shutil.copytree(prepared, self.folder / "prepared")

    def deliver(self, name, rows):
        file = self.data / "payments" / f"{name}.parquet"
        frame(rows).to_parquet(file, coerce_timestamps="us", index=False)
        return file

    def bring_in(self):
        with open_history(self.data, scratch=self.root / "scratch") as history:
            return TileStore(
                history, Place(self.folder, history.connection), ("merchant",)
            ).bring_in()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The queries of an ingest as text, made once."""
    root = tmp_path_factory.mktemp("prepared")
    (root / "none").mkdir()
    world = World(root / "world", root / "none")
    world.deliver("first", [(0, "m1", "u1", "payment", 5, 0, 0)])
    world.bring_in()
    return world.folder / "prepared"


@pytest.fixture
def new_world(tmp_path_factory, prepared):
    return lambda: World(tmp_path_factory.mktemp("world"), prepared)


@pytest.fixture
def world(new_world):
    return new_world()


def test_tiles_are_those_of_all_rows_however_they_came(new_world, runs):
    @settings(
        max_examples=runs(full=400, short=8),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(st.data())
    def however(data):
        rows = data.draw(histories)
        world = new_world()
        deliveries = data.draw(
            st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=len(rows), max_size=len(rows))
        )
        for delivery in data.draw(st.permutations(range(4))):
            part = [row for row, into in zip(rows, deliveries, strict=True) if delivery in into]
            if part:
                world.deliver(f"part-{delivery}", part)
                world.bring_in()
        assert kept_tiles(world.folder) == expected(rows)

    however()


def test_a_version_between_two_known_ones_moves_the_day_on_which_the_first_was_overtaken(world):
    first, between, last = ((0, "m1", "u1", "payment", 10 * n, 0, 6 * n) for n in (0, 1, 2))
    world.deliver("a", [first, last])
    world.bring_in()
    world.deliver("b", [between])
    came = world.bring_in()
    assert (came.rows, came.corrected) == (1, 1)
    assert kept_tiles(world.folder) == expected([first, between, last])


def test_only_new_files_are_read(world):
    world.deliver("a", [(0, "m1", "u1", "payment", 5, 0, 0)])
    assert world.bring_in().rows == 1
    world.deliver("b", [(1, "m2", "u1", "payment", 5, 0, 0), (2, "m2", "u1", "payment", 5, 0, 0)])
    assert world.bring_in().rows == 2
    again = world.bring_in()
    assert (again.rows, again.tiles, again.anew) == (0, 0, "")


def test_a_file_that_only_looks_new_is_not_read_again(world):
    file = world.deliver("a", [(0, "m1", "u1", "payment", 5, 0, 0)])
    world.bring_in()
    file.touch()
    assert world.bring_in().anew == ""


@pytest.mark.parametrize("change", ["replaced", "gone"])
def test_what_was_read_and_is_another_file_now_or_gone_is_ingested_anew_and_said(world, change):
    rows = [(key, "m1", "u1", "payment", 5, 0, 0) for key in range(3)]
    file = world.deliver("a", rows[:2])
    world.deliver("b", rows[2:])
    world.bring_in()
    if change == "replaced":
        world.deliver("a", rows[:1])
    else:
        file.unlink()
    came = world.bring_in()
    assert came.anew.startswith("payments/a.parquet is ")
    left = [rows[0], rows[2]] if change == "replaced" else rows[2:]
    assert kept_tiles(world.folder) == expected(left)


def test_two_deliveries_that_contradict_each_other_are_refused_by_name(world):
    world.deliver("a", [(0, "m1", "u1", "payment", 5, 0, 0)])
    world.bring_in()
    before = read_kept(world.folder)
    world.deliver("b", [(0, "m1", "u1", "payment", 6, 0, 0)])
    with pytest.raises(
        InputError, match=r"payment_id=p0 with recorded_at=2026-03-01 00:00:00 twice"
    ):
        world.bring_in()
    assert read_kept(world.folder) == before


def test_a_second_currency_is_refused(world):
    world.deliver("a", [(0, "m1", "u1", "payment", 5, 0, 0)])
    world.bring_in()
    other = frame([(1, "m1", "u1", "payment", 5, 0, 0)]).assign(currency="EUR")
    other.to_parquet(world.data / "payments" / "b.parquet", coerce_timestamps="us", index=False)
    with pytest.raises(InputError, match="CNY and EUR"):
        world.bring_in()


def test_files_that_no_manifest_names_are_taken_away(world):
    world.deliver("a", [(0, "m1", "u1", "payment", 5, 0, 0)])
    world.bring_in()
    (world.folder / "000002-merchant-days.parquet").write_bytes(b"half")
    (world.folder / "keys-000002.npy.part").write_bytes(b"half")
    world.bring_in()
    there = {file.name for file in world.folder.iterdir() if file.is_file()}
    assert there == set(read_kept(world.folder).named()) - {"lock"}


def test_one_run_at_a_time(tmp_path):
    with (
        alone(tmp_path),
        pytest.raises(InputError, match="another incremental run"),
        alone(tmp_path),
    ):
        pass
    with alone(tmp_path):
        pass


@given(
    st.lists(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20), min_size=1, max_size=8),
    st.lists(st.integers(0, 2**64 - 1), max_size=10),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sorted_runs_find_every_hash_with_all_its_numbers(tmp_path_factory, runs_of, strangers):
    folder = tmp_path_factory.mktemp("runs")
    names, truth = (), set()
    for number, some in enumerate(runs_of):
        hashes = np.unique(np.array(some, np.uint64))
        entries = packed(hashes, np.full(len(hashes), number), low_bits=16)
        names = appended(folder, names, entries, f"run-{number}.npy")
        truth |= {(int(hash_) >> 16, number) for hash_ in hashes}
    wanted = np.array([*{hash_ for hashes in runs_of for hash_ in hashes}, *strangers], np.uint64)
    place, number = found(open_runs(folder, names), wanted, low_bits=16)
    pairs = {(int(wanted[at]) >> 16, int(it)) for at, it in zip(place, number, strict=True)}
    assert pairs == {pair for pair in truth if pair[0] in {int(it) >> 16 for it in wanted}}
    sizes = [len(run) for run in open_runs(folder, names)]
    assert all(one >= 4 * other for one, other in pairwise(sizes))


class Colliding:
    """A place whose hashes say next to nothing."""

    def __init__(self, folder):
        self.folder = folder

    def hashes(self, texts):
        return np.array([len(text) << 40 for text in texts.to_pylist()], np.uint64)


def test_ids_keep_their_codes_even_where_all_hashes_are_the_same(tmp_path):
    place, identities, codes = Colliding(tmp_path), Identities(), {}
    rng = np.random.default_rng(3)
    for number in range(60):
        names = [f"id{n:03d}" for n in rng.integers(0, 300, 20)]
        got, identities = coded(place, identities, pa.array(names), f"{number}")
        for name, code in zip(names, got.tolist(), strict=True):
            assert codes.setdefault(name, code) == code
    assert sorted(codes.values()) == list(range(len(codes)))
    ids = all_ids(tmp_path, identities).to_pylist()
    assert [ids[code] for code in codes.values()] == list(codes)
