"""The journal entry of a decision: all that it was made of, as plain JSON."""

from collections.abc import Sequence
from typing import Any

from credit.policy.application import LoanApplication
from credit.policy.decision import Decision, to_json
from credit.policy.evidence import Evidence
from records.instants import instant_text
from records.journal import Entry
from serving.desk import Case, Desk
from serving.hearing import Candidacy, Hearing


def entry_of(
    hearing: Hearing,
    scored: Sequence[Candidacy],
    decision: Decision,
    desk: Desk,
    *,
    decision_id: str,
) -> Entry:
    """The entry of a decision that nothing was decided beside."""
    case, decided_at = hearing.case, instant_text(hearing.at)
    model = dict(hearing.model.identity) if hearing.model else None
    answer: dict[str, Any] = {"decision_id": decision_id, "decided_at": decided_at}
    answer |= to_json(decision) | {"model": model}
    return Entry(
        decision_id=decision_id,
        partner=desk.partner,
        product=case.product,
        entity_id=case.entity_id,
        reference_id=case.order_no if _is_loan(case) and case.order_no else decision_id,
        order_no=case.order_no,
        decided_at=decided_at,
        request=dict(case.request),
        evidence=_pinned(hearing.evidence),
        scored=[candidacy.pinned() for candidacy in scored],
        room_minor=hearing.room.own_minor,
        shared_room_minor=hearing.room.shared_minor,
        model=model,
        policy=answer["policy"],
        decision=answer,
        stopped=hearing.stopped,
        shadows=[],
        hold=None,
        clock=desk.clock,
    )


def _is_loan(case: Case) -> bool:
    return isinstance(case.application, LoanApplication)


def _pinned(evidence: Evidence) -> dict[str, Any]:
    return {
        "values": dict(evidence.values),
        "as_of": instant_text(evidence.as_of) if evidence.as_of else None,
        "freshness": evidence.freshness.value,
        "detail": evidence.detail,
    }
