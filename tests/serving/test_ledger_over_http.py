"""A hold's and a loan's whole life over HTTP: what is held, moved, refused, and never doubled."""

from datetime import timedelta

import pytest

from credit.policy.evidence import Evidence, Freshness

WAIVERS, LOANS = "/v1/deposit-waivers", "/v1/merchant-loans"
LOAN = {"application_id": "a9", "amount_minor": 1, "currency": "CNY", "term_days": 30}
NOW_TEXT = "2026-06-30T12:00:00Z"


@pytest.fixture
def order(ask, waiver):
    """Order a waived deposit; the answer."""

    def sent(number, *, key="", **changes):
        return ask(WAIVERS, waiver(out_order_no=number, **changes), key=key)

    return sent


@pytest.fixture
def approved(ask, loan):
    """Apply for a loan; the decision."""
    return lambda number, **changes: ask(
        f"{LOANS}/decisions", loan(application_id=number, **changes)
    ).json()


@pytest.fixture
def accept(ask):
    """Accept the first offer of a decision."""

    def sent(decision, number, **changes):
        offer = decision["offers"][0]
        body = {
            "decision_id": decision["decision_id"],
            "loan_no": number,
            "amount_minor": offer["amount_minor"],
            "term_days": offer["term_days"],
        }
        return ask(LOANS, body | changes)

    return sent


@pytest.fixture
def event(ask):
    def sent(number, kind, **more):
        return ask(f"{LOANS}/{number}/events", {"type": kind, "occurred_at": NOW_TEXT, **more})

    return sent


@pytest.fixture
def line(client):
    """A line as it is, or as it is put."""

    def told(kind, entity_id, **body):
        path = f"/v1/lines/{kind}/{entity_id}"
        answer = client.put(path, json={"source": "bank", **body}) if body else client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return told


def refused(answer):
    return answer.status_code, answer.json()["code"]


def test_a_waived_deposit_is_answered_with_its_hold(order, line):
    answer = order("o1").json()
    hold = answer["hold"]
    assert (answer["outcome"], answer["credit_minor"]) == ("approve", 30_000)
    assert (hold["state"], hold["out_order_no"]) == ("AUTHORIZED", "o1")
    assert hold["authorized_minor"] == hold["rest_minor"] == 30_000
    assert hold["expires_at"] == "2026-07-05T12:00:00.000000Z"  # due_at and the hotel's 72 hours
    assert [one["type"] for one in hold["operations"]] == ["authorize"]
    assert line("user", "u1")["exposure_minor"] == 30_000


def test_a_partial_waiver_keeps_credit_and_cash_apart(order, line):
    line("user", "u1", limit_minor=20_000)
    answer = order("o1").json()
    assert (answer["credit_minor"], answer["deposit_due_minor"]) == (20_000, 10_000)
    assert (answer["hold"]["authorized_minor"], answer["hold"]["deposit_due_minor"]) == (
        20_000,
        10_000,
    )


def test_a_declined_order_holds_nothing_and_asks_for_the_deposit(order, branch, line):
    branch.scorer.probability = 0.9
    answer = order("o1").json()
    assert (answer["outcome"], answer["hold"]) == ("decline", None)
    assert answer["deposit_due_minor"] == 30_000
    assert line("user", "u1")["exposure_minor"] == 0


def test_a_consultation_holds_nothing(ask, waiver, line):
    assert ask(f"{WAIVERS}/decisions", waiver()).json()["credit_minor"] == 30_000
    assert line("user", "u1")["exposure_minor"] == 0


def test_capture_release_and_settlement_move_the_exposure(order, ask, client, line):
    path = f"{WAIVERS}/{order('o1').json()['hold']['auth_no']}"
    taken = ask(f"{path}/capture", {"amount_minor": 10_000, "complete": False}).json()
    assert (taken["state"], taken["rest_minor"], taken["unpaid_minor"]) == (
        "AUTHORIZED",
        20_000,
        10_000,
    )
    assert line("user", "u1")["exposure_minor"] == 30_000
    given = ask(f"{path}/release", {"amount_minor": 5_000}).json()
    assert (given["rest_minor"], line("user", "u1")["exposure_minor"]) == (15_000, 25_000)
    done = ask(f"{path}/capture", {"amount_minor": 1_000, "complete": True}).json()
    assert (done["state"], done["captured_minor"], done["released_minor"]) == (
        "FINISHED",
        11_000,
        19_000,
    )
    assert line("user", "u1")["exposure_minor"] == 11_000
    paid = ask(f"{path}/settle", {}).json()
    assert (paid["unpaid_minor"], line("user", "u1")["exposure_minor"]) == (0, 0)
    assert client.get(path).json() == paid
    assert client.get(WAIVERS, params={"out_order_no": "o1"}).json() == paid


def test_refusals_have_the_fields_own_words(order, ask, client):
    first, second = (order(f"o{n}").json()["hold"]["auth_no"] for n in range(2))
    everything = {"amount_minor": 30_000, "complete": False}
    over = ask(f"{WAIVERS}/{first}/capture", {"amount_minor": 30_001, "complete": True})
    assert refused(over) == (422, "REQUEST_AMOUNT_EXCEED")
    assert ask(f"{WAIVERS}/{first}/capture", everything).json()["state"] == "FINISHED"
    assert ask(f"{WAIVERS}/{second}/release", {}).json()["state"] == "CLOSED"
    again = [ask(f"{WAIVERS}/{no}/capture", everything) for no in (first, second)]
    assert [refused(one) for one in again] == [
        (409, "ORDER_ALREADY_FINISHED"),
        (409, "ORDER_ALREADY_CLOSED"),
    ]
    unknown = (404, "AUTH_ORDER_NOT_EXIST")
    assert refused(ask(f"{WAIVERS}/nobody/release", {})) == unknown
    assert refused(client.get(f"{WAIVERS}/nobody")) == unknown
    assert refused(client.get(WAIVERS, params={"out_order_no": "nobody"})) == unknown


def test_an_overdue_hold_expires_before_anything_is_captured(order, ask, client, branch, line):
    path = f"{WAIVERS}/{order('o1').json()['hold']['auth_no']}"
    branch.clock[0] += timedelta(days=5)
    late = ask(f"{path}/capture", {"amount_minor": 1, "complete": True})
    assert refused(late) == (409, "ORDER_ALREADY_CLOSED")
    assert client.get(path).json()["state"] == "CLOSED"
    assert line("user", "u1")["exposure_minor"] == 0


def test_upkeep_expires_what_is_due_and_nothing_else(order, client, branch, approved):
    held = order("o1").json()["hold"]["auth_no"]
    approved("a1")
    later = order("o2", due_at="2026-07-20T12:00:00Z").json()["hold"]["auth_no"]
    branch.clock[0] += timedelta(days=5)
    branch.office.upkeep.look()
    states = [client.get(f"{WAIVERS}/{auth_no}").json()["state"] for auth_no in (held, later)]
    assert states == ["CLOSED", "AUTHORIZED"]
    assert client.get("/v1/lines/merchant/m1").json()["exposure_minor"] == 0


def test_the_same_key_moves_a_hold_once(order, ask):
    path = f"{WAIVERS}/{order('o1').json()['hold']['auth_no']}/capture"
    body = {"amount_minor": 10_000, "complete": False}
    first, again = (ask(path, body, key="once") for _ in range(2))
    assert first.content == again.content
    other = ask(path, body | {"amount_minor": 9_000}, key="once")
    assert refused(other) == (422, "IDEMPOTENCY_MISMATCH")
    assert refused(ask(path, body, key=None)) == (400, "IDEMPOTENCY_KEY_MISSING")


def test_an_order_is_decided_once_whatever_the_key(order, line):
    first, again = (order("o1", key=key) for key in ("one", "two"))
    assert first.content == again.content
    assert refused(order("o1", deposit_minor=10_000)) == (409, "APPLICATION_DIFFERS")
    assert refused(order("o1", user_id="u2")) == (409, "APPLICATION_DIFFERS")
    assert line("user", "u1")["exposure_minor"] == 30_000


def test_room_binds_new_authorisations_only(order, line, ask):
    path = f"{WAIVERS}/{order('o1').json()['hold']['auth_no']}"
    cut = line("user", "u1", limit_minor=1_000)
    assert (cut["limit_minor"], cut["exposure_minor"], cut["room_minor"]) == (1_000, 30_000, 0)
    full = order("o2").json()
    assert (full["outcome"], full["hold"]) == ("decline", None)
    assert "NO_ROOM" in [reason["code"] for reason in full["reasons"]]
    assert ask(f"{path}/capture", {"amount_minor": 30_000, "complete": True}).status_code == 200


def test_a_line_past_its_validity_has_no_room(order, line):
    past = line("user", "u1", limit_minor=10**6, valid_until="2026-06-30T11:59:00Z")
    assert past["room_minor"] == 0
    assert order("o1").json()["hold"] is None


def test_without_a_line_the_policys_ceiling_bounds_the_sum(order):
    held = [order(f"o{n}", deposit_minor=200_000).json()["credit_minor"] for n in range(4)]
    assert sum(held) == 500_000  # user_max_minor


def test_a_claim_that_comes_too_late_is_decided_again(order, line, branch, monkeypatch):
    line("user", "u1", limit_minor=40_000)
    ledger = branch.office.desk.ledger
    stale = ledger.read(kind="user", entity_ids=["u1"], counters=[])
    order("o1")
    monkeypatch.setattr(type(ledger), "read", lambda *_, **__: stale)
    answer = order("o2").json()
    assert (answer["credit_minor"], answer["deposit_due_minor"]) == (10_000, 20_000)
    assert line("user", "u1")["exposure_minor"] == 40_000


def test_an_approval_reserves_until_it_expires(approved, accept, branch, line):
    decision = approved("a1")
    assert line("merchant", "m1")["exposure_minor"] == 1_000_000
    branch.clock[0] += timedelta(hours=73)
    assert refused(accept(decision, "l1")) == (409, "ILLEGAL_STATUS")
    assert line("merchant", "m1")["exposure_minor"] == 0


def test_a_loan_lives_from_acceptance_to_its_last_repayment(approved, accept, event, client, line):
    loan = accept(approved("a1"), "l1").json()
    assert (loan["state"], loan["exposure_minor"]) == ("ACCEPTED", 1_000_000)
    assert event("l1", "disbursed").json()["state"] == "ACTIVE"
    part = event("l1", "repaid", amount_minor=400_000).json()
    assert (part["state"], part["exposure_minor"]) == ("ACTIVE", 600_000)
    assert line("merchant", "m1")["exposure_minor"] == 600_000
    assert refused(event("l1", "repaid", amount_minor=600_001)) == (422, "REQUEST_AMOUNT_EXCEED")
    assert refused(event("l1", "cancelled")) == (409, "ILLEGAL_STATUS")
    assert event("l1", "repaid").json()["state"] == "CLOSED"
    assert client.get(f"{LOANS}/l1").json()["exposure_minor"] == 0
    assert line("merchant", "m1")["exposure_minor"] == 0


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (["cancelled"], "CANCELLED"),
        (["disbursed", "restructured"], "RESTRUCTURED"),
        (["disbursed", "restructured", "written_off"], "WRITTEN_OFF"),
        (["disbursed", "written_off"], "WRITTEN_OFF"),
    ],
)
def test_a_loan_may_end_otherwise(approved, accept, event, line, events, state):
    accept(approved("a1"), "l1")
    told = [event("l1", kind).json() for kind in events][-1]
    assert told["state"] == state
    assert line("merchant", "m1")["exposure_minor"] == told["exposure_minor"]


def test_only_what_was_offered_can_be_accepted_and_once(approved, accept):
    decision = approved("a1")
    assert refused(accept(decision, "l1", amount_minor=999)) == (422, "OFFER_UNKNOWN")
    first = accept(decision, "l1")
    assert accept(decision, "l1").content == first.content
    assert refused(accept(decision, "l1", term_days=30)) == (409, "LOAN_DIFFERS")
    assert refused(accept(decision, "l2")) == (409, "ILLEGAL_STATUS")
    unknown = {**decision, "decision_id": "nobody"}
    assert refused(accept(unknown, "l3")) == (404, "NOT_FOUND")


def test_a_person_resolves_what_was_referred(approved, accept, ask, client, branch, line):
    branch.scorer.probability = 0.14
    decision = approved("a1")
    assert decision["outcome"] == "refer"
    path = f"/v1/decisions/{decision['decision_id']}"
    word = {"outcome": "approve", "reason": "seasonal", "reviewer": "j.doe"}
    resolved = ask(f"{path}/review", word).json()
    assert (resolved["outcome"], resolved["review"]["reviewer"]) == ("approve", "j.doe")
    assert client.get(path).json() == resolved
    assert client.get(f"{LOANS}/decisions", params={"application_id": "a1"}).json() == resolved
    assert accept(resolved, "l1").json()["state"] == "ACCEPTED"
    amount = resolved["offers"][0]["amount_minor"]
    assert line("merchant", "m1")["exposure_minor"] == amount
    assert refused(ask(f"{path}/review", word)) == (409, "ILLEGAL_STATUS")


def test_a_reviewer_may_decline_and_may_not_price_without_a_score(approved, ask, branch):
    gone = Evidence({}, None, Freshness.UNAVAILABLE, "away")
    branch.evidence["merchant-loan"].told["m1"] = gone
    path = f"/v1/decisions/{approved('a1')['decision_id']}/review"
    word = {"outcome": "approve", "reason": "known", "reviewer": "j.doe"}
    assert refused(ask(path, word)) == (409, "ILLEGAL_STATUS")
    assert ask(path, word | {"outcome": "decline"}).json()["outcome"] == "decline"


def test_only_referred_loans_are_reviewed(approved, ask, waiver):
    word = {"outcome": "decline", "reason": "x", "reviewer": "y"}
    consulted = ask(f"{WAIVERS}/decisions", waiver()).json()
    for decision in (approved("a1"), consulted):
        answer = ask(f"/v1/decisions/{decision['decision_id']}/review", word)
        assert refused(answer) == (409, "ILLEGAL_STATUS")
    assert refused(ask("/v1/decisions/nobody/review", word)) == (404, "NOT_FOUND")


def test_another_partners_hold_and_loan_are_not_there(order, approved, accept, client, ask, branch):
    auth_no = order("o1").json()["hold"]["auth_no"]
    accept(approved("a1"), "l1")
    object.__setattr__(branch.office.desk, "partner", "other")
    assert client.get(f"{WAIVERS}/{auth_no}").status_code == 404
    assert ask(f"{WAIVERS}/{auth_no}/release", {}).status_code == 404
    assert client.get(f"{LOANS}/l1").status_code == 404


@pytest.mark.parametrize("kind", ["shop", "users"])
def test_lines_are_kept_for_merchants_and_users_alone(client, kind):
    answer = client.put(f"/v1/lines/{kind}/x", json={"limit_minor": 1, "source": "s"})
    assert refused(answer) == (404, "NOT_FOUND")


def test_erasing_a_name_forgets_no_answer_of_anybody(order, ask, branch):
    from records.erasure import erase
    from records.subjects import admitted

    order("1001", user_id="u7")
    path = f"{WAIVERS}/{order('o2', user_id='u7').json()['hold']['auth_no']}/capture"
    body = {"amount_minor": 10_000, "complete": False}
    first = ask(path, body, key="once")
    with branch.office.records.writing() as transaction:
        admitted(transaction, kind="user", entity_id="1001")
    assert erase(branch.office.records, partner="local", kind="user", entity_id="1001")
    assert ask(path, body, key="once").content == first.content


def test_what_is_kept_of_an_answer_says_nothing_of_whom_it_was_about(order, branch):
    from sqlalchemy import select

    from records.tables import IDEMPOTENCY
    from serving.cases import order_case

    order("o1", key="k")
    body = b'{"user_id":"u1","scene":"hotel","deposit_minor":30000,"currency":"CNY",'
    body += b'"due_at":"2026-07-02T12:00:00Z","out_order_no":"o1"}'
    with branch.office.records.reading() as connection:
        kept = connection.execute(select(IDEMPOTENCY.c.content_sha256)).scalars().all()
    assert kept
    assert order_case(body).content_sha256 not in kept


@pytest.mark.parametrize("why", ["erased", "old", "no longer offered"])
def test_nobody_approves_what_may_not_be_offered_now(approved, ask, branch, why, put, platform):
    from records.subjects import erase

    branch.scorer.probability = 0.14
    path = f"/v1/decisions/{approved('a1')['decision_id']}/review"
    if why == "erased":
        with branch.office.records.writing() as transaction:
            erase(transaction, partner="local", kind="merchant", entity_id="m1")
    elif why == "old":
        branch.clock[0] += timedelta(hours=73)
    else:
        put(platform(("terms_days = [30, 60, 90, 180, 360]", "terms_days = [30, 60]")))
    word = {"outcome": "approve", "reason": "known", "reviewer": "j.doe"}
    assert refused(ask(path, word)) == (409, "ILLEGAL_STATUS")
    assert ask(path, word | {"outcome": "decline"}).status_code == 200


@pytest.mark.parametrize("name", ["a/b", "..", "decisions"])
def test_a_name_that_could_not_stand_in_a_path_is_refused_at_the_door(accept, approved, name, ask):
    decision = approved("a1")
    assert refused(accept(decision, name)) == (422, "FIELD_INVALID")
    assert refused(ask(f"{LOANS}/decisions", {**LOAN, "merchant_id": name}))[0] == 422


@pytest.mark.parametrize("name", ["%00", "%20u1", "x" * 129, "%0a"])
def test_what_no_body_could_name_has_no_line_and_no_hold(client, name):
    for path in (f"/v1/lines/user/{name}", f"{WAIVERS}/{name}", f"{LOANS}/{name}"):
        assert refused(client.get(path)) == (422, "FIELD_INVALID")
    assert (
        client.put(f"/v1/lines/user/{name}", json={"limit_minor": 1, "source": "s"}).status_code
        == 422
    )


def test_a_hold_in_too_many_pieces_must_end(order, ask, monkeypatch):
    monkeypatch.setattr("records.operations.PIECES_MAX", 3)
    path = f"{WAIVERS}/{order('o1').json()['hold']['auth_no']}"
    piece = {"amount_minor": 1, "complete": False}
    assert [ask(f"{path}/capture", piece).status_code for _ in range(3)] == [200, 200, 409]
    assert ask(f"{path}/release", {}).json()["state"] == "FINISHED"
    assert ask(f"{path}/settle", {}).json()["unpaid_minor"] == 0


def test_trouble_with_one_part_of_upkeep_stops_no_other(branch, monkeypatch):
    noted = []
    monkeypatch.setattr(branch.office.upkeep, "_expire", lambda: 1 / 0)
    monkeypatch.setattr(branch.office.upkeep, "_note", lambda: noted.append(1))
    branch.office.upkeep.look()
    assert noted == [1]
