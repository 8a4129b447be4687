"""Instalments over HTTP: once for a key and an order, recorded, stopped, honest about budgets."""

import pytest

from credit.policy.life import Event
from monitoring.replay import replay
from records import switches
from records.decisions import Asked, record
from records.journal import scan
from records.verification.verify import verify

PATH = "/v1/instalment-offers/decisions"
PARTNER = """
layer = "partner"
name = "local"
parent = "platform"
version = "1"

[instalment]
subsidy_share = 0.5
subsidy_budget_minor = 10_000

[[instalment.context]]
name = "goods"
kind = "text"
required = true
meaning = "What is sold"

[[instalment.knockouts]]
feature = "context.goods"
op = "=="
value = "gold"
reason = "PARTNER_RULE"
outcome = "decline"
missing = "declines"
"""
SENT = {"merchant_id": "m1", "order_amount_minor": 600_000, "currency": "CNY"}


def order(**changes):
    return {**SENT, **changes}


@pytest.fixture
def journal(branch):
    return lambda: list(scan(branch.office.records))


def test_an_order_is_answered_and_recorded_as_it_was_answered(ask, journal):
    answer = ask(PATH, order(out_order_no="o1")).json()
    [entry] = journal()
    assert entry["decision"] == answer
    assert entry["product"] == answer["product"] == "instalment-offer"
    assert entry["entity_id"] == "m1"
    assert entry["order_no"] == "o1"
    assert [offer["count"] for offer in answer["offers"]] == [3, 6, 12]
    assert answer["subsidy"]["held_against"] == "order"
    assert answer["pays"]["label"] == "assumption"


def test_a_key_is_answered_once_and_an_order_too(ask, journal):
    first = ask(PATH, order(out_order_no="o1"), key="k")
    assert ask(PATH, order(out_order_no="o1"), key="k").content == first.content
    assert ask(PATH, order(out_order_no="o1"), key="other").content == first.content
    assert len(journal()) == 1


@pytest.mark.parametrize(
    ("key", "number", "code", "status"),
    [("k", "o2", "IDEMPOTENCY_MISMATCH", 422), ("other", "o1", "APPLICATION_DIFFERS", 409)],
)
def test_other_content_under_a_key_or_order_is_refused(ask, journal, key, number, code, status):
    ask(PATH, order(out_order_no="o1"), key="k")
    told = ask(PATH, order(out_order_no=number, order_amount_minor=700_000), key=key)
    assert (told.status_code, told.json()["code"]) == (status, code)
    assert len(journal()) == 1


def test_without_a_number_every_question_is_a_new_one(ask, journal):
    answers = [ask(PATH, SENT, key=None) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert len(journal()) == 2


def test_the_decision_is_found_again_by_its_id(ask, client):
    answer = ask(PATH, SENT).json()
    assert client.get(f"/v1/decisions/{answer['decision_id']}").json() == answer


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"currency": "USD"}, "CURRENCY_MISMATCH", "currency"),
        ({"order_amount_minor": 0}, "FIELD_INVALID", "order_amount_minor"),
        ({"merchant_id": None}, "FIELD_MISSING", "merchant_id"),
        ({"count": 3}, "FIELD_UNKNOWN", "count"),
        ({"subsidy_used_minor": -1}, "FIELD_INVALID", "subsidy_used_minor"),
        ({"context": {"goods": "tea"}}, "FIELD_INVALID", "context.goods"),
    ],
)
def test_what_cannot_be_decided_is_refused_and_nothing_recorded(ask, journal, changes, code, field):
    told = ask(PATH, order(**changes))
    assert (told.status_code, told.json()["code"], told.json()["field"]) == (422, code, field)
    assert journal() == []


def test_a_partners_own_terms_hold_and_its_context_is_asked_for(ask, put):
    put(PARTNER)
    assert ask(PATH, SENT).json()["field"] == "context.goods"
    sold = ask(PATH, order(context={"goods": "tea"}, subsidy_used_minor=4_000)).json()
    assert sold["policy"]["name"] == "local"
    assert sold["subsidy"] | {"note": ""} == {
        "share": 0.5,
        "budget_minor": 10_000,
        "used_minor": 4_000,
        "left_minor": 6_000,
        "held_against": "month",
        "note": "",
    }
    assert [one["subsidy_minor"] for one in sold["offers"]] == [6_000, 6_000, 6_000]
    refused = ask(PATH, order(context={"goods": "gold"})).json()
    assert (refused["outcome"], refused["offers"]) == ("decline", [])
    assert refused["reasons"][0]["code"] == "PARTNER_RULE"
    assert refused["trace"][-1]["layer"] == "local"


def test_a_late_retry_has_its_answer_whatever_the_policy_says_by_now(ask, put):
    first = ask(PATH, order(out_order_no="o1"), key="k")
    put(PARTNER)  # now its context would be missing
    assert ask(PATH, order(out_order_no="o1"), key="k").content == first.content


def test_a_switch_stops_instalments_and_says_so(ask, branch, journal):
    with branch.office.records.writing() as transaction:
        switches.stop(
            transaction, product="instalment-offer", partner="", scene="", reason="x", by="a"
        )
    branch.office.in_force.refresh()
    told = ask(PATH, SENT).json()
    assert (told["outcome"], told["offers"]) == ("refer", [])
    assert told["reasons"][0]["code"] == "KILL_SWITCH"
    assert told["degraded"]
    assert journal()[0]["stopped"]


def test_a_policy_in_shadow_is_recorded_beside_and_not_answered(ask, put, journal):
    put(PARTNER.replace("required = true", "required = false"), Event.SHADOWED)
    told = ask(PATH, SENT).json()
    assert told["policy"]["name"] == "platform"
    [shadow] = journal()[0]["shadows"]
    assert shadow["policy"]["name"] == "local"
    assert shadow["decision"]["outcome"] == "decline"


def test_the_ledger_holds_with_instalments_beside_loans_in_it(ask, loan, branch):
    ask(PATH, order(out_order_no="o1"))
    ask("/v1/merchant-loans/decisions", loan(merchant_id="m1"))
    assert verify(branch.office.records).holds


def test_what_was_answered_at_tills_replays_to_the_byte(ask, put, branch, tmp_path):
    ask(PATH, SENT)
    put(PARTNER.replace("required = true", "required = false"), Event.SHADOWED)
    ask(PATH, order(subsidy_used_minor=7))
    put(PARTNER.replace('version = "1"', 'version = "2"'))
    ask(PATH, order(context={"goods": "tea"}))
    with branch.office.records.writing() as transaction:
        switches.stop(transaction, product="", partner="local", scene="", reason="x", by="a")
    branch.office.in_force.refresh()
    ask(PATH, SENT)
    told = replay(branch.office.records, tmp_path)
    assert (told.checked, told.differing) == (4, 0)


def test_an_answer_at_a_till_that_was_touched_is_found(ask, branch, tmp_path):
    ask(PATH, SENT)
    [entry] = scan(branch.office.records)
    named = {"decision_id": "d2", "reference_id": "d2"}
    offers = [{**one, "subsidy_minor": 1} for one in entry["decision"]["offers"]]
    touched = entry | named | {"decision": entry["decision"] | {**named, "offers": offers}}
    del touched["decision"]["reference_id"]
    with branch.office.records.writing() as transaction:
        asked = Asked(
            partner="local",
            product=entry["product"],
            entity_id="m1",
            order_no=None,
            key=None,
            content_sha256="c" * 64,
        )
        record(transaction, asked=asked, entry=touched, claim=None)
    told = replay(branch.office.records, tmp_path)
    assert (told.checked, told.differing) == (2, 1)
