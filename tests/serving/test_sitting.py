"""Cases that wait together are heard together, and each bears its own fate alone."""

import asyncio
import json
import threading
from dataclasses import dataclass, field

import pytest

from credit.policy.evidence import Evidence, Freshness
from serving.cases import loan_case, waiver_case
from serving.problems import RequestError
from serving.sitting import CASES_MAX
from serving.underwrite import underwrite


def hear(branch, cases):
    async def together():
        sitting = branch.office.sitting
        return await asyncio.gather(*map(sitting.hear, cases), return_exceptions=True)

    return [getattr(told, "entry", told) for told in asyncio.run(together())]


@pytest.fixture
def cases(loan, waiver):
    """Loans and waivers in turn, of different people."""
    loans = [
        loan_case(
            json.dumps(
                loan(application_id=f"a{n}", merchant_id=f"m{n}", amount_minor=10**5 * (n + 1))
            ).encode()
        )
        for n in range(6)
    ]
    waivers = [waiver_case(json.dumps(waiver(user_id=f"u{n}")).encode()) for n in range(6)]
    return [case for pair in zip(loans, waivers, strict=True) for case in pair]


def comparable(entry):
    """All but what names this one decision."""
    own = {"decision_id", "decided_at", "reference_id"}
    decision = {k: v for k, v in entry["decision"].items() if k not in own}
    return {k: v for k, v in entry.items() if k not in own} | {"decision": decision}


def test_heard_together_or_alone_the_decisions_are_the_same(branch, cases):
    for place, case in enumerate(cases):  # each its own values, so that a mix-up shows
        source = branch.evidence[case.product]
        source.told[case.entity_id] = Evidence(
            source.values | {"turnover": float(place)}, None, Freshness.FRESH
        )
    branch.evidence["merchant-loan"].told["m3"] = Evidence({}, None, Freshness.STALE, "old")
    branch.scorer.score = lambda rows: [
        0.001 * row["turnover"] + row["request_amount_minor"] / 10**9 for row in rows
    ]
    together = hear(branch, cases)
    alone = [underwrite(case, branch.office.desk).entry for case in cases]
    assert [comparable(entry) for entry in together] == [comparable(entry) for entry in alone]
    assert [entry["entity_id"] for entry in together] == [case.entity_id for case in cases]


def test_one_sitting_reads_once_and_asks_the_model_once_for_each_product(branch, cases):
    calls = []
    score = branch.scorer.score
    branch.scorer.score = lambda rows: (calls.append(len(rows)), score(rows))[1]
    hear(branch, cases)
    assert [source.calls for source in branch.evidence.values()] == [1, 1]
    assert len(calls) == 2


def test_a_refusal_touches_nobody_else(branch, cases, waiver):
    late = waiver_case(json.dumps(waiver(due_at="2020-01-01T00:00:00Z")).encode())
    told = hear(branch, [cases[0], late, cases[1]])
    assert isinstance(told[1], RequestError)
    assert [entry["entity_id"] for entry in (told[0], told[2])] == ["m0", "u0"]


def test_a_case_that_breaks_the_model_breaks_itself_alone(branch, cases):
    def score(rows):
        if any(row["request_amount_minor"] == 300_000 for row in rows):
            raise ZeroDivisionError
        return [0.02 for _ in rows]

    branch.scorer.score = score
    told = hear(branch, cases)
    broken = [
        case.entity_id
        for case, one in zip(cases, told, strict=True)
        if isinstance(one, ZeroDivisionError)
    ]
    assert "m2" in broken
    assert "m0" not in broken
    assert all(not name.startswith("u") for name in broken)


@dataclass
class Gated:
    """Notes who is asked for; the first question waits until the gate is opened."""

    well: object
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list = field(default_factory=list)

    def read(self, entity_ids, *, now):
        self.asked.append(list(entity_ids))
        self.gate.wait(0.1)
        return self.well.read(entity_ids, now=now)


@pytest.fixture
def gated(branch):
    """A source of waivers' features that is busy with the first case until its gate is opened."""
    branch.evidence["deposit-waiver"] = Gated(branch.evidence["deposit-waiver"])
    return branch.evidence["deposit-waiver"]


@pytest.fixture
def crowd(waiver):
    """Waivers of many people."""
    return [waiver_case(json.dumps(waiver(user_id=f"u{n}")).encode()) for n in range(40)]


def test_cases_that_come_while_a_sitting_is_busy_are_heard_together(branch, gated, crowd):
    async def come_late():
        first = asyncio.create_task(branch.office.sitting.hear(crowd[0]))
        await asyncio.sleep(0.01)
        late = [asyncio.create_task(branch.office.sitting.hear(case)) for case in crowd[1:]]
        await asyncio.sleep(0.01)
        gated.gate.set()
        return await asyncio.gather(first, *late)

    told = [one.entry for one in asyncio.run(come_late())]
    assert [entry["entity_id"] for entry in told] == [case.entity_id for case in crowd]
    assert {entry["decision"]["outcome"] for entry in told} == {"approve"}
    assert [len(ids) for ids in gated.asked] == [1, CASES_MAX, CASES_MAX, 7]


def test_who_went_away_is_not_heard_and_nobody_else_minds(branch, gated, crowd):
    async def leave():
        asked = [asyncio.create_task(branch.office.sitting.hear(case)) for case in crowd[:18]]
        await asyncio.sleep(0.01)
        for place in (1, 16):  # one is before the desk, one waits for the next sitting
            asked[place].cancel()
        gated.gate.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    told = asyncio.run(leave())
    gone = [place for place, one in enumerate(told) if isinstance(one, asyncio.CancelledError)]
    assert gone == [1, 16]
    assert [told[place].entry["entity_id"] for place in (0, 2, 15, 17)] == [
        "u0",
        "u2",
        "u15",
        "u17",
    ]
    assert gated.asked[1] == ["u17"]
