"""Rows over HTTP: each taken once for its key and version, or refused for itself."""

import pytest

from credit.contract import TABLE
from records import inbox

PAYMENT = {
    "payment_id": "p1",
    "merchant_id": "m1",
    "user_id": "u1",
    "kind": "payment",
    "amount_minor": 1_990,
    "currency": "CNY",
    "occurred_at": "2026-06-30T08:15:00Z",
    "recorded_at": "2026-06-30T08:15:02Z",
}


@pytest.fixture
def payment():
    """A payment's row, with changes; None takes a column away."""

    def row(**changes):
        return {name: value for name, value in (PAYMENT | changes).items() if value is not None}

    return row


@pytest.fixture
def take(ask):
    """POST rows of a table; the answer."""

    def post(*rows, table="payments", key=""):
        answer = ask(f"/v1/rows/{table}", {"rows": list(rows)}, key=key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return post


def refusal(answer):
    assert (answer["accepted"], answer["duplicates"], len(answer["refused"])) == (0, 0, 1), answer
    return answer["refused"][0]


def test_each_row_is_answered_for_itself(take, payment):
    take(payment())
    told = take(
        payment(),
        payment(payment_id="p2"),
        payment(payment_id="p3", amount_minor=0),
        payment(payment_id="p2"),
        payment(amount_minor=5),
        "no row",
    )
    words = ["duplicate", "accepted", "refused", "duplicate", "refused", "refused"]
    assert told["outcomes"] == words
    assert (told["accepted"], told["duplicates"]) == (1, 2)
    assert [one["row"] for one in told["refused"]] == [2, 4, 5]
    assert [one["code"] for one in told["refused"]] == [
        "FIELD_INVALID",
        "VERSION_DIFFERS",
        "FIELD_INVALID",
    ]


def test_the_same_version_with_other_content_names_both(take, payment):
    take(payment())
    told = refusal(take(payment(amount_minor=2_000)))
    assert (told["code"], told["field"], told["value"]) == (
        "VERSION_DIFFERS",
        "amount_minor",
        "2000",
    )
    assert "payment_id 'p1', recorded_at '2026-06-30T08:15:02.000000Z'" in told["message"]
    assert "amount_minor was 1990, now it is 2000" in told["message"]
    later = payment(amount_minor=2_000, recorded_at="2026-06-30T09:00:00Z")
    assert take(later)["accepted"] == 1


def test_an_instant_is_the_same_in_any_zone(take, payment):
    take(payment())
    told = take(payment(recorded_at="2026-06-30T16:15:02.000+08:00"))
    assert told["duplicates"] == 1


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"amount_minor": 0}, "FIELD_INVALID", "amount_minor"),
        ({"amount_minor": 19.9}, "FIELD_INVALID", "amount_minor"),
        ({"amount_minor": True}, "FIELD_INVALID", "amount_minor"),
        ({"amount_minor": "1990"}, "FIELD_INVALID", "amount_minor"),
        ({"amount_minor": 10**18}, "FIELD_INVALID", "amount_minor"),
        ({"amount_minor": None}, "FIELD_MISSING", "amount_minor"),
        ({"kind": "gift"}, "FIELD_INVALID", "kind"),
        ({"kind": ["payment"]}, "FIELD_INVALID", "kind"),
        ({"currency": "cny"}, "FIELD_INVALID", "currency"),
        ({"currency": "EUR"}, "CURRENCY_MISMATCH", "currency"),
        ({"merchant_id": " m1"}, "FIELD_INVALID", "merchant_id"),
        ({"merchant_id": ""}, "FIELD_INVALID", "merchant_id"),
        ({"merchant_id": "m\u0000"}, "FIELD_INVALID", "merchant_id"),
        ({"instalments": 0}, "FIELD_INVALID", "instalments"),
        ({"tip_minor": 1}, "FIELD_UNKNOWN", "tip_minor"),
        ({"occurred_at": "2026-06-30"}, "FIELD_INVALID", "occurred_at"),
        ({"occurred_at": "2026-06-30T08:15:00"}, "FIELD_INVALID", "occurred_at"),
        ({"occurred_at": "2026-06-30T08:15:03Z"}, "FIELD_INVALID", "occurred_at"),
        ({"occurred_at": "1815-06-30T08:15:03Z"}, "FIELD_INVALID", "occurred_at"),
        ({"recorded_at": "2026-06-30T12:00:03Z"}, "FIELD_INVALID", "recorded_at"),
    ],
)
def test_a_row_is_held_against_the_contract(take, payment, changes, code, field):
    told = refusal(take(payment(**changes)))
    assert (told["code"], told["field"]) == (code, field)
    assert told["mend"]


def test_a_clock_may_run_ahead_by_two_seconds(take, payment):
    assert take(payment(recorded_at="2026-06-30T12:00:02Z"))["accepted"] == 1


EXAMPLES = {
    "merchants": {"merchant_id": "m1", "opened_on": "2025-01-01", "city_tier": 3},
    "users": {"user_id": "u1", "credit_line_minor": 0},
    "payments": PAYMENT,
    "loans": {
        "loan_id": "l1",
        "merchant_id": "m1",
        "principal_minor": 100_000,
        "apr": 0,
        "term_days": 90,
        "disbursed_at": "2026-06-01T00:00:00Z",
        "status": "active",
        "recorded_at": "2026-06-01T00:00:00Z",
    },
    "repayments": {
        "repayment_id": "r1",
        "loan_id": "l1",
        "due_on": "2026-09-01",
        "due_minor": 50_000,
        "recorded_at": "2026-06-01T00:00:00Z",
    },
    "bills": {
        "bill_id": "b1",
        "user_id": "u1",
        "due_on": "2026-07-20",
        "billed_minor": -5,
        "recorded_at": "2026-06-30T00:00:00Z",
    },
    "holds": {
        "hold_id": "h1",
        "user_id": "u1",
        "scene": "bike",
        "deposit_minor": 9_900,
        "opened_at": "2026-06-30T08:00:00Z",
        "due_at": "2026-07-01T08:00:00Z",
        "recorded_at": "2026-06-30T08:00:00Z",
    },
    "applications": {
        "application_id": "a1",
        "product": "deposit-waiver",
        "entity_id": "u1",
        "requested_minor": 9_900,
        "applied_at": "2026-06-30T08:00:00Z",
        "outcome": "approve",
        "recorded_at": "2026-06-30T08:00:00Z",
    },
    "outcomes": {
        "product": "merchant-loan",
        "entity_id": "m1",
        "reference_id": "a1",
        "observed_at": "2026-01-01T00:00:00Z",
        "bad": 0,
        "matured_at": "2026-05-01T00:00:00Z",
    },
}


@pytest.mark.parametrize("table", EXAMPLES)
def test_every_table_of_the_contract_is_taken(take, table):
    assert take(EXAMPLES[table], table=table)["accepted"] == 1
    assert take(EXAMPLES[table], table=table)["duplicates"] == 1


def test_who_is_protected_comes_by_another_way(ask):
    assert set(EXAMPLES) | {"protected"} == set(TABLE)
    row = {"entity_id": "m1", "attribute": "age", "value": "60"}
    for table in ("protected", "truth", "nothing"):
        answer = ask(f"/v1/rows/{table}", {"rows": [row]})
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_a_profile_without_a_time_was_recorded_when_it_began(take):
    take(EXAMPLES["merchants"], table="merchants")
    explicit = EXAMPLES["merchants"] | {"recorded_at": "2025-01-01T00:00:00Z"}
    assert take(explicit, table="merchants")["duplicates"] == 1


def test_zero_is_one_content_whatever_its_sign(take):
    loan = EXAMPLES["loans"]
    assert take(loan | {"apr": 0.0}, table="loans")["accepted"] == 1
    assert take(loan | {"apr": -0.0}, table="loans")["duplicates"] == 1


def test_what_has_no_versions_cannot_be_sent_later(take):
    outcome = EXAMPLES["outcomes"]
    assert take(outcome, table="outcomes")["accepted"] == 1
    other = refusal(take(outcome | {"bad": 1 - outcome["bad"]}, table="outcomes"))
    assert other["mend"] == "send what was sent, which stands"


def test_an_outcome_matures_after_it_was_observed(take):
    early = EXAMPLES["outcomes"] | {"matured_at": "2025-12-31T00:00:00Z"}
    assert refusal(take(early, table="outcomes"))["field"] == "matured_at"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("[]", 400, "BODY_NOT_OBJECT"),
        ("{", 400, "BODY_NOT_JSON"),
        ('{"rows": [{"kind": 1, "kind": 2}]}', 400, "FIELD_TWICE"),
        ("{}", 422, "FIELD_MISSING"),
        ('{"rows": []}', 422, "FIELD_INVALID"),
        ('{"rows": {}}', 422, "FIELD_INVALID"),
        ('{"rows": [{}], "more": 1}', 422, "FIELD_UNKNOWN"),
    ],
)
def test_a_malformed_body_is_refused_whole(ask, body, status, code):
    answer = ask("/v1/rows/payments", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_thousand_rows_fit_and_one_more_does_not(ask, payment):
    rows = [payment(payment_id=f"p{number}", channel="c" * 128) for number in range(1_000)]
    assert ask("/v1/rows/payments", {"rows": rows}).json()["accepted"] == 1_000
    answer = ask("/v1/rows/payments", {"rows": [*rows, payment()]})
    assert (answer.status_code, answer.json()["field"]) == (422, "rows")


@pytest.mark.parametrize("number", ["NaN", "1e999", "12345678901234567890123", '"\\ud800"'])
def test_what_json_should_not_say_refuses_its_row_alone(ask, number):
    body = f'{{"rows": [{{"amount_minor": {number}}}, {{"amount_minor": 1}}]}}'
    answer = ask("/v1/rows/payments", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcomes"] == ["refused", "refused"]


def test_a_key_is_answered_once(ask, payment):
    body = {"rows": [payment(), payment(payment_id="p2", amount_minor=0)]}
    first = ask("/v1/rows/payments", body, key="k")
    assert ask("/v1/rows/payments", body, key="k").content == first.content
    other = ask("/v1/rows/payments", {"rows": [payment(payment_id="p3")]}, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    without = ask("/v1/rows/payments", body, key=None)
    assert (without.status_code, without.json()["code"]) == (400, "IDEMPOTENCY_KEY_MISSING")


def test_answers_that_are_kept_name_nobody(ask, payment, take):
    take(payment())
    rows = [payment(merchant_id="m1\n"), payment(merchant_id="other-name"), payment(user_id=7)]
    answer = ask("/v1/rows/payments", {"rows": rows})
    assert [one["code"] for one in answer.json()["refused"]] == [
        "FIELD_INVALID",
        "VERSION_DIFFERS",
        "FIELD_INVALID",
    ]
    assert "m1" not in answer.text
    assert "other-name" not in answer.text
    profile = {"merchant_id": "m1", "city_tier": 1, "recorded_at": "2026-01-01T00:00:00Z"}
    take(profile, table="merchants")
    answer = ask("/v1/rows/merchants", {"rows": [profile | {"city_tier": 2}]})
    assert answer.json()["refused"][0]["message"].startswith("recorded_at '2026-01-01T00:00:00")
    assert "m1" not in answer.text


def test_another_partner_is_not_told_what_was_sent(take, payment, branch):
    row = inbox.Row("payments", payment(recorded_at="2026-06-30T08:15:02.000000Z"))
    with branch.office.records.writing() as transaction:
        inbox.accept(transaction, [row], partner="somebody else")
    told = refusal(take(payment(amount_minor=5)))
    assert told["code"] == "VERSION_DIFFERS"
    assert "1990" not in str(told)


def test_rows_are_counted(take, payment, client):
    take(payment(), payment(), payment(amount_minor=0))
    text = client.get("/metrics").text
    for outcome in ("accepted", "duplicate", "refused"):
        assert f'vouch_rows_total{{outcome="{outcome}",table="payments"}} 1.0' in text
