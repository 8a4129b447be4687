"""The gate between a candidate and the decisions it would make."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import pi, sqrt
from typing import Any

from credit.errors import InputError
from models.artefact import TEST, Artefact
from models.entry import Ref
from models.registry import Registry
from training.judging.paired import Paired

Metrics = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """What a candidate must show on its test rows before it may decide.

    `deviations` is how many standard errors of doubt a figure is given. `ece_max` is the
    largest calibration error beyond what chance alone gives so few rows. `impact_min` is the
    least ratio of approval rates between groups: the upper end of its interval must reach it
    (the four-fifths rule, 29 CFR 1607.4 D).
    """

    bads_min: int = 50
    deviations: float = 2.0
    ece_max: float = 0.03
    impact_min: float = 0.8


GATE = GatePolicy()
RIVALS_MAX = 12


@dataclass(frozen=True, slots=True)
class Facts:
    """What the gate looks at: the candidate's test figures and what else was checked of it.

    `incumbent`: the champion's own test figures, `paired`: both on the candidate's test rows,
    which is what counts where it is there; of all that served, the one that ranks them best.
    """

    metrics: Metrics
    leakage: tuple[Mapping[str, Any], ...] = ()
    assurance: Mapping[str, Any] | None = None
    incumbent: Metrics | None = None
    paired: Paired | None = None

    @property
    def assured(self) -> Mapping[str, Any]:
        """What was checked beside the figures."""
        return self.assurance or {}


@dataclass(frozen=True, slots=True)
class Promotion:
    """What came of asking: who serves now and as what, or why the candidate was refused."""

    ref: str
    stage: str
    taken: str | None
    failures: tuple[str, ...]
    paired: Paired | None = None

    def lines(self) -> list[str]:
        """The answer for a person."""
        if self.failures:
            return [f"{self.ref} is refused:", *(f"  {failure}" for failure in self.failures)]
        lines = [f"{self.ref} is {self.stage}"]
        if self.paired:
            lines.append(
                f"  Gini {self.paired.gini:.3f} where the best that served has "
                f"{self.paired.incumbent_gini:.3f} on the same {self.paired.rows:,} test rows"
            )
        return lines


def promote(
    registry: Registry, ref: Ref | str, *, by: str, at: datetime, policy: GatePolicy = GATE
) -> Promotion:
    """Makes `ref` the champion of its product where the gate lets it through.

    InputError where no such model is registered or its files were tampered with.
    """
    asked, facts = _facts(registry, ref)
    failures = gate(facts, policy) or _tried(registry, asked)
    if failures:
        return Promotion(str(asked), "candidate", None, failures, facts.paired)
    taken = str(registry.promote(asked, by=by, at=at))
    return Promotion(str(asked), "champion", taken, (), facts.paired)


def challenge(
    registry: Registry, ref: Ref | str, *, by: str, at: datetime, policy: GatePolicy = GATE
) -> Promotion:
    """Lets `ref` score beside the champion where nothing that a shadow could not show is wrong."""
    asked, facts = _facts(registry, ref)
    failures = _failures(CHECKS_OF_A_SHADOW, facts, policy) or _tried(registry, asked)
    if failures:
        return Promotion(str(asked), "candidate", None, failures, facts.paired)
    taken = str(registry.challenge(asked, by=by, at=at))
    return Promotion(str(asked), "challenger", taken, (), facts.paired)


def rolled_back(registry: Registry, product: str, *, by: str, at: datetime) -> Ref:
    """The champion before the present one, in service again once it was seen to load."""
    before = registry.before(product)
    if before is not None:
        registry.trials.hold(registry.open(before))
    return registry.rollback(product, by=by, at=at)


def gate(facts: Facts, policy: GatePolicy = GATE) -> tuple[str, ...]:
    """Every reason to refuse the candidate; none: it may pass.

    >>> gate(Facts({"rows": 90, "bad_rate": 0.1, "gini": 0.5, "ece": 0.01}))
    ('too few bads: 9 in the test rows, 50 are needed',)
    """
    return _failures(CHECKS, facts, policy)


def gini_error(metrics: Metrics) -> float:
    """The standard error of a Gini from its rows (Hanley and McNeil 1982)."""
    area = (metrics["gini"] + 1) / 2
    bads = metrics["rows"] * metrics["bad_rate"]
    goods = metrics["rows"] - bads
    above, below = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (
        area * (1 - area) + (bads - 1) * (above - area**2) + (goods - 1) * (below - area**2)
    ) / (bads * goods)
    return 2 * sqrt(max(spread, 0.0))


def _facts(registry: Registry, ref: Ref | str) -> tuple[Ref, Facts]:
    asked = registry.resolve(ref) if isinstance(ref, str) else ref
    candidate = registry.open(asked)
    rivals = [*_rivals(registry, asked)]
    told = candidate.manifest
    incumbent = rivals[-1].manifest.metrics if rivals else None
    pairs = [pair for rival in rivals if (pair := compared(candidate, rival))]
    best = max(pairs, key=lambda pair: pair.incumbent_gini, default=None)
    return asked, Facts(told.metrics, told.leakage, told.assurance, incumbent, best)


def _rivals(registry: Registry, asked: Ref) -> Iterator[Artefact]:
    """Who served before and still stands, the latest last: small steps down must not add up.

    A model whose files are damaged is no rival: it could not serve either.
    """
    for ref in dict.fromkeys(registry.served(asked.product)[-RIVALS_MAX:]):
        if ref != asked:
            with suppress(InputError):
                yield registry.open(ref)


def compared(candidate: Artefact, champion: Artefact) -> Paired | None:
    """Both on the candidate's test rows; None where the champion cannot score them."""
    import pyarrow.parquet as pq

    from models.score import Scorer

    mine, theirs = candidate.manifest, champion.manifest
    if TEST not in mine.files or mine.definitions_sha256 != theirs.definitions_sha256:
        return None
    rows = pq.read_table(candidate.test)
    said = Scorer(champion).score_table(rows)
    return Paired.of(rows.column("bad").to_numpy(), rows.column("probability").to_numpy(), said)


def _tried(registry: Registry, ref: Ref) -> tuple[str, ...]:
    try:
        registry.trials.hold(registry.open(ref))
    except InputError as error:
        return (error.problem,)
    return ()


Check = Callable[[Facts, GatePolicy], str]


def _failures(checks: tuple[Check, ...], facts: Facts, policy: GatePolicy) -> tuple[str, ...]:
    return tuple(failure for check in checks if (failure := check(facts, policy)))


def _no_leak(facts: Facts, _policy: GatePolicy) -> str:
    return "; ".join(f"leakage: {leak['column']}: {leak['why']}" for leak in facts.leakage)


def _enough_bads(facts: Facts, policy: GatePolicy) -> str:
    bads = round(facts.metrics["rows"] * (facts.metrics["bad_rate"] or 0))
    if bads >= policy.bads_min:
        return ""
    return f"too few bads: {bads} in the test rows, {policy.bads_min} are needed"


def _better_than_chance(facts: Facts, policy: GatePolicy) -> str:
    gini = facts.metrics["gini"]
    if gini is None:
        return "the Gini is undefined: the test rows are of one class"
    if _beats_the_champion(facts) or gini > policy.deviations * gini_error(facts.metrics):
        return ""
    return f"Gini {gini:.3f} is no better than chance"


def _beats_the_champion(facts: Facts) -> bool:
    """Whether it ranks better than what serves: then chance is no reason to keep the worse."""
    if facts.paired is not None:
        return facts.paired.gini > facts.paired.incumbent_gini
    theirs = None if facts.incumbent is None else facts.incumbent.get("gini")
    return theirs is not None and facts.metrics["gini"] > theirs


def _ranks_no_worse(facts: Facts, policy: GatePolicy) -> str:
    if facts.paired is not None:
        pair = facts.paired
        ours, theirs, error = pair.gini, pair.incumbent_gini, pair.gini_error
    else:
        mine, other = facts.metrics, facts.incumbent
        if other is None or mine.get("gini") is None or other.get("gini") is None:
            return ""
        ours, theirs = mine["gini"], other["gini"]
        error = sqrt(gini_error(mine) ** 2 + gini_error(other) ** 2)
    if ours >= theirs - policy.deviations * error:
        return ""
    return (
        f"Gini {ours:.3f} is worse than the champion's {theirs:.3f} "
        f"by more than chance ({policy.deviations * error:.3f})"
    )


def _as_true_as_the_champion(facts: Facts, policy: GatePolicy) -> str:
    pair = facts.paired
    if pair is None:
        return ""
    worse, error = pair.log_loss - pair.incumbent_log_loss, pair.log_loss_error
    if worse <= policy.deviations * error:
        return ""
    return (
        f"calibration: log loss {pair.log_loss:.4f} is worse than the champion's "
        f"{pair.incumbent_log_loss:.4f} by more than chance ({policy.deviations * error:.4f})"
    )


def calibrated(facts: Facts, policy: GatePolicy) -> str:
    """Why the calibration error is too large to be chance; empty where it is not."""
    ece, rows, rate = (facts.metrics[name] for name in ("ece", "rows", "bad_rate"))
    if ece is None or not rows:
        return ""
    chance = sqrt(2 / pi) * sqrt(rate * (1 - rate) * 10 / rows)
    if ece <= policy.ece_max + chance:
        return ""
    return f"calibration: ECE {ece:.3f} is above {policy.ece_max + chance:.3f}"


def _constraints_hold(facts: Facts, _policy: GatePolicy) -> str:
    broken = facts.assured.get("monotone", {}).get("violations", ())
    return f"directions broken: {', '.join(map(str, broken))}" if broken else ""


def _worse_never_helps(facts: Facts, _policy: GatePolicy) -> str:
    failures = facts.assured.get("direction_test", {}).get("failures", 0)
    return f"direction test: {failures} declined cases gained by getting worse" if failures else ""


def _fair(facts: Facts, policy: GatePolicy) -> str:
    """Only what chance does not explain: the whole interval lies under the least ratio."""
    unfair = [
        f"{attribute} {group} is approved at {ratio['air']:.2f} of the best group's rate"
        for attribute, groups in facts.assured.get("fairness", {}).items()
        for group, ratio in groups.items()
        if ratio["high"] is not None and ratio["high"] < policy.impact_min
    ]
    return f"fairness: {'; '.join(unfair)} (under {policy.impact_min:g})" if unfair else ""


# Their order is that of what a person should read first.
CHECKS_OF_A_SHADOW: tuple[Check, ...] = (
    _no_leak,
    _constraints_hold,
    _worse_never_helps,
    _better_than_chance,
)
CHECKS: tuple[Check, ...] = (
    *CHECKS_OF_A_SHADOW,
    _enough_bads,
    _ranks_no_worse,
    _as_true_as_the_champion,
    calibrated,
    _fair,
)
