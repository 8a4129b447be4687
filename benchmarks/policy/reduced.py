"""The part of a waiver that a decision table can hold, in both evaluators.

Covered: scene, size and length of the order, the knock-outs, the cut-off and the band, to an
outcome and a share of the deposit. Not covered: reasons in order of precedence, ceilings, rooms and
the user's open deposits (amounts of money), stale evidence, those without history. The reduced
policy makes what is not covered neutral, so that both must answer the same.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from credit.money import MILLION
from credit.policy.decision import Outcome
from credit.policy.evidence import Freshness
from credit.policy.knockouts import MEMBERSHIP, PASSES
from credit.policy.many import UNBOUNDED, WaiverAnswers, WaiverCases, code_of
from credit.policy.terms import Policy
from credit.policy.waiver_terms import WaiverTerms

AMPLE_MINOR = 10**12
INPUTS = ("scene", "deposit_minor", "duration_days", "probability_ppm")
CHUNK = 1_000


def reduced(policy: Policy) -> Policy:
    """The same policy without ceilings: what is waived is the band's share of the deposit."""
    waiver = policy.waiver
    scenes = {
        name: replace(scene, credit_max_minor=AMPLE_MINOR, partial_allowed=True)
        for name, scene in waiver.scenes.items()
    }
    bands = tuple(replace(band, credit_max_minor=AMPLE_MINOR) for band in waiver.bands)
    ample = replace(
        waiver, scenes=scenes, bands=bands, user_max_minor=AMPLE_MINOR, credit_min_minor=1
    )
    return replace(policy, waiver=ample)


def fresh(cases: WaiverCases, count: int) -> WaiverCases:
    """The first cases, all with fresh evidence, room and nothing waived yet."""
    few = cases.part(slice(0, count))
    unbounded = np.full(count, UNBOUNDED)
    return replace(
        few,
        freshness=np.full(count, code_of(Freshness.FRESH), np.int8),
        values=dict(few.values) | {"holds_open_minor": np.zeros(count)},
        own_room_minor=unbounded,
        shared_room_minor=unbounded,
    )


def graph(terms: WaiverTerms) -> str:
    """The decision table as the engine's JSON, first hit wins: declines, then bands."""
    facts = tuple(dict.fromkeys(row.feature for row in terms.knockouts))
    rules = [_declining({"scene": f"not in {json.dumps(list(terms.scenes))}"})]
    for name, scene in terms.scenes.items():
        word = json.dumps(name)
        rules.append(_declining({"scene": word, "deposit_minor": f"> {scene.deposit_max_minor}"}))
        rules.append(_declining({"scene": word, "duration_days": f"> {scene.duration_days_max}"}))
    for row in terms.knockouts:
        assert row.missing == PASSES
        assert row.outcome == "decline"
        assert row.op not in MEMBERSHIP
        rules.append(_declining({row.feature: f"{row.op} {row.value}"}))
    assert terms.approve_probability_max_ppm == terms.refer_probability_max_ppm
    rules.append(_declining({"probability_ppm": f"> {terms.refer_probability_max_ppm}"}))
    for band in terms.bands:
        when = {"probability_ppm": f"<= {band.probability_to_ppm}"}
        rules.append(when | {"outcome": "'approve'", "share_ppm": str(band.credit_share_ppm)})
    return json.dumps(_nodes((*INPUTS, *facts), rules))


def _declining(when: dict[str, str]) -> dict[str, str]:
    return when | {"outcome": "'decline'", "share_ppm": "0"}


def _nodes(inputs: Sequence[str], rules: Sequence[dict[str, str]]) -> dict[str, Any]:
    outputs = ("outcome", "share_ppm")
    cells = (*inputs, *outputs)
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in inputs],
        "outputs": [{"id": name, "name": name, "field": name} for name in outputs],
        "rules": [
            {"_id": str(place)} | {name: rule.get(name, "") for name in cells}
            for place, rule in enumerate(rules)
        ],
    }
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }


def contexts(cases: WaiverCases, terms: WaiverTerms) -> list[dict[str, Any]]:
    """The cases as the engine takes them, facts that are not known as null."""
    facts = {row.feature: cases.values[row.feature].tolist() for row in terms.knockouts}
    ppm = np.rint(cases.probability * MILLION).astype(int).tolist()
    deposits, days = cases.deposit_minor.tolist(), cases.duration_days.tolist()
    return [
        {
            "scene": cases.scene.words[cases.scene.codes[row]],
            "deposit_minor": deposits[row],
            "duration_days": days[row],
            "probability_ppm": ppm[row],
        }
        | {name: None if it[row] != it[row] else it[row] for name, it in facts.items()}
        for row in range(len(cases))
    ]


class Table:
    """The engine with the table compiled once."""

    def __init__(self, terms: WaiverTerms) -> None:
        import zen

        content = zen.ZenDecisionContent(graph(terms))
        self._engine = zen.ZenEngine({"loader": lambda _: content})

    def answers(self, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Every answer, asked for in batches: its quickest door."""
        found: list[dict[str, Any]] = []
        for at in range(0, len(asked), CHUNK):
            batch = [{"key": "waiver", "context": one} for one in asked[at : at + CHUNK]]
            found += [one["data"]["result"] for one in self._engine.evaluate_batch(batch)]
        return found


def refuse_different(cases: WaiverCases, ours: WaiverAnswers, theirs: list[dict[str, Any]]) -> None:
    """The benchmark fails unless both answer every case alike."""
    for row, said in enumerate(theirs):
        share = int(said["share_ppm"]) if said["outcome"] == "approve" else 0
        credit = int(cases.deposit_minor[row]) * share // MILLION
        approved = Outcome.APPROVE if credit else Outcome.DECLINE
        assert (ours.outcome[row], ours.credit_minor[row]) == (approved, credit), (row, said)
