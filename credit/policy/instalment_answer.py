"""An instalment decision in the interface's names, and its application as it was recorded."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from credit.contract import INSTALMENT_OFFER
from credit.money import as_number
from credit.policy.decision import instant_told, made_by, reasons_told
from credit.policy.instalments import (
    MONTH,
    ORDER,
    InstalmentApplication,
    InstalmentDecision,
    InstalmentOffer,
    Subsidy,
    decide_instalments,
    stopped_instalments,
)
from credit.policy.lift import Lift, Pays
from credit.policy.terms import Policy

NOTES = {
    MONTH: "what the merchant paid this month is counted as it was sent",
    ORDER: "what the merchant paid this month is not counted: send subsidy_used_minor",
}


def application_of_order(request: Mapping[str, Any]) -> InstalmentApplication:
    """The application that a recorded request made."""
    return InstalmentApplication(
        merchant_id=request["merchant_id"],
        order_amount_minor=request["order_amount_minor"],
        currency=request["currency"],
        out_order_no=request.get("out_order_no"),
        subsidy_used_minor=request.get("subsidy_used_minor"),
        context=request.get("context", {}),
    )


def answered(
    application: InstalmentApplication, *, policy: Policy, at: datetime, stopped: str | None
) -> dict[str, Any]:
    """The answer on one order, as whoever answers and whoever replays makes it.

    `stopped`: the switch that stops decisions, in words; None where nothing does.
    """
    if stopped is not None:
        decision = stopped_instalments(application, policy=policy, at=at, by=stopped)
    else:
        decision = decide_instalments(application, policy=policy, at=at)
    return instalments_json(decision)


def instalments_json(decision: InstalmentDecision) -> dict[str, Any]:
    """The answer as plain JSON values, keys in a fixed order.

    `decision_id`, `decided_at` and `model` (always null: nothing is scored) are added by whoever
    answers.
    """
    return {
        "product": INSTALMENT_OFFER,
        "outcome": decision.outcome.word,
        "reasons": reasons_told(decision.reasons),
        "expires_at": instant_told(decision.expires_at),
        "degraded": list(decision.degraded),
        "offers": [_offer(offer) for offer in decision.offers],
        "subsidy": _subsidy(decision.subsidy),
        "pays": None if decision.pays is None else _pays(decision.pays),
        **made_by(decision.policy, decision.trace),
    }


def _offer(offer: InstalmentOffer) -> dict[str, Any]:
    return {
        "count": offer.count,
        "instalment_minor": offer.schedule[0].due_minor,
        "fee_minor": offer.fee_minor,
        "subsidy_minor": offer.subsidy_minor,
        "consumer_fee_minor": offer.consumer_fee_minor,
        "schedule": [
            {
                "due_on": part.due_on.isoformat(),
                "due_minor": part.due_minor,
                "principal_minor": part.principal_minor,
                "fee_minor": part.fee_minor,
            }
            for part in offer.schedule
        ],
    }


def _subsidy(subsidy: Subsidy) -> dict[str, Any]:
    return {
        "share": as_number(subsidy.share_ppm),
        "budget_minor": subsidy.budget_minor,
        "used_minor": subsidy.used_minor,
        "left_minor": subsidy.left_minor,
        "held_against": subsidy.held_against,
        "note": NOTES[subsidy.held_against],
    }


def _pays(judged: Pays) -> dict[str, Any]:
    return {
        "verdict": judged.verdict,
        "label": judged.label,
        "assumptions": list(judged.assumptions),
        "expected_cost_minor": judged.cost_minor,
        "expected_margin_minor": judged.margin_minor,
        "margin_low_minor": judged.margin_low_minor,
        "margin_high_minor": judged.margin_high_minor,
        "lift": _lift(judged.lift),
        "break_even_lift": _share(judged.break_even_ppm),
    }


def _lift(lift: Lift) -> dict[str, Any]:
    return {
        "share": as_number(lift.share_ppm),
        "low": _share(lift.low_ppm),
        "high": _share(lift.high_ppm),
        "source": lift.source,
    }


def _share(ppm: int | None) -> float | None:
    return None if ppm is None else as_number(ppm)
