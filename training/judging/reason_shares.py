"""Which reasons declined applicants would be given, and how often."""

from typing import Any

import numpy as np

from credit.policy.reasons import REASON
from models.score import REASONS_MAX
from training.judging.rows_explained import rows_explained
from training.judging.tested import Tested

CASES = 500


def reason_shares(tested: Tested, *, seed: int, cases: int = CASES) -> dict[str, Any]:
    """`declined` rows, of which `sampled` were explained, and what they would be told.

    `given` lists, most frequent first, the share of them to whom a `reason` is given at all
    and the share to whom it is given first. Reasons are `models.score.Scorer.reasons`':
    those that raise P(bad), strongest first.
    """
    declined = np.flatnonzero(tested.declined)
    sampled = _sample(declined, _count(tested, len(declined), cases), seed)
    facts = {"declined": len(declined), "sampled": len(sampled)}
    if not len(sampled):
        return facts | {"given": []}
    codes, sums = tested.scorer.explained(tested.scorer.matrix(tested.table.take(sampled)))
    order = np.argsort(-sums, axis=1, kind="stable")[:, :REASONS_MAX]
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


def _count(tested: Tested, declined: int, cases: int) -> int:
    return rows_explained(tested.scorer, rows=declined, most=cases)
