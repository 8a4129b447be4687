"""The whole service as it is served, in a small home: BentoML, workers, sockets."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from credit.contract import PRODUCTS

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
SERVE = [sys.executable, "-m", "console.main", "serve"]


@dataclass
class Service:
    """A running service and how to ask it."""

    port: int
    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    log: Path
    answers: dict[str, bytes] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
    ) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json", "Idempotency-Key": key or uuid.uuid4().hex}
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            return response.status, response.read()

    def wait(self) -> None:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError, HTTPException):
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            time.sleep(0.2)
        pytest.fail(f"the service is not ready:\n{self.log.read_text()[-2_000:]}")

    def workers(self) -> list[int]:
        told = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=True
        )
        return [int(pid) for pid in told.stdout.split()]

    def kill(self) -> None:
        """Kill the server and its workers, all at once; back when they are gone."""
        doomed = [self.process.pid, *self.workers()]
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        while any(Path(f"/proc/{pid}").exists() for pid in doomed):
            time.sleep(0.01)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)


@contextlib.contextmanager
def started(command: list[str], environment: dict[str, str], log: Path) -> Iterator[Service]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env=environment,
            cwd=log.parent,
            stdout=output,
            stderr=output,
        )
    service = Service(port, process, environment, log)
    try:
        service.wait()
        yield service
    finally:
        if process.poll() is None:
            service.stop()


def small_home(folder: Path) -> Path:
    """A home with a few merchants' and users' features online, and a champion of each product."""
    home = folder / "home"
    _publish_features(folder / "data", home)
    for product in PRODUCTS:
        _appoint(product, home)
    return home


def environment_of(home: Path) -> dict[str, str]:
    """What the service in a home is started with; its clock stands still."""
    own = {"VOUCH_HOME": str(home), "VOUCH_NOW": NOW.isoformat(), "PYTHONPATH": str(ROOT)}
    return {k: v for k, v in os.environ.items() if not k.startswith("VOUCH_")} | own


def _publish_features(data: Path, home: Path) -> None:
    from data.synthetic.write import generate
    from features.snapshot import build
    from features.sources import open_history
    from features.store import materialize

    generate(data, merchants=40, users=40, months=6, end=date(2026, 6, 29), seed=3)
    with open_history(data) as history:
        build(history, as_of=date(2026, 6, 29), home=home, now=NOW)
    materialize(home, now=NOW)


def _appoint(product: str, home: Path) -> None:
    """A model that has learnt little, and stands in its place like any other."""
    from features.catalogue import definitions_sha256
    from models import artefact
    from models.calibration import Calibration
    from models.keys import home_keys
    from models.manifest import Manifest, TrainingData
    from models.registry import Registry

    features = _signature(product)
    manifest = Manifest(
        product=product,
        version="20260601t000000z-aaaaaaaa",
        created_at=datetime(2026, 6, 1, tzinfo=UTC),
        features=features,
        definitions_sha256=definitions_sha256(product),
        calibration=Calibration("identity", {}),
        label={},
        data=TrainingData("a" * 64, None, None, 400, 20, "CNY"),
        split={},
        seed=1,
        metrics={},
        libraries={},
        utc_offset_minutes=480,
    )
    folder = home.parent / f"artefact-{product}"
    artefact.write(folder, _trees(len(features)), manifest, signed_by=home_keys(home))
    registry = Registry(home)
    registry.promote(registry.register(folder), by="test", at=NOW)
    # Tests of the trial load have their own homes; here it would cost seconds at every start.
    registry.trials.note(registry.champion_stamp(product))


def _signature(product: str) -> tuple[Any, ...]:
    from features.catalogue import features_of
    from models.manifest import ModelFeature

    return tuple(
        ModelFeature(
            one.name, one.dtype, 0, one.reason, ("a", "b") if one.dtype == "category" else ()
        )
        for one in features_of(product)
    )


def _trees(width: int) -> str:
    import lightgbm
    import numpy as np

    chance = np.random.default_rng(1)
    data = lightgbm.Dataset(chance.random((400, width)), chance.random(400) < 0.05)
    told = {"objective": "binary", "num_threads": 1, "verbose": -1, "num_leaves": 4}
    return lightgbm.train(told, data, num_boost_round=5).model_to_string()
