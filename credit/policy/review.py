"""What a person may grant of a loan that was referred: what nothing forbids, at the same price."""

from collections.abc import Sequence
from datetime import datetime

from credit.policy.decision import Offer, Outcome, Scored
from credit.policy.evidence import Evidence
from credit.policy.offers import judged_all, offers_made
from credit.policy.room import Room
from credit.policy.terms import Policy


def reviewed_offers(
    evidence: Evidence,
    scored: Sequence[Scored],
    *,
    policy: Policy,
    room: Room,
    at: datetime,
) -> tuple[Offer, ...]:
    """The offers that a reviewer's approval makes, with what the line leaves now.

    A person may approve what was referred, never what was declined; and without a score there is
    no price, so nothing can be offered.
    """
    if not scored:
        return ()
    terms = policy.loan
    cases = judged_all(scored, evidence=evidence, terms=terms, room=room)
    return offers_made(cases, terms, at.date(), least=Outcome.REFER)
