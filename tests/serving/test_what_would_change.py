"""What would have a declined request approved: searched by the policy in force, not recorded."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.policy.evidence import Evidence, Freshness
from models.artefact import REFERENCE, open_artefact, write
from models.calibration import Calibration
from models.keys import home_keys
from models.manifest import Manifest, ModelFeature, TrainingData
from models.score import Scorer
from models.signature import from_table
from serving.cases import case_of
from serving.desk import Model
from serving.what_would_change import what_would_change

FEATURES = (
    ModelFeature("refund_rate_90d", "number", 1, "REFUNDS"),
    ModelFeature("unpaid_minor", "number", 0, "INDEBTEDNESS"),
    ModelFeature("tenure_days", "number", -1, "TENURE"),
    ModelFeature("request_amount_minor", "number", 0, "REQUEST_SIZE"),
)
KNOWN = {"payment_minor_90d": 90_000_000.0, "arrears_minor": 0.0, "unpaid_minor": 100_000.0}
NO_REFUNDS = KNOWN | {"tenure_days": 2000.0, "refund_rate_90d": 0.01}
MANY_REFUNDS = KNOWN | {"tenure_days": 2000.0, "refund_rate_90d": 0.31}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Refunds are what makes a merchant risky, and a little how long it is known."""
    folder, random = tmp_path_factory.mktemp("model"), np.random.default_rng(1)
    table = pa.table(
        {
            "refund_rate_90d": random.beta(1.2, 10, 4000),
            "unpaid_minor": random.integers(0, 2_000_000, 4000).astype(float),
            "tenure_days": random.integers(30, 3000, 4000).astype(float),
            "request_amount_minor": random.integers(1, 20, 4000) * 100_000.0,
        }
    )
    refunds, tenure = table["refund_rate_90d"].to_numpy(), table["tenure_days"].to_numpy()
    chance = np.clip(0.004 + 2.0 * np.maximum(0, refunds - 0.15) + (tenure < 90) * 0.5, 0, 0.95)
    told = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 8}
    told["monotone_constraints"] = [it.direction for it in FEATURES]
    data = lightgbm.Dataset(from_table(FEATURES, table), random.random(4000) < chance)
    manifest = Manifest(
        product="merchant-loan",
        version="v1",
        created_at=datetime(2026, 6, 1, tzinfo=UTC),
        features=FEATURES,
        definitions_sha256=None,
        calibration=Calibration("identity", {}),
        label={},
        data=TrainingData("a" * 64, None, None, 4000, 400, "CNY"),
        split={},
        seed=1,
        metrics={},
        libraries={},
        utc_offset_minutes=480,
    )
    pq.write_table(table, folder / REFERENCE)
    text = lightgbm.train(told, data, 40).model_to_string()
    write(folder, text, manifest, files=[REFERENCE], signed_by=home_keys(folder.parent / "home"))
    artefact = open_artefact(folder)
    return Model(Scorer(artefact), artefact.identity())


class WithModel:
    """What is in force, with another champion."""

    def __init__(self, in_force, model):
        self._in_force = in_force
        self._model = model

    def model(self, _product):
        return self._model

    def __getattr__(self, name):
        return getattr(self._in_force, name)


@pytest.fixture
def asked(branch, model, loan):
    """Asks for a merchant of whom these values are known."""

    def ask(values, *, model=model, freshness=Freshness.FRESH, **changes):
        source = branch.evidence["merchant-loan"]
        source.told["m1"] = Evidence(values, datetime(2026, 6, 30, tzinfo=UTC), freshness)
        desk = replace(branch.office.desk, in_force=WithModel(branch.office.in_force, model))
        return what_would_change(case_of(json.dumps(loan(**changes)).encode()), desk)

    return ask


def test_fewer_refunds_would_have_a_risky_merchant_approved_and_do(asked, decisions):
    told = asked(MANY_REFUNDS)
    assert told.outcome == "decline"
    [change] = told.found.changes
    assert (change.name, change.start) == ("refund_rate_90d", 0.31)
    assert 0.01 < change.end < 0.31
    assert told.lines() == [f"refund_rate_90d: 0.31 -> {change.end:g}"]
    assert told.to_json()["changes"] == [
        {"feature": "refund_rate_90d", "from": 0.31, "to": change.end}
    ]
    assert told.to_json()["probability_to"] < told.to_json()["probability_from"]
    after = asked(MANY_REFUNDS | {"refund_rate_90d": change.end})
    assert (after.outcome, after.why_none) == ("approve", "it is approved as things stand")
    assert decisions() == []


def test_who_is_young_cannot_make_themselves_older(asked):
    told = asked(NO_REFUNDS | {"tenure_days": 40.0})
    assert told.outcome != "approve"
    assert told.found is None
    assert told.lines() == ["no change: nothing that the applicant can change would be enough"]


def test_a_rule_that_speaks_first_is_named(asked):
    told = asked(MANY_REFUNDS | {"arrears_minor": 500_000.0})
    assert (told.outcome, told.found) == ("decline", None)
    assert told.why_none == "OPEN_ARREARS (An instalment is in arrears) stands before any model"


def test_without_history_or_a_model_there_is_nothing_to_search(asked):
    assert "NO_HISTORY" in asked({}, freshness=Freshness.UNKNOWN).why_none
    assert "MODEL_UNAVAILABLE" in asked(MANY_REFUNDS, model=None).why_none
    assert "FEATURES_STALE" in asked(MANY_REFUNDS, freshness=Freshness.STALE).why_none


def test_equal_questions_have_equal_answers(asked):
    assert asked(MANY_REFUNDS) == asked(MANY_REFUNDS)
