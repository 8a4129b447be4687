"""What decides is what was promoted and published; what serves stays until its successor loads."""

import time

import pytest

from credit.errors import InputError
from serving import in_force as in_force_module
from serving.assembly import admit

LOANS = "/v1/merchant-loans/decisions"


def test_a_promotion_is_taken_up_at_the_next_look(branch):
    before = branch.office.in_force.model("merchant-loan")
    branch.office.in_force.refresh()
    assert branch.office.in_force.model("merchant-loan") is before
    branch.register.champions["merchant-loan"] = "v2"
    branch.office.in_force.refresh()
    assert branch.office.in_force.model("merchant-loan") is not before
    assert branch.office.in_force.standing["merchant-loan"].stamp == "v2"


def test_a_champion_that_must_not_serve_leaves_the_old_one_and_says_so(branch, client, monkeypatch):
    before = branch.office.in_force.model("merchant-loan")

    def refuse(_artefact):
        raise InputError("other definitions", "train again")

    monkeypatch.setattr(branch.office.in_force, "_admit", refuse)
    branch.register.champions["merchant-loan"] = "v2"
    branch.office.in_force.refresh()
    assert branch.office.in_force.model("merchant-loan") is before
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert "other definitions" in ready.json()["checks"]["merchant-loan model"]
    monkeypatch.undo()
    branch.office.in_force.refresh()  # mended without a new promotion
    assert branch.office.in_force.standing["merchant-loan"].trouble == ""


def test_a_service_whose_only_champion_must_not_serve_is_not_ready(
    branch, client, ask, loan, monkeypatch
):
    branch.register.champions.clear()
    branch.office.in_force.refresh()
    assert client.get("/readyz").status_code == 200  # no champion at all is a state, not a fault

    def refuse(_artefact):
        raise InputError("other definitions", "train again")

    monkeypatch.setattr(branch.office.in_force, "_admit", refuse)
    branch.register.champions["merchant-loan"] = "v1"
    branch.office.in_force.refresh()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert "other definitions" in ready.json()["checks"]["merchant-loan model"]
    assert ask(LOANS, loan()).json()["outcome"] == "refer"


def test_a_model_of_other_feature_definitions_is_not_admitted():
    class Other:
        class manifest:  # noqa: N801 - stands for an artefact's field
            product, version, definitions_sha256 = "merchant-loan", "v1", "0" * 64

    with pytest.raises(InputError, match="was trained on feature definitions 000000000000"):
        admit(Other)


def test_a_newly_live_policy_decides_from_the_next_look_on(ask, loan, put, platform):
    before = ask(LOANS, loan()).json()["policy"]
    put(platform())
    after = ask(LOANS, loan(application_id="a2")).json()["policy"]
    assert (before["version"], after["version"]) == ("2026.11.1", "t0")


def test_the_watch_looks_by_itself_and_ends_when_told(branch, monkeypatch):
    monkeypatch.setattr(in_force_module, "LOOK_EVERY_SECONDS", 0.002)
    branch.office.in_force.watch()
    branch.register.champions["merchant-loan"] = "v2"
    deadline = time.monotonic() + 5
    while branch.office.in_force.standing["merchant-loan"].stamp != "v2":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    branch.office.in_force.close()
