"""One order at a merchant's till: in how many instalments may it be paid, and who pays the fee?

Read it beside the policy page: may instalments be offered for this order? does a rule of the
partner forbid it? what is the fee of each count, which share of it is the merchant's, and how much
of that does its budget still cover? Nothing is scored: the customer's own credit is another's
question. The answer says beside its offers whether the subsidy pays the merchant.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from credit.contract import INSTALMENT_OFFER
from credit.money import MILLION, as_number, divided_up, part_down
from credit.policy.decision import GivenReason, Outcome, PolicyRef, Step, given
from credit.policy.evidence import Evidence, Freshness, Value
from credit.policy.instalment_terms import InstalmentTerms
from credit.policy.lift import Pays, pays
from credit.policy.loan_terms import EQUAL_PRINCIPAL
from credit.policy.page import Page
from credit.policy.requests import OFFERED, refuse_foreign_currency
from credit.policy.schedule import INSTALMENT_DAYS, due_days
from credit.policy.terms import Policy

MONTHS_A_YEAR = 12
MONTH, ORDER = "month", "order"
_FIELDS = {
    OFFERED: "counts",
    "INSTALMENTS_NOT_OFFERED": "counts",
    "AMOUNT_BELOW_MINIMUM": "order_min_minor",
    "AMOUNT_ABOVE_MAXIMUM": "order_max_minor",
}
_NOTHING_READ = Evidence({}, None, Freshness.UNKNOWN)


@dataclass(frozen=True, slots=True)
class InstalmentApplication:
    """One order at a merchant's till.

    `subsidy_used_minor`: what the merchant has paid of fees this month, as its partner counts it;
    None where nobody says: the budget is then held against this order alone.
    """

    merchant_id: str
    order_amount_minor: int
    currency: str
    out_order_no: str | None = None
    subsidy_used_minor: int | None = None
    context: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """What falls due on one day: a part of the order and of the customer's share of the fee."""

    due_on: date
    due_minor: int
    principal_minor: int
    fee_minor: int


@dataclass(frozen=True, slots=True)
class InstalmentOffer:
    """One count of instalments. `fee_minor` is what merchant and customer pay between them."""

    count: int
    fee_minor: int
    subsidy_minor: int
    schedule: tuple[Part, ...]

    @property
    def consumer_fee_minor(self) -> int:
        """The customer's share of the fee."""
        return self.fee_minor - self.subsidy_minor


@dataclass(frozen=True, slots=True)
class Subsidy:
    """What the merchant bears. `held_against`: the budget of its month, or one order alone."""

    share_ppm: int
    budget_minor: int
    used_minor: int | None

    @property
    def left_minor(self) -> int:
        """What the budget still covers."""
        return max(0, self.budget_minor - (self.used_minor or 0))

    @property
    def held_against(self) -> str:
        """Whether what was paid this month is known."""
        return ORDER if self.used_minor is None else MONTH


@dataclass(frozen=True, slots=True)
class InstalmentDecision:
    """The answer on one order; `pays` judges the merchant's whole share of the dearest offer."""

    outcome: Outcome
    reasons: tuple[GivenReason, ...]
    expires_at: datetime | None
    degraded: tuple[str, ...]
    offers: tuple[InstalmentOffer, ...]
    subsidy: Subsidy
    pays: Pays | None
    policy: PolicyRef
    trace: tuple[Step, ...]


def decide_instalments(
    application: InstalmentApplication, *, policy: Policy, at: datetime
) -> InstalmentDecision:
    """The answer to a merchant's order. InputError where the currency is not the policy's."""
    refuse_foreign_currency(application.currency, policy.currency)
    page, terms = _page(policy, at), policy.instalment
    request: dict[str, Value] = {"order_amount_minor": application.order_amount_minor}
    reasons = page.asked(_against(application, terms), _FIELDS, request)
    ruling, spoken = page.knocked(terms.knockouts, request, application.context)
    outcome = min(Outcome.DECLINE if reasons else Outcome.APPROVE, ruling)
    reasons = [*reasons, *spoken]
    subsidy = Subsidy(
        terms.subsidy_share_ppm, terms.subsidy_budget_minor, application.subsidy_used_minor
    )
    if outcome is not Outcome.APPROVE:
        return _closed(page, outcome, reasons, subsidy)
    offers = tuple(_offers(application.order_amount_minor, terms, subsidy, at))
    reasons += _noted(page, offers, subsidy)
    judged = pays(application.order_amount_minor, _whole_share(offers, subsidy), terms)
    _note_pays(page, judged)
    return _closed(page, outcome, reasons, subsidy, offers=offers, judged=judged)


def stopped_instalments(
    application: InstalmentApplication, *, policy: Policy, at: datetime, by: str
) -> InstalmentDecision:
    """The answer while decisions are stopped by a switch: refer, and no instalments."""
    page, terms = _page(policy, at), policy.instalment
    page.stopped(by)
    subsidy = Subsidy(
        terms.subsidy_share_ppm, terms.subsidy_budget_minor, application.subsidy_used_minor
    )
    return _closed(page, Outcome.REFER, ["KILL_SWITCH"], subsidy)


def fee_minor(order_minor: int, count: int, fee_rate_ppm: int) -> int:
    """The fee of paying an order in `count` months, rounded up.

    The rate a year on what is still owed, over the average life of equal parts: (count + 1) / 2
    months.

    >>> [fee_minor(100_000, count, 120_000) for count in (3, 6, 12)]
    [2000, 3500, 6500]
    """
    return divided_up(order_minor * fee_rate_ppm * (count + 1), 2 * MONTHS_A_YEAR * MILLION)


def _page(policy: Policy, at: datetime) -> Page:
    return Page(INSTALMENT_OFFER, "instalment", policy, _NOTHING_READ, at)


def _against(asked: InstalmentApplication, terms: InstalmentTerms) -> Iterator[str]:
    if not terms.counts:
        yield "INSTALMENTS_NOT_OFFERED"
    if asked.order_amount_minor < terms.order_min_minor:
        yield "AMOUNT_BELOW_MINIMUM"
    if asked.order_amount_minor > terms.order_max_minor:
        yield "AMOUNT_ABOVE_MAXIMUM"


def _offers(
    order_minor: int, terms: InstalmentTerms, subsidy: Subsidy, at: datetime
) -> Iterator[InstalmentOffer]:
    for count in terms.counts:
        fee = fee_minor(order_minor, count, terms.fee_rate_ppm)
        paid = min(part_down(fee, subsidy.share_ppm), subsidy.left_minor)
        parts = tuple(_schedule(order_minor, fee - paid, count, at.date()))
        yield InstalmentOffer(count, fee, paid, parts)


def _whole_share(offers: tuple[InstalmentOffer, ...], subsidy: Subsidy) -> int:
    """The merchant's share of the dearest fee, uncut: what its lift was measured or assumed under.

    0 where it pays nothing at all.
    """
    if not any(offer.subsidy_minor for offer in offers):
        return 0
    return max(part_down(offer.fee_minor, subsidy.share_ppm) for offer in offers)


def _schedule(order_minor: int, fee: int, count: int, starts_on: date) -> Iterator[Part]:
    """Equal parts of order and fee; the last takes what rounding left over."""
    for place, days in enumerate(due_days(INSTALMENT_DAYS * count, EQUAL_PRINCIPAL), start=1):
        is_last = place == count
        principal = order_minor // count + (order_minor % count if is_last else 0)
        share = fee // count + (fee % count if is_last else 0)
        yield Part(starts_on + timedelta(days=days), principal + share, principal, share)


def _noted(page: Page, offers: tuple[InstalmentOffer, ...], subsidy: Subsidy) -> list[str]:
    """Notes each offer; the reason for which a merchant's share is cut, if it is."""
    cut = [_note_offer(page, offer, subsidy) for offer in offers]
    return ["SUBSIDY_BUDGET_REACHED"] if any(cut) else []


def _note_offer(page: Page, offer: InstalmentOffer, subsidy: Subsidy) -> bool:
    is_cut = offer.subsidy_minor < part_down(offer.fee_minor, subsidy.share_ppm)
    against = "of the month" if subsidy.held_against == MONTH else "held against this order alone"
    page.note(
        "instalments",
        f"the merchant pays {as_number(subsidy.share_ppm)} of the fee, at most "
        f"{subsidy.left_minor} of its budget {against}",
        "cut to the budget" if is_cut else "within",
        "subsidy_budget_minor" if is_cut else "subsidy_share",
        count=offer.count,
        fee_minor=offer.fee_minor,
        subsidy_minor=offer.subsidy_minor,
        consumer_fee_minor=offer.consumer_fee_minor,
    )
    return is_cut


def _note_pays(page: Page, judged: Pays) -> None:
    page.note(
        "does it pay",
        "extra margin at least the subsidy, for one order sold under it",
        f"{judged.verdict} ({judged.label})",
        "lift",
        cost_minor=judged.cost_minor,
        margin_minor=judged.margin_minor,
        lift=as_number(judged.lift.share_ppm),
    )


def _closed(
    page: Page,
    outcome: Outcome,
    reasons: list[str],
    subsidy: Subsidy,
    *,
    offers: tuple[InstalmentOffer, ...] = (),
    judged: Pays | None = None,
) -> InstalmentDecision:
    policy = page.policy
    valid_for = timedelta(minutes=policy.instalment.offer_valid_minutes)
    return InstalmentDecision(
        outcome,
        given(reasons),
        page.at + valid_for if outcome is Outcome.APPROVE else None,
        tuple(page.degraded),
        offers,
        subsidy,
        judged,
        PolicyRef(policy.name, policy.version, policy.sha256),
        tuple(page.trace),
    )
