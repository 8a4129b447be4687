"""What answers look like: JSON schemas by name, in the words of the interface."""

from collections.abc import Mapping
from typing import Any

from credit.contract import ENTITY_OF, INSTALMENT_OFFER, PRODUCTS
from credit.ledger.hold import HoldState
from credit.ledger.loan import LoanState
from credit.policy.instalment_terms import ASSUMPTION
from credit.policy.instalments import MONTH, ORDER
from credit.policy.lift import DOES_NOT_PAY, MEASURED, NO_SUBSIDY, PAYS, UNCERTAIN
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
_OUTCOME = {"type": "string", "enum": ["approve", "refer", "decline"]}
_OFFER = _object(
    amount_minor=_WHOLE,
    term_days=_WHOLE,
    apr=_NUMBER,
    fees_minor=_WHOLE,
    repayment_type=_TEXT,
    schedule=_list(_INSTALMENT),
)
_INSTALMENT_OFFER = _object(
    count=_WHOLE,
    instalment_minor=_WHOLE,
    fee_minor=_WHOLE,
    subsidy_minor=_WHOLE,
    consumer_fee_minor=_WHOLE,
    schedule=_list(
        _object(due_on=_DAY, due_minor=_WHOLE, principal_minor=_WHOLE, fee_minor=_WHOLE)
    ),
)
_SUBSIDY = _object(
    share=_SHARE,
    budget_minor=_WHOLE,
    used_minor=_maybe(_WHOLE),
    left_minor=_WHOLE,
    held_against={"type": "string", "enum": [MONTH, ORDER]},
    note=_TEXT,
)
_PAYS = _object(
    verdict={"type": "string", "enum": [PAYS, DOES_NOT_PAY, UNCERTAIN, NO_SUBSIDY]},
    label={"type": "string", "enum": [ASSUMPTION, MEASURED]},
    assumptions=_list(_TEXT),
    expected_cost_minor=_WHOLE,
    expected_margin_minor=_WHOLE,
    margin_low_minor=_maybe(_WHOLE),
    margin_high_minor=_maybe(_WHOLE),
    lift=_object(share=_NUMBER, low=_maybe(_NUMBER), high=_maybe(_NUMBER), source=_TEXT),
    break_even_lift=_maybe(_NUMBER),
)


def _also(schema: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """The same with properties that are not always there."""
    return {**schema, "properties": {**schema["properties"], **optional}}


_OPERATION = _also(
    _object(operation_id=_TEXT, type=_TEXT, amount_minor=_maybe(_WHOLE), at=_INSTANT),
    complete={"type": "boolean"},
    released_minor=_WHOLE,
    occurred_at=_INSTANT,
    expires_at=_INSTANT,
    loan_no=_TEXT,
    terms_sha256=_TEXT,
)
_REVIEW = _object(outcome=_TEXT, reason=_TEXT, reviewer=_TEXT, at=_INSTANT, policy=_NAMED)


def _decision(**own: Any) -> dict[str, Any]:
    return _object(
        decision_id=_TEXT,
        decided_at=_INSTANT,
        product={"type": "string", "enum": list(PRODUCTS)},
        outcome=_OUTCOME,
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
    "LoanDecision": _also(
        _decision(
            limit_minor=_WHOLE,
            apr=_maybe(_NUMBER),
            term_days=_maybe(_WHOLE),
            offers=_list(_OFFER),
        ),
        review=_REVIEW,
    ),
    "WaiverDecision": _decision(credit_minor=_WHOLE, deposit_due_minor=_WHOLE),
    "InstalmentDecision": _object(
        decision_id=_TEXT,
        decided_at=_INSTANT,
        product={"type": "string", "enum": [INSTALMENT_OFFER]},
        outcome=_OUTCOME,
        reasons=_list(_REASON, maxItems=4),
        expires_at=_maybe(_INSTANT),
        degraded=_list(_TEXT),
        offers=_list(_INSTALMENT_OFFER),
        subsidy=_SUBSIDY,
        pays=_maybe(_PAYS),
        policy=_NAMED,
        trace=_list(_STEP),
        model=_maybe(_NAMED),
    ),
    "WaivedOrder": _decision(
        credit_minor=_WHOLE,
        deposit_due_minor=_WHOLE,
        hold={"oneOf": [{"$ref": "#/components/schemas/Hold"}, {"type": "null"}]},
    ),
    "Hold": _object(
        auth_no=_TEXT,
        out_order_no=_TEXT,
        decision_id=_TEXT,
        scene=_TEXT,
        state={"type": "string", "enum": [state.value for state in HoldState]},
        deposit_minor=_WHOLE,
        deposit_due_minor=_WHOLE,
        authorized_minor=_WHOLE,
        captured_minor=_WHOLE,
        released_minor=_WHOLE,
        rest_minor=_WHOLE,
        unpaid_minor=_WHOLE,
        exposure_minor=_WHOLE,
        opened_at=_INSTANT,
        expires_at=_INSTANT,
        operations=_list(_OPERATION),
    ),
    "Loan": _object(
        loan_no=_maybe(_TEXT),
        decision_id=_TEXT,
        state={"type": "string", "enum": [state.value for state in LoanState]},
        amount_minor=_WHOLE,
        term_days=_maybe(_WHOLE),
        apr=_maybe(_NUMBER),
        repaid_minor=_WHOLE,
        released_minor=_WHOLE,
        written_off_minor=_WHOLE,
        exposure_minor=_WHOLE,
        operations=_list(_OPERATION),
    ),
    "Line": _object(
        kind={"type": "string", "enum": list(ENTITY_OF.values())},
        id=_TEXT,
        limit_minor=_maybe(_WHOLE),
        source=_maybe(_TEXT),
        valid_until=_maybe(_INSTANT),
        exposure_minor=_WHOLE,
        room_minor=_WHOLE,
    ),
    "Decision": {
        "oneOf": [
            {"$ref": "#/components/schemas/LoanDecision"},
            {"$ref": "#/components/schemas/WaiverDecision"},
            {"$ref": "#/components/schemas/InstalmentDecision"},
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
    "RowsTaken": _object(
        table=_TEXT,
        accepted=_WHOLE,
        duplicates=_WHOLE,
        refused=_list(
            _also(
                _object(row=_WHOLE, code=_TEXT, message=_TEXT, mend=_TEXT), field=_TEXT, value=_TEXT
            )
        ),
        outcomes=_list({"type": "string", "enum": ["accepted", "duplicate", "refused"]}),
    ),
    "Health": _object(status=_TEXT),
    "Readiness": _object(ready={"type": "boolean"}, checks={"type": "object"}),
}
