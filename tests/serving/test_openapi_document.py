"""The document says what the service does; the page shows it without loading anything."""

import re

import pytest

from serving.openapi import document

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


def test_every_documented_call_is_there_and_answers_as_documented(client, ask):
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            if method == "get" and "parameters" not in operation:
                assert client.get(path).status_code == 200, path
            if method == "post":
                body = operation["requestBody"]["content"]["application/json"]["schema"]
                answer = ask(path, resolve(body)["examples"][0])
                assert answer.status_code == 200
                schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
                assert list(mismatches(schema, answer.json())) == []


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
