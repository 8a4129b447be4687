"""A run that only reads what is new publishes the very bytes of a full build."""

import shutil
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from credit.contract import MONEY_MAX
from features.incremental import build_incrementally
from features.publication import MANIFEST, day_folder, published
from features.snapshot import build
from features.sources import open_history

NOW = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = (date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 20))


class Lender:
    """A directory of histories to which payments are delivered in files, and its home."""

    def __init__(self, root, tables, prepared=None):
        self.home, self.scratch, self.data = root / "home", root / "scratch", root / "data"
        (self.data / "payments").mkdir(parents=True)
        if prepared:
            shutil.copytree(prepared, self.home / "features" / "tiles" / "prepared")
        for name, rows in tables.items():
            if name != "payments":
                rows.to_parquet(self.data / f"{name}.parquet", coerce_timestamps="us", index=False)

    def deliver(self, name, rows):
        file = self.data / "payments" / f"{name}.parquet"
        rows.to_parquet(file, coerce_timestamps="us", index=False)

    def one_more(self, day):
        with open_history(self.data, scratch=self.scratch) as history:
            return build_incrementally(history, as_of=day, home=self.home, now=NOW)

    def whole(self, day):
        """A full build of what lies there now, in a home of its own."""
        home = self.home.with_name("whole")
        with open_history(self.data, scratch=self.scratch) as history:
            build(history, as_of=day, home=home, now=NOW)
        return home

    def published(self, day, home=None):
        """The bytes of a day: of its manifest and of its values."""
        folders = [day_folder(home or self.home, kind, day) for kind in ("merchant", "user")]
        return {
            (folder.parent.name, file.name): file.read_bytes()
            for folder in folders
            for file in folder.glob("*")
        }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, made_up):
    """The queries of a run as text, made once."""
    lender = Lender(tmp_path_factory.mktemp("prepared"), made_up(5))
    lender.deliver("a", made_up(5)["payments"][:9])
    lender.one_more(DAYS[0])
    return lender.home / "features" / "tiles" / "prepared"


@pytest.fixture
def lender(tmp_path, made_up, prepared):
    return Lender(tmp_path, made_up(5), prepared)


@pytest.fixture
def payments(made_up):
    return made_up(5)["payments"]


def deliveries(payments, seed):
    """Payments in some files, in no order, some rows in two of them."""
    rng = np.random.default_rng(seed)
    which = rng.integers(0, len(DAYS), len(payments))
    twice = [payments.sample(8, random_state=seed + number) for number in range(len(DAYS))]
    return [pd.concat([payments[which == number], again]) for number, again in enumerate(twice)]


def test_every_day_has_the_bytes_of_a_full_build(tmp_path, made_up, prepared, runs):
    for seed in range(runs(full=30, short=1)):
        tables = made_up(seed)
        lender = Lender(tmp_path / f"{seed}", tables, prepared)
        for number, rows in enumerate(deliveries(tables["payments"], seed)):
            lender.deliver(f"part-{seed * 7 % (number + 2)}-{number}", rows)
            run = lender.one_more(DAYS[number])
            assert run.payments_new == len(rows)
            assert all(done.written for done in run.done)
        whole = lender.whole(DAYS[-1])
        assert lender.published(DAYS[-1]) == lender.published(DAYS[-1], whole)
        assert MANIFEST in {name for _, name in lender.published(DAYS[-1])}
        assert not (whole / "features" / "tiles").exists()


def test_the_largest_amounts_have_the_bytes_of_a_full_build_too(lender, payments):
    amounts = MONEY_MAX - 7_777_777 * np.arange(len(payments))
    for number in range(3):
        ids = payments.payment_id + f"-{number}"
        lender.deliver(f"{number}", payments.assign(payment_id=ids, amount_minor=amounts))
    lender.one_more(DAYS[1])
    assert lender.published(DAYS[1]) == lender.published(DAYS[1], lender.whole(DAYS[1]))


def test_the_same_run_again_does_nothing(lender, payments):
    lender.deliver("a", payments)
    lender.one_more(DAYS[0])
    before = lender.published(DAYS[0])
    again = lender.one_more(DAYS[0])
    assert not any(done.written for done in again.done)
    assert (again.payments_new, again.tiles, again.note) == (0, 0, "")
    assert lender.published(DAYS[0]) == before


def test_an_earlier_day_can_be_built_later_and_the_state_stays_newer(lender, payments):
    early, late = payments[payments.recorded_at < "2026-07-10"], payments
    lender.deliver("early", early)
    lender.one_more(DAYS[2])
    lender.deliver("late", late)
    back = lender.one_more(DAYS[0])
    assert back.payments_new == len(late)
    whole = lender.whole(DAYS[0])
    assert lender.published(DAYS[0]) == lender.published(DAYS[0], whole)
    newer = lender.published(DAYS[2])
    assert lender.one_more(DAYS[2]).days == 0
    assert lender.published(DAYS[2]) != newer


def test_a_profile_that_changed_is_seen_without_new_payments(lender, payments, made_up):
    lender.deliver("a", payments)
    lender.one_more(DAYS[0])
    merchants = made_up(5)["merchants"].assign(city_tier=5)
    merchants.to_parquet(lender.data / "merchants.parquet", index=False)
    run = lender.one_more(DAYS[0])
    assert (run.payments_new, run.note) == (0, "")
    values = pq.read_table(published(lender.home, "merchant")[-1].file)
    assert set(values["city_tier"].to_pylist()) == {5.0}


def test_whatever_kept_file_is_lost_the_next_run_makes_it_anew(tmp_path, made_up, prepared):
    tables = made_up(5)
    first, second, *_ = deliveries(tables["payments"], 5)
    lender = Lender(tmp_path / "kept", tables, prepared)
    lender.deliver("a", first)
    lender.one_more(DAYS[0])
    lender.deliver("b", second)
    kept = lender.home.with_name("kept-home")
    shutil.copytree(lender.home, kept)
    tiles = kept / "features" / "tiles"
    files = [it.relative_to(kept) for it in tiles.rglob("*") if it.is_file()]
    files = [file for file in files if file.name != "lock" and "prepared" not in file.parts]
    lost = {file.name.partition("-")[0]: file for file in files}  # one of every sort
    assert len(lost) > 5
    whole = lender.published(DAYS[1], lender.whole(DAYS[1]))
    for file in lost.values():
        shutil.rmtree(lender.home)
        shutil.copytree(kept, lender.home)
        (lender.home / file).unlink()
        lender.one_more(DAYS[1])
        assert lender.published(DAYS[1]) == whole, file
