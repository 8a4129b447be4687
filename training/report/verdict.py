"""The report's first line: what to make of the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.assurance import assurance_of
from training.release import Facts, gate

GOOD, DOUBT, BAD = "good", "doubt", "bad"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word, why, and its tone."""

    word: str
    why: str
    tone: str


def verdict(metrics: Mapping[str, Any]) -> Verdict:
    """What the figures come to; a suspected leak outweighs all of them."""
    test = metrics["test"]
    if metrics["leakage"]:
        names = ", ".join(leak["column"] for leak in metrics["leakage"])
        return Verdict("Suspected leak", f"Do not use: look at {names} below.", BAD)
    failures = gate(Facts(test, assurance=assurance_of(metrics)))
    if failures:
        return Verdict("Not ready", "; ".join(failures) + ".", DOUBT)
    gap = metrics["benchmarks"]["logistic"]["auc_difference"]
    ranks = f"Gini {test['gini']:.3f}, KS {test['ks']:.3f}, ECE {test['ece']:.3f} on "
    ranks += f"{test['rows']:,} test rows; "
    if gap["low"] > 0:
        return Verdict("Fit for use", ranks + "it ranks better than a logistic regression.", GOOD)
    if gap["high"] < 0:
        return Verdict("Doubtful", ranks + "a logistic regression ranks better.", DOUBT)
    return Verdict("Fit for use", ranks + "it ranks like a logistic regression.", GOOD)
