"""A policy in shadow decides beside the live one: recorded, never answered, never a claim."""

import pytest

from credit.policy.life import Event

LOANS, WAIVERS = "/v1/merchant-loans/decisions", "/v1/deposit-waivers"
TIGHTER = ("amount_max_minor = 50_000_000  ", "amount_max_minor = 500_000  ")
LOOSER = ("deposit_max_minor = 500_000", "deposit_max_minor = 600_000")


@pytest.fixture
def shadow(put, platform):
    """The platform's document with changes, in shadow."""
    return lambda *changes: put(platform(*changes), Event.SHADOWED)


def test_what_a_shadow_says_is_recorded_and_not_answered(ask, loan, shadow, decisions, client):
    shadow(TIGHTER)
    answer = ask(LOANS, loan()).json()
    assert (answer["outcome"], answer["policy"]["version"]) == ("approve", "2026.11.1")
    [entry] = decisions()
    [beside] = entry["shadows"]
    assert beside["policy"]["version"] == "t0"
    assert beside["decision"]["outcome"] == "decline"
    assert [one["code"] for one in beside["decision"]["reasons"]] == ["AMOUNT_ABOVE_MAXIMUM"]
    assert {"trace", "model", "decision_id"}.isdisjoint(beside["decision"])
    assert all("reasons" not in one for one in beside["scored"])
    assert "shadows" not in answer
    text = client.get("/metrics").text
    told = 'vouch_shadow_decisions_total{differs="yes",policy="platform",product="merchant-loan"}'
    assert f"{told} 1.0" in text


def test_a_shadow_scores_its_own_candidates_and_never_asks_for_reasons(
    ask, loan, shadow, decisions, branch
):
    branch.scorer.probability = 0.14  # risky: the live decision gives the model's reasons
    shadow(("counter_shares = [0.8, 0.6, 0.4, 0.2, 0.1, 0.05]", "counter_shares = [0.5]"))
    ask(LOANS, loan())
    [entry] = decisions()
    [beside] = entry["shadows"]
    amounts = [{one["amount_minor"] for one in each["scored"]} for each in (entry, beside)]
    assert amounts[1] == {1_000_000, 500_000} != amounts[0]
    assert branch.scorer.explained == 1


def test_a_shadow_that_would_approve_claims_nothing(ask, waiver, put, platform, client):
    strict = ("deposit_max_minor = 500_000", "deposit_max_minor = 200_000")
    put(platform(strict))
    put(platform(), Event.SHADOWED)
    body = waiver(out_order_no="o1", deposit_minor=250_000)
    answer = ask(WAIVERS, body).json()
    assert (answer["outcome"], answer["hold"]) == ("decline", None)
    assert client.get("/v1/lines/user/u1").json()["exposure_minor"] == 0


def test_a_shadow_that_raises_is_noted_and_never_hurts_the_answer(
    ask, loan, shadow, decisions, branch, monkeypatch, client
):
    from serving import shadow as module

    shadow(TIGHTER)

    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(module, "ruled", broken)
    assert ask(LOANS, loan()).json()["outcome"] == "approve"
    monkeypatch.setattr(module, "score_all", broken)
    assert ask(LOANS, loan(application_id="a2")).json()["outcome"] == "approve"
    for entry in decisions():
        [beside] = entry["shadows"]
        assert (beside["decision"], beside["failed"]) == (None, "ZeroDivisionError")
    assert 'vouch_shadow_decisions_total{differs="failed"' in client.get("/metrics").text


def test_a_layers_shadow_stands_on_the_live_layers_and_decides_their_requests_alone(
    ask, loan, waiver, put, decisions
):
    head = 'layer = "scene"\nname = "local.hotel"\nparent = "local"\nscene = "hotel"\n'
    put('layer = "partner"\nname = "local"\nparent = "platform"\nversion = "1"\n')
    put(
        f'{head}version = "1"\n[waiver.scenes.hotel]\ndeposit_max_minor = 20_000\n'
        "credit_max_minor = 20_000\n",
        Event.SHADOWED,
    )
    for name in ("hotel", "clinic"):
        ask(f"{WAIVERS}/decisions", waiver(scene=name))
    ask(LOANS, loan())
    hotel, clinic, lent = decisions()
    assert [one["policy"]["name"] for one in hotel["shadows"]] == ["local.hotel"]
    assert hotel["shadows"][0]["decision"]["outcome"] == "decline"
    assert hotel["decision"]["outcome"] == "approve"
    assert clinic["shadows"] == lent["shadows"] == []


def test_a_shadow_that_cannot_be_composed_decides_nothing(ask, loan, put, platform, decisions):
    head = 'layer = "partner"\nname = "local"\nparent = "platform"\n'
    put(f'{head}version = "1"\n')
    put(f'{head}version = "2"\n[loan]\nterms_days = [30]\n', Event.SHADOWED)
    put(platform(("terms_days = [30, 60, 90, 180, 360]", "terms_days = [60, 90, 180]")))
    assert ask(LOANS, loan()).json()["outcome"] == "approve"
    assert decisions()[0]["shadows"] == []
