"""The whole service killed, server and workers at once, on both databases: nothing lost."""

import random
import re
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tests.stand.books import Books, open_books
from tests.stand.client import Client, Ledger, crowd
from tests.stand.traffic import trading
from tests.stand.whole_service import NOW, ROOT, SERVE, Service, environment_of, started

CHANCE = random.Random(11)  # noqa: S311 - moments, not secrets
ANCHORS = "anchors.jsonl"
USERS = [f"U{number:08}" for number in range(1, 21)]


def test_the_whole_service_killed_under_load_loses_and_doubles_nothing(
    environment: dict[str, str], records_url: str, tmp_path: Path, runs: Callable[..., int]
) -> None:
    home = tmp_path / "home"
    records = shutil.ignore_patterns("records.db*", ANCHORS)
    shutil.copytree(environment["VOUCH_HOME"], home, ignore=records)
    told = environment_of(home) | {"VOUCH_DATABASE_URL": records_url}
    told |= {"VOUCH_POLICIES": str(_lenient(tmp_path / "platform.toml"))}
    ledger, log = Ledger(), tmp_path / "service.log"
    for killed in range(runs(full=10, short=1)):
        with started(SERVE, told, log) as service:
            _hold_to_the_books(service, ledger, lambda: open_books(records_url, home / ANCHORS))
            _kill_under_load(service, ledger, f"d{killed}")
    with started(SERVE, told, log) as service:
        _hold_to_the_books(service, ledger, lambda: open_books(records_url, home / ANCHORS))
    assert any(ledger.told(key).get("hold") for key in ledger.acknowledged), "nothing was held"


def _lenient(policy: Path) -> Path:
    """The shipped policy, with waivers for whoever the small home's model takes for a poor risk."""
    loans, mark, waivers = (ROOT / "partners" / policy.name).read_text().partition("\n[waiver]\n")
    waivers, changed = re.subn(r"(probability_\w+) = 0\.06", r"\1 = 0.5", waivers)
    assert changed == 4, "two cut-offs, and the band up to them"
    policy.write_text(loans + mark + waivers)
    return policy


def _hold_to_the_books(
    service: Service, ledger: Ledger, books: Callable[[], AbstractContextManager[Books]]
) -> None:
    """Everything asked again: the same answers, and what they say is what there is."""
    crowd(4, [service.port], ledger, list(ledger.sent.values()))(Client.insist)
    with books() as kept:
        kept.assert_settled(ledger)


def _kill_under_load(service: Service, ledger: Ledger, name: str) -> None:
    with trading(service.port, ledger, name, clients=4, users=USERS, now=lambda: NOW):
        time.sleep(CHANCE.uniform(0.3, 1.2))
        service.kill()
