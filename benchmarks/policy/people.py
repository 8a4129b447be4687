"""The same requests as a simulation reads them: of partners with and without policies of their own.

Scores, rooms and answers stand there as a journal would have recorded them under the policies in
force; every feature of the catalogue is a column, as in a journal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from benchmarks.policy.population import loan_risks, loans, waivers
from credit.contract import DEPOSIT_WAIVER, ENTITY_OF, MERCHANT_LOAN
from credit.policy.documents import Document, read_document
from credit.policy.evidence import Freshness
from credit.policy.layers import chain, stacked
from credit.policy.many import (
    UNBOUNDED,
    Grid,
    LoanCases,
    WaiverCases,
    candidates_many,
    code_of,
    columns,
    decide_loans,
    decide_waivers,
)
from credit.policy.terms import Policy
from features.catalogue import ENTITY_FEATURES
from features.definition import CATEGORY
from monitoring.simulation.population import (
    MATURED,
    NO_LINE,
    NOT_MATURED,
    WITHOUT,
    Outcomes,
    Population,
    Requested,
    Room,
    Scores,
    words,
)

ROOT = Path(__file__).resolve().parents[2]
Documents = Mapping[str, Document]
Random = np.random.Generator
C = TypeVar("C", LoanCases, WaiverCases)

UNDOCUMENTED = ("corner_shop", "old_town_inn", "river_ferry")  # stand under the platform alone
LENDING = ("bright_school", "corner_cabinet", "smile_dental", "wander_travel")
OWN_SHARE = 0.6  # of a scene's orders: from the partner that has a policy for it
SENT_ALONG = {
    "bright_school": ("attendance_share", (0.5, 0.8, 0.95)),
    "city_bikes": ("bike_kind", ("city", "electric", "cargo")),
    "clear_clinics": ("insured_share", (0.2, 0.5, 1.0)),
    "corner_cabinet": ("camera_working", ("yes", "yes", "no")),
    "harbour_hotels": ("booked_by", ("member", "website", "walk_in")),
    "volt_banks": ("slots_free", (0.0, 4.0, 9.0)),
}
INDUSTRIES = ("food", "retail", "travel", "health_care", None)
EVENLY_UP_TO = {  # features that a rule looks at; the others lie between 0 and 1
    "active_days_90d": 90.0,
    "holds_late_180d": 3.2,
    "refund_rate_90d": 0.2,
    "registered_days": 1_500.0,
}
ENTITIES = {MERCHANT_LOAN: 60_000, DEPOSIT_WAIVER: 250_000}
THREADS = 2


@dataclass(frozen=True, slots=True)
class Drawn:
    """One product's requests for a simulation, and the same as the evaluator takes them."""

    people: Population
    cases: LoanCases | WaiverCases


def shipped() -> dict[str, Document]:
    """Every document that the platform ships, by name."""
    paths = sorted((ROOT / "partners").rglob("*.toml"))
    read = [read_document(one.read_text(encoding="utf-8")) for one in paths]
    return {one.head.name: one for one in read}


def merchants(random: Random, count: int, found: Documents) -> Drawn:
    """Loans asked for through partners with and without a policy, candidates scored then."""
    cases = _known_whole(random, MERCHANT_LOAN, loans(random, count, stacked(chain(found, ""))))
    partner = _drawn(random, (*LENDING, *UNDOCUMENTED), count)
    asked = Requested(cases.amount_minor, cases.term_days, words([None] * count), _nothing(count))
    people = _people(random, MERCHANT_LOAN, cases, asked, partner)
    people = replace(people, scores=_loan_scores(random, cases, people, found))
    return _remembered(Drawn(people, cases), found)


def users(random: Random, count: int, found: Documents) -> Drawn:
    """Orders in the platform's scenes; some partners send along what their rules ask for."""
    cases = _known_whole(random, DEPOSIT_WAIVER, waivers(random, count, stacked(chain(found, ""))))
    scene = np.array(cases.scene.words, object)[cases.scene.codes]
    own = {one.head.scene: one.head.parent for one in found.values() if one.head.scene}
    partner = _drawn(random, UNDOCUMENTED, count)
    for word, name in own.items():
        partner[(scene == word) & (random.random(count) < OWN_SHARE)] = name
    context = _nothing(count)
    for name, (fact, values) in SENT_ALONG.items():
        for row in np.flatnonzero(partner == name).tolist():
            context[row] = {fact: values[row % len(values)]}
    asked = Requested(cases.deposit_minor, cases.duration_days, scene, context)
    cases = replace(
        cases,
        context=columns(context.tolist()),
        probability=np.where(_fresh(cases), cases.probability, np.nan),
    )
    people = _people(random, DEPOSIT_WAIVER, cases, asked, partner)
    return _remembered(Drawn(people, cases), found)


def _people(
    random: Random,
    product: str,
    cases: LoanCases | WaiverCases,
    asked: Requested,
    partner: Any,
) -> Population:
    """All but what was answered, and but the scores of loans."""
    count = len(cases)
    risk = cases.probability if isinstance(cases, WaiverCases) else np.full(count, np.nan)
    valid = ~np.isnan(risk)
    single = (asked.amount_minor, asked.duration_days, np.nan_to_num(risk), valid)
    return Population(
        product=product,
        known=_table(random, product, cases),
        freshness=cases.freshness,
        requested=asked,
        scores=Scores(*(one[:, None] for one in single), np.zeros(count, np.int16), ("m" * 64,)),
        room=Room(_line(cases.own_room_minor), _line(cases.shared_room_minor), is_kept=True),
        outcomes=_outcomes(random, count),
        partner=partner,
        entity_id=words([f"E{one:07d}" for one in random.integers(0, ENTITIES[product], count)]),
        recorded=np.full(count, -1, np.int8),
        recorded_policy=words(["p" * 64] * count),
    )


def _known_whole(random: Random, product: str, cases: C) -> C:
    """The same with every numeric feature; those that were not drawn yet are drawn evenly."""
    count = len(cases)
    values = {
        one.name: random.random(count) * EVENLY_UP_TO.get(one.name, 1.0)
        for one in ENTITY_FEATURES[ENTITY_OF[product]]
        if one.dtype != CATEGORY
    }
    return replace(cases, values=values | dict(cases.values))


def _table(random: Random, product: str, cases: LoanCases | WaiverCases) -> pa.Table:
    """Every feature as a simulation reads it, missing ones null."""
    found = {}
    for one in ENTITY_FEATURES[ENTITY_OF[product]]:
        if one.dtype == CATEGORY:
            found[one.name] = pa.array(_drawn(random, INDUSTRIES, len(cases)), pa.string())
        else:
            found[one.name] = pa.array(cases.values[one.name], pa.float64(), from_pandas=True)
    return pa.table(found)


def _loan_scores(random: Random, cases: LoanCases, people: Population, found: Documents) -> Scores:
    """The candidates that the policies in force tried, packed as a journal lists them."""
    parts = []
    for policy, rows in _parts(people, found):
        asked = cases.part(rows)
        grid = candidates_many(asked, policy, threads=THREADS)
        valid = grid.valid & _fresh(asked)[:, None]
        order = np.argsort(~valid, axis=1, kind="stable")
        packed = (grid.amount_minor, grid.term_days, loan_risks(random, asked, grid), valid)
        parts.append((rows, [np.take_along_axis(one, order, axis=1) for one in packed]))
    width = max(int(packed[3].sum(axis=1).max()) for _, packed in parts)
    kinds = (np.int64, np.int64, np.float64, np.bool_)
    whole = [np.zeros((len(cases), width), kind) for kind in kinds]
    for rows, packed in parts:
        for column, one in zip(whole, packed, strict=True):
            column[rows, : one.shape[1]] = one[:, :width]
    return replace(people.scores, **dict(zip(Scores.__slots__, whole, strict=False)))


def _remembered(drawn: Drawn, found: Documents) -> Drawn:
    recorded, _ = answers(drawn, found)
    return replace(drawn, people=replace(drawn.people, recorded=recorded))


def answers(drawn: Drawn, found: Documents) -> tuple[Any, Any]:
    """Outcomes and what is given, asked of the evaluator itself, without a simulation."""
    outcome = np.full(len(drawn.cases), -1, np.int8)
    given = np.zeros(len(drawn.cases))
    for policy, rows in _parts(drawn.people, found):
        asked = drawn.cases.part(rows)
        if isinstance(asked, WaiverCases):
            waived = decide_waivers(asked, policy, threads=THREADS)
            outcome[rows], given[rows] = waived.outcome, waived.credit_minor
        else:
            scored = asked.scored(*_scored(asked, policy, drawn.people.scores, rows))
            lent = decide_loans(scored, policy, threads=THREADS)
            outcome[rows], given[rows] = lent.outcome, lent.offers.amount_minor[:, 0]
    return outcome, given


def _scored(asked: LoanCases, policy: Policy, scores: Scores, rows: Any) -> tuple[Grid, Any]:
    """The candidates of a policy with the scores recorded, which stand in the same order."""
    grid = candidates_many(asked, policy, threads=THREADS)
    grid = grid._replace(valid=grid.valid & _fresh(asked)[:, None])
    there = scores.valid[rows]
    for tried, then in (
        (grid.amount_minor, scores.amount_minor),
        (grid.term_days, scores.term_days),
    ):
        assert np.array_equal(tried[grid.valid], then[rows][there])
    probability = np.zeros(grid.valid.shape)
    probability[grid.valid] = scores.probability[rows][there]
    return grid, probability


def _parts(people: Population, found: Documents) -> Iterator[tuple[Policy, Any]]:
    """Each partner's requests in each scene, with the policy in force there."""
    for name in sorted(set(people.partner)):
        mine = np.flatnonzero(people.partner == name)
        for scene in set(people.requested.scene[mine]):
            rows = mine[people.requested.scene[mine] == scene]
            yield stacked(chain(found, name, scene)), rows


def _outcomes(random: Random, count: int) -> Outcomes:
    states = np.array([WITHOUT, NOT_MATURED, MATURED], np.int8)
    state = random.choice(states, count, p=[0.4, 0.2, 0.4])
    bad = np.where(random.random(count) < 0.04, 1.0, 0.0)
    return Outcomes(state, np.where(state == MATURED, bad, np.nan))


def _fresh(cases: LoanCases | WaiverCases) -> Any:
    return cases.freshness == code_of(Freshness.FRESH)


def _line(left_minor: Any) -> Any:
    return np.where(left_minor == UNBOUNDED, NO_LINE, left_minor)


def _drawn(random: Random, names: tuple[str | None, ...], count: int) -> Any:
    return np.array(names, object)[random.integers(0, len(names), count)]


def _nothing(count: int) -> Any:
    return words([{} for _ in range(count)])
