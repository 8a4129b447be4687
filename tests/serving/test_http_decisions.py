"""Decisions over HTTP: answered once, recorded first, found again, degraded rather than guessed."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from credit.policy.evidence import Evidence, Freshness
from records.store import RecordsUnavailableError
from serving import office as office_module
from serving.intake import KeysInFlight

LOANS, WAIVERS = "/v1/merchant-loans/decisions", "/v1/deposit-waivers/decisions"
EVERY_DECISION = {
    "decision_id",
    "product",
    "outcome",
    "reasons",
    "probability",
    "score",
    "band",
    "expires_at",
    "features_as_of",
    "degraded",
    "model",
    "policy",
    "trace",
}


def gone(freshness, detail=""):
    return Evidence({}, None, freshness, detail)


def test_a_loan_decision_carries_all_that_the_interface_names(ask, loan):
    answer = ask(LOANS, loan())
    assert answer.status_code == 200
    assert set(answer.json()) >= EVERY_DECISION | {"limit_minor", "apr", "term_days", "offers"}
    assert answer.json()["outcome"] == "approve"
    assert answer.json()["model"]["version"] == "v1"


def test_a_waiver_decision_carries_all_that_the_interface_names(ask, waiver):
    answer = ask(WAIVERS, waiver(), key=None)
    assert answer.status_code == 200
    assert set(answer.json()) >= EVERY_DECISION | {"credit_minor", "deposit_due_minor"}
    assert answer.json()["credit_minor"] + answer.json()["deposit_due_minor"] == 30_000


def test_the_answer_is_in_the_journal_with_all_that_it_rests_on(ask, loan, decisions, branch):
    answer = ask(LOANS, loan(consent_ref="c-9")).json()
    [entry] = decisions()
    assert entry["decision"] == answer
    assert entry["reference_id"] == "a1"
    assert entry["request"] == loan(consent_ref="c-9")
    assert entry["evidence"]["values"] == branch.evidence["merchant-loan"].values
    assert entry["evidence"]["as_of"] == "2026-06-30T00:00:00.000000Z"
    assert entry["scored"][0]["amount_minor"] == 1_000_000
    assert entry["scored"][0]["request_features"]["request_term_days"] == 90
    assert [row["request_amount_minor"] for row in branch.scorer.rows] == [
        one["amount_minor"] for one in entry["scored"]
    ]
    assert entry["model"] == answer["model"]
    assert entry["policy"] == answer["policy"]
    assert entry["clock"] == "real"


def test_the_model_explains_itself_only_where_its_word_is_given(ask, loan, branch, decisions):
    assert ask(LOANS, loan()).json()["reasons"] == []
    assert branch.scorer.explained == 0
    branch.scorer.probability = 0.6
    declined = ask(LOANS, loan(application_id="a2")).json()
    told = [reason["code"] for reason in declined["reasons"] if reason["source"] == "model"]
    assert told == ["TURNOVER_TREND", "TENURE"]
    assert branch.scorer.explained == 1
    assert decisions()[1]["scored"][0]["reasons"] == ["TURNOVER_TREND", "TENURE"]
    assert decisions()[0]["scored"][0]["reasons"] == []


def test_the_same_key_and_body_get_the_same_bytes(ask, loan, waiver, decisions):
    for path, body in ((LOANS, loan()), (WAIVERS, waiver())):
        first, again = (ask(path, body, key=path) for _ in range(2))
        assert first.content == again.content
    assert len(decisions()) == 2


def test_blanks_and_the_order_of_fields_do_not_make_another_body(ask, loan, decisions):
    first = ask(LOANS, loan(), key="k")
    turned = dict(reversed(loan().items()))
    assert ask(LOANS, str(turned).replace("'", '"'), key="k").content == first.content


def test_the_same_key_with_another_body_is_refused(ask, loan, waiver, decisions):
    ask(LOANS, loan(), key="k")
    for path, body in ((LOANS, loan(amount_minor=2_000_000)), (WAIVERS, waiver())):
        answer = ask(path, body, key="k")
        assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert len(decisions()) == 1


def test_a_loan_needs_a_key_and_a_consultation_does_not(ask, loan, waiver, decisions):
    refused = ask(LOANS, loan(), key=None)
    assert (refused.status_code, refused.json()["code"]) == (400, "IDEMPOTENCY_KEY_MISSING")
    assert decisions() == []
    assert ask(WAIVERS, waiver(), key=None).status_code == 200


@pytest.mark.parametrize("key", ["x" * 256, "caf\xe9"])
def test_a_key_that_cannot_be_kept_is_refused(client, loan, key):
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = client.post(LOANS, json=loan(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_INVALID")


def test_an_application_is_decided_once_whatever_the_key(ask, loan, decisions):
    first, again = ask(LOANS, loan(), key="one"), ask(LOANS, loan(), key="two")
    assert first.content == again.content == ask(LOANS, loan(), key="two").content
    assert len(decisions()) == 1


def test_an_application_with_other_content_is_a_conflict(ask, loan, decisions):
    ask(LOANS, loan())
    answer = ask(LOANS, loan(amount_minor=2_000_000))
    assert (answer.status_code, answer.json()["code"]) == (409, "APPLICATION_DIFFERS")
    assert len(decisions()) == 1


def test_a_late_retry_finds_the_answer_that_was_right_then(ask, waiver, branch):
    first = ask(WAIVERS, waiver(), key="k")
    branch.clock[0] += timedelta(days=30)
    assert ask(WAIVERS, waiver(), key="k").content == first.content
    late = ask(WAIVERS, waiver(), key="another")
    assert (late.status_code, late.json()["field"]) == (422, "due_at")


def test_a_key_still_in_flight_is_told_to_wait(ask, loan, branch):
    with branch.office.keys.holding("local", "k"):
        answer = ask(LOANS, loan(), key="k")
    assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_IN_FLIGHT")
    assert answer.headers["Retry-After"] == "1"
    assert ask(LOANS, loan(), key="k").status_code == 200


def test_many_duplicates_at_once_have_one_effect(ask, loan, decisions):
    """Whoever is not told to wait gets the same bytes; the journal holds one."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(LOANS, loan(), key="k"), range(24)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert len(decisions()) == 1


def test_two_processes_with_one_key_agree(branch, loan):
    """The guard in memory is one process's: the transaction alone must keep them apart."""
    from serving.cases import loan_case
    from serving.wire import orjson

    case = loan_case(orjson.dumps(loan()))
    twin = replace(branch.office, keys=KeysInFlight())

    async def race():
        return await asyncio.gather(*(office.answer(case, "k") for office in (branch.office, twin)))

    first, second = asyncio.run(race())
    assert first == second


def test_decisions_are_found_by_id_and_by_application(ask, client, loan):
    answer = ask(LOANS, loan())
    by_id = client.get(f"/v1/decisions/{answer.json()['decision_id']}")
    by_application = client.get(LOANS, params={"application_id": "a1"})
    assert by_id.content == by_application.content == answer.content


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/decisions/none", 404),
        (f"{LOANS}?application_id=none", 404),
        (LOANS, 400),
        (f"{LOANS}?application_id=a1&application_id=a2", 400),
        (f"{LOANS}?application=a1", 400),
    ],
)
def test_a_decision_that_cannot_be_found_is_a_problem(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("freshness", [Freshness.STALE, Freshness.UNAVAILABLE])
def test_without_fresh_features_a_loan_is_referred_and_a_deposit_is_due(
    ask, loan, waiver, branch, freshness
):
    for evidence, entity in zip(branch.evidence.values(), ("m1", "u1"), strict=True):
        evidence.told[entity] = gone(freshness, "51 h old")
    asked, deposit = ask(LOANS, loan()).json(), ask(WAIVERS, waiver()).json()
    assert (asked["outcome"], asked["offers"], asked["probability"]) == ("refer", [], None)
    assert (deposit["credit_minor"], deposit["deposit_due_minor"]) == (0, 30_000)
    assert all("51 h old" in answer["degraded"][0] for answer in (asked, deposit))


def test_without_a_champion_a_loan_is_referred_and_a_deposit_is_due(ask, loan, waiver, branch):
    branch.register.champions.clear()
    branch.office.in_force.refresh()
    asked, deposit = ask(LOANS, loan()).json(), ask(WAIVERS, waiver()).json()
    assert (asked["outcome"], asked["model"]) == ("refer", None)
    assert (deposit["credit_minor"], deposit["deposit_due_minor"]) == (0, 30_000)
    assert asked["degraded"] == deposit["degraded"] == ["model unavailable"]


def test_an_unknown_merchant_is_decided_on_policy_and_is_no_error(ask, loan, branch):
    branch.evidence["merchant-loan"].told["m1"] = gone(Freshness.UNKNOWN)
    answer = ask(LOANS, loan())
    assert answer.status_code == 200
    assert "NO_HISTORY" in [reason["code"] for reason in answer.json()["reasons"]]
    assert branch.scorer.rows == []


def test_what_cannot_be_recorded_is_not_answered(ask, loan, branch, decisions, monkeypatch):
    def full(_transaction):
        raise RecordsUnavailableError("database or disk is full")

    monkeypatch.setattr(office_module, "Recording", lambda **_: full)
    answer = ask(LOANS, loan(), key="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"] == "1"
    assert decisions() == []
    monkeypatch.undo()
    assert ask(LOANS, loan(), key="k").status_code == 200


def test_a_defect_is_told_without_its_insides(ask, loan, branch, monkeypatch):
    def broken(rows):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(branch.scorer, "score", broken)
    answer = ask(LOANS, loan())
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert "secret" not in answer.text


def test_a_fixed_clock_is_marked_in_the_journal(branch, loan, decisions):
    from serving.cases import loan_case
    from serving.wire import orjson

    at = datetime(2005, 10, 1, tzinfo=UTC)
    desk = replace(branch.office.desk, now=lambda: at, clock="fixed")
    replace(branch.office, desk=desk).answer_now(loan_case(orjson.dumps(loan())))
    [entry] = decisions()
    assert (entry["clock"], entry["decided_at"]) == ("fixed", "2005-10-01T00:00:00.000000Z")
