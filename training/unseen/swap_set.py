"""Who would be treated otherwise: the swap set of a candidate against the model it would replace.

Swap-ins are approved by the candidate alone, swap-outs by the champion alone (Siddiqi 2006,
chapter 6). Both sides are looked at where each approves the same share, so that neither looks
better for approving fewer, and where the champion's own cut-off lies.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from models.artefact import Artefact
from models.manifest import CATEGORY
from models.score import Scorer
from training.judging.cut_off import APPROVED_SHARE, cut_off
from training.judging.rates import chance_of, difference, rate_of
from training.judging.tested import Tested

if TYPE_CHECKING:
    import pyarrow as pa

BY_CHANCE = 0.05
GROUPS = ("approved_by_both", "swap_in", "swap_out", "declined_by_both")
NOTE = (
    "Realised bad rates are those of applicants who were accepted then: whoever was turned away "
    "is counted by what is expected alone."
)


def swap_set(
    tested: Tested,
    champion_probability: Any,
    *,
    champion: str,
    approved_share: float = APPROVED_SHARE,
    champion_cut_off: float | None = None,
    rejected: tuple[Any, Any] | None = None,
) -> dict[str, Any]:
    """Who is newly approved and newly declined, what is expected of them and what came.

    `champion_probability` is the champion's P(bad) of the test rows, `champion` its name.
    `rejected` is P(bad) of applicants turned away in the same months, by candidate and
    champion: nothing but what is expected is known of them. Money is the test rows'.
    """
    theirs = np.asarray(champion_probability, dtype=np.float64)
    ours = np.asarray(tested.probability, dtype=np.float64)
    limits = _limit(ours, approved_share), _limit(theirs, approved_share)
    equal = _best(ours, approved_share), _best(theirs, approved_share)
    found = {
        "champion": champion,
        "approved_share": approved_share,
        "note": NOTE,
        "at_equal_share": _compared(tested, theirs, equal) | {"cut_off": _sides(*limits)},
    }
    if champion_cut_off is not None:
        approved = theirs <= champion_cut_off
        share = float(approved.mean()) if len(approved) else 0.0
        found["at_champion_cut_off"] = _compared(tested, theirs, (_best(ours, share), approved)) | {
            "cut_off": _sides(_limit(ours, share), champion_cut_off)
        }
    if rejected is not None:
        found["rejected"] = _of_rejected(rejected, limits)
    return found


def champion_probability_of(
    champion: Artefact, table: "pa.Table", *, definitions_sha256: str | None
) -> tuple[Any | None, str | None]:
    """The champion's P(bad) of these rows, or None and why it cannot say.

    It can where it reads columns that are there, of the same kind and by the same definitions.
    """
    manifest = champion.manifest
    if manifest.definitions_sha256 != definitions_sha256:
        return None, "the champion's features were defined otherwise"
    absent = [it.name for it in manifest.features if it.name not in table.column_names]
    if absent:
        return None, f"the champion reads {absent[0]}, which these rows do not have"
    for feature in manifest.features:
        if _is_text(table, feature.name) != (feature.dtype == CATEGORY):
            return None, f"the champion reads {feature.name} as {feature.dtype}, which it is not"
    return np.array(Scorer(champion).score_table(table), dtype=np.float64), None


def champion_cut_off_of(
    champion: Artefact, *, approved_share: float = APPROVED_SHARE
) -> float | None:
    """The champion's own cut-off by the same rule: what approves this share of its reference."""
    import pyarrow.parquet as pq

    if not champion.reference.is_file():
        return None
    known = pq.read_table(champion.reference, columns=["probability"])["probability"]
    return cut_off(known.to_numpy(), approved_share=approved_share) if len(known) else None


def learnt_by_champion(champion: Artefact, time: Any) -> int:
    """How many rows of these times (datetime64) lie in the champion's own training window.

    It has learnt from such rows if its data held them: it then looks better than it is.
    """
    last = champion.manifest.data.last_observed
    if last is None or time is None or time.dtype.kind != "M":
        return 0
    return int((time <= np.datetime64(last)).sum())


def _is_text(table: "pa.Table", name: str) -> bool:
    from pyarrow import types

    kind = table.schema.field(name).type
    return types.is_string(kind) or types.is_large_string(kind)


def _best(probability: Any, share: float) -> Any:
    """The least risky rows, exactly this share of them; ties fall by lot, the same each time."""
    lot = np.random.default_rng(0).random(len(probability))
    order = np.lexsort((lot, probability))
    approved = np.zeros(len(probability), dtype=bool)
    approved[order[: round(share * len(probability))]] = True
    return approved


def _limit(probability: Any, share: float) -> float | None:
    best = np.sort(probability)[: round(share * len(probability))]
    return float(best[-1]) if len(best) else None


def _sides(ours: float | None, theirs: float | None) -> dict[str, float | None]:
    return {"ours": ours, "theirs": theirs}


def _compared(tested: Tested, theirs: Any, approved: tuple[Any, Any]) -> dict[str, Any]:
    ours_approve, they_approve = approved
    places = (
        ours_approve & they_approve,
        ours_approve & ~they_approve,
        ~ours_approve & they_approve,
        ~ours_approve & ~they_approve,
    )
    groups = [
        {"group": name} | _group(tested, theirs, rows)
        for name, rows in zip(GROUPS, places, strict=True)
    ]
    swapped_in, swapped_out = groups[1], groups[2]
    approved_by = {
        "ours": _group(tested, theirs, ours_approve),
        "theirs": _group(tested, theirs, they_approve),
    }
    return {
        "groups": groups,
        "approved": approved_by,
        "difference": difference(_counts(swapped_in), _counts(swapped_out)),
        "fewer_bads": swapped_out["bads"] - swapped_in["bads"],
        "sentence": _sentence(swapped_in, swapped_out) + _of_money(approved_by),
    }


def _group(tested: Tested, theirs: Any, rows: Any) -> dict[str, Any]:
    label = np.asarray(tested.label)[rows]
    found = rate_of(label) | {
        "share": float(rows.mean()) if len(rows) else None,
        "expected": _mean(tested.probability, rows),
        "expected_champion": _mean(theirs, rows),
    }
    if tested.amount_minor is None:
        return found
    amount = np.nan_to_num(np.asarray(tested.amount_minor, dtype=np.float64)[rows])
    asked, lost = float(amount.sum()), float(amount[label == 1].sum())
    return found | {
        "amount_minor": int(asked),
        "bad_amount_minor": int(lost),
        "bad_amount_share": lost / asked if asked else None,
    }


def _mean(probability: Any, rows: Any) -> float | None:
    return float(np.asarray(probability)[rows].mean()) if rows.any() else None


def _counts(group: dict[str, Any]) -> tuple[int, int]:
    return group["bads"], group["rows"]


def _sentence(swapped_in: dict[str, Any], swapped_out: dict[str, Any]) -> str:
    """What a committee reads first; both sides are as many, since both approve as many."""
    if not swapped_in["rows"]:
        return "Both approve the same applicants."
    told = (
        f"{swapped_in['rows']} are newly approved, {swapped_in['bad_rate']:.1%} of them bad; "
        f"{swapped_out['rows']} newly declined, {swapped_out['bad_rate']:.1%} of them bad: "
    )
    if chance_of(_counts(swapped_in), _counts(swapped_out)) > BY_CHANCE:
        return told + "no more than chance could do."
    better = swapped_in["bad_rate"] < swapped_out["bad_rate"]
    return told + f"the swap is {'better' if better else 'worse'} beyond chance."


def _of_money(approved: dict[str, dict[str, Any]]) -> str:
    """The same in money, which can point the other way: large requests weigh as they are."""
    ours, theirs = (approved[side].get("bad_amount_share") for side in ("ours", "theirs"))
    if ours is None or theirs is None:
        return ""
    return f" Of the money approved {ours:.1%} is bad, where the champion's is {theirs:.1%}."


def _of_rejected(
    rejected: tuple[Any, Any], limits: tuple[float | None, float | None]
) -> dict[str, Any]:
    """Of those turned away in the same months: how many each would approve, and expects of them."""
    ours, theirs = (np.asarray(one, dtype=np.float64) for one in rejected)
    yes, no = (
        probability <= limit if limit is not None else np.zeros(len(probability), dtype=bool)
        for probability, limit in zip((ours, theirs), limits, strict=True)
    )
    places = (yes & no, yes & ~no, ~yes & no, ~yes & ~no)
    return {
        "rows": len(ours),
        "groups": [
            {
                "group": name,
                "rows": int(rows.sum()),
                "expected": _mean(ours, rows),
                "expected_champion": _mean(theirs, rows),
            }
            for name, rows in zip(GROUPS, places, strict=True)
        ],
    }
