"""A model that challenges scores every decision beside the champion: recorded, never answered."""

import pytest

from credit.contract import PRODUCTS
from credit.errors import InputError
from serving.assembly import admit, admitting
from serving.desk import Model
from serving.in_force import InForce

LOANS = "/v1/merchant-loans/decisions"
IDENTITY = {"name": "merchant-loan", "version": "v2", "sha256": "b" * 64}


@pytest.fixture
def challenged(branch, monkeypatch):
    """The branch with a challenger that finds everybody risky."""
    scorer = type(branch.scorer)(probability=0.9)
    models = {"v1": Model(branch.scorer, {"name": "fake", "version": "v1", "sha256": "a" * 64})}
    models["v2"] = Model(scorer, IDENTITY)
    monkeypatch.setattr(branch.office.in_force, "_admit", models.__getitem__)
    branch.register.challengers["merchant-loan"] = "v2"
    branch.office.in_force.refresh()
    return scorer


@pytest.mark.usefixtures("challenged")
def test_what_a_challenger_says_is_recorded_and_not_answered(ask, loan, decisions, client):
    answer = ask(LOANS, loan()).json()
    assert (answer["outcome"], answer["model"]["version"]) == ("approve", "v1")
    [entry] = decisions()
    [beside] = entry["shadows"]
    assert beside["model"] == IDENTITY
    assert beside["decision"]["outcome"] == "decline"
    assert {one["probability"] for one in beside["scored"]} == {0.9}
    assert 'differs="yes",policy="challenger v2"' in client.get("/metrics").text


def test_both_models_score_the_same_candidates_in_one_call_each(challenged, ask, loan, branch):
    ask(LOANS, loan())
    assert len(challenged.rows) == len(branch.scorer.rows)
    assert challenged.explained == 0


@pytest.mark.usefixtures("challenged")
def test_another_product_is_not_challenged(ask, waiver, decisions):
    ask("/v1/deposit-waivers/decisions", waiver())
    assert decisions()[0]["shadows"] == []


def test_a_challenger_that_raises_never_hurts_the_answer(challenged, ask, loan, decisions):
    challenged.score = lambda _rows: 1 / 0
    assert ask(LOANS, loan()).json()["outcome"] == "approve"
    assert decisions()[0]["shadows"][0]["failed"] == "ZeroDivisionError"


def test_a_challenge_ends_when_it_is_withdrawn(challenged, ask, loan, decisions, branch):
    branch.register.challengers.clear()
    branch.office.in_force.refresh()
    ask(LOANS, loan())
    assert decisions()[0]["shadows"] == []
    assert challenged.rows == []


def test_a_champion_that_would_kill_the_service_kills_a_child_and_the_old_one_stays(
    branch, tmp_path
):
    """Signed, promoted and pinned, and still no model: LightGBM aborts whoever parses it."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from models.artefact import write
    from models.keys import home_keys
    from models.registry import Registry
    from tests.stand.whole_service import small_home

    home = small_home(tmp_path)
    registry = Registry(home)
    in_force = InForce(branch.office.records, registry, admitting(registry.trials), PRODUCTS)
    before = in_force.model("merchant-loan")
    sound = registry.champion("merchant-loan")
    broken = sound.model_text.replace("num_leaves=", "num_leaves=9", 1)
    folder = tmp_path / "broken"
    write(folder, broken, replace(sound.manifest, version="v9"), signed_by=home_keys(home))
    at = datetime(2026, 7, 1, tzinfo=UTC)
    registry.promote(registry.register(folder), by="mallory", at=at)
    in_force.refresh()
    assert in_force.model("merchant-loan") is before
    assert "trial load failed" in in_force.standing["merchant-loan"].trouble
    assert before.scorer.score([{it.name: None for it in sound.manifest.features}])
    with pytest.raises(InputError):
        admitting(registry.trials)(registry.champion("merchant-loan"))
    assert admit(sound)
