"""Implementation, controls and ongoing monitoring: what keeps the model what was signed."""

from collections.abc import Iterator
from typing import Any

from models.drift import MOVED, MOVED_A_LITTLE
from training.assurance import assurance_of
from training.release import GATE
from training.report.dossier import Dossier
from training.report.markup import Markup, element, join
from training.report.tables import Column, listed, table
from training.report.words import share, some

_CONTROLS = (
    (
        "One text of trees and one manifest serve; nothing in them is executable, and every file "
        "is "
        "held against its hash before a byte of it is parsed."
    ),
    (
        "Encoding is one function for training, serving and monitoring; a feature that a row "
        "does not "
        "carry is an error, a missing value stays missing."
    ),
    (
        "Each decision records the model's identity, the values it read and its reasons, and can "
        "be "
        "computed again."
    ),
    "Promotion goes through the gate below, and a promotion is undone in one command.",
)


def controls(of: Dossier) -> Markup:
    """How it is held in place, the gate's thresholds, and what is watched afterwards."""
    return join(
        listed(_CONTROLS),
        element("h3", "The gate, and what this model shows"),
        table(
            (Column("must", "must"), Column("threshold", "limit"), Column("here", "here")),
            _gate(of),
        ),
        element("h3", "Ongoing monitoring"),
        listed(_watched(of)),
    )


def _gate(of: Dossier) -> list[dict[str, Any]]:
    test = of.test
    return [
        {"must": "have bads in the test rows", "limit": f"at least {GATE.bads_min}",
         "here": f"{of.test_bads:,}"},
        {"must": "rank better than chance", "limit": f"Gini above {GATE.deviations:g} errors",
         "here": f"Gini {test['gini']:.3f}" if test["gini"] is not None else "undefined"},
        {"must": "be calibrated", "limit": f"ECE at most {GATE.ece_max:g} beyond chance",
         "here": f"ECE {test['ece']:.4f}" if test["ece"] is not None else "undefined"},
        {"must": "not rank worse than the champion", "limit": "beyond chance",
         "here": "held at promotion"},
        {"must": "have no suspected leak", "limit": "none",
         "here": str(len(of.metrics["leakage"]))},
        *_assured(of),
    ]  # fmt: skip


def _assured(of: Dossier) -> Iterator[dict[str, Any]]:
    told = assurance_of(of.metrics)
    if "monotone" in told:
        here = some(len(told["monotone"].get("violations", ())), "violation")
        yield {"must": "hold its directions", "limit": "no violation", "here": here}
    if "direction_test" in told:
        here = some(told["direction_test"]["failures"], "failure")
        yield {"must": "never reward worse values", "limit": "no failure", "here": here}
    for attribute, groups in told.get("fairness", {}).items():
        ratios = [one["air"] for one in groups.values() if one["air"] is not None]
        if ratios:
            limit = f"AIR not surely under {GATE.impact_min:g}"
            here = f"least AIR {min(ratios):.2f}"
            yield {"must": f"be fair by {attribute}", "limit": limit, "here": here}


def _watched(of: Dossier) -> list[str]:
    slope = of.test.get("calibration_slope")
    points = [
        (
            f"PSI of the score and of each feature against these training rows: a look from "
            f"{MOVED_A_LITTLE}, a move from {MOVED}."
        ),
        (
            f"Bad rate of matured approvals against the promised one (here "
            f"{share(of.test['bad_rate'])} "
            "in the test rows), month by month."
        ),
        "Retraining when ranking, level or features drift beyond chance; a person decides.",
    ]
    if slope is not None:
        points.append(
            f"Slope of calibration, {slope:.2f} here: under 1 is too extreme, over 1 too timid."
        )
    return points
