"""What was checked of a model beside its figures, in the few words that the gate reads."""

from collections.abc import Mapping
from typing import Any


def assurance_of(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `metrics.json` that goes into the manifest: it is signed, and gates read it."""
    told: dict[str, Any] = {}
    if "monotone" in metrics:
        told["monotone"] = dict(metrics["monotone"])
    if "direction_test" in metrics:
        test = metrics["direction_test"]
        told["direction_test"] = {name: test[name] for name in ("cases", "worsened", "failures")}
    if "fairness" in metrics:
        told["fairness"] = {
            attribute: dict(facts["impact"]) for attribute, facts in metrics["fairness"].items()
        }
    return told
