"""Score bands: what was promised, what came of it, and what is expected to be lost."""

from typing import Any

import numpy as np

from credit.money import ppm_of
from credit.policy.scorecard import score_of
from models.measures import ranked
from training.judging.rates import rate_of
from training.judging.tested import Tested

LOSS_GIVEN_DEFAULT = 0.45  # of an unsecured claim, as the shipped policy assumes until vintages say
BANDS = 10


def bands(tested: Tested, *, loss_given_default: float = LOSS_GIVEN_DEFAULT) -> dict[str, Any]:
    """Ten bands of equal count, riskiest last: score, bad rate, odds, expected loss.

    Scores are those that decisions carry (`credit.policy.scorecard`). `odds` are goods to a
    bad, None without bads. `expected_loss_minor` is the sum of P(bad) x amount x
    `loss_given_default`, `bad_amount_minor` what bads had been given: both absent where no
    amount is known. Rows of one probability may lie in two bands where ties are wide.
    """
    rows, seen, bads_seen = [], 0, 0
    for part in np.array_split(ranked(tested.probability), BANDS):
        if len(part):
            row = _band(tested, part, loss_given_default)
            seen, bads_seen = seen + row["rows"], bads_seen + row["bads"]
            rows.append(row | {"rows_up_to": seen, "bads_up_to": bads_seen})
    return {
        "loss_given_default": loss_given_default if tested.amount_minor is not None else None,
        "rows": [{"band": place + 1} | row for place, row in enumerate(rows)],
    }


def _band(tested: Tested, rows: Any, loss_given_default: float) -> dict[str, Any]:
    chance, label = tested.probability[rows], np.asarray(tested.label)[rows]
    facts = rate_of(label)
    goods = facts["rows"] - facts["bads"]
    facts |= {
        "score_from": _score(chance.max()),
        "score_to": _score(chance.min()),
        "from": float(chance.min()),
        "to": float(chance.max()),
        "expected": float(chance.mean()),
        "odds": goods / facts["bads"] if facts["bads"] else None,
    }
    if tested.amount_minor is not None:
        facts |= _losses(tested, rows, chance, label, loss_given_default)
    return facts


def _losses(
    tested: Tested, rows: Any, chance: Any, label: Any, loss_given_default: float
) -> dict[str, Any]:
    amount = np.nan_to_num(np.asarray(tested.amount_minor, dtype=np.float64)[rows])
    return {
        "amount_minor": int(amount.sum()),
        "expected_loss_minor": int(np.rint((chance * amount).sum() * loss_given_default)),
        "bad_amount_minor": int(amount[label == 1].sum()),
    }


def _score(probability: float) -> int:
    return score_of(ppm_of(probability))
