"""Decisions as pages: what is given and asked is read from tests/cases, the answer compared."""

import difflib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.context import refuse_undeclared
from credit.policy.decide import Decision, Scored, decide_loan, decide_waiver
from credit.policy.decision import Offer, Step
from credit.policy.documents import Document, read_document
from credit.policy.evidence import Evidence, Freshness, Value
from credit.policy.instalments import (
    InstalmentApplication,
    InstalmentDecision,
    InstalmentOffer,
    decide_instalments,
)
from credit.policy.layers import chain, stacked
from credit.policy.lift import Pays
from credit.policy.offers import candidates
from credit.policy.room import Room
from credit.policy.terms import Policy

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in (ROOT / "tests" / "cases").glob("*.md") if path.stem != "README")
ANSWERED = "\n## Answered\n"
LOAN = re.compile(r"- a loan of ([\d,.]+) CNY for (\d+) days")
CHANGE = re.compile(r"^- but \[(\S+)\] (\w+) = (.+)$", re.MULTILINE)
FEATURE = re.compile(r"^- ([a-z0-9_]+_[a-z0-9_]+): (\S+)$", re.MULTILINE)
CONTEXT = re.compile(r"^- context\.(\w+): (\S+)$", re.MULTILINE)
INSTALMENTS = re.compile(r"- to pay an order of ([\d,.]+) CNY in instalments")
WAIVER = re.compile(r"- to skip a deposit of ([\d,.]+) CNY in (\w+), due (\S+)")


@dataclass(frozen=True)
class Page:
    """A page's first two parts."""

    text: str

    def lines(self, name: str) -> list[str]:
        return re.findall(rf"^- {re.escape(name)}:? (.+)$", self.text, re.MULTILINE)

    def line(self, name: str) -> str | None:
        return next(iter(self.lines(name)), None)

    def policy(self) -> Policy:
        name = self.line("policy")
        assert name, "a page names its policy"
        text = (ROOT / "partners" / "platform.toml").read_text(encoding="utf-8")
        for section, field, value in CHANGE.findall(self.text):
            text = _with_line(text, section, field, value)
        documents = {**shipped(), "platform": read_document(text)}
        assert name in documents, f"no document is called {name}"
        partner, _, scene = name.partition(".")
        return stacked(chain(documents, partner, scene or None))

    def context(self) -> dict[str, Value]:
        return {name: _value(said) for name, said in CONTEXT.findall(self.text)}

    def at(self) -> datetime:
        return _instant(self.line("at") or "")

    def room(self) -> Room:
        own, shared = self.line("room"), self.line("room under caps")
        return Room(own_minor=own and _minor(own), shared_minor=shared and _minor(shared))

    def evidence(self) -> Evidence:
        freshness = Freshness(self.line("freshness") or "fresh")
        as_of = self.line("as of")
        return Evidence(
            dict(self._features()),
            _instant(as_of) if as_of else None,
            freshness,
            self.line("detail") or "",
        )

    def _features(self) -> Iterator[tuple[str, Value]]:
        for name, said in FEATURE.findall(self.text):
            value = _value(said)
            yield name, None if isinstance(value, str) else value

    def scored(self, asked: list[tuple[int, int]]) -> list[Scored]:
        said = self.line("P(bad)")
        if said is None:
            return []
        less = float(self.line("P(bad) of less") or said)
        codes = tuple((self.line("because") or "").replace(",", " ").split())
        first, *rest = asked
        return [
            Scored(*first, float(said), codes),
            *(Scored(amount, days, less, codes) for amount, days in rest),
        ]


@cache
def shipped() -> dict[str, Document]:
    """Every document under partners/ by its name."""
    texts = (path.read_text("utf-8") for path in (ROOT / "partners").rglob("*.toml"))
    return {one.head.name: one for one in map(read_document, texts)}


def _value(said: str) -> Value:
    number = re.fullmatch(r"-?[\d_]+(\.\d+)?", said)
    return (float(said) if "." in said else int(said)) if number else said


def _with_line(text: str, section: str, field: str, value: str) -> str:
    head, found, tail = text.partition(f"\n[{section}]")
    assert found, f"the policy has no section {section}"
    changed, count = re.subn(rf"(?m)^{field} = .*$", f"{field} = {value}", tail, count=1)
    assert count, f"{section} has no {field}"
    return head + found + changed


def _minor(said: str) -> int:
    yuan, _, fen = said.replace(",", "").partition(".")
    return int(yuan) * 100 + int(fen or 0)


def _instant(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


def _money(minor: int) -> str:
    return f"{minor // 100:,}.{minor % 100:02}"


def decided(page: Page) -> Decision | InstalmentDecision:
    policy, at, context = page.policy(), page.at(), page.context()
    if asked := INSTALMENTS.search(page.text):
        refuse_undeclared(context, policy.instalment.context)
        spent = page.line("paid of fees this month")
        till = InstalmentApplication(
            "m1", _minor(asked[1]), "CNY", None, spent and _minor(spent), context
        )
        return decide_instalments(till, policy=policy, at=at)
    evidence, room = page.evidence(), page.room()
    if asked := LOAN.search(page.text):
        refuse_undeclared(context, policy.loan.context)
        loan = LoanApplication("a1", "m1", _minor(asked[1]), "CNY", int(asked[2]), context)
        grid = [(c.amount_minor, c.term_days) for c in candidates(loan, evidence, policy, room)]
        return decide_loan(loan, evidence, page.scored(grid), policy=policy, room=room, at=at)
    asked = WAIVER.search(page.text)
    assert asked, "a page asks for a loan, to skip a deposit, or for instalments"
    refuse_undeclared(context, policy.waiver.context)
    due_at = _instant(asked[3])
    order = WaiverApplication("u1", asked[2], _minor(asked[1]), "CNY", due_at, context)
    scored = page.scored([(order.deposit_minor, 1)])
    return decide_waiver(order, evidence, scored, policy=policy, room=room, at=at)


def answered(decision: Decision | InstalmentDecision) -> str:
    return "\n".join(_answer(decision)) + "\n"


def _answer(decision: Decision | InstalmentDecision) -> Iterator[str]:
    yield f"\n**{decision.outcome.word}**\n"
    for reason in decision.reasons:
        yield f"- {reason.source}: {reason.code} ({reason.message})"
    if isinstance(decision, InstalmentDecision):
        yield from _till(decision)
    else:
        yield from _credit(decision)
    yield "\nSteps:\n"
    for place, step in enumerate(decision.trace, start=1):
        yield f"{place}. {_step(step)}"


def _step(step: Step) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in step.inputs) or "nothing known"
    layer = "" if step.layer == "platform" else f" [{step.layer}]"
    return f"{step.step}: {facts}; {step.comparison}: {step.result}{layer}"


def _credit(decision: Decision) -> Iterator[str]:
    if decision.probability is not None:
        yield f"- P(bad) {decision.probability}, score {decision.score}, band {decision.band}"
    for why in decision.degraded:
        yield f"- degraded: {why}"
    if decision.expires_at:
        yield f"- until {decision.expires_at:%Y-%m-%d %H:%M}"
    if decision.product == "deposit-waiver":
        credit, due = _money(decision.credit_minor), _money(decision.deposit_due_minor)
        yield f"- waived {credit}, due {due}"
    if decision.offers:
        yield f"- limit {_money(decision.limit_minor)}\n"
        yield "| offer | days | rate | fees | instalments | first due | to repay |"
        yield "|---|---|---|---|---|---|---|"
        yield from (_offer(one) for one in decision.offers)


def _offer(offer: Offer) -> str:
    due = offer.schedule
    first = f"{_money(due[0].due_minor)} on {due[0].due_on}"
    total = _money(sum(one.due_minor for one in due))
    rate = f"{offer.apr_ppm / 10_000:.2f} %"
    cells = (_money(offer.amount_minor), offer.term_days, rate, _money(offer.fees_minor))
    return f"| {' | '.join(map(str, cells))} | {len(due)} | {first} | {total} |"


def _till(decision: InstalmentDecision) -> Iterator[str]:
    if decision.pays is None:
        return
    yield f"- until {decision.expires_at:%Y-%m-%d %H:%M}"
    yield f"- the budget is held against one {decision.subsidy.held_against}"
    yield f"- does it pay: {_verdict(decision.pays)}\n"
    yield "| instalments | each | last | fee | merchant pays | customer pays |"
    yield "|---|---|---|---|---|---|"
    yield from (_count(one) for one in decision.offers)


def _verdict(judged: Pays) -> str:
    lift = f"lift {_percent(judged.lift.share_ppm)}"
    if judged.lift.low_ppm is not None and judged.lift.high_ppm is not None:
        lift += f" ({_percent(judged.lift.low_ppm)} to {_percent(judged.lift.high_ppm)})"
    even = judged.break_even_ppm
    least = "no lift would do" if even is None else f"breaks even at {_percent(even)}"
    cost, margin = _money(judged.cost_minor), _money(judged.margin_minor)
    told = f"{judged.label} {', '.join(judged.assumptions)}".strip()
    return f"**{judged.verdict}** ({told}): costs {cost}, brings {margin}; {lift}, {least}"


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.2f} %"


def _count(offer: InstalmentOffer) -> str:
    shares = (offer.fee_minor, offer.subsidy_minor, offer.consumer_fee_minor)
    each, last = offer.schedule[0].due_minor, offer.schedule[-1].due_minor
    return f"| {offer.count} | {' | '.join(map(_money, (each, last, *shares)))} |"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_policy_answers_as_the_page_says(path: Path) -> None:
    page, _, before = path.read_text(encoding="utf-8").partition(ANSWERED)
    now = answered(decided(Page(page)))
    if os.environ.get("REGENERATE") == "cases":
        path.write_text(page + ANSWERED + now, encoding="utf-8")
        return
    diff = difflib.unified_diff(
        before.splitlines(), now.splitlines(), "page", "policy", lineterm=""
    )
    assert before == now, "\n".join(["answered otherwise than the page says:", *diff])


def outcomes(pages: list[str]) -> set[str]:
    return {found for page in pages for found in re.findall(r"^\*\*(\w+)\*\*$", page, re.MULTILINE)}


def test_every_product_has_pages_and_each_outcome_is_seen() -> None:
    pages = [path.read_text(encoding="utf-8") for path in PAGES]
    assert len(pages) >= 25
    for pattern in (LOAN, WAIVER):
        found = outcomes([page for page in pages if pattern.search(page)])
        assert found == {"approve", "refer", "decline"}
    at_tills = [page for page in pages if INSTALMENTS.search(page)]
    assert outcomes(at_tills) == {"approve", "decline"}  # nobody waits for a person there


def test_every_partner_has_pages_that_approve_and_that_do_not() -> None:
    pages = [path.read_text(encoding="utf-8") for path in PAGES]
    partners = [name for name, one in shipped().items() if one.head.layer == "partner"]
    assert len(partners) >= 6
    for name in partners:
        own = [page for page in pages if re.search(rf"(?m)^- policy: {name}(\.|$)", page)]
        assert "approve" in (seen := outcomes(own)), name
        assert seen - {"approve"}, name


def test_a_page_that_says_otherwise_is_found() -> None:
    page, _, before = PAGES[0].read_text(encoding="utf-8").partition(ANSWERED)
    tighter = page.replace("- policy: platform", "- policy: platform\n- but [loan] offers_max = 1")
    tighter = tighter.replace("P(bad): 0.", "P(bad): 0.9")
    assert answered(decided(Page(tighter))) != before
