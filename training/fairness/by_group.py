"""How a model treats protected groups: approvals, errors and calibration of each, side by side.

Nothing here is fitted, and nothing is a feature: the test rows as the served model scored them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.measures import ECE_BINS, Z_95, ece, wilson
from training.fairness.groups import ROWS_MIN, Groups
from training.fairness.impact import Cells, impact_ratios, interval, number, reading
from training.judging.cut_off import cut_off
from training.judging.intervals import auc_interval

if TYPE_CHECKING:
    from training.judging.tested import Tested

DRAWS = 1000
SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)
CLASS_MIN = 10  # fewer goods or bads in a group do not tell how it is ranked
BIN_ROWS_MIN = 10
GOOD, BAD = 0, 1
ALONE = "one group alone has enough rows: there is nothing to hold it against"
NOBODY = "nobody of the reference group is approved: no ratio is defined"


@dataclass(frozen=True, slots=True)
class _Attribute:
    """One attribute of the test rows, and the group that the others are held against."""

    groups: Groups
    label: Any
    probability: Any
    approved: Any
    reference: int | None
    cells: Cells

    @classmethod
    def of(
        cls, values: Any, label: Any, probability: Any, approved: Any, *, draws: int, seed: int
    ) -> "_Attribute":
        groups = Groups.of(values)
        cells = Cells.of(groups, label, approved, draws=draws, seed=seed)
        return cls(groups, label, probability, approved, groups.reference(approved), cells)


def fairness(tested: "Tested", *, seed: int, draws: int = DRAWS) -> dict[str, Any]:
    """By protected attribute: rates, ratios, errors and calibration of each group, as JSON.

    The adverse impact ratio is a group's approval rate over that of the group approved most
    often (29 CFR 1607.4 D); intervals are the middle 95% of `draws` draws of the rows, errors'
    shares those of Wilson (1927), a group's AUC those of DeLong et al. (1988). The reference
    group is chosen once, at the cut-off. {} where nothing is protected.
    """
    return {
        attribute: _facts(tested, values, seed=seed, draws=draws)
        for attribute, values in (tested.protected or {}).items()
        if len(tested.label)
    }


def _facts(tested: "Tested", values: Any, *, seed: int, draws: int) -> dict[str, Any]:
    label, chance = np.asarray(tested.label), np.asarray(tested.probability, dtype=np.float64)
    told = _Attribute.of(values, label, chance, ~tested.declined, draws=draws, seed=seed)
    groups = [_group(told, place) for place in range(len(told.groups.names))]
    return {
        "reference": _name(told),
        "rows_min": ROWS_MIN,
        "cut_off": float(tested.cut_off),
        "approved_share": float(told.approved.mean()),
        "draws": draws,
        "note": _note(told),
        "groups": groups,
        "by_share": [_at_share(told, share, draws=draws, seed=seed) for share in SHARES],
        "impact": _impact(told, groups),
    }


def _name(told: _Attribute) -> str | None:
    return None if told.reference is None else told.groups.names[told.reference]


def _note(told: _Attribute) -> str | None:
    if told.reference is None:
        return ALONE if sum(told.groups.judged) == 1 else "no group has enough rows to be judged"
    return None if told.approved[told.groups.code == told.reference].any() else NOBODY


def _impact(told: _Attribute, groups: list[dict[str, Any]]) -> dict[str, Any]:
    """What a gate reads: ratios of judged groups of whom something is known."""
    return {
        facts["group"]: {
            "air": facts["air"],
            "low": facts["air_low"],
            "high": facts["air_high"],
            "rows": facts["rows"],
        }
        for place, facts in enumerate(groups)
        if told.groups.impacted[place] and place != told.reference and facts["air"] is not None
    }


def _group(told: _Attribute, place: int) -> dict[str, Any]:
    mine = told.groups.code == place
    label, chance = told.label[mine], told.probability[mine]
    approved = told.approved[mine]
    small = told.groups.pooled if place == len(told.groups.names) - 1 else ()
    ratio = _ratio(told, told.cells, place)
    return {
        "group": told.groups.names[place],
        "rows": len(label),
        "bads": int(label.sum()),
        "share": len(label) / len(told.label),
        "judged": told.groups.judged[place],
        "pooled": [list(one) for one in small],
        "approval_rate": _rate(int(approved.sum()), len(label)),
        "air": ratio["air"],
        "air_low": ratio["low"],
        "air_high": ratio["high"],
        "four_fifths": reading(ratio["air"], ratio["high"]),
        "score_difference": _score_difference(told, place),
        "calibration": _calibration(label, chance),
        "auc": _auc(label, chance),
        "declined_goods": _declined(told, place, GOOD),
        "approved_bads": _declined(told, place, BAD),
        "approved_bad_rate": _rate(int(label[approved].sum()), int(approved.sum())),
    }


def _ratio(told: _Attribute, cells: Cells, place: int) -> dict[str, float | None]:
    """Held against the reference group; undefined for itself where it approves nobody."""
    if told.reference is None or not told.groups.judged[place]:
        return {"air": None, "low": None, "high": None}
    ratio = number(impact_ratios(cells.approval_rates(cells.counts), told.reference)[place])
    if ratio is None:
        return {"air": None, "low": None, "high": None}
    drawn = impact_ratios(cells.approval_rates(cells.drawn), told.reference)[:, place]
    low, high = interval(drawn)
    return {"air": ratio, "low": low, "high": high}


def _at_share(told: _Attribute, share: float, *, draws: int, seed: int) -> dict[str, Any]:
    """The same ratios, had `share` of the test rows been approved."""
    limit = cut_off(told.probability, approved_share=share)
    approved = told.probability <= limit
    cells = Cells.of(told.groups, told.label, approved, draws=draws, seed=seed)
    rates = cells.approval_rates(cells.counts)
    return {
        "share": share,
        "cut_off": limit,
        "groups": {
            name: {"approval_rate": number(rates[place])} | _ratio(told, cells, place)
            for place, name in enumerate(told.groups.names)
        },
    }


def _declined(told: _Attribute, place: int, outcome: int) -> dict[str, float | None]:
    """Declined goods, or approved bads: the share, and how far from the reference group's."""
    counts, drawn = told.cells.counts, told.cells.drawn
    wrong = counts[place, outcome, 0 if outcome == GOOD else 1]
    facts: dict[str, float | None] = {
        **_rate(int(wrong), int(counts[place, outcome].sum())),
        "difference": None,
        "difference_low": None,
        "difference_high": None,
    }
    if told.reference is None or place == told.reference or not told.groups.judged[place]:
        return facts
    sign = 1 if outcome == GOOD else -1
    gaps = [
        sign * (rates[..., place] - rates[..., told.reference])
        for rates in (told.cells.declined_of(cells, outcome=outcome) for cells in (counts, drawn))
    ]
    if number(gaps[0]) is None:
        return facts
    low, high = interval(gaps[1])
    return facts | {"difference": number(gaps[0]), "difference_low": low, "difference_high": high}


def _rate(count: int, of: int) -> dict[str, float | None]:
    if not of:
        return {"rate": None, "low": None, "high": None}
    low, high = wilson(count, of)
    return {"rate": count / of, "low": low, "high": high}


def _score_difference(told: _Attribute, place: int) -> dict[str, float | None]:
    """Standardised mean difference of the log odds to the reference group; more is riskier.

    Cohen's d with the interval of Hedges and Olkin (1985).
    """
    if told.reference is None or place == told.reference or not told.groups.judged[place]:
        return {"value": None, "low": None, "high": None}
    margin = np.log(told.probability / (1 - told.probability))
    mine, other = (margin[told.groups.code == one] for one in (place, told.reference))
    rows, of = len(mine), len(other)
    spread = np.sqrt(
        ((rows - 1) * mine.var(ddof=1) + (of - 1) * other.var(ddof=1)) / (rows + of - 2)
    )
    if not spread > 0:
        return {"value": None, "low": None, "high": None}
    value = (mine.mean() - other.mean()) / spread
    reach = Z_95 * np.sqrt((rows + of) / (rows * of) + value**2 / (2 * (rows + of)))
    return {"value": float(value), "low": float(value - reach), "high": float(value + reach)}


def _calibration(label: Any, chance: Any) -> dict[str, Any]:
    """Whether what is said of the group comes true; `ece_if_true`: what chance alone shows."""
    bads, rows = int(label.sum()), len(label)
    low, high = wilson(bads, rows)
    said = float(chance.mean())
    word = "true within chance" if low <= said <= high else "too high" if said > high else "too low"
    binned = rows >= ECE_BINS * BIN_ROWS_MIN
    return {
        "mean_probability": said,
        "bad_rate": bads / rows,
        "low": low,
        "high": high,
        "reading": word,
        "ece": ece(label, chance) if binned else None,
        "ece_if_true": _ece_if_true(chance) if binned else None,
    }


def _ece_if_true(chance: Any) -> float:
    """The mean calibration error of true probabilities: each bin's gap is about normal."""
    parts = np.array_split(np.sort(chance), ECE_BINS)
    spreads = sum(float(np.sqrt(np.sum(part * (1 - part)))) for part in parts)
    return float(np.sqrt(2 / np.pi) * spreads / len(chance))


def _auc(label: Any, chance: Any) -> dict[str, float | None]:
    """The AUC within the group; None where it has too few goods or bads."""
    bads = int(label.sum())
    if min(bads, len(label) - bads) < CLASS_MIN:
        return {"value": None, "low": None, "high": None}
    found = auc_interval(label, chance)
    return {"value": found["auc"], "low": found["auc_low"], "high": found["auc_high"]}
