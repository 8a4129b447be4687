"""A world that sours is called drift from its own decisions and outcomes; a calm one is not.

A champion learns from what had matured when the story begins. The applications of the months
after it are decided by the service's own desk, each month as of its first day, and watched
when their outcomes are known.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.synthetic.write import generate
from features.snapshot import build
from features.sources import open_history
from features.store import materialize
from models.registry import Registry
from monitoring.replay import replay
from monitoring.run import MonitoringResult, monitor
from records.store import open_records
from serving.assembly import open_office
from serving.cases import loan_case
from serving.settings import Settings, read_settings
from training.product import train_product

LOAN = "merchant-loan"
END = date(2026, 6, 30)
MONTHS = (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1))
MONTH_HOURS = 31 * 24 + 1


@dataclass(frozen=True)
class World:
    data: Path
    home: Path

    def settings(self, now: date) -> Settings:
        """As the command line would have them at nine on that day."""
        return read_settings(
            {
                "VOUCH_HOME": str(self.home),
                "VOUCH_NOW": f"{now}T09:00:00+00:00",
                "VOUCH_FEATURES_MAX_AGE_HOURS": str(MONTH_HOURS),
            }
        )


@pytest.fixture(scope="module", params=["calm", "downturn"])
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that was generated, learnt from, and served through its months."""
    folder = tmp_path_factory.mktemp(request.param)
    world = World(folder / "data", folder / "home")
    generate(
        world.data, merchants=900, users=60, months=18, end=END, seed=4, scenario=request.param
    )
    _appoint_champion(world)
    for month in MONTHS:
        _publish(world, month)
        _decide(world, month)
    return world


def test_a_downturn_is_named_and_a_calm_is_not(lived: World) -> None:
    found = _watch(lived)
    calm = lived.data.parent.name.startswith("calm")
    assert found.found_drift is not calm, found.verdict
    assert found.figures["matured"] > 300
    if not calm:
        assert "calibration" in found.verdict


def test_what_was_decided_in_those_months_comes_out_again(lived: World) -> None:
    records = open_records(lived.settings(END).database_url)
    again = replay(records, lived.home, limit=60)
    records.close()
    assert (again.checked, again.differing) == (60, 0)


def _appoint_champion(world: World) -> None:
    begins = json.loads((world.data / "manifest.json").read_text())["story_begins"]
    settings = world.settings(date.fromisoformat(begins))
    result = train_product(
        LOAN,
        world.data,
        home=world.home,
        now=settings.now(),
        trials=0,
        seed=0,
        utc_offset_minutes=settings.utc_offset_minutes,
    )
    assert result.ref is not None
    Registry(world.home).promote(str(result.ref), by="test", at=settings.now())


def _publish(world: World, month: date) -> None:
    now = world.settings(month).now()
    with open_history(world.data, scratch=world.home / "scratch") as history:
        build(history, as_of=month - timedelta(days=1), home=world.home, now=now)
    materialize(world.home, now=now)


def _decide(world: World, month: date) -> None:
    office = open_office(world.settings(month))
    for request in _applications(world, month):
        answer = json.loads(office.answer_now(loan_case(json.dumps(request).encode())))
        assert answer["degraded"] == []
    office.close()


def _applications(world: World, month: date) -> Iterator[dict[str, Any]]:
    following = (month + timedelta(days=31)).replace(day=1)
    with open_history(world.data, scratch=world.home / "scratch") as history:
        made = history.table("applications")
        rows = made.filter(
            (made["product"] == LOAN)
            & (made["applied_at"] >= datetime.combine(month, time()))
            & (made["applied_at"] < datetime.combine(following, time()))
        ).to_pyarrow()
        currency = history.currency
    for row in rows.to_pylist():
        yield {
            "application_id": row["application_id"],
            "merchant_id": row["entity_id"],
            "amount_minor": row["requested_minor"],
            "currency": currency,
            "term_days": row["term_days"],
        }


def _watch(world: World) -> MonitoringResult:
    settings = world.settings(END)
    records = open_records(settings.database_url)
    now = datetime.combine(END, time(23), UTC)
    found = monitor(
        world.home, records, LOAN, outcomes_path=world.data, since=None, until=None, now=now
    )
    records.close()
    return found
