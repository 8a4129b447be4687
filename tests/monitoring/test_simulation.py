"""A simulation says what the scalar evaluator says, case by case, and hides nothing it lacks."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from credit.errors import InputError
from credit.policy.decision import Outcome
from credit.policy.documents import Document, read_document
from credit.policy.layers import chain, stacked
from models.registry import Registry
from models.score import Scorer
from monitoring.simulation.contest import contest_of
from monitoring.simulation.journal_population import journal_populations
from monitoring.simulation.outcomes import NOTHING_KNOWN, Known
from monitoring.simulation.page import render
from monitoring.simulation.result import Simulated
from monitoring.simulation.run import Ground, simulate
from records.journal import Entry, scan
from records.store import Records, open_records
from serving.assembly import open_office
from serving.cases import case_of
from serving.settings import Settings, read_settings
from tests.stand.one_by_one import Single, lively_home, requests_of, single
from tests.stand.whole_service import NOW, environment_of

PLATFORM = (files("partners") / "platform.toml").read_text(encoding="utf-8")
PARTNERS = ("local", "city_bikes")
NO_OUTCOMES = {MERCHANT_LOAN: NOTHING_KNOWN, DEPOSIT_WAIVER: NOTHING_KNOWN}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home in which a few hundred decisions were made, by two partners."""
    home = lively_home(tmp_path_factory.mktemp("simulation"))
    for partner in PARTNERS:
        own = read_settings({**environment_of(home), "VOUCH_PARTNER": partner})
        office = open_office(own)
        for body in requests_of(partner):
            office.answer_now(case_of(json.dumps(body).encode()))
        office.close()
    return own


@pytest.fixture(scope="module")
def records(settings: Settings) -> Iterator[Records]:
    opened = open_records(settings.database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def entries(records: Records) -> list[Entry]:
    return list(scan(records))


@pytest.fixture(scope="module")
def live(records: Records) -> dict[str, Document]:
    from records.publishing import documents_at

    with records.reading() as connection:
        return documents_at(connection, NOW)


def _middle(entries: list[Entry], product: str, cut_off: float) -> float:
    """A P(bad) that divides about evenly what a cut-off lets through, whatever the model says."""
    scored = (
        one["scored"][0]["probability"]
        for one in entries
        if one["product"] == product and one["scored"]
    )
    passing = [probability for probability in scored if probability <= cut_off]
    assert len(passing) >= 10, "too few requests pass the cut-off for a tighter one to show"
    return round(float(np.median(passing)), 6)


@pytest.fixture(scope="module")
def tighter(entries: list[Entry], live: Mapping[str, Document]) -> Document:
    """The platform's policy with cut-offs through the middle of the requests."""
    loans = _middle(entries, MERCHANT_LOAN, 0.12)
    waivers = _middle(entries, DEPOSIT_WAIVER, 0.06)
    text = re.sub(r'version = ".*"', 'version = "tight"', live["platform"].text, count=1)
    text = text.replace("approve_probability_max = 0.12", f"approve_probability_max = {loans}")
    before = "approve_probability_max = 0.06\nrefer_probability_max = 0.06"
    assert before in text
    after = f"approve_probability_max = {waivers}\nrefer_probability_max = 0.06"
    return read_document(text.replace(before, after))


@pytest.fixture(scope="module")
def otherwise(tighter: Document) -> Document:
    """A policy that also tries counter-offers that nobody scored when they were decided."""
    text = tighter.text.replace(
        "counter_shares = [0.8, 0.6, 0.4, 0.2, 0.1, 0.05]", "counter_shares = [0.9, 0.5, 0.1]"
    )
    assert text != tighter.text
    return read_document(text)


Run = Callable[..., Simulated]


@pytest.fixture(scope="module")
def run(records: Records, settings: Settings, live: Mapping[str, Document]) -> Run:
    def simulated(
        candidate: Document, known: Mapping[str, Known] = NO_OUTCOMES, **ground: Any
    ) -> Simulated:
        populations = journal_populations(records, known)
        told = {"protected": {}, "outcomes_given": False} | ground
        home = told.pop("home", settings.home)
        contest = contest_of(candidate, None, live, {})
        return simulate(contest, Ground("the journal", populations, **told), home)

    return simulated


Singly = Callable[[Document | None, str], list[Single]]


@pytest.fixture(scope="module")
def singly(entries: list[Entry], settings: Settings, live: Mapping[str, Document]) -> Singly:
    def decided(candidate: Document | None, product: str) -> list[Single]:
        documents = {**live, **({candidate.head.name: candidate} if candidate else {})}
        scorer = Scorer(Registry(settings.home).champion(product))
        mine = [one for one in entries if one["product"] == product]
        stacks = [chain(documents, one["partner"], one["request"].get("scene")) for one in mine]
        return [
            single(entry, stacked(stack), scorer) for entry, stack in zip(mine, stacks, strict=True)
        ]

    return decided


@pytest.mark.parametrize("product", [MERCHANT_LOAN, DEPOSIT_WAIVER])
@pytest.mark.parametrize("which", ["tighter", "otherwise"])
def test_figures_are_those_of_deciding_one_by_one(
    run: Run, singly: Singly, request: pytest.FixtureRequest, product: str, which: str
) -> None:
    candidate = request.getfixturevalue(which)
    figures = run(candidate).simulation.products[product]
    ours, theirs = singly(candidate, product), singly(None, product)
    assert figures.requests == len(ours) == 300
    for side, decided in (("candidate", ours), ("current", theirs)):
        for word, sides in figures.rates.items():
            share = sum(one.decision.outcome.word == word for one in decided) / len(decided)
            assert getattr(sides, side).value == pytest.approx(share, abs=1e-12)
        given, loss = figures.given_minor, figures.expected_loss_minor
        assert getattr(given, side).value == sum(one.given_minor for one in decided)
        expected = sum(one.loss_minor for one in decided)
        assert getattr(loss, side).value == pytest.approx(expected, rel=1e-9)
        if figures.profit_minor:
            profit = sum(one.profit_minor for one in decided)
            assert getattr(figures.profit_minor, side).value == pytest.approx(profit, rel=1e-3)
    moves = [_approved(a) - _approved(b) for a, b in zip(ours, theirs, strict=True)]
    assert [one.requests for one in figures.swap[:2]] == [moves.count(1), moves.count(-1)]
    assert figures.swap[1].requests > 0, "a candidate that moves nobody shows nothing"


def _approved(one: Single) -> int:
    return int(one.decision.outcome is Outcome.APPROVE)


def test_a_policy_against_itself_swaps_nobody(run: Run, live: Mapping[str, Document]) -> None:
    simulation = run(live["platform"]).simulation
    for figures in simulation.products.values():
        assert [one.requests for one in figures.swap[:2]] == [0, 0]
        assert figures.given_minor.change.value == 0
        assert figures.reasons == ()
        assert figures.same_as_recorded == {"answered": 300, "same": 300}
    assert "not one would be answered otherwise" in simulation.headline


@given(shares=st.tuples(st.integers(0, 120_000), st.integers(0, 60_000)))
@settings_of_hypothesis(max_examples=15, deadline=None)
def test_a_tighter_policy_never_approves_more(
    run: Run, live: Mapping[str, Document], shares: tuple[int, int]
) -> None:
    text = live["platform"].text.replace('version = "', 'version = "t', 1)
    for before, millionths in (("0.06\n", shares[1]), ("0.12\n", shares[0])):
        stated = f"approve_probability_max = {before}"
        assert text.count(stated) == 1
        text = text.replace(stated, f"approve_probability_max = {millionths / 1e6:.6f}\n")
    for figures in run(read_document(text)).simulation.products.values():
        assert figures.swap[0].requests == 0
        assert figures.given_minor.change.value <= 0
        assert all(cut.approval.change.value <= 0 for one in figures.cuts.values() for cut in one)


def test_outcomes_that_lack_are_counted_and_never_filled_in(
    run: Run, entries: list[Entry], tighter: Document
) -> None:
    mine = [one["reference_id"] for one in entries if one["product"] == MERCHANT_LOAN]
    told = dict.fromkeys(mine[:100], 0.0) | dict.fromkeys(mine[100:130], 1.0)
    told |= dict.fromkeys(mine[130:200])
    known = NO_OUTCOMES | {MERCHANT_LOAN: Known(told, is_given=True)}
    figures = run(tighter, known, outcomes_given=True).simulation.products[MERCHANT_LOAN]
    parts = figures.swap
    assert sum(one.realised.with_outcome for one in parts) == 130
    assert sum(one.realised.not_matured for one in parts) == 70
    assert sum(one.realised.without for one in parts) == 100
    assert sum(one.realised.bads for one in parts) == 30
    ours = figures.realised["candidate"]
    assert ours.requests == ours.with_outcome + ours.not_matured + ours.without
    assert ours.rate.value == ours.bads / ours.with_outcome
    nothing = run(tighter).simulation.products[MERCHANT_LOAN].realised["candidate"]
    assert (nothing.with_outcome, nothing.rate.value) == (0, None)
    assert nothing.without == nothing.requests


def test_where_the_model_is_gone_the_request_s_own_score_stands_in_and_is_said(
    run: Run, otherwise: Document, tmp_path: Path
) -> None:
    figures = run(otherwise, home=tmp_path).simulation.products[MERCHANT_LOAN]
    assert any("model was gone" in one for one in figures.notes)
    whole = run(otherwise).simulation.products[MERCHANT_LOAN]
    assert not any("model was gone" in one for one in whole.notes)
    assert any("scored now" in one for one in whole.notes)


def test_a_partner_s_policy_is_simulated_on_its_own_requests_alone(
    run: Run, live: Mapping[str, Document]
) -> None:
    text = live["city_bikes"].text.replace('version = "', 'version = "t', 1)
    text = text.replace("probability_to = 0.03", "probability_to = 0.001")
    text = text.replace("probability_from = 0.03", "probability_from = 0.001")
    found = run(read_document(text)).simulation
    assert found.covers == "requests of partner city_bikes"
    figures = found.products[DEPOSIT_WAIVER]
    assert figures.requests == 150
    assert figures.swap[1].requests > 0
    assert all(one.requests == 150 for one in found.products.values())


def test_a_new_partner_is_held_against_the_layers_above_it(
    run: Run, live: Mapping[str, Document]
) -> None:
    text = live["city_bikes"].text.replace('name = "city_bikes"', 'name = "local"')
    found = run(read_document(text)).simulation
    assert found.current == "the layers above local"
    assert found.products[DEPOSIT_WAIVER].swap[0].requests == 0


def test_a_candidate_that_decides_nobody_is_refused(run: Run, live: Mapping[str, Document]) -> None:
    with pytest.raises(InputError, match="none of which ring_music"):
        run(live["ring_music"])


def test_requests_in_another_currency_are_refused(run: Run, tighter: Document) -> None:
    with pytest.raises(InputError, match="the journal is in EUR"):
        run(tighter, currency="EUR")


def test_a_loosening_is_held_to_its_bound_and_said(run: Run, live: Mapping[str, Document]) -> None:
    text = live["city_bikes"].text.replace('version = "', 'version = "t', 1)
    loose = text + "\n[loan]\namount_max_minor = 90_000_000\n"
    found = run(read_document(loose)).simulation
    assert any("held to its bound" in one for one in found.warnings)
    assert found.products[MERCHANT_LOAN].swap[0].requests == 0


def test_groups_that_are_approved_less_than_four_fifths_as_often_are_told(
    run: Run, entries: list[Entry], tighter: Document
) -> None:
    figures = run(tighter).simulation.products[DEPOSIT_WAIVER]
    users = {one["entity_id"] for one in entries if one["product"] == DEPOSIT_WAIVER}
    group = {name: "odd" if int(name[1:]) % 2 else "even" for name in users}
    told = run(tighter, protected={"parity": group}).simulation.products[DEPOSIT_WAIVER]
    assert figures.parity == ()
    assert [(one.attribute, one.value) for one in told.parity] == [
        ("parity", "even"),
        ("parity", "odd"),
    ]
    best = max(told.parity, key=lambda one: one.candidate.rate.value)
    worst = min(told.parity, key=lambda one: one.candidate.rate.value)
    assert best.candidate.ratio.value == 1
    assert worst.candidate.ratio.value == pytest.approx(
        worst.candidate.rate.value / best.candidate.rate.value
    )


def test_the_page_is_the_same_bytes_and_escapes_every_name(run: Run, tighter: Document) -> None:
    first = run(tighter)
    again = run(tighter)
    assert first.page == again.page
    assert first.page_sha256 == again.page_sha256
    evil = '<script>alert("x")</script>'
    changed = replace(first.simulation, candidate=evil, source=evil, warnings=(evil,))
    cuts = first.simulation.products[MERCHANT_LOAN].cuts
    parts = tuple(replace(one, name=evil) for one in cuts["partner"])
    product = replace(
        first.simulation.products[MERCHANT_LOAN], cuts={"partner": parts}, notes=(evil,)
    )
    page = render(replace(changed, products={MERCHANT_LOAN: product}))
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "http" not in page
