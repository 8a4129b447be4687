"""The whole service as it is served: BentoML, workers, sockets, signals, a killed process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from serving.settings import read_settings
from tests.stand.whole_service import ROOT, SERVE, Service, started

LOANS, WAIVERS = "/v1/merchant-loans/decisions", "/v1/deposit-waivers/decisions"


@pytest.fixture(scope="module")
def service(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Service:
    log = tmp_path_factory.mktemp("log") / "service.log"
    with started([*SERVE, "--workers", "2"], environment, log) as running:
        yield running


def a_loan(application_id: str, merchant: int = 1) -> dict[str, Any]:
    return {
        "application_id": application_id,
        "merchant_id": f"M{merchant:07}",
        "amount_minor": 500_000,
        "currency": "CNY",
        "term_days": 60,
    }


WAIVER = {
    "user_id": "U00000001",
    "scene": "hotel",
    "deposit_minor": 20_000,
    "currency": "CNY",
    "due_at": "2026-07-02T12:00:00Z",
}


def test_both_questions_are_answered_with_a_score_and_found_again(service: Service) -> None:
    for path, body in ((LOANS, a_loan("first")), (WAIVERS, WAIVER)):
        status, answer = service.ask("POST", path, body)
        decision = json.loads(answer)
        assert status == 200
        assert decision["degraded"] == []
        assert 0 < decision["probability"] < 1
        assert service.ask("GET", f"/v1/decisions/{decision['decision_id']}") == (200, answer)
    status, found = service.ask("GET", f"{LOANS}?application_id=first")
    assert (status, json.loads(found)["product"]) == (200, "merchant-loan")


def test_what_was_served_is_replayed_without_a_difference(service: Service) -> None:
    service.ask("POST", LOANS, a_loan("to-replay", 2))
    told = subprocess.run(
        [sys.executable, "-m", "console.main", "replay", "--json"],
        env=service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert json.loads(told.stdout)["differing"] == 0


def test_the_journal_says_that_the_clock_was_fixed(service: Service) -> None:
    from records.journal import scan
    from records.store import open_records

    service.ask("POST", LOANS, a_loan("clocked"))
    records = open_records(read_settings(service.environment).database_url)
    entries = list(scan(records))
    records.close()
    assert {entry["clock"] for entry in entries} == {"fixed"}
    assert {entry["decided_at"] for entry in entries} == {"2026-06-30T09:00:00.000000Z"}


def test_bentoml_answers_nothing_of_its_own(service: Service) -> None:
    for path in ("/schema.json", "/docs.json", "/livez", "/"):
        status, body = service.ask("GET", path)
        assert (status, json.loads(body)["code"]) == (404, "NOT_FOUND")


def test_any_worker_counts_for_all(service: Service) -> None:
    for number in range(20):
        service.ask("POST", LOANS, a_loan(f"counted-{number}"))
    texts = [service.ask("GET", "/metrics")[1].decode() for _ in range(6)]
    counts = [
        sum(
            float(line.split()[-1])
            for line in text.splitlines()
            if line.startswith("vouch_decisions_total") and "merchant-loan" in line
        )
        for text in texts
    ]
    assert min(counts) == max(counts) >= 20


def test_a_second_service_is_told_that_the_port_is_taken(service: Service) -> None:
    told = subprocess.run(
        [*SERVE, "--port", str(service.port)],
        env=service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert f"port {service.port} on 127.0.0.1 is in use" in told.stderr
    assert "Traceback" not in told.stderr


def test_nothing_acknowledged_is_lost_when_every_worker_is_killed(service: Service) -> None:
    """BentoML starts new workers; clients that lost the answer ask again with their key."""
    over = threading.Event()

    def client(name: int) -> None:
        for number in range(10_000):
            if over.is_set():
                return
            key = f"crash-{name}-{number}"
            for _ in range(600):
                with contextlib.suppress(OSError, HTTPException):
                    status, answer = service.ask("POST", LOANS, a_loan(key, name), key)
                    if status == 200:
                        service.answers[key] = answer
                        break
                time.sleep(0.1)

    clients = [threading.Thread(target=client, args=(name,)) for name in range(4)]
    for each in clients:
        each.start()
    time.sleep(1.5)
    for pid in service.workers():
        os.kill(pid, signal.SIGKILL)
    acknowledged = dict(service.answers)
    service.wait()
    time.sleep(1)
    over.set()
    for each in clients:
        each.join()
    assert len(acknowledged) > 10
    for key, answer in service.answers.items():
        assert service.ask("GET", f"{LOANS}?application_id={key}") == (200, answer)


def test_an_interrupt_ends_it_and_a_bento_finds_the_answers(
    service: Service, environment: dict[str, str], tmp_path: Path
) -> None:
    """Last, for it stops the service that the others ask."""
    _, answer = service.ask("POST", LOANS, a_loan("kept"), key="kept")
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(60) == 0
    assert "Traceback" not in service.log.read_text()
    own = {"BENTOML_HOME": str(tmp_path / "bentoml"), "BENTOML_DO_NOT_TRACK": "True"}
    inside = {k: v for k, v in environment.items() if k != "PYTHONPATH"} | own
    (tmp_path / "bentoml").mkdir()
    bentoml = [sys.executable, "-W", "ignore", "-m", "bentoml"]
    subprocess.run([*bentoml, "build", str(ROOT)], env=inside, check=True, capture_output=True)
    with started([*bentoml, "serve", "vouch:latest"], inside, tmp_path / "bento.log") as bento:
        [worker] = bento.workers()
        assert "bentos/vouch" in str(Path(f"/proc/{worker}/cwd").readlink())
        assert bento.ask("POST", LOANS, a_loan("kept"), key="kept") == (200, answer)
        _, fresh = bento.ask("POST", LOANS, a_loan("of-the-bento"))
        assert json.loads(fresh)["degraded"] == []
        bento.process.kill()
        bento.process.wait()
        _gone(worker)


def _gone(pid: int) -> None:
    """A worker does not outlive its supervisor: it would hold the port."""
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
