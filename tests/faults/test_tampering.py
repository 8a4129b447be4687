"""Whatever is changed behind the ledger's back is found, and named where it stands.

Of the thousand tamperings of the full form, nine hundred go into a journal of 100,000 rows, sixty
at a time in places that have nothing to do with each other, and each of the sixty must be named by
its own place: one verification then proves what sixty would. Those that touch the whole journal
(its head, its tail, all its hashes made to fit) go one by one into a shorter journal.
"""

import shutil
from collections.abc import Callable, Iterator
from itertools import count, cycle, islice
from pathlib import Path
from random import Random

import pytest

from records.anchors import Anchors, head
from records.store import open_records
from records.verification.report import LedgerReport
from records.verification.verify import verify
from tests.faults.tampering import ALONE, APART, Intruder, intruder
from tests.stand.lived import live

AT_ONCE = 60
Copies = Callable[[str], str]


@pytest.fixture
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copies]:
    """`copies(url)`: a copy of records that nobody has open, gone with the test."""
    numbers, made = count(), []

    def copy(url: str) -> str:
        if url.startswith("sqlite"):
            target = tmp_path / "copy.db"
            for rest in tmp_path.glob("copy.db*"):
                rest.unlink()
            shutil.copyfile(url.removeprefix("sqlite:///"), target)
            return f"sqlite:///{target}"
        cluster = request.getfixturevalue("postgres")
        for old in made:
            cluster.drop(old)
        name = url.rpartition("/")[2]
        made[:] = [cluster.url(f"{name}_{next(numbers)}")]
        cluster.run(f'CREATE DATABASE "{made[0].rpartition("/")[2]}" TEMPLATE "{name}"')
        return made[0]

    yield copy
    for old in made:
        request.getfixturevalue("postgres").drop(old)


def lived(url: str, rows: int, anchors: Anchors) -> None:
    """Records of so many journal rows, their end noted on the way."""
    records = open_records(url)
    start, batch = 0, max(8, rows // 3_000)
    for _ in range(4):
        start = live(records, rows=rows // 4, orders_a_batch=batch, start=start)
        with records.reading() as connection:
            anchors.note(head(connection))
    records.close()


def looked_over(url: str, anchors: Anchors) -> LedgerReport:
    records = open_records(url)
    report = verify(records, anchors=anchors, faults_told=10**9)
    records.close()
    return report


def not_found(report: LedgerReport, places: dict[str, str]) -> dict[str, str]:
    told = [f"{check.name}: {fault}" for check in report.checks for fault in check.faults]
    return {place: how for place, how in places.items() if not any(place in it for it in told)}


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - not a secret


def test_every_tampering_apart_is_named_by_its_place(records_url, copies, runs, tmp_path):
    anchors, chance = Anchors(tmp_path / "anchors.jsonl"), seeded(5)
    lived(records_url, runs(full=100_000, short=2_000), anchors)
    assert looked_over(copies(records_url), anchors).holds
    for _ in range(runs(full=15, short=1)):
        copy, places = copies(records_url), {}
        with intruder(copy) as connection:
            stranger = Intruder(connection, chance)
            for tampering in islice(cycle(APART), runs(full=AT_ONCE, short=28)):
                places[tampering(stranger)] = tampering.__name__
        assert len(places) == runs(full=AT_ONCE, short=28)
        assert not_found(looked_over(copy, anchors), places) == {}


def test_every_tampering_with_the_whole_is_found(records_url, copies, runs, tmp_path):
    anchors, chance = Anchors(tmp_path / "anchors.jsonl"), seeded(6)
    lived(records_url, runs(full=2_000, short=300), anchors)
    for tampering in islice(cycle(ALONE), runs(full=100, short=6)):
        copy = copies(records_url)
        with intruder(copy) as connection:
            place = tampering(Intruder(connection, chance))
        assert not_found(looked_over(copy, anchors), {place: tampering.__name__}) == {}


def test_without_anchors_a_journal_sealed_anew_passes_for_whole(records_url, tmp_path):
    """What the anchors are for: nothing inside the database can tell this."""
    lived(records_url, 300, Anchors(tmp_path / "anchors.jsonl"))
    with intruder(records_url) as connection:
        Intruder(connection, seeded(7)).sealed_anew()
    report = looked_over(records_url, Anchors(tmp_path / "none.jsonl"))
    (chain,) = (check for check in report.checks if check.name == "chain")
    assert chain.holds
