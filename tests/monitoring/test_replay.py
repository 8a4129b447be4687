"""What was decided comes out again to the byte, and what was touched does not."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from credit.ledger.exposure import Line
from credit.policy.evidence import Evidence, Freshness
from credit.policy.terms import parse_policy
from features.catalogue import features_of
from features.request import request_values
from models.artefact import open_artefact, write
from models.calibration import Calibration
from models.keys import home_keys
from models.manifest import Manifest, ModelFeature, TrainingData
from models.registry import Registry
from models.score import Scorer
from models.signing import sign
from monitoring.replay import ReplayResult, replay
from records.decisions import Asked, record
from records.journal import Entry, scan
from records.policies import seed
from records.store import Records, Transaction, open_records
from serving.cases import loan_case, waiver_case
from serving.desk import Desk, Model
from serving.exposures import Exposures
from serving.rules import Effective, Rules
from serving.underwrite import underwrite

AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
POLICY = (files("partners") / "platform.toml").read_text(encoding="utf-8")


def _artefact(folder: Path, product: str, *, version: str = "v1", seed: int = 2) -> None:
    """A model of random rows over the real signature: replay asks for sameness, not for sense."""
    features = tuple(
        ModelFeature(it.name, it.dtype, 0, it.reason, ("a", "b") if it.dtype == "category" else ())
        for it in features_of(product)
    )
    chance = np.random.default_rng(seed)
    matrix = chance.integers(0, 2, (500, len(features))) * 1.0
    told = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 7}
    text = lightgbm.train(
        told, lightgbm.Dataset(matrix, chance.integers(0, 2, 500)), num_boost_round=20
    ).model_to_string()
    manifest = Manifest(
        product=product,
        version=version,
        created_at=AT,
        features=features,
        definitions_sha256=None,
        calibration=Calibration("platt", {"slope": 1.0, "intercept": -3.0}),
        label={},
        data=TrainingData("a" * 64, None, None, 500, 250, None),
        split={},
        seed=1,
        metrics={},
        libraries={},
        utc_offset_minutes=480,
    )
    write(folder, text, manifest)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {
        product: tmp_path_factory.mktemp(product) for product in (MERCHANT_LOAN, DEPOSIT_WAIVER)
    }
    for product, folder in folders.items():
        _artefact(folder, product)
    return folders


@pytest.fixture(scope="module")
def challenging(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("challenger")
    _artefact(folder, MERCHANT_LOAN, version="v2", seed=3)
    return {MERCHANT_LOAN: folder}


class _Known:
    def __init__(self, product: str, freshness: Freshness) -> None:
        values = {
            it.name: 0 if it.dtype == "number" else "a"
            for it in features_of(product)
            if it.view != "request"
        }
        self._evidence = Evidence(values | {"turnover_90d": 90_000_000}, AT, freshness, "")

    def read(self, entity_ids: list[str], *, now: datetime) -> list[Evidence]:
        assert now == AT
        return [self._evidence for _ in entity_ids]


def _models(folders: Mapping[str, Path]) -> dict[str, Model]:
    opened = {product: open_artefact(folder) for product, folder in folders.items()}
    return {product: Model(Scorer(it), it.identity()) for product, it in opened.items()}


class _InForce:
    policy = parse_policy(POLICY)

    def look_if_late(self) -> None:
        pass

    def rules_for(self, **_: str | None) -> Rules:
        return Rules(Effective(self.policy))

    def __init__(self, folders: Mapping[str, Path], challengers: Mapping[str, Path]) -> None:
        self._models, self._challengers = _models(folders), _models(challengers)

    def model(self, product: str) -> Model:
        return self._models[product]

    def challenger(self, product: str) -> Model | None:
        return self._challengers.get(product)


@pytest.fixture
def home(tmp_path: Path, trained: Mapping[str, Path], challenging: Mapping[str, Path]) -> Path:
    for folder in (*trained.values(), *challenging.values()):
        sign(folder, (folder / "manifest.json").read_bytes(), home_keys(tmp_path))
        Registry(tmp_path).register(folder)
    return tmp_path


@pytest.fixture
def records(
    home: Path, trained: Mapping[str, Path], challenging: Mapping[str, Path]
) -> Iterator[Records]:
    opened = open_records(f"sqlite:///{home}/records.db")
    with opened.writing() as transaction:
        seed(transaction.connection, POLICY, by="test", at=AT)
        for place, freshness in enumerate((Freshness.FRESH, Freshness.STALE)):
            for entry in _decided(_InForce(trained, challenging), freshness, place):
                _record(transaction, entry)
    yield opened
    opened.close()


class _Untouched:
    """Lines of which nothing is used."""

    def read(self, *, entity_ids: list[str], **_: object) -> Exposures:
        return Exposures([Line() for _ in entity_ids], {})


def _record(transaction: Transaction, entry: Entry) -> None:
    asked = Asked(
        partner=entry["partner"],
        product=entry["product"],
        entity_id=entry["entity_id"],
        order_no=entry["order_no"],
        key=None,
        content_sha256="0" * 64,
    )
    record(transaction, asked=asked, entry=entry, claim=None)


def _decided(in_force: _InForce, freshness: Freshness, place: int) -> list[Any]:
    evidence = {it: _Known(it, freshness) for it in (MERCHANT_LOAN, DEPOSIT_WAIVER)}
    desk = Desk(evidence, _Untouched(), request_values, in_force, lambda: AT, "fixed", "local")
    currency = in_force.policy.currency
    loan = {
        "application_id": f"a{place}",
        "merchant_id": "m",
        "amount_minor": 5_000_000,
        "currency": currency,
        "term_days": 90,
    }
    waiver = {
        "user_id": "u",
        "scene": "bike",
        "deposit_minor": 20_000,
        "currency": currency,
        "due_at": "2026-07-03T00:00:00Z",
    }
    return [
        underwrite(loan_case(json.dumps(loan).encode()), desk).entry,
        underwrite(waiver_case(json.dumps(waiver).encode()), desk).entry,
    ]


def test_decisions_of_both_products_fresh_and_stale_come_out_again(
    records: Records, home: Path
) -> None:
    assert replay(records, home) == ReplayResult(checked=4, differing=0)


def test_a_day_and_a_limit_choose_what_is_replayed(records: Records, home: Path) -> None:
    assert replay(records, home, since=date(2026, 7, 2)).checked == 0
    assert replay(records, home, limit=3).checked == 3


def _scored(entry: dict) -> None:
    entry["scored"][0]["probability"] += 1e-9


def _outcome(entry: dict) -> None:
    entry["decision"]["outcome"] = "approve" if entry["decision"]["outcome"] != "approve" else "x"


def _model(entry: dict) -> None:
    entry["model"]["sha256"] = "0" * 64


def _policy(entry: dict) -> None:
    entry["policy"]["sha256"] = "0" * 64


def _policys_name(entry: dict) -> None:
    entry["policy"] = entry["policy"] | {"name": "another"}


def _last_day(entry: dict) -> None:
    entry["decided_at"] = "9999-12-31T23:59:59.000000Z"


def _no_values(entry: dict) -> None:
    entry["evidence"]["values"] = []


def _when(entry: dict) -> None:
    entry["decided_at"] = "2026-07-09T09:00:00.000000Z"


def _candidate(entry: dict) -> None:
    entry["scored"].append(entry["scored"][0])


def _room(entry: dict) -> None:
    entry["room_minor"] -= 1


def _shared_room(entry: dict) -> None:
    entry["shared_room_minor"] -= 1


def _stopped(entry: dict) -> None:
    entry["stopped"] = "partner local"


def _currency(entry: dict) -> None:
    entry["request"]["currency"] = "EUR"


def _shadow(entry: dict) -> None:
    kept = {name: entry[name] for name in ("policy", "room_minor", "shared_room_minor", "scored")}
    left_out = {"trace", "model", "decision_id", "decided_at"}
    decision = {k: v for k, v in entry["decision"].items() if k not in left_out}
    entry["shadows"] = [kept | {"decision": decision | {"outcome": "x"}}]


def _challenger(entry: dict) -> None:
    entry["shadows"][0]["scored"][0]["probability"] += 1e-9


def _challengers_name(entry: dict) -> None:
    entry["shadows"][0]["model"] = {"name": "x", "version": "v0", "sha256": "0" * 64}


TOUCHES = [_scored, _outcome, _model, _policy, _when, _candidate]
TOUCHES += [_policys_name, _last_day, _no_values]
TOUCHES += [_challenger, _challengers_name]
TOUCHES += [_room, _shared_room, _stopped, _currency, _shadow]


@pytest.mark.parametrize("touch", TOUCHES)
def test_a_record_that_was_touched_differs(
    records: Records,
    home: Path,
    touch: Callable[[dict], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = next(scan(records))
    touch(entry)
    other = open_records(f"sqlite:///{home}/other.db")
    with other.writing() as transaction:
        seed(transaction.connection, POLICY, by="test", at=AT)
        _record(transaction, entry)
    assert replay(other, home) == ReplayResult(checked=1, differing=1)
    assert entry["decision_id"] in caplog.text
    other.close()
