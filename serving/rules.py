"""What decides a case: the policy in force for whoever asks, those in shadow, and what stops it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from credit.contract import MERCHANT_LOAN
from credit.ledger.exposure import Line, room_minor
from credit.policy.room import Room
from credit.policy.terms import Policy
from records import counters
from records.counters import INDUSTRY, PARTNER, Counter, Share


@dataclass(frozen=True, slots=True)
class Effective:
    """A policy as it holds for a partner, and the industry whose terms it carries, if any."""

    policy: Policy
    industry: str | None = None

    def shares(self, product: str, partner: str) -> tuple[Share, ...]:
        """What partner and industry may have open of a product."""
        terms = self.policy.loan if product == MERCHANT_LOAN else self.policy.waiver
        ceilings = {
            PARTNER: terms.concentration.partner_max_minor,
            INDUSTRY: terms.concentration.industry_max_minor,
        }
        counting = counters.counting(product, partner=partner, industry=self.industry)
        return tuple(
            Share(product=product, kind=kind, name=name, ceiling_minor=ceilings[kind])
            for _, kind, name in counting
        )

    def room(
        self, product: str, partner: str, line: Line, used: Mapping[Counter, int], *, at: datetime
    ) -> Room:
        """What the line and the shares leave for a new authorisation."""
        ceiling_minor = self.policy.exposure_max_minor(product)
        left = [
            share.ceiling_minor - used.get(share.counter, 0)
            for share in self.shares(product, partner)
            if share.ceiling_minor is not None
        ]
        return Room(
            own_minor=room_minor(line, ceiling_minor=ceiling_minor, at=at),
            shared_minor=max(0, min(left)) if left else None,
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides a partner's cases in a scene.

    `stopped`: what stops decisions, in words; None where nothing does. `live` then only names
    the policy that would decide.
    """

    live: Effective
    shadows: tuple[Effective, ...] = ()
    stopped: str | None = None

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.live.policy

    def counters(self, product: str, partner: str) -> set[Counter]:
        """What must be known of concentration to decide, beside the live policy and by it."""
        every = (self.live, *self.shadows)
        return {share.counter for one in every for share in one.shares(product, partner)}
