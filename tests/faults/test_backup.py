"""Copies taken while others write come back whole; nothing that holds something is written over."""

import os
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from credit.errors import InputError
from records import journal
from records.anchors import head
from records.backup import back_up, restore
from records.idempotency import Remembered, remember
from records.store import open_records
from tests.stand.lived import live


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """`elsewhere(url)`: the URL of empty records of the same kind."""
    numbers, made = count(), []

    def empty(url: str) -> str:
        if url.startswith("sqlite"):
            return f"sqlite:///{tmp_path}/elsewhere-{next(numbers)}.db"
        made.append(request.getfixturevalue("postgres").new_database())
        return made[-1]

    yield empty
    for url in made:
        request.getfixturevalue("postgres").drop(url)


@pytest.fixture
def busy(records_url: str) -> Iterator[str]:
    """Records that a writer of their own never leaves alone."""
    records, over = open_records(records_url), threading.Event()
    begun = threading.Event()

    def write() -> None:
        start = 0
        while not over.is_set():
            start = live(records, rows=20, orders_a_batch=4, start=start)
            begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert begun.wait(30)
    yield records_url
    over.set()
    writer.join()
    records.close()


def test_a_copy_taken_under_load_comes_back_whole(busy, elsewhere, tmp_path, runs):
    records = open_records(busy)
    for number in range(runs(full=10, short=2)):
        file = tmp_path / f"copy-{number}"
        before = end_of(records)
        copy = back_up(records, file)
        after = end_of(records)
        assert before.seq <= copy.head.seq <= after.seq
        back = elsewhere(busy)
        restored = restore(file, back)
        assert restored.report.holds, restored.report.lines()
        assert before.seq <= restored.head.seq
        assert_same_beginning(records, back)
    assert after.seq > before.seq or before.batch < end_of(records).batch  # it was under load
    assert [it.name for it in tmp_path.iterdir() if "part" in it.name] == []
    records.close()


def test_what_is_restored_goes_on(busy, elsewhere, tmp_path):
    records = open_records(busy)
    back_up(records, tmp_path / "copy")
    records.close()
    back = elsewhere(busy)
    was = restore(tmp_path / "copy", back).head
    again = open_records(back)
    live(again, rows=20, start=10**6)
    assert end_of(again).seq > was.seq
    again.close()


def test_records_that_hold_something_are_not_written_over(busy, tmp_path):
    records = open_records(busy)
    back_up(records, tmp_path / "copy")
    with pytest.raises(InputError, match="hold something"):
        restore(tmp_path / "copy", busy)
    with pytest.raises(InputError, match="exists"):
        back_up(records, tmp_path / "copy")
    records.close()


def test_a_copy_of_the_other_database_is_told_apart(records_url, tmp_path):
    file = tmp_path / "copy"
    other = records_url.startswith("sqlite")
    file.write_bytes(b"PGDMP..." if other else b"SQLite format 3\0")
    with pytest.raises(InputError, match="is a copy of"):
        restore(file, records_url)


@pytest.mark.parametrize("content", [b"", b"GIF89a"])
def test_what_is_no_copy_is_bad_input(records_url, tmp_path, content):
    (tmp_path / "copy").write_bytes(content)
    with pytest.raises(InputError, match="is no copy"):
        restore(tmp_path / "copy", records_url)
    with pytest.raises(InputError, match="cannot be read"):
        restore(tmp_path / "nowhere", records_url)


def test_a_dump_cut_short_leaves_the_records_empty(busy, elsewhere, tmp_path):
    records = open_records(busy)
    back_up(records, tmp_path / "copy")
    records.close()
    whole = (tmp_path / "copy").read_bytes()
    (tmp_path / "copy").write_bytes(whole[: len(whole) // 2])
    back = elsewhere(busy)
    with pytest.raises(InputError, match=r"damaged|pg_restore failed"):
        restore(tmp_path / "copy", back)
    empty = open_records(back)
    assert end_of(empty).seq == 0
    empty.close()


def test_a_copy_that_does_not_fit_on_the_disk_gets_no_name(records_url, small_disk):
    records, folder = open_records(records_url), small_disk(1)
    large = Remembered("0" * 64, 200, os.urandom(3_000_000))
    with records.writing() as transaction:
        remember(transaction, large, partner="local", key="large")
    with pytest.raises(InputError) as told:
        back_up(records, folder / "copy")
    assert len(str(told.value).splitlines()) == 1
    assert list(folder.iterdir()) == []
    records.close()


def end_of(records):
    with records.reading() as connection:
        return head(connection)


def assert_same_beginning(records, url):
    back = open_records(url)
    entries = list(journal.scan(back))
    assert entries
    for entry, original in zip(entries, journal.scan(records), strict=False):
        since_erased = original["entity_id"].startswith("erased:")  # the copy is older than that
        assert entry["decision_id"] == original["decision_id"]
        assert since_erased or entry == original
    back.close()
