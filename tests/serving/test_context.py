"""Facts that requests carry under `context`: as declared, recorded, and part of what was asked."""

import json

import pytest

LOANS, WAIVERS = "/v1/merchant-loans/decisions", "/v1/deposit-waivers/decisions"
PARTNER = """layer = "partner"
name = "local"
parent = "platform"
version = "1"

[[waiver.context]]
name = "booked_by"
kind = "text"
required = true
meaning = "How the room was booked"

[[waiver.knockouts]]
feature = "context.booked_by"
op = "in"
value = ["walk_in"]
reason = "PARTNER_RULE"
outcome = "decline"
missing = "declines"

[[loan.context]]
name = "months_with_us"
kind = "number"
required = false
meaning = "Whole months since they came"
"""


@pytest.fixture(autouse=True)
def _declared(put):
    put(PARTNER)


def test_a_partners_rule_looks_at_what_the_request_carries(ask, waiver, decisions):
    told = [
        ask(WAIVERS, waiver(context={"booked_by": how})).json() for how in ("member", "walk_in")
    ]
    assert [answer["outcome"] for answer in told] == ["approve", "decline"]
    assert [one["code"] for one in told[1]["reasons"]] == ["PARTNER_RULE"]
    [step] = [one for one in told[1]["trace"] if "context.booked_by" in one["inputs"]]
    assert step["layer"] == "local"
    assert [entry["request"]["context"] for entry in decisions()] == [
        {"booked_by": "member"},
        {"booked_by": "walk_in"},
    ]


def test_a_request_without_context_records_none(ask, loan, decisions):
    assert ask(LOANS, loan()).status_code == 200
    assert "context" not in decisions()[0]["request"]


@pytest.mark.parametrize(
    ("context", "field", "value"),
    [
        ({"booked_by": "member", "mood": "good"}, "context.mood", "'good'"),
        ({"booked_by": 7}, "context.booked_by", "7"),
        ({}, "context.booked_by", None),
        (None, "context.booked_by", None),
    ],
)
def test_what_is_not_as_declared_is_refused_by_name(ask, waiver, decisions, context, field, value):
    body = waiver() if context is None else waiver(context=context)
    answer = ask(WAIVERS, body)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "FIELD_INVALID")
    assert (told["field"], told.get("value")) == (field, value)
    assert told["mend"]
    assert decisions() == []


@pytest.mark.parametrize(
    ("context", "field"),
    [
        ("[]", "context"),
        ('"x"', "context"),
        ('{"Name": 1}', "context"),
        ('{"": 1}', "context"),
        ('{"a": true}', "context.a"),
        ('{"a": null}', "context.a"),
        ('{"a": {"b": 1}}', "context.a"),
        ('{"a": [1]}', "context.a"),
        ('{"a": NaN}', "context.a"),
        ('{"a": 1e999}', "context.a"),
        ('{"a": ""}', "context.a"),
        ('{"a": " x"}', "context.a"),
        (json.dumps({"a": "x" * 129}), "context.a"),
        (json.dumps({f"a{n}": 1 for n in range(33)}), "context"),
    ],
)
def test_context_holds_a_few_numbers_and_short_texts_and_nothing_else(ask, loan, context, field):
    body = json.dumps(loan())[:-1] + f', "context": {context}}}'
    answer = ask(LOANS, body)
    told = answer.json()
    assert (answer.status_code, told["code"], told["field"]) == (422, "FIELD_INVALID", field)


def test_a_fact_that_stands_twice_is_refused(ask, loan):
    body = json.dumps(loan())[:-1] + ', "context": {"a": 1, "a": 2}}'
    assert (ask(LOANS, body).status_code, ask(LOANS, body).json()["code"]) == (400, "FIELD_TWICE")


def test_context_is_part_of_what_was_asked(ask, loan):
    first = ask(LOANS, loan(context={"months_with_us": 3}), key="k")
    assert ask(LOANS, loan(context={"months_with_us": 3}), key="k").content == first.content
    other = loan(context={"months_with_us": 4})
    assert ask(LOANS, other, key="k").json()["code"] == "IDEMPOTENCY_MISMATCH"
    assert ask(LOANS, other, key="k2").json()["code"] == "APPLICATION_DIFFERS"
