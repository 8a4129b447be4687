"""An office over real records and the shipped policy, with evidence and a model made up."""

import json
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from credit.contract import PRODUCTS
from credit.ledger.lifecycle import Refused
from credit.policy.documents import read_document
from credit.policy.evidence import Evidence, Freshness
from credit.policy.life import Event
from records import policy_moves
from records.anchors import Anchors
from records.group_commit import GroupCommit
from records.policy_versions import draft_of
from records.store import open_records
from serving.app import application
from serving.desk import Desk, Model
from serving.exposures import OpenExposures
from serving.in_force import InForce
from serving.metrics import Metrics
from serving.office import Office
from serving.sitting import Sitting
from serving.upkeep import Upkeep

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
PLATFORM = (Path(__file__).resolve().parents[2] / "partners" / "platform.toml").read_text()
VERSION = tomllib.loads(PLATFORM)["version"]

LOAN = {
    "application_id": "a1",
    "merchant_id": "m1",
    "amount_minor": 1_000_000,
    "currency": "CNY",
    "term_days": 90,
}
WAIVER = {
    "user_id": "u1",
    "scene": "hotel",
    "deposit_minor": 30_000,
    "currency": "CNY",
    "due_at": "2026-07-02T12:00:00Z",
}


@dataclass
class FakeEvidence:
    """Everybody trades well; tests say who does not."""

    values: dict
    told: dict = field(default_factory=dict)
    calls: int = 0

    def read(self, entity_ids, *, now):  # noqa: ARG002 - everybody is fresh at any time
        self.calls += 1
        fresh = Evidence(self.values, AS_OF, Freshness.FRESH)
        return [self.told.get(entity_id, fresh) for entity_id in entity_ids]


@dataclass
class FakeScorer:
    """The larger the request, the riskier."""

    probability: float = 0.02
    rows: list = field(default_factory=list)
    explained: int = 0

    def score(self, rows):
        self.rows.extend(rows)
        return [self.probability for _ in rows]

    def reasons(self, row, limit=4):  # noqa: ARG002 - always the same
        self.explained += 1
        return ("TURNOVER_TREND", "TENURE")


class FakeRegister:
    """Champions by product; a stamp is its identity."""

    def __init__(self, champions):
        self.champions = champions
        self.challengers = {}

    def champion_stamp(self, product):
        return self.champions.get(product)

    def champion(self, product):
        return self.champions.get(product)

    def challenger_stamp(self, product):
        return self.challengers.get(product)

    def challenger(self, product):
        return self.challengers.get(product)


def request_values(product, values, request):
    return {f"request_{name}": value for name, value in request.items()}


IDENTITY = {"name": "fake", "version": "v1", "sha256": "a" * 64}


@dataclass
class Branch:
    """An office and what stands behind it, for tests to look at."""

    office: Office
    evidence: dict
    scorer: FakeScorer
    register: FakeRegister
    clock: list


@pytest.fixture
def branch(tmp_path):
    clock = [NOW]
    records = open_records(f"sqlite:///{tmp_path}/records.db", fixed_now=lambda: clock[0])
    with records.writing() as transaction:
        policy_moves.seed_all(transaction, [draft_of(read_document(PLATFORM))], by="test")
    scorer, register = FakeScorer(), FakeRegister(dict.fromkeys(PRODUCTS, "v1"))
    in_force = InForce(records, register, lambda _: Model(scorer, IDENTITY), PRODUCTS)
    evidence = {
        "merchant-loan": FakeEvidence({"payment_minor_90d": 90_000_000.0, "arrears_minor": 0.0}),
        "deposit-waiver": FakeEvidence({"spend_90d": 100_000.0}),
    }
    desk = Desk(
        evidence,
        OpenExposures(records),
        request_values,
        in_force,
        lambda: clock[0],
        "real",
        "local",
    )
    commit = GroupCommit(records)
    upkeep = Upkeep(records, commit, Anchors(tmp_path / "anchors.jsonl"))
    office = Office(desk, in_force, records, commit, Metrics(), desk, Sitting(desk), upkeep)
    yield Branch(office, evidence, scorer, register, clock)
    office.close()


@pytest.fixture
def put(branch):
    """Puts a document in force, as text: live, or as `how` says; taken up at once."""

    def publish(text, how=Event.PUBLISHED, since=None):
        draft = draft_of(read_document(text))
        with branch.office.records.writing() as transaction:
            version = policy_moves.propose(transaction, draft, by="test")
            version = policy_moves.moved(transaction, version, Event.CHECKED, by="test")
            moved = policy_moves.moved(transaction, version, how, by="test", since=since)
            assert not isinstance(moved, Refused), moved
        branch.office.in_force.refresh()

    return publish


@pytest.fixture
def platform():
    """The platform's document with changes, under a version of its own."""
    versions = iter(range(10**6))

    def changed(*changes):
        text = PLATFORM.replace(VERSION, f"t{next(versions)}")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return text

    return changed


@pytest.fixture
def client(branch):
    with TestClient(application(lambda: branch.office), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def ask(client):
    """POST a body as JSON text or bytes, with a key of its own unless one is given."""
    keys = iter(range(10**6))

    def post(path, body, *, key="", **headers):
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        named = {"Content-Type": "application/json", **headers}
        if key is not None:
            named["Idempotency-Key"] = key or f"k{next(keys)}"
        return client.post(path, content=content, headers=named)

    return post


@pytest.fixture
def loan():
    """A loan application's body, with changes."""
    return lambda **changes: LOAN | changes


@pytest.fixture
def waiver():
    """A waiver application's body, with changes."""
    return lambda **changes: WAIVER | changes


@pytest.fixture
def decisions(branch):
    """What the journal holds."""
    from records.journal import scan

    return lambda: list(scan(branch.office.records))
