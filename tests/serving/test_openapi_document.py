"""The document says what the service does; the page shows it without loading anything."""

import json
import re

import pytest

from serving.openapi import document
from serving.shapes import ROWS, SHAPES
from serving.wire import parse

DECISION_PATHS = {
    "/v1/merchant-loans/decisions": "LoanDecision",
    "/v1/deposit-waivers/decisions": "WaiverDecision",
}


def resolve(schema):
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def mismatches(schema, value, path="$"):
    """What of `value` the schema does not allow; a small reader of what our document uses."""
    schema = resolve(schema)
    if "oneOf" in schema:
        found = [list(mismatches(one, value, path)) for one in schema["oneOf"]]
        yield from [] if [] in found else found[0]
        return
    kinds = schema.get("type", "object")
    names = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not any(isinstance(value, names[kind]) for kind in kinds):
        yield f"{path}: {value!r} is no {kinds}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is not in {schema['enum']}"
    if isinstance(value, dict) and "properties" in schema:
        yield from (f"{path}.{name} is missing" for name in schema["required"] if name not in value)
        for name, item in value.items():
            if name not in schema["properties"]:
                yield f"{path}.{name} is not in the document"
            else:
                yield from mismatches(schema["properties"][name], item, f"{path}.{name}")
    if isinstance(value, list):
        for item in value:
            yield from mismatches(schema["items"], item, f"{path}[]")


def test_every_reference_leads_somewhere():
    refs = re.findall(r"'#/components/schemas/(\w+)'", str(document()))
    assert set(refs) <= set(document()["components"]["schemas"])


class Life:
    """Calls along a loan's and a deposit's life, each held against the document as it is made."""

    def __init__(self, client, ask):
        self.client, self.ask, self.made = client, ask, set()

    def __call__(self, method, path, body=None, **names):
        self.made.add((path, method))
        filled = path.format(**names).partition("?")[0]
        operation = document()["paths"][path][method]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        if method == "get":
            answer = self.client.get(filled, params=names.get("query"))
        elif method == "put":
            answer = self.client.put(filled, json=body)
        else:
            answer = self.ask(filled, body)
        assert answer.status_code == 200, answer.text
        assert list(mismatches(schema, answer.json())) == [], path
        return answer.json()


def test_every_documented_call_is_there_and_answers_as_documented(
    client, ask, branch, loan, waiver
):
    life, waivers, loans = Life(client, ask), "/v1/deposit-waivers", "/v1/merchant-loans"
    for kind in ("merchant", "user"):
        line = {"limit_minor": 10**8, "source": "bank"}
        life("put", "/v1/lines/{kind}/{entity_id}", line, kind=kind, entity_id=f"{kind[0]}1")
        life("get", "/v1/lines/{kind}/{entity_id}", kind=kind, entity_id=f"{kind[0]}1")
    life("post", f"{waivers}/decisions", waiver())
    till = {"merchant_id": "m1", "order_amount_minor": 600_000, "currency": "CNY"}
    life("post", "/v1/instalment-offers/decisions", till)
    life("post", "/v1/scores", {"product": "merchant-loan", "entity_ids": ["m1"]})
    hold = life("post", waivers, waiver(out_order_no="o1"))["hold"]
    for move, body in (
        ("capture", {"amount_minor": 10_000, "complete": False}),
        ("release", {}),
        ("settle", {}),
    ):
        life("post", f"{waivers}/{{auth_no}}/{move}", body, auth_no=hold["auth_no"])
    life("get", f"{waivers}/{{auth_no}}", auth_no=hold["auth_no"])
    life("get", waivers, query={"out_order_no": "o1"})
    decision = life("post", f"{loans}/decisions", loan())
    named = {"decision_id": decision["decision_id"]}
    life("get", f"{loans}/decisions", query={"application_id": "a1"})
    life("get", "/v1/decisions/{decision_id}", **named)
    accepted = {name: decision["offers"][0][name] for name in ("amount_minor", "term_days")}
    life("post", loans, {**named, "loan_no": "l1", **accepted})
    event = {"type": "disbursed", "occurred_at": "2026-06-30T12:00:00Z"}
    life("post", f"{loans}/{{loan_no}}/events", event, loan_no="l1")
    life("get", f"{loans}/{{loan_no}}", loan_no="l1")
    branch.scorer.probability = 0.14
    referred = life("post", f"{loans}/decisions", loan(application_id="a2"))
    word = {"outcome": "approve", "reason": "known", "reviewer": "j.doe"}
    life("post", "/v1/decisions/{decision_id}/review", word, decision_id=referred["decision_id"])
    rows = [dict(ROWS.example["rows"][0], recorded_at="2026-06-30T10:00:00Z"), {}]
    rows[0]["occurred_at"] = rows[0]["recorded_at"]
    life("post", "/v1/rows/{table}", {"rows": rows}, table="payments")
    for path in ("/healthz", "/readyz"):
        life("get", path)
    documented = {(path, method) for path, it in document()["paths"].items() for method in it}
    assert documented - life.made == {("/metrics", "get")}


@pytest.mark.parametrize("name", [shape.name for shape in SHAPES])
def test_the_example_of_every_body_is_one_that_is_accepted(name):
    [shape] = (shape for shape in SHAPES if shape.name == name)
    [example] = document()["components"]["schemas"][name]["examples"]
    assert parse(json.dumps(example).encode(), shape)


@pytest.mark.parametrize("probability", [0.02, 0.6])
def test_approved_and_declined_answers_are_as_documented(branch, ask, loan, waiver, probability):
    branch.scorer.probability = probability
    for body, (path, name) in zip((loan(), waiver()), DECISION_PATHS.items(), strict=True):
        schema = document()["components"]["schemas"][name]
        assert list(mismatches(schema, ask(path, body).json())) == []


def test_problems_are_as_documented(ask):
    answer = ask("/v1/scores", {"product": "x", "entity_ids": []}).json()
    assert list(mismatches(document()["components"]["schemas"]["Problem"], answer)) == []


def test_the_page_loads_nothing_from_anywhere(client):
    page = client.get("/docs")
    assert page.status_code == 200
    assert not re.search(r"<script|<link|<img|src=|https?://", page.text)
    for path in document()["paths"]:
        assert path in page.text
    assert 'id="FIELD_TWICE"' in page.text


def test_metrics_count_requests_decisions_and_what_degraded_them(ask, loan, client, branch):
    ask("/v1/merchant-loans/decisions", loan(), key="k")
    ask("/v1/merchant-loans/decisions", loan(), key="k")  # found, not decided again
    branch.register.champions.clear()
    branch.office.in_force.refresh()
    ask("/v1/merchant-loans/decisions", loan(application_id="a2"))
    ask("/v1/merchant-loans/decisions", "broken")
    text = client.get("/metrics").text
    for line in (
        'vouch_requests_total{method="POST",route="/v1/merchant-loans/decisions",status="200"} 3.0',
        'vouch_requests_total{method="POST",route="/v1/merchant-loans/decisions",status="400"} 1.0',
        'vouch_decisions_total{outcome="approve",product="merchant-loan"} 1.0',
        'vouch_decisions_total{outcome="refer",product="merchant-loan"} 1.0',
        'vouch_decisions_degraded_total{product="merchant-loan"} 1.0',
    ):
        assert line in text
