"""What answers look like: JSON schemas by name, in the words of the interface."""

from collections.abc import Mapping
from typing import Any

from credit.contract import PRODUCTS
from credit.policy.reasons import MODEL, REASONS, RULE

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer"}
_NUMBER = {"type": "number"}
_INSTANT = {"type": "string", "format": "date-time"}
_DAY = {"type": "string", "format": "date"}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}


def _maybe(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Mapping[str, Any], **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **limits}


_NAMED = _object(name=_TEXT, version=_TEXT, sha256=_TEXT)
_REASON = _object(
    code={"type": "string", "enum": [reason.code for reason in REASONS]},
    message=_TEXT,
    source={"type": "string", "enum": [RULE, MODEL]},
)
_STEP = _object(step=_TEXT, inputs={"type": "object"}, comparison=_TEXT, result=_TEXT, layer=_TEXT)
_INSTALMENT = _object(due_on=_DAY, due_minor=_WHOLE, principal_minor=_WHOLE, interest_minor=_WHOLE)
_OFFER = _object(
    amount_minor=_WHOLE,
    term_days=_WHOLE,
    apr=_NUMBER,
    fees_minor=_WHOLE,
    repayment_type=_TEXT,
    schedule=_list(_INSTALMENT),
)


def _decision(**own: Any) -> dict[str, Any]:
    return _object(
        decision_id=_TEXT,
        decided_at=_INSTANT,
        product={"type": "string", "enum": list(PRODUCTS)},
        outcome={"type": "string", "enum": ["approve", "refer", "decline"]},
        reasons=_list(_REASON, maxItems=4),
        probability=_maybe(_SHARE),
        score=_maybe(_WHOLE),
        band=_maybe(_TEXT),
        expires_at=_maybe(_INSTANT),
        features_as_of=_maybe(_INSTANT),
        degraded=_list(_TEXT),
        **own,
        policy=_NAMED,
        trace=_list(_STEP),
        model=_maybe(_NAMED),
    )


ANSWERS: Mapping[str, dict[str, Any]] = {
    "LoanDecision": _decision(
        limit_minor=_WHOLE,
        apr=_maybe(_NUMBER),
        term_days=_maybe(_WHOLE),
        offers=_list(_OFFER),
    ),
    "WaiverDecision": _decision(credit_minor=_WHOLE, deposit_due_minor=_WHOLE),
    "Decision": {
        "oneOf": [
            {"$ref": "#/components/schemas/LoanDecision"},
            {"$ref": "#/components/schemas/WaiverDecision"},
        ]
    },
    "Scores": _object(
        product=_TEXT,
        model=_maybe(_NAMED),
        scores=_list(
            _object(
                entity_id=_TEXT,
                probability=_maybe(_SHARE),
                score=_maybe(_WHOLE),
                band=_maybe(_TEXT),
                freshness=_TEXT,
                features_as_of=_maybe(_INSTANT),
            )
        ),
    ),
    "Health": _object(status=_TEXT),
    "Readiness": _object(ready={"type": "boolean"}, checks={"type": "object"}),
}
