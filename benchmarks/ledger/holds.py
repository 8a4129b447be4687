"""What the clients ask for: holds as the service records them, each the next order of a user."""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from credit.policy.application import WaiverApplication
from credit.policy.decide import Scored, decide_waiver
from credit.policy.decision import to_json
from credit.policy.evidence import Evidence, Freshness
from credit.policy.room import Room
from credit.policy.terms import parse_policy
from records.decisions import Asked, Claim, Recording
from records.holds import Opening
from records.instants import instant_text
from records.journal import Entry
from records.operations import new_id

POLICY = Path(__file__).resolve().parents[2] / "partners" / "platform.toml"
PARTNER, PRODUCT, SCENE = "benchmark", "deposit-waiver", "umbrella"
DEPOSIT_MINOR, CEILING_MINOR = 5_000, 500_000
ORDERS_A_USER = 4  # so that every fourth hold is the first of somebody the records do not know
FEATURES = 90  # about as many as Vouch's own waiver model reads
_SHA256 = hashlib.sha256(b"benchmark").hexdigest()


class Orders:
    """What the clients ask for: each its own orders, of users whom no other client knows."""

    def __init__(self, now: datetime) -> None:
        self._body = _body(now)
        self._until = now + timedelta(days=2)

    def of_a_client(self) -> Iterator[Recording]:
        """Its orders, without end."""
        while True:
            user_id = f"u-{uuid.uuid4().hex}"
            for _ in range(ORDERS_A_USER):
                yield self._next(user_id)

    def _next(self, user_id: str) -> Recording:
        order_no, auth_no, decision_id = f"O-{uuid.uuid4().hex}", new_id(), new_id()
        entry = Entry(
            **self._body,
            decision_id=decision_id,
            entity_id=user_id,
            reference_id=auth_no,
            order_no=order_no,
        )
        opening = Opening(
            auth_no=auth_no,
            out_order_no=order_no,
            decision_id=decision_id,
            scene=SCENE,
            deposit_minor=DEPOSIT_MINOR,
            authorized_minor=DEPOSIT_MINOR,
            expires_at=self._until,
        )
        asked = Asked(
            partner=PARTNER,
            product=PRODUCT,
            entity_id=user_id,
            order_no=order_no,
            key=f"K-{order_no}",
            content_sha256=_SHA256,
        )
        claim = Claim(takes=opening, ceiling_minor=CEILING_MINOR)
        return Recording(asked=asked, entry=entry, claim=claim)


def _body(now: datetime) -> dict[str, Any]:
    """What all entries share: a decision that the shipped policy made on plausible evidence."""
    policy = parse_policy(POLICY.read_text())
    values: dict[str, Any] = {f"bill_paid_share_{n}d": 1.0 + n / 7 for n in range(FEATURES)}
    evidence = Evidence(values, now, Freshness.FRESH)
    asked = WaiverApplication("u", SCENE, DEPOSIT_MINOR, policy.currency, now + timedelta(days=2))
    scored = (Scored(DEPOSIT_MINOR, 2, 0.008, ()),)
    decision = decide_waiver(
        asked,
        evidence,
        scored,
        policy=policy,
        room=Room(own_minor=CEILING_MINOR, shared_minor=None),
        at=now,
    )
    answer = to_json(decision)
    return {
        "partner": PARTNER,
        "product": PRODUCT,
        "decided_at": instant_text(now),
        "request": {"user_id": "", "scene": SCENE, "deposit_minor": DEPOSIT_MINOR},
        "evidence": {"values": values, "as_of": instant_text(now), "freshness": "fresh"},
        "scored": [{"amount_minor": DEPOSIT_MINOR, "term_days": 2, "probability": 0.008}],
        "room_minor": CEILING_MINOR,
        "model": {"name": PRODUCT, "version": "1", "sha256": _SHA256},
        "policy": answer["policy"],
        "decision": answer,
        "hold": None,
        "clock": "real",
    }
