"""A branch of the service as a child process: the real application and records, a made-up model.

python -m tests.stand.branch_app '{"url": "...", "port": 3000, "folder": "..."}'
"""

import ctypes
import json
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
import uvicorn.lifespan.on  # these three it would load when it starts
import uvicorn.loops.auto
import uvicorn.protocols.http.auto

from credit.contract import PRODUCTS
from credit.policy.evidence import Evidence, Freshness
from records import policies
from records.anchors import Anchors
from records.group_commit import GroupCommit
from records.store import Records, open_records
from serving.app import application
from serving.assembly import PATIENCE_SECONDS
from serving.desk import Desk, Model
from serving.exposures import OpenExposures
from serving.in_force import InForce
from serving.metrics import Metrics
from serving.office import Office
from serving.sitting import Sitting
from serving.upkeep import Upkeep
from tests.stand.deaths import DEATHS, await_death

PLATFORM = Path(__file__).resolve().parents[2] / "partners" / "platform.toml"
PR_SET_PDEATHSIG = 1  # linux/prctl.h
IDENTITY = {"name": "made-up", "version": "v1", "sha256": "a" * 64}
TRADING_WELL = {
    "merchant-loan": {"turnover_90d": 90_000_000.0, "arrears_minor": 0.0},
    "deposit-waiver": {"spend_90d": 100_000.0},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a branch serves and where. `grace_hours`: every scene's, in place of its own.

    `dies_at` names a death of `tests.stand.deaths` during the start; later ones are put into
    `doom`, and a SIGUSR1 says to read it. Each comes at its point's `dies_on`-th pass.
    """

    url: str
    port: int
    folder: str
    grace_hours: int | None = None
    patience_seconds: float = PATIENCE_SECONDS
    dies_at: str = ""
    dies_on: int = 1

    @property
    def anchors(self) -> Path:
        """Where the journal's end is noted."""
        return Path(self.folder) / "anchors.jsonl"

    @property
    def doom(self) -> Path:
        """What the process shall die of (JSON: point, passes)."""
        return Path(self.folder) / f"doom-{self.port}"

    @property
    def log(self) -> Path:
        """What the process says."""
        return Path(self.folder) / f"branch-{self.port}.log"

    def policy(self) -> str:
        """The policy that empty records start from."""
        text = PLATFORM.read_text(encoding="utf-8")
        if self.grace_hours is None:
            return text
        return re.sub(r"grace_hours = \d+", f"grace_hours = {self.grace_hours}", text)


class FreshEvidence:
    """Everybody trades well, and that is known as of today."""

    def __init__(self, product: str) -> None:
        self._values = TRADING_WELL[product]

    def read(self, entity_ids: Sequence[str], *, now: datetime) -> list[Evidence]:
        """The same for each."""
        return [Evidence(self._values, now, Freshness.FRESH) for _ in entity_ids]


class MadeUpScorer:
    """Everybody is as good as anybody."""

    def score(self, rows: Sequence[Mapping[str, Any]]) -> list[float]:
        """One low probability for each."""
        return [0.01 for _ in rows]

    def reasons(self, _row: Mapping[str, Any], _limit: int = 4) -> tuple[str, ...]:
        """Nothing raises it."""
        return ()


class MadeUpRegister:
    """A champion of each product, which never changes."""

    def champion_stamp(self, product: str) -> str | None:
        """Its identity."""
        return product

    def champion(self, product: str) -> Any:
        """Anything: nobody looks into it."""
        return product

    def challenger_stamp(self, _product: str) -> None:
        """Nobody challenges it."""

    def challenger(self, _product: str) -> None:
        """Nobody challenges it."""


def run(plan: Plan) -> None:
    """Serve until stopped. What the process says goes to the plan's log."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # not to outlive who started us
    log = os.open(plan.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if plan.dies_at:
        await_death(DEATHS[plan.dies_at], plan.dies_on)
    signal.signal(signal.SIGUSR1, lambda *_: _be_doomed(plan.doom))
    served = application(lambda: open_office(plan))
    uvicorn.run(
        served,
        host="127.0.0.1",
        port=plan.port,
        ws="none",
        log_level="warning",
        access_log=False,
    )


def open_office(plan: Plan) -> Office:
    """The office as `serving.assembly` puts it together, over what is made up."""
    records = open_records(plan.url, patience_seconds=plan.patience_seconds)
    _seed(records, plan.policy())
    model = Model(MadeUpScorer(), IDENTITY)
    in_force = InForce(records, MadeUpRegister(), lambda _artefact: model, PRODUCTS)
    desk = Desk(
        evidence={product: FreshEvidence(product) for product in PRODUCTS},
        ledger=OpenExposures(records),
        request_values=_request_values,
        in_force=in_force,
        now=lambda: datetime.now(UTC),
        clock="real",
        partner="local",
    )
    commit = GroupCommit(records)
    upkeep = Upkeep(records, commit, Anchors(plan.anchors))
    return Office(desk, in_force, records, commit, Metrics(), desk, Sitting(desk), upkeep)


def _be_doomed(doom: Path) -> None:
    point, passes = json.loads(doom.read_text())
    await_death(DEATHS[point], passes)


def _seed(records: Records, text: str) -> None:
    with records.writing() as transaction:
        if policies.live_sha256(transaction.connection) is None:
            policies.seed(transaction.connection, text, by="test", at=transaction.now)


def _request_values(
    _product: str, _values: Mapping[str, Any], request: Mapping[str, Any]
) -> dict[str, Any]:
    return {f"request_{name}": value for name, value in request.items()}


if __name__ == "__main__":
    run(Plan(**json.loads(sys.argv[1])))
