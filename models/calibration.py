"""Calibration: how a model's raw margin becomes a probability, as data rather than as code."""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from credit.errors import InputError

PROBABILITY_MIN = 1e-6
PROBABILITY_MAX = 1 - PROBABILITY_MIN

Parameters = Mapping[str, float | tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone map from LightGBM's raw margin to P(bad), clamped into [1e-6, 1 - 1e-6].

    `kind` and its `parameters`:

    - `identity`: none; the logistic of the margin.
    - `platt`: `slope` >= 0, `intercept`; the logistic of slope * margin + intercept (Platt 1999).
    - `beta`: `a` >= 0, `b` >= 0, `c`; with p the logistic of the margin, the logistic of
      a ln p - b ln(1 - p) + c (Kull, Silva Filho, Flach 2017).
    - `isotonic`: `margins` strictly rising, `probabilities` never falling; straight lines
      between the knots, level outside them.

    >>> Calibration("platt", {"slope": 1.0, "intercept": 0.0}).probability(0.0)
    0.5
    """

    kind: str
    parameters: Parameters

    def __post_init__(self) -> None:
        _check(self)

    def probability(self, margin: float) -> float:
        """P(bad) of one margin. One row and a million go through here, so they agree to the bit."""
        return min(
            max(_KINDS[self.kind](margin, self.parameters), PROBABILITY_MIN), PROBABILITY_MAX
        )


def logistic(margin: float) -> float:
    """1 / (1 + exp(-margin)) without overflow at either end."""
    if margin >= 0:
        return 1 / (1 + math.exp(-margin))
    odds = math.exp(margin)
    return odds / (1 + odds)


def _identity(margin: float, _parameters: Parameters) -> float:
    return logistic(margin)


def _platt(margin: float, parameters: Parameters) -> float:
    return logistic(_one(parameters, "slope") * margin + _one(parameters, "intercept"))


def _beta(margin: float, parameters: Parameters) -> float:
    log_p, log_q = -_softplus(-margin), -_softplus(margin)
    a, b, c = (_one(parameters, name) for name in ("a", "b", "c"))
    return logistic(a * log_p - b * log_q + c)


def _softplus(value: float) -> float:
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))


def _isotonic(margin: float, parameters: Parameters) -> float:
    xs, ys = _many(parameters, "margins"), _many(parameters, "probabilities")
    if margin <= xs[0]:
        return ys[0]
    if margin >= xs[-1]:
        return ys[-1]
    right = bisect_right(xs, margin)
    share = (margin - xs[right - 1]) / (xs[right] - xs[right - 1])
    between = ys[right - 1] + share * (ys[right] - ys[right - 1])
    return min(between, ys[right])  # rounding must not lift a point above its right neighbour


_KINDS: Mapping[str, Callable[[float, Parameters], float]] = {
    "identity": _identity,
    "platt": _platt,
    "beta": _beta,
    "isotonic": _isotonic,
}
_NAMES = {
    "identity": (),
    "platt": ("slope", "intercept"),
    "beta": ("a", "b", "c"),
    "isotonic": ("margins", "probabilities"),
}
_NOT_NEGATIVE = {"platt": ("slope",), "beta": ("a", "b")}


def _one(parameters: Parameters, name: str) -> float:
    value = parameters[name]
    if isinstance(value, tuple):
        raise _wrong(f"parameter {name} is a list")
    return value


def _many(parameters: Parameters, name: str) -> Sequence[float]:
    value = parameters[name]
    if not isinstance(value, tuple):
        raise _wrong(f"parameter {name} is one number")
    return value


def _check(calibration: Calibration) -> None:
    kind, parameters = calibration.kind, calibration.parameters
    if kind not in _KINDS:
        raise _wrong(f"kind is {kind!r}")
    if set(parameters) != set(_NAMES[kind]):
        raise _wrong(f"{kind} has parameters {sorted(parameters)}")
    if not all(math.isfinite(number) for number in _numbers(parameters)):
        raise _wrong(f"{kind} has a parameter that is not finite")
    for name in _NOT_NEGATIVE.get(kind, ()):
        if _one(parameters, name) < 0:
            raise _wrong(f"{name} is {parameters[name]}, which turns the order of risks round")
    if kind == "isotonic":
        _check_knots(_many(parameters, "margins"), _many(parameters, "probabilities"))


def _numbers(parameters: Parameters) -> list[float]:
    return [
        number
        for value in parameters.values()
        for number in (value if isinstance(value, tuple) else (value,))
    ]


def _check_knots(margins: Sequence[float], probabilities: Sequence[float]) -> None:
    if not margins or len(margins) != len(probabilities):
        raise _wrong(f"{len(margins)} margins for {len(probabilities)} probabilities")
    if any(right <= left for left, right in pairwise(margins)):
        raise _wrong("margins do not rise")
    if any(right < left for left, right in pairwise(probabilities)):
        raise _wrong("probabilities fall")
    if probabilities[0] < 0 or probabilities[-1] > 1:
        raise _wrong("probabilities lie outside 0 to 1")


def _wrong(what: str) -> InputError:
    return InputError(f"calibration: {what}", "train the model again")
