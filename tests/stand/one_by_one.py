"""Recorded requests decided anew one by one, by the scalar rules alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN, PRODUCTS
from credit.money import ppm_of
from credit.policy.decide import decide_loan, decide_waiver
from credit.policy.decision import Decision, Scored
from credit.policy.offers import candidates
from credit.policy.pricing import Price, price_of
from credit.policy.recorded import application_of, evidence_of
from credit.policy.requests import duration_days
from credit.policy.room import Room
from credit.policy.terms import Policy
from features.request import request_values
from models.artefact import write
from models.calibration import Calibration
from models.keys import home_keys
from models.registry import Registry
from models.score import Scorer
from records.journal import Entry
from tests.stand.whole_service import NOW, small_home

SCENES = {
    "local": ("hotel", "bike", "school", "power_bank"),
    "city_bikes": ("bike", "bike", "hotel"),
}


def lively_home(folder: Path) -> Path:
    """A small home whose champions tell applicants apart: P(bad) from a hundredth to a half."""
    home = small_home(folder)
    registry = Registry(home)
    for product in PRODUCTS:
        before = registry.champion(product).manifest
        manifest = replace(
            before,
            version="20260602t000000z-bbbbbbbb",
            calibration=Calibration("platt", {"slope": 2.0, "intercept": -3.0}),
        )
        artefact = folder / f"lively-{product}"
        write(artefact, _trees(len(before.features)), manifest, signed_by=home_keys(home))
        registry.promote(registry.register(artefact), by="test", at=NOW)
        registry.trials.note(registry.champion_stamp(product))
    return home


def _trees(width: int) -> str:
    """Trees that split at amounts of every size, as features have them."""
    import lightgbm

    chance = np.random.default_rng(1)
    size = chance.uniform(-2, 7, (4_000, width))
    points = size @ chance.normal(0, 1 / width**0.5, width)
    label = chance.random(len(size)) < 1 / (1 + np.exp(-(points - points.mean())))
    told = {"objective": "binary", "num_threads": 1, "verbose": -1, "num_leaves": 8}
    data = lightgbm.Dataset(10.0**size, label)
    return lightgbm.train(told, data, num_boost_round=40).model_to_string()


def requests_of(partner: str) -> Iterator[dict[str, Any]]:
    """A hundred and fifty loans and as many waivers that a partner asks for."""
    chance = np.random.default_rng(5)
    for place in range(150):
        yield {
            "application_id": f"{partner}-{place}",
            "merchant_id": f"M{chance.integers(0, 44):07d}",
            "amount_minor": int(chance.choice([60_000, 800_000, 5_000_000, 20_000_000])),
            "currency": "CNY",
            "term_days": int(chance.choice([30, 90, 180, 360, 45])),
        }
        waiver = {
            "user_id": f"U{chance.integers(0, 44):08d}",
            "scene": str(chance.choice(SCENES[partner])),
            "deposit_minor": int(chance.choice([9_900, 29_900, 99_900, 250_000])),
            "currency": "CNY",
            "due_at": (NOW + timedelta(hours=int(chance.integers(2, 900)))).isoformat(),
        }
        if (partner, waiver["scene"]) == ("city_bikes", "bike"):
            waiver["context"] = {"bike_kind": str(chance.choice(["city", "electric"]))}
        yield waiver


def _scored(entry: Entry, policy: Policy, scorer: Scorer) -> tuple[Scored, ...]:
    application, evidence = application_of(entry["product"], entry["request"]), _evidence(entry)
    if evidence.freshness.value != "fresh":
        return ()
    if entry["product"] == MERCHANT_LOAN:
        tried = candidates(application, evidence, policy, _room(entry))
        asked = [(one.amount_minor, one.term_days, None) for one in tried]
    else:
        days = duration_days(application, NOW)
        asked = [(application.deposit_minor, days, application.scene)]
    rows = [
        {
            **evidence.values,
            **request_values(
                entry["product"],
                evidence.values,
                {"amount_minor": amount, "term_days": term, "scene": scene},
            ),
        }
        for amount, term, scene in asked
    ]
    return tuple(
        Scored(amount, term, chance)
        for (amount, term, _), chance in zip(asked, scorer.score(rows), strict=True)
    )


def _evidence(entry: Entry) -> Any:
    return evidence_of(entry["evidence"])


def _room(entry: Entry) -> Room:
    return Room(own_minor=entry["room_minor"], shared_minor=entry.get("shared_room_minor"))


@dataclass(frozen=True)
class Single:
    """One recorded request, decided anew by the scalar rules."""

    entry: Entry
    policy: Policy
    scored: tuple[Scored, ...]
    decision: Decision

    @property
    def given_minor(self) -> int:
        offers = self.decision.offers
        return offers[0].amount_minor if offers else self.decision.credit_minor

    @property
    def loss_minor(self) -> float:
        if self.entry["product"] == DEPOSIT_WAIVER:
            return self.given_minor * (self.decision.probability or 0.0)
        return self._price().expected_loss_minor if self.decision.offers else 0.0

    @property
    def profit_minor(self) -> float:
        """Interest as it falls due, less what the money, its loss and the work cost."""
        if not self.decision.offers:
            return 0.0
        offer, price = self.decision.offers[0], self.policy.loan.price
        interest = sum(due.interest_minor for due in offer.schedule)
        funding = interest * price.funding_rate_ppm / offer.apr_ppm
        costs = funding + self.loss_minor + price.operating_cost_minor
        return interest + offer.fees_minor - costs

    def _price(self) -> Price:
        offer = self.decision.offers[0]
        best = next(
            one
            for one in self.scored
            if (one.amount_minor, one.term_days) == (offer.amount_minor, offer.term_days)
        )
        return price_of(
            self.policy.loan.price,
            amount_minor=offer.amount_minor,
            term_days=offer.term_days,
            probability_ppm=ppm_of(best.probability),
            repayment_type=self.policy.loan.repayment_type,
        )


def single(entry: Entry, policy: Policy, scorer: Scorer) -> Single:
    application = application_of(entry["product"], entry["request"])
    decide = decide_loan if entry["product"] == MERCHANT_LOAN else decide_waiver
    scored = _scored(entry, policy, scorer)
    told = {"policy": policy, "room": _room(entry), "at": NOW}
    return Single(entry, policy, scored, decide(application, _evidence(entry), scored, **told))
