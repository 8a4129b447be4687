"""Instalments at a merchant's till: decided by the policy alone, recorded like every decision."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from credit.contract import INSTALMENT_OFFER
from credit.policy.instalment_answer import answered, application_of_order
from credit.policy.instalments import InstalmentApplication
from records.decisions import Asked
from records.instants import instant_text
from records.journal import Entry
from records.operations import new_id
from serving.desk import Desk
from serving.endpoint import Endpoint, json_response
from serving.instalment_shapes import INSTALMENT_ORDER
from serving.intake import idempotency_key, read_body
from serving.office import Office
from serving.problems import RequestError
from serving.refusals import context_refused, currency_refused
from serving.rules import Effective, Rules
from serving.wire import content_sha256, parse

PATH = "/v1/instalment-offers/decisions"
_log = logging.getLogger("vouch.serving")


@dataclass(frozen=True, slots=True)
class Till:
    """One order at a till, as it was sent."""

    request: dict[str, Any]

    @property
    def application(self) -> InstalmentApplication:
        """What is asked."""
        return application_of_order(self.request)

    def asked(self, partner: str, key: str | None) -> Asked:
        """What makes two requests one."""
        return Asked(
            partner=partner,
            product=INSTALMENT_OFFER,
            entity_id=self.application.merchant_id,
            order_no=self.application.out_order_no,
            key=key,
            content_sha256=content_sha256(PATH, self.request),
        )


async def decide_instalments(request: Request, office: Office) -> Response:
    """Say in how many instalments an order may be paid, who pays the fee, and whether it pays."""
    key = idempotency_key(request, required=False)
    till = till_of(await read_body(request))
    asked = till.asked(office.desk.partner, key)
    return json_response(await office.record(asked, partial(entry_of, till, office.desk)))


def till_of(body: bytes) -> Till:
    """The order that a body speaks of. RequestError where it cannot be read."""
    return Till(parse(body, INSTALMENT_ORDER))


def entry_of(till: Till, desk: Desk) -> Entry:
    """The decision on an order with all it was made of, ready for the journal.

    RequestError where the request is in another currency or carries undeclared context.
    """
    desk.in_force.look_if_late()
    rules = desk.in_force.rules_for(product=INSTALMENT_OFFER, partner=desk.partner, scene=None)
    application, at, policy = till.application, desk.now(), rules.policy
    if refused := _impossible(application, rules):
        raise refused
    decision_id, decided_at = new_id(), instant_text(at)
    answer: dict[str, Any] = {"decision_id": decision_id, "decided_at": decided_at}
    answer |= answered(application, policy=policy, at=at, stopped=rules.stopped) | {"model": None}
    shadows = () if rules.stopped else rules.shadows
    return Entry(
        decision_id=decision_id,
        partner=desk.partner,
        product=INSTALMENT_OFFER,
        entity_id=application.merchant_id,
        reference_id=decision_id,
        order_no=application.out_order_no,
        decided_at=decided_at,
        request=till.request,
        evidence={"values": {}, "as_of": None, "freshness": "unknown", "detail": "not asked for"},
        scored=[],
        room_minor=None,
        shared_room_minor=None,
        model=None,
        policy=answer["policy"],
        decision=answer,
        stopped=rules.stopped,
        shadows=[one for by in shadows for one in _beside(application, by, at)],
        hold=None,
        clock=desk.clock,
    )


def _beside(application: InstalmentApplication, by: Effective, at: datetime) -> Iterator[Any]:
    """What a policy in shadow says of the same order; its fault must not touch the answer."""
    policy = by.policy
    named = {"name": policy.name, "version": policy.version, "sha256": policy.sha256}
    told: dict[str, Any] = {"policy": named, "room_minor": None, "shared_room_minor": None}
    try:
        decision = answered(application, policy=policy, at=at, stopped=None)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the shadow's alone
        _log.warning("policy %s in shadow failed", policy.name, exc_info=error)
        yield {**told, "scored": [], "decision": None, "failed": type(error).__name__}
        return
    del decision["trace"]
    yield {**told, "scored": [], "decision": decision}


def _impossible(application: InstalmentApplication, rules: Rules) -> RequestError | None:
    """The credit rules' own refusals. While decisions are stopped context is nobody's question."""
    policy = rules.policy
    if refused := currency_refused(application.currency, policy.currency):
        return refused
    context, declared = application.context, policy.instalment.context
    return None if rules.stopped else context_refused(context, declared)


INSTALMENTS = Endpoint(
    PATH,
    "POST",
    decide_instalments,
    "In how many instalments may an order be paid, and does a subsidy pay?",
    INSTALMENT_ORDER,
    "InstalmentDecision",
    key="optional",
)
