"""Which reasons declined applicants would be given, and how often."""

from typing import Any

import numpy as np

from credit.policy.reasons import REASON
from training.contributions import by_reason, contributions, rows_explained
from training.tested import Tested

REASONS_GIVEN = 4  # as many as a decision gives
CASES = 500


def reason_shares(tested: Tested, *, seed: int, cases: int = CASES) -> dict[str, Any]:
    """`declined` rows, of which `sampled` were explained, and what they would be told.

    `given` lists, most frequent first, the share of them to whom a `reason` is given at all
    and the share to whom it is given first. Reasons are `models.score.Scorer.reasons`':
    those that raise P(bad), strongest first.
    """
    declined = np.flatnonzero(tested.declined)
    sampled = _sample(declined, rows_explained(tested.scorer, most=cases), seed)
    facts = {"declined": len(declined), "sampled": len(sampled)}
    if not len(sampled):
        return facts | {"given": []}
    codes, sums = by_reason(tested.scorer, contributions(tested.scorer, tested.table.take(sampled)))
    order = np.argsort(-sums, axis=1, kind="stable")[:, :REASONS_GIVEN]
    raising = np.take_along_axis(sums, order, axis=1) > 0
    shares = [
        {
            "reason": code,
            "message": REASON[code].message if code in REASON else code,
            "share": float(((order == place) & raising).any(axis=1).mean()),
            "first_share": float(((order[:, 0] == place) & raising[:, 0]).mean()),
        }
        for place, code in enumerate(codes)
    ]
    given = [share for share in shares if share["share"]]
    return facts | {"given": sorted(given, key=lambda it: (-it["share"], it["reason"]))}


def _sample(rows: Any, count: int, seed: int) -> Any:
    if len(rows) <= count:
        return rows
    return np.sort(np.random.default_rng(seed).permutation(rows)[:count])
