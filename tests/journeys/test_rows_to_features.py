"""Payments sent to the service: seen within seconds, kept through a kill, folded into the day."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from features.store import OnlineFeatures
from tests.stand.whole_service import NOW, SERVE, Service, environment_of, started

WITHIN_SECONDS = 5.0
NEXT_DAY = NOW + timedelta(days=1)


def test_payments_are_fresh_within_seconds_survive_a_kill_and_are_folded_in(
    environment: dict[str, str], records_url: str, tmp_path: Path
) -> None:
    home, data = tmp_path / "home", Path(environment["VOUCH_HOME"]).parent / "data"
    ignored = shutil.ignore_patterns("records.db*", "anchors.jsonl")
    shutil.copytree(environment["VOUCH_HOME"], home, ignore=ignored)
    told = environment_of(home) | {"VOUCH_DATABASE_URL": records_url}
    merchant = str(pq.read_table(data / "merchants.parquet")["merchant_id"][0])
    online = OnlineFeatures(home, "merchant", max_age=timedelta(hours=48))

    def fresh(name: str, now: datetime = NOW) -> float | None:
        [evidence] = online.read([merchant], now=now)
        return evidence.fresh.values.get(name) if evidence.fresh else None

    with started(SERVE, told, tmp_path / "service.log") as service:
        rows = payments(merchant, 1, 2, 2) + wrong(merchant)
        assert send(service, rows) == ["accepted", "accepted", "duplicate", "refused"]
        first = eventually(lambda: fresh("fresh_payments") == 2.0)  # Feast's store is opened
        assert send(service, payments(merchant, 3)) == ["accepted"]
        seen = eventually(lambda: fresh("fresh_payments") == 3.0)
        assert (first < WITHIN_SECONDS, seen < WITHIN_SECONDS) == (True, True), (first, seen)
        assert send(service, payments(merchant, 4)) == ["accepted"]
        service.kill()  # right after the answer
    with started(SERVE, told, tmp_path / "service.log") as service:
        assert send(service, payments(merchant, 1, 2, 3, 4)) == ["duplicate"] * 4
        eventually(lambda: fresh("fresh_payments") == 4.0)
        assert (fresh("fresh_turnover_minor"), fresh("fresh_payers")) == (1_000.0, 4.0)
        morning_after = told | {"VOUCH_NOW": f"{NEXT_DAY:%FT%T}Z"}
        vouch(morning_after, "features", "build", "--data", data, "--as-of", "2026-06-30")
        vouch(morning_after, "features", "materialize")
        [evidence] = online.read([merchant], now=NEXT_DAY)
        assert evidence.fresh is None or not evidence.fresh.values, "counted twice"
        assert evidence.values["payments_7d"] >= 4.0
    parts = list((home / "inbox" / "payments").iterdir())
    exported = [name for part in parts for name in pq.read_table(part)["payment_id"].to_pylist()]
    assert sorted(exported) == ["new-1", "new-2", "new-3", "new-4"]


def payments(merchant: str, *numbers: int) -> list[dict]:
    return [
        {
            "payment_id": f"new-{number}",
            "merchant_id": merchant,
            "user_id": f"U-{number}",
            "kind": "payment",
            "amount_minor": 100 * number,
            "currency": "CNY",
            "occurred_at": f"2026-06-30T08:0{number}:00Z",
            "recorded_at": f"2026-06-30T08:0{number}:00Z",
        }
        for number in numbers
    ]


def wrong(merchant: str) -> list[dict]:
    return [row | {"payment_id": "wrong", "amount_minor": 0} for row in payments(merchant, 4)]


def send(service: Service, rows: list[dict]) -> list[str]:
    status, answer = service.ask("POST", "/v1/rows/payments", {"rows": rows})
    assert status == 200, answer
    return json.loads(answer)["outcomes"]


def vouch(told: dict[str, str], *words: object) -> None:
    command = [sys.executable, "-m", "console.main", *map(str, words)]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def eventually(holds: Callable[[], bool]) -> float:
    """Seconds until it holds."""
    started_at = time.monotonic()
    while not holds():
        assert time.monotonic() - started_at < 60, "never"
        time.sleep(0.05)
    return time.monotonic() - started_at
