"""Both policies over a population: each part under its own stack, the answers as columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from credit.contract import MERCHANT_LOAN
from credit.money import MILLION
from credit.policy.terms import Policy
from monitoring.simulation.answering import Answered, both_answers
from monitoring.simulation.contest import Contest
from monitoring.simulation.population import Population
from monitoring.simulation.scoring import Scoring


@dataclass(frozen=True, slots=True)
class Decided:
    """A population as far as the candidate covers it, part by part, and both answers to it.

    `industry`: of the merchant where the evidence says it, else that its partner stands in.
    `cut_offs`: P(bad) up to which each of both policies approves and refers, where all rows share
    them; `bands` their order. `scoring`: how many candidates were found scored, or were scored now.
    """

    people: Population
    candidate: Answered
    current: Answered
    industry: Any
    cut_offs: tuple[tuple[float, float], tuple[float, float]] | None
    bands: tuple[str, ...]
    scoring: Scoring


def decided(people: Population, contest: Contest, scoring: Scoring) -> Decided | None:
    """Both answers to every request that the candidate covers; None where it covers none."""
    parts = list(contest.parts(people.partner, people.requested.scene))
    if not parts:
        return None
    covered = people.take(np.concatenate([rows for _, rows in parts]))
    answers, industries, begin = [], [], 0
    for pair, rows in parts:
        answers.append(both_answers(covered.take(slice(begin, begin + len(rows))), pair, scoring))
        industries.append(np.full(len(rows), pair.industry, object))
        begin += len(rows)
    candidate, current = (_joined([one[side] for one in answers]) for side in (0, 1))
    return Decided(
        people=covered,
        candidate=candidate,
        current=current,
        industry=_industry(covered, np.concatenate(industries)),
        cut_offs=_cut_offs(people.product, [(one.candidate, one.current) for one, _ in parts]),
        bands=_bands(people.product, [one.current for one, _ in parts]),
        scoring=scoring,
    )


def _joined(parts: list[Answered]) -> Answered:
    names = Answered.__slots__
    return Answered(
        **{name: np.concatenate([getattr(one, name) for one in parts]) for name in names}
    )


def _industry(people: Population, of_partner: Any) -> Any:
    if "industry" not in people.known.column_names:
        return of_partner
    own = np.array(people.known["industry"].to_pylist(), object)
    return np.where(own == None, of_partner, own)  # noqa: E711 - asked of each row


def _cut_offs(
    product: str, pairs: list[tuple[Policy, Policy]]
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The cut-offs of both, where every part has the same."""
    found = {tuple(_cut_off(product, one) for one in pair) for pair in pairs}
    return found.pop() if len(found) == 1 else None  # type: ignore[return-value]  # a pair each


def _cut_off(product: str, policy: Policy) -> tuple[float, float]:
    terms = policy.loan if product == MERCHANT_LOAN else policy.waiver
    return terms.approve_probability_max_ppm / MILLION, terms.refer_probability_max_ppm / MILLION


def _bands(product: str, policies: list[Policy]) -> tuple[str, ...]:
    """All bands, in the order of the first policy that names them."""
    named = (
        band.name
        for policy in policies
        for band in (policy.loan if product == MERCHANT_LOAN else policy.waiver).bands
    )
    return tuple(dict.fromkeys(named))
