"""Ten thousand decisions of every kind, replayed by a fresh process: not a byte differs."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from credit.contract import DEPOSIT_WAIVER
from credit.policy.documents import read_document
from credit.policy.layers import layers_of
from credit.policy.life import Event
from models import artefact
from models.calibration import Calibration
from models.keys import home_keys
from models.registry import Registry
from monitoring.replay import ReplayResult, replay
from records import policy_moves, switches
from records.journal import Entry, scan
from records.policies import read
from records.policy_versions import draft_of
from records.store import open_records
from serving.assembly import open_office, open_seeded_records
from serving.cases import loan_case, order_case, waiver_case
from serving.desk import Case
from serving.office import Office
from serving.settings import Settings, read_settings
from tests.stand.whole_service import NOW, ROOT, environment_of, small_home

PARTNERS = ("local", "city_bikes", "harbour_hotels", "wander_travel", "clear_clinics")
SCENES = ("bike", "hotel", "clinic", "school", "power_bank", "somewhere")
WAYS = ("well", "stopped", "stale", "without a model")
AT_ONCE = 8  # few enough that each is answered in time on a busy machine
IN_SHADOW = {
    "platform.toml": ("approve_probability_max = 0.12", "approve_probability_max = 0.03"),
    "harbour_hotels.toml": ('value = ["walk_in"]', 'value = ["walk_in", "agency"]'),
}


class Crowd:
    """Cases by chance: loans and deposits, of known and unknown people, with context."""

    def __init__(self, office: Office, chance: Random) -> None:
        self._office, self._chance = office, chance

    def case(self, name: str) -> Case:
        if self._chance.random() < 0.5:
            return loan_case(self._body(self._loan(name), None))
        body = self._waiver()
        if self._chance.random() < 0.5:
            return waiver_case(self._body(body, body["scene"]))
        return order_case(self._body({**body, "out_order_no": name}, body["scene"]))

    def _body(self, body: dict[str, Any], scene: str | None) -> bytes:
        policy = self._office.in_force.policy_for(self._office.desk.partner, scene)
        fields = (policy.waiver if scene else policy.loan).context
        texts = ("member", "agency", "walk_in", "city", "cargo")
        context: dict[str, Any] = {
            one.name: self._chance.choice(texts)
            if one.kind == "text"
            else self._chance.random() * 9
            for one in fields
            if one.required or self._chance.random() < 0.7
        }
        return json.dumps({**body, "context": context} if context else body).encode()

    def _loan(self, name: str) -> dict[str, Any]:
        chance = self._chance
        return {
            "application_id": name,
            "merchant_id": f"M{chance.randrange(1, 50):07}",
            "amount_minor": chance.choice([10_000, 300_000, 500_000, 60_000_000]),
            "currency": "CNY",
            "term_days": chance.choice([30, 60, 90, 180, 360, 45]),
        }

    def _waiver(self) -> dict[str, Any]:
        chance = self._chance
        days = chance.choice([1, 1, 2, 40])
        return {
            "user_id": f"U{chance.randrange(1, 50):08}",
            "scene": chance.choice(SCENES),
            "deposit_minor": chance.choice([9_900, 15_000, 20_000, 150_000]),
            "currency": "CNY",
            "due_at": (self._office.desk.now() + timedelta(days=days)).isoformat(),
        }


def _settings(home: Path, partner: str, way: str) -> Settings:
    now = NOW + timedelta(days=5) if way == "stale" else NOW
    named = {"VOUCH_HOME": str(home), "VOUCH_PARTNER": partner, "VOUCH_NOW": now.isoformat()}
    return read_settings(named)


def _milder(home: Path) -> None:
    """A champion for deposits whose word reaches every band: the small home's approves nobody."""
    registry = Registry(home)
    known = registry.champion(DEPOSIT_WAIVER)
    assert known is not None
    calibration = Calibration("platt", {"slope": 1.0, "intercept": -2.0})
    manifest = replace(known.manifest, version="milder", calibration=calibration)
    artefact.write(home.parent / "milder", known.model_text, manifest, signed_by=home_keys(home))
    registry.promote(registry.register(home.parent / "milder"), by="test", at=NOW)


def _shadowed(settings: Settings) -> None:
    """Two layers have a version in shadow."""
    records = open_seeded_records(settings)
    for file, (old, new) in IN_SHADOW.items():
        text = (ROOT / "partners" / file).read_text()
        assert old in text
        draft = draft_of(read_document(text.replace(old, new).replace("2026.11.1", "in-shadow")))
        with records.writing() as transaction:
            version = policy_moves.propose(transaction, draft, by="test")
            for event in (Event.CHECKED, Event.SHADOWED):
                version = policy_moves.moved(transaction, version, event, by="test")
    records.close()


def _throw(office: Office, way: str) -> None:
    named = {"product": "", "partner": office.desk.partner, "scene": ""}
    word = {"reason": "test", "by": "test"}
    with office.records.writing() as transaction:
        (switches.stop if way == "stopped" else switches.resume)(transaction, **named, **word)
    office.in_force.look()


def _decide(settings: Settings, way: str, cases: int) -> None:
    office = open_office(settings)
    crowd = Crowd(office, _chance(settings, way))
    _throw(office, way)
    if way == "without a model":
        office.in_force.model = lambda _product: None  # type: ignore[method-assign]

    async def all_of_them() -> None:
        for first in range(0, cases, AT_ONCE):
            names = [f"{way}-{n}" for n in range(first, min(first + AT_ONCE, cases))]
            await asyncio.gather(*(office.answer(crowd.case(name), None) for name in names))

    asyncio.run(all_of_them())
    office.close()


def _chance(settings: Settings, way: str) -> Random:
    return Random(f"{settings.partner} {way}")  # noqa: S311 - no secret


def _shares(cases: int) -> Iterator[tuple[str, str, int]]:
    """Most cases are decided as they should be, by every partner in turn."""
    for partner in PARTNERS:
        rare = cases // len(PARTNERS) // 8
        for way in WAYS:
            usual = cases // len(PARTNERS) - rare * (len(WAYS) - 1)
            yield partner, way, usual if way == "well" else rare


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory, runs: Callable[..., int]) -> Path:
    """A home in which so many decisions were made."""
    home = small_home(tmp_path_factory.mktemp("replay"))
    _milder(home)
    _shadowed(_settings(home, "local", "well"))
    for partner, way, cases in _shares(runs(full=10_000, short=600)):
        _decide(_settings(home, partner, way), way, cases)
    return home


def _entries(home: Path) -> list[Entry]:
    records = open_records(f"sqlite:///{home}/records.db")
    entries = list(scan(records))
    records.close()
    return entries


@pytest.mark.timeout(1800)
def test_every_kind_of_decision_comes_out_again_in_a_fresh_process(
    decided: Path, runs: Callable[..., int]
) -> None:
    entries = _entries(decided)
    assert len(entries) == runs(full=10_000, short=600)
    kinds = Counter(kind for entry in entries for kind in _kinds(entry))
    few = [kind for kind in ALL_KINDS if kinds[kind] < 5]
    assert not few, kinds
    started = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-m", "console.main", "replay", "--json"],
        env=environment_of(decided),
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"{len(entries):,} in {time.monotonic() - started:.1f} s: {dict(kinds)}")  # noqa: T201
    assert told.returncode == 0, told.stdout + told.stderr
    assert json.loads(told.stdout) == {"checked": len(entries), "differing": 0}


ALL_KINDS = (
    *("merchant-loan", "deposit-waiver", "approve", "refer", "decline", "hold", "context"),
    *("fresh", "unknown", "stale", "no model", "stopped", "shadow", "shadow differs"),
    *("platform", "city_bikes", "city_bikes.bike", "harbour_hotels", "wander_travel"),
)


def _kinds(entry: Entry) -> Iterator[str]:
    yield entry["product"]
    yield entry["decision"]["outcome"]
    yield entry["evidence"]["freshness"]
    yield entry["policy"]["name"]
    told = {
        "hold": entry["hold"],
        "context": entry["request"].get("context"),
        "no model": entry["model"] is None,
        "stopped": entry["stopped"],
        "shadow": entry["shadows"],
        "shadow differs": any(
            one["decision"]["outcome"] != entry["decision"]["outcome"] for one in entry["shadows"]
        ),
    }
    yield from (kind for kind, fits in told.items() if fits)


@pytest.fixture
def copied(decided: Path, tmp_path: Path) -> Path:
    """The same home, to be touched."""
    return Path(shutil.copytree(decided, tmp_path / "home"))


def _replayed(home: Path) -> ReplayResult:
    records = open_records(f"sqlite:///{home}/records.db")
    result = replay(records, home)
    records.close()
    return result


def _touch(home: Path, change: str, *values: str) -> None:
    """Change the database behind its own back."""
    with closing(sqlite3.connect(home / "records.db", isolation_level=None)) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        assert database.execute(change, values).rowcount == 1


def test_a_policy_text_that_was_changed_in_the_database_is_caught(copied: Path) -> None:
    entries = _entries(copied)
    touched = read_document((ROOT / "partners" / "city_bikes.toml").read_text())
    texts = {entry["policy"]["sha256"] for entry in entries}
    records = open_records(f"sqlite:///{copied}/records.db")
    with records.reading() as connection:
        of_it = {it for it in texts if touched.sha256 in (layers_of(read(connection, it)) or ())}
    records.close()
    change = "UPDATE policies SET text = replace(text, '30_000', '90_000') WHERE sha256 = ?"
    _touch(copied, change, touched.sha256)
    differing = sum(entry["policy"]["sha256"] in of_it for entry in entries)
    assert differing > 0
    assert _replayed(copied) == ReplayResult(len(entries), differing)


def test_another_model_file_is_caught(copied: Path) -> None:
    entries = _entries(copied)
    for model in copied.rglob("model.txt"):
        model.chmod(0o644)
        model.write_text(model.read_text().replace("leaf_value=", "leaf_value=0."))
    named = sum(entry["model"] is not None for entry in entries)
    assert _replayed(copied) == ReplayResult(len(entries), named)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("$.request.amount_minor", "json_extract(entry, '$.request.amount_minor') + 10000"),
        ("$.request.term_days", "30"),
        ("$.room_minor", "123400"),
        ("$.evidence.values.turnover_90d", "9000000"),
    ],
)
def test_a_recorded_input_that_was_changed_is_caught(copied: Path, path: str, change: str) -> None:
    entries = _entries(copied)
    one = next(
        entry
        for entry in entries
        if entry["decision"]["outcome"] == "approve"
        and entry["product"] == "merchant-loan"
        and len(entry["scored"]) > 1
        and entry["request"]["term_days"] != 30
    )
    query = f"UPDATE decisions SET entry = json_set(entry, '{path}', {change})"
    _touch(copied, f"{query} WHERE decision_id = ?", one["decision_id"])
    assert _replayed(copied) == ReplayResult(len(entries), 1)
