"""The report's first line: what to make of the model, and each check that it rests on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from training.assurance import assurance_of
from training.release import GATE, Facts, calibrated, gate

GOOD, DOUBT, BAD, NONE = "good", "doubt", "bad", "none"
FOUR_FIFTHS = 0.8


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: its tone (`none`: not told) and what was seen."""

    name: str
    tone: str
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word, why, its tone, and the checks behind it."""

    word: str
    why: str
    tone: str
    checks: tuple[Check, ...] = ()


def verdict(metrics: Mapping[str, Any]) -> Verdict:
    """What the figures come to: a suspected leak outweighs the gate, the gate outweighs doubts."""
    checks = tuple(check for rule in _CHECKS if (check := rule(metrics)) is not None)
    if metrics["leakage"]:
        names = ", ".join(leak["column"] for leak in metrics["leakage"])
        return Verdict("Suspected leak", f"Do not use: look at {names} below.", BAD, checks)
    failures = gate(Facts(metrics["test"], assurance=assurance_of(metrics)))
    if failures:
        return Verdict("Not ready", "; ".join(failures) + ".", BAD, checks)
    doubts = [check.name for check in checks if check.tone not in (GOOD, NONE)]
    if any(check.name == RANKING and check.tone == BAD for check in checks):
        return Verdict(
            "Doubtful", _headline(metrics) + " A simpler model ranks better.", DOUBT, checks
        )
    if doubts:
        said = f"{_headline(metrics)} To weigh: {', '.join(doubts).lower()}."
        return Verdict("Fit for use, with points to weigh", said, DOUBT, checks)
    return Verdict("Fit for use", _headline(metrics), GOOD, checks)


def _headline(metrics: Mapping[str, Any]) -> str:
    test = metrics["test"]
    return (
        f"Gini {test['gini']:.3f}, KS {test['ks']:.3f}, ECE {test['ece']:.3f} on "
        f"{test['rows']:,} test rows."
    )


RANKING = "Ranking"


def _leaks(metrics: Mapping[str, Any]) -> Check:
    if metrics["leakage"]:
        names = ", ".join(leak["column"] for leak in metrics["leakage"])
        return Check("Leaks", BAD, f"suspected: {names}")
    if metrics["leakage_allowed"]:
        names = ", ".join(leak["column"] for leak in metrics["leakage_allowed"])
        return Check("Leaks", DOUBT, f"suspected and allowed by hand: {names}")
    return Check("Leaks", GOOD, "no column looks as if it were known only after the outcome")


def _gate(metrics: Mapping[str, Any]) -> Check:
    failures = gate(Facts(metrics["test"], assurance=assurance_of(metrics)))
    if failures:
        return Check("Gate", BAD, "; ".join(failures))
    return Check("Gate", GOOD, "enough bads, better than chance, calibrated")


def _ranking(metrics: Mapping[str, Any]) -> Check:
    gaps = {name: told.get("auc_difference") for name, told in metrics["benchmarks"].items()}
    known = {name: gap for name, gap in gaps.items() if gap and gap["mean"] is not None}
    words = ", ".join(f"{gap['mean']:+.4f} to {_plain(name)}" for name, gap in known.items())
    if not known:
        return Check(RANKING, NONE, "one class only: nothing to rank")
    if any(gap["high"] < 0 for gap in known.values()):
        return Check(RANKING, BAD, f"a benchmark ranks better beyond chance: AUC {words}")
    if any(gap["low"] > 0 for gap in known.values()):
        return Check(RANKING, GOOD, f"AUC {words}")
    return Check(RANKING, GOOD, f"like its benchmarks, within chance: AUC {words}")


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _calibration(metrics: Mapping[str, Any]) -> Check:
    told, ece = metrics["calibration"], metrics["test"]["ece"]
    if ece is None:
        return Check("Calibration", NONE, "undefined")
    if failure := calibrated(Facts(metrics["test"]), GATE):
        return Check("Calibration", BAD, failure.removeprefix("calibration: "))
    flagged = [row["group"] for row in told.get("by_month", ()) if row["beyond_chance"]]
    flagged += [
        f"{column} = {row['group']}"
        for column, rows in told.get("by_segment", {}).items()
        for row in rows
        if row["beyond_chance"]
    ]
    if flagged:
        said = f"ECE {ece:.4f}; beyond chance in {', '.join(flagged[:5])}"
        return Check("Calibration", DOUBT, said)
    said = f"ECE {ece:.4f}"
    if told.get("by_month") or any(told.get("by_segment", {}).values()):
        said += "; no month or segment strays beyond chance"
    return Check("Calibration", GOOD, said)


def _stability(metrics: Mapping[str, Any]) -> Check | None:
    told = metrics.get("stability")
    if not told:
        return None
    worst = max(row["level"] for row in [told["score"], *told["score"]["months"]])
    said = f"PSI of the score {told['score']['psi']:.3f}"
    moved = [row["name"] for row in told["features"] if row["level"] == 2]  # noqa: PLR2004  # moved
    if moved:
        said += f"; moved: {', '.join(moved[:5])}"
    return Check("Stability", DOUBT if worst or moved else GOOD, said)


def _monotone(metrics: Mapping[str, Any]) -> Check | None:
    told = metrics.get("monotone")
    if not told:
        return None
    wrong = told.get("violations") or ()
    if wrong:
        return Check("Directions", BAD, f"{len(wrong)} violations of held directions")
    held = len(told.get("features") or ())
    if not held:
        return Check("Directions", NONE, "no feature was given a direction")
    return Check("Directions", GOOD, f"{held} held, none violated in {told.get('rows', 0):,} rows")


def _reasons(metrics: Mapping[str, Any]) -> Check | None:
    told = metrics.get("direction_test")
    if not told:
        return None
    failures = told.get("failures") or 0
    failed = failures if isinstance(failures, int) else len(failures)
    if not told.get("worsened"):
        return Check("Reasons", NONE, "no direction is held, so nothing could be made worse")
    said = f"{failed} failures in {told.get('cases', 0):,} declined cases made worse"
    return Check("Reasons", BAD if failed else GOOD, said)


def _fairness(metrics: Mapping[str, Any]) -> Check | None:
    told = metrics.get("fairness")
    if not told:
        return Check("Fairness", NONE, "no protected attribute was given: not measured")
    if not any(facts["impact"] for facts in told.values()):
        return Check("Fairness", NONE, "too few rows in the groups to hold one against another")
    low, names = False, _stand_ins(metrics)
    for attribute, facts in told.items():
        for group, impact in facts["impact"].items():
            if impact["air"] is not None and impact["air"] < FOUR_FIFTHS:
                names.append(f"{attribute} {group} {impact['air']:.2f}")
                low = low or (impact["high"] is not None and impact["high"] < FOUR_FIFTHS)
    if not names:
        return Check("Fairness", GOOD, "no group is approved at under four fifths of the reference")
    why = f"impact ratio under 0.8, or a stand-in: {', '.join(names[:5])}"
    return Check("Fairness", BAD if low else DOUBT, why)


def _stand_ins(metrics: Mapping[str, Any]) -> list[str]:
    """Features that are a protected attribute by another name."""
    proxies = metrics.get("less_discriminatory", {}).get("proxies", {})
    return [
        f"{name} tells {attribute}"
        for attribute, facts in proxies.items()
        for name in facts.get("stands_in", ())
    ]


_CHECKS: tuple[Callable[[Mapping[str, Any]], Check | None], ...] = (
    _leaks, _gate, _ranking, _calibration, _stability, _monotone, _reasons, _fairness,
)  # fmt: skip
