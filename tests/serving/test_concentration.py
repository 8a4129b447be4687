"""What a partner and its industry have open is capped, exactly, and counted whoever comes late."""

import asyncio
import json

import pytest

from records import counters
from serving.cases import loan_case, order_case

LOANS, WAIVERS = "/v1/merchant-loans/decisions", "/v1/deposit-waivers"
CAP = 2_440_000


@pytest.fixture
def capped(put):
    """The partner `local` in street rental, whose industry may have little open."""

    def publish(*, partner_minor=CAP, industry_minor=CAP, section="loan"):
        put(
            'layer = "industry"\nname = "rental"\nparent = "platform"\nversion = "1"\n'
            f'lead = "local"\n[{section}.concentration]\nindustry_max_minor = {industry_minor}\n'
        )
        put(
            'layer = "partner"\nname = "local"\nparent = "rental"\nversion = "1"\n'
            f"[{section}.concentration]\npartner_max_minor = {partner_minor}\n"
        )

    return publish


@pytest.fixture
def used(branch):
    """What is counted of the partner and the industry."""

    def read(product="merchant-loan"):
        names = [(product, "partner", "local"), (product, "industry", "rental")]
        with branch.office.records.reading() as connection:
            found = counters.read(connection, names)
        return [found[name] for name in names]

    return read


@pytest.mark.parametrize("whose", ["partner_minor", "industry_minor"])
def test_who_comes_when_the_cap_is_reached_is_offered_what_is_left_or_declined(
    ask, loan, capped, used, whose
):
    capped(**{"partner_minor": 10**9, "industry_minor": 10**9, whose: CAP})
    told = [ask(LOANS, loan(application_id=f"a{n}", merchant_id=f"m{n}")).json() for n in range(4)]
    assert [answer["outcome"] for answer in told] == ["approve"] * 3 + ["decline"]
    assert told[2]["offers"][0]["amount_minor"] == 400_000  # shares of what was asked, in the cap
    assert [one["code"] for one in told[3]["reasons"]] == ["CONCENTRATION_CAP"]
    assert used() == [2_400_000, 2_400_000]


def test_deposits_are_capped_and_given_back(ask, waiver, capped, used):
    capped(partner_minor=50_000, section="waiver")
    first, second = (
        ask(WAIVERS, waiver(out_order_no=name, user_id=name)).json() for name in ("o1", "o2")
    )
    assert (first["credit_minor"], second["credit_minor"]) == (30_000, 20_000)
    assert used("deposit-waiver") == [50_000, 50_000]
    assert ask(f"{WAIVERS}/{first['hold']['auth_no']}/release", {}).status_code == 200
    assert used("deposit-waiver") == [20_000, 20_000]


def test_what_a_decision_saw_of_the_cap_is_recorded(ask, loan, capped, decisions):
    capped()
    ask(LOANS, loan())
    ask(LOANS, loan(application_id="a2", merchant_id="m2"))
    assert [entry["shared_room_minor"] for entry in decisions()] == [CAP, CAP - 1_000_000]


def test_a_refused_share_is_heard_again_once_with_what_is_left(branch, loan, capped, used):
    capped()
    cases = [
        loan_case(json.dumps(loan(application_id=f"a{n}", merchant_id=f"m{n}")).encode())
        for n in range(3)
    ]

    async def together():
        return await asyncio.gather(*(branch.office.answer(case, None) for case in cases))

    told = [json.loads(answer) for answer in asyncio.run(together())]
    amounts = sorted(max(one["amount_minor"] for one in answer["offers"]) for answer in told)
    assert amounts == [400_000, 1_000_000, 1_000_000]
    assert used() == [2_400_000, 2_400_000]


def test_what_a_refused_share_has_shown_counts_though_the_ledger_is_read_late(
    ask, loan, capped, used, branch, monkeypatch
):
    capped()
    ledger = branch.office.desk.ledger
    names = [("merchant-loan", "partner", "local"), ("merchant-loan", "industry", "rental")]
    stale = ledger.read(kind="merchant", entity_ids=["m9"], counters=names)
    for n in range(2):
        ask(LOANS, loan(application_id=f"a{n}", merchant_id=f"m{n}"))
    monkeypatch.setattr(type(ledger), "read", lambda *_, **__: stale)
    answer = ask(LOANS, loan(application_id="a9", merchant_id="m9")).json()
    assert max(one["amount_minor"] for one in answer["offers"]) == 400_000
    assert used() == [2_400_000, 2_400_000]


def test_a_crowd_never_takes_more_than_the_cap(branch, waiver, capped, used):
    capped(partner_minor=500_000, section="waiver")
    cases = [
        order_case(json.dumps(waiver(out_order_no=f"o{n}", user_id=f"u{n}")).encode())
        for n in range(48)
    ]

    async def together():
        return await asyncio.gather(*(branch.office.answer(case, None) for case in cases))

    held = sum(json.loads(answer)["credit_minor"] for answer in asyncio.run(together()))
    assert used("deposit-waiver") == [held, held]
    assert 470_000 < held <= 500_000


def test_a_review_takes_of_the_cap_too(ask, loan, capped, used, branch):
    capped(partner_minor=1_000_000)
    branch.scorer.probability = 0.14
    referred = [
        ask(LOANS, loan(application_id=f"a{n}", merchant_id=f"m{n}")).json() for n in range(2)
    ]
    word = {"outcome": "approve", "reason": "known", "reviewer": "j.doe"}
    told = [ask(f"/v1/decisions/{one['decision_id']}/review", word) for one in referred]
    assert [one.status_code for one in told] == [200, 409]
    assert used() == [1_000_000, 1_000_000]
