"""Scores without a decision: what the model says of each entity, for the request it knows not."""

from collections.abc import Sequence
from typing import Any

from credit.contract import MERCHANT_LOAN
from credit.money import as_number, ppm_of
from credit.policy.bands import band_of
from credit.policy.evidence import Evidence, Freshness
from credit.policy.scorecard import score_of
from credit.policy.terms import Policy
from serving.desk import Desk

NO_REQUEST = {"amount_minor": None, "term_days": None, "scene": None}


def score_entities(desk: Desk, *, product: str, entity_ids: Sequence[str]) -> dict[str, Any]:
    """Probability, score and band of each entity, null where no fresh history or no model is there.

    Features of a request (its amount, its term) are missing to the model.
    """
    policy, model = desk.in_force.policy_for(desk.partner), desk.in_force.model(product)
    evidence = desk.evidence[product].read(entity_ids, now=desk.now())
    rows = [
        {**one.values, **desk.request_values(product, one.values, NO_REQUEST)}
        for one in evidence
        if model and one.freshness is Freshness.FRESH
    ]
    probabilities = iter(model.scorer.score(rows) if model else ())
    scored = [
        _scored(entity_id, one, next(probabilities), policy, product)
        if model and one.freshness is Freshness.FRESH
        else _unscored(entity_id, one)
        for entity_id, one in zip(entity_ids, evidence, strict=True)
    ]
    named = dict(model.identity) if model else None
    return {"product": product, "model": named, "scores": scored}


def _scored(
    entity_id: str, evidence: Evidence, probability: float, policy: Policy, product: str
) -> dict[str, Any]:
    ppm = ppm_of(probability)
    bands = policy.loan.bands if product == MERCHANT_LOAN else policy.waiver.bands
    return _unscored(entity_id, evidence) | {
        "probability": as_number(ppm),
        "score": score_of(ppm),
        "band": band_of(bands, ppm).name,
    }


def _unscored(entity_id: str, evidence: Evidence) -> dict[str, Any]:
    return {
        "entity_id": entity_id,
        "probability": None,
        "score": None,
        "band": None,
        "freshness": evidence.freshness.value,
        "features_as_of": evidence.as_of.isoformat().replace("+00:00", "Z")
        if evidence.as_of
        else None,
    }
