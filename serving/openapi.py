"""The OpenAPI 3.1 document, made from the endpoints, the shapes, the problems and the reasons."""

from collections.abc import Mapping
from typing import Any

from credit.contract import PRODUCTS
from credit.policy.context import CONTEXT_NAME
from serving.api import ENDPOINTS
from serving.endpoint import Endpoint
from serving.instalment_shapes import INSTALMENT_ORDER
from serving.problems import MEDIA_TYPE, PROBLEMS
from serving.review import OUTCOMES
from serving.schemas import ANSWERS
from serving.shapes import (
    AMOUNT_MAX,
    CONTEXT_MAX,
    EVENT_WORDS,
    ROWS_MAX,
    SCORES_MAX,
    SHAPES,
    TERM_DAYS_MAX,
    TEXT_MAX,
    Field,
    Kind,
    Shape,
)

_TEXT = {"type": "string", "minLength": 1, "maxLength": TEXT_MAX}
_KINDS: Mapping[Kind, Mapping[str, Any]] = {
    Kind.TEXT: _TEXT,
    Kind.NAME: {**_TEXT, "pattern": "^[^/]+$"},
    Kind.TEXTS: {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": SCORES_MAX},
    Kind.ROWS: {
        "type": "array",
        "items": {"type": "object"},
        "minItems": 1,
        "maxItems": ROWS_MAX,
    },
    Kind.PRODUCT: {"type": "string", "enum": list(PRODUCTS)},
    Kind.CURRENCY: {"type": "string", "pattern": "^[A-Z]{3}$"},
    Kind.AMOUNT: {"type": "integer", "minimum": 1, "maximum": AMOUNT_MAX},
    Kind.DAYS: {"type": "integer", "minimum": 1, "maximum": TERM_DAYS_MAX},
    Kind.INSTANT: {"type": "string", "format": "date-time"},
    Kind.LIMIT: {"type": "integer", "minimum": 0, "maximum": AMOUNT_MAX},
    Kind.FLAG: {"type": "boolean"},
    Kind.REVIEW_OUTCOME: {"type": "string", "enum": list(OUTCOMES)},
    Kind.LOAN_EVENT: {"type": "string", "enum": list(EVENT_WORDS)},
    Kind.CONTEXT: {
        "type": "object",
        "maxProperties": CONTEXT_MAX,
        "propertyNames": {"pattern": f"^{CONTEXT_NAME}$"},
        "additionalProperties": {
            "type": ["number", "string"],
            "minLength": 1,
            "maxLength": TEXT_MAX,
        },
    },
}


def document() -> dict[str, Any]:
    """The whole document, plain JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vouch",
            "version": "1",
            "description": "May this merchant have a loan, how much, at what price? "
            "May this customer skip the deposit?",
        },
        "paths": paths,
        "components": {"schemas": _schemas()},
    }


def _schemas() -> dict[str, Any]:
    bodies = {shape.name: _body(shape) for shape in (*SHAPES, INSTALMENT_ORDER)}
    return bodies | dict(ANSWERS) | {"Problem": _problem()}


def _body(shape: Shape) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in shape.fields if field.required],
        "properties": {field.name: _property(field) for field in shape.fields},
        "examples": [dict(shape.example)],
    }


def _property(field: Field) -> dict[str, Any]:
    schema = dict(_KINDS[field.kind])
    if not field.required:
        schema["type"] = [schema["type"], "null"]
    return schema | {"description": field.description}


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": endpoint.handler.__name__,
        "responses": _responses(endpoint),
    }
    if parameters := _parameters(endpoint):
        operation["parameters"] = parameters
    if endpoint.shape:
        content = {"application/json": {"schema": _ref(endpoint.shape.name)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    in_path = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
    named = [("path", name, True) for name in in_path]
    named += [("query", name, True) for name in endpoint.query]
    if endpoint.key:
        named.append(("header", "Idempotency-Key", endpoint.key == "required"))
    return [
        {"in": place, "name": name, "required": required, "schema": {"type": "string"}}
        for place, name, required in named
    ]


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.answer:
        content = {"application/json": {"schema": _ref(endpoint.answer)}}
    else:
        content = {"text/plain": {"schema": {"type": "string"}}}
    refused = {MEDIA_TYPE: {"schema": _ref("Problem")}}
    return {
        "200": {"description": endpoint.summary, "content": content},
        "default": {"description": "A problem (RFC 9457)", "content": refused},
    }


def _problem() -> dict[str, Any]:
    texts = {
        name: {"type": "string"} for name in ("type", "title", "detail", "field", "value", "mend")
    }
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": texts
        | {
            "status": {"type": "integer"},
            "code": {"type": "string", "enum": [problem.code for problem in PROBLEMS]},
        },
        "description": "What is wrong (detail), with which field and value, and the mend",
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
