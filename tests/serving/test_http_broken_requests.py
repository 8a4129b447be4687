"""Whatever cannot be a request is refused as problem details, and nothing is written."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.problems import PROBLEM, RequestError, shown
from serving.shapes import LOAN, SCORES, WAIVER
from serving.wire import parse

LOANS, WAIVERS, SCORES_PATH = (
    "/v1/merchant-loans/decisions",
    "/v1/deposit-waivers/decisions",
    "/v1/scores",
)
GOOD = dict(LOAN.example)


def with_amount(text):
    return json.dumps(GOOD).replace(str(GOOD["amount_minor"]), text)


def without(name):
    return {key: value for key, value in GOOD.items() if key != name}


BROKEN_LOANS = [
    ("empty", "", 400, "BODY_NOT_JSON", None),
    ("not JSON", "amount=1", 400, "BODY_NOT_JSON", None),
    ("two documents", json.dumps(GOOD) * 2, 400, "BODY_NOT_JSON", None),
    ("not UTF-8", b'{"application_id": "\xff\xfe"}', 400, "BODY_NOT_JSON", None),
    ("UTF-16", json.dumps(GOOD).encode("utf-16"), 400, "BODY_NOT_JSON", None),
    ("a depth bomb", "[" * 100_000, 400, "BODY_NOT_JSON", None),
    ("a closed depth bomb", '{"a":' * 5_000 + "1" + "}" * 5_000, 400, "BODY_NOT_JSON", None),
    ("a list", [GOOD], 400, "BODY_NOT_OBJECT", None),
    ("null", "null", 400, "BODY_NOT_OBJECT", None),
    ("a number", "NaN", 400, "BODY_NOT_OBJECT", None),
    ("a field twice", with_amount('1, "amount_minor": 2'), 400, "FIELD_TWICE", "amount_minor"),
    ("an unknown field", GOOD | {"colour": 1}, 422, "FIELD_UNKNOWN", "colour"),
    ("a missing field", without("term_days"), 422, "FIELD_MISSING", "term_days"),
    ("a null field", GOOD | {"currency": None}, 422, "FIELD_MISSING", "currency"),
    ("NaN", with_amount("NaN"), 422, "FIELD_INVALID", "amount_minor"),
    ("Infinity", with_amount("-Infinity"), 422, "FIELD_INVALID", "amount_minor"),
    ("1e999", with_amount("1e999"), 422, "FIELD_INVALID", "amount_minor"),
    ("a fraction", with_amount("100.5"), 422, "FIELD_INVALID", "amount_minor"),
    ("a whole fraction", with_amount("100.0"), 422, "FIELD_INVALID", "amount_minor"),
    ("zero", with_amount("0"), 422, "FIELD_INVALID", "amount_minor"),
    ("negative", with_amount("-35000"), 422, "FIELD_INVALID", "amount_minor"),
    ("beyond 64 bits", with_amount("9" * 30), 422, "FIELD_INVALID", "amount_minor"),
    ("5,000 digits", with_amount("9" * 5_000), 422, "FIELD_INVALID", "amount_minor"),
    ("text for a number", with_amount('"100"'), 422, "FIELD_INVALID", "amount_minor"),
    ("a truth for a number", with_amount("true"), 422, "FIELD_INVALID", "amount_minor"),
    ("an object for a number", with_amount("{}"), 422, "FIELD_INVALID", "amount_minor"),
    ("a number for text", GOOD | {"merchant_id": 42}, 422, "FIELD_INVALID", "merchant_id"),
    ("empty text", GOOD | {"merchant_id": ""}, 422, "FIELD_INVALID", "merchant_id"),
    ("blanks around text", GOOD | {"merchant_id": " m1"}, 422, "FIELD_INVALID", "merchant_id"),
    ("a NUL", GOOD | {"merchant_id": "m\0"}, 422, "FIELD_INVALID", "merchant_id"),
    ("half a surrogate", GOOD | {"merchant_id": "\ud800"}, 422, "FIELD_INVALID", "merchant_id"),
    ("long text", GOOD | {"merchant_id": "m" * 129}, 422, "FIELD_INVALID", "merchant_id"),
    ("small letters", GOOD | {"currency": "cny"}, 422, "FIELD_INVALID", "currency"),
    ("another currency", GOOD | {"currency": "USD"}, 422, "CURRENCY_MISMATCH", "currency"),
    ("a term of ages", GOOD | {"term_days": 10**6}, 422, "FIELD_INVALID", "term_days"),
    ("2 MB of text", GOOD | {"merchant_id": "m" * 2_000_000}, 413, "BODY_TOO_LARGE", None),
]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [case[1:] for case in BROKEN_LOANS],
    ids=[case[0] for case in BROKEN_LOANS],
)
def test_a_broken_loan_is_refused_by_name(ask, body, status, code, field):
    answer = ask(LOANS, body)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["code"], problem.get("field")) == (status, code, field)
    assert problem["status"] == status
    assert problem["title"] == PROBLEM[code].title
    assert problem["detail"]
    assert problem["mend"]
    assert len(answer.content) < 1_000


@pytest.mark.parametrize("body", [case[1] for case in BROKEN_LOANS[::5]])
def test_a_refused_request_leaves_nothing_behind_and_its_key_unused(ask, decisions, body):
    assert ask(LOANS, body, key="k").status_code >= 400
    assert decisions() == []
    assert ask(LOANS, GOOD, key="k").status_code == 200


@pytest.mark.parametrize("text", ["NaN", "1e999", "-Infinity"])
def test_a_number_that_is_none_is_shown_as_it_was_sent(ask, text):
    assert ask(LOANS, with_amount(text)).json()["value"] == text


@pytest.mark.parametrize(
    "due_at",
    [
        "2026-07-02",
        "2026-07-02T12:00:00",
        "2026-02-30T12:00:00Z",
        "2026-07-02T25:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "yesterday",
        1782900000,
        "2026-06-30T12:00:00Z",  # now
        "2020-01-01T00:00:00Z",
    ],
)
def test_a_waiver_needs_an_end_that_is_still_to_come(ask, waiver, decisions, due_at):
    answer = ask(WAIVERS, waiver(due_at=due_at))
    assert (answer.status_code, answer.json()["field"]) == (422, "due_at")
    assert decisions() == []


def test_an_order_that_ends_with_the_calendar_is_answered(ask, waiver):
    assert ask(WAIVERS, waiver(due_at="9999-12-31T23:59:59Z")).status_code == 200


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
def test_another_media_type_is_refused(ask, loan, decisions, media_type):
    answer = ask(LOANS, loan(), **{"Content-Type": media_type})
    assert (answer.status_code, answer.json()["code"]) == (415, "MEDIA_TYPE_UNSUPPORTED")
    assert decisions() == []


def test_a_body_that_hides_its_length_is_not_read_to_its_end(client, loan):
    def endless():
        for _ in range(10_000):
            yield b"[" * 10_000

    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    answer = client.post(LOANS, content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("entity_ids", "field"),
    [
        ([], "entity_ids"),
        (["m"] * 1_001, "entity_ids"),
        ("m1", "entity_ids"),
        (["m1", 2], "entity_ids[1]"),
    ],
)
def test_scores_take_one_to_a_thousand_ids(ask, entity_ids, field):
    answer = ask(SCORES_PATH, {"product": "merchant-loan", "entity_ids": entity_ids})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_an_unknown_path_or_method_is_a_problem_too(client):
    for path in ("/", "/v1/merchants", "/schema.json", "/docs.json", "/v1/nothing"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    answer = client.put(LOANS)
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == {"GET", "HEAD", "POST"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    shape=st.sampled_from([LOAN, WAIVER, SCORES]),
    changes=st.data(),
)
def test_any_body_is_either_parsed_or_refused_by_name(shape, changes):
    names = [field.name for field in shape.fields] + ["other"]
    body = dict(shape.example) | changes.draw(
        st.dictionaries(st.sampled_from(names), JSON_VALUES, max_size=3)
    )
    try:
        values = parse(json.dumps(body).encode(), shape)
    except RequestError as refused:
        values, error = {}, refused
    else:
        error = None
    assert error is None or (error.code in PROBLEM and len(str(error)) < 400)
    assert set(values) <= set(names)
    assert all(type(value) is not bool for value in values.values())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_either_parsed_or_refused(body):
    with pytest.raises(RequestError):
        parse(body, LOAN)


@given(st.text() | st.lists(st.integers()) | st.integers())
def test_what_is_shown_of_a_value_is_short_and_plain(value):
    text = shown(value)
    assert len(text) <= 60
    assert text.isascii()
    assert text.isprintable()
