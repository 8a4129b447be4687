"""Cases that wait together are heard together, and each bears its own fate alone."""

import asyncio
import json

import pytest

from credit.policy.evidence import Evidence, Freshness
from serving.cases import loan_case, waiver_case
from serving.problems import RequestError
from serving.underwrite import underwrite


def hear(branch, cases):
    async def together():
        sitting = branch.office.sitting
        return await asyncio.gather(*map(sitting.hear, cases), return_exceptions=True)

    return asyncio.run(together())


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
    alone = [underwrite(case, branch.office.desk) for case in cases]
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
