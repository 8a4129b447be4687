"""What a few approvals at random say of all who were turned away: the one honest witness."""

from math import sqrt
from typing import Any

from models.measures import wilson
from training.judging.rates import rate_of


def told_by_chance(
    label: Any, at_random: Any, *, rejected: int, rejected_mean: float
) -> dict[str, Any] | None:
    """The bad rate of the turned away as approvals at random imply it, and the uplift it takes.

    `label` and `at_random` are of the accepted; `rejected` counts the turned away and
    `rejected_mean` is what a model of the accepted expects of them. Chance approves from all
    who apply, so its bad rate is that of accepted and turned away mixed by their numbers; the
    part of the accepted is known and the rest follows. 95% intervals from Wilson's limits of
    both (Zou and Donner 2008). None where nobody was approved at random or turned away.
    """
    lucky, usual = rate_of(label[at_random]), rate_of(label[~at_random])
    if not lucky["rows"] or not usual["rows"] or not rejected:
        return None
    away = rejected / (rejected + usual["rows"])
    implied = (lucky["bad_rate"] - (1 - away) * usual["bad_rate"]) / away
    low, high = _limits(lucky, usual, away, implied)
    rates = {"implied": implied, "implied_low": low, "implied_high": high}
    rates = {name: min(1.0, max(0.0, value)) for name, value in rates.items()}
    uplift = {
        name.replace("implied", "uplift"): value / rejected_mean if rejected_mean else None
        for name, value in rates.items()
    }
    return lucky | rates | uplift | {"expected": rejected_mean}


def _limits(
    lucky: dict[str, Any], usual: dict[str, Any], away: float, implied: float
) -> tuple[float, float]:
    """The implied rate's interval; nearly all of it comes from the few approved at random."""
    kept = 1 - away
    least, most = wilson(usual["bads"], usual["rows"])
    down = lucky["bad_rate"] - lucky["low"], kept * (most - usual["bad_rate"])
    up = lucky["high"] - lucky["bad_rate"], kept * (usual["bad_rate"] - least)
    return implied - sqrt(down[0] ** 2 + down[1] ** 2) / away, implied + sqrt(
        up[0] ** 2 + up[1] ** 2
    ) / away
