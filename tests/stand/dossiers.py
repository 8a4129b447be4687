"""A dossier in which every section has something to tell, under names that a test may choose."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from models.calibration import Calibration
from models.manifest import CATEGORY, NUMBER, TABLE, Manifest, ModelFeature, TrainingData
from models.measures import measure
from training.judging.intervals import differences, intervals
from training.judging.reliability import reliability_facts
from training.report.dossier import Dossier
from training.report.pictured import Dependence, Pictured

ROWS = 240


def dossier(name: str = "income", word: str = "food", *, product: str = TABLE) -> Dossier:
    """Everything known; `name` stands for what data may call a thing, `word` for its values."""
    random = np.random.default_rng(3)
    probability = random.beta(2, 6, ROWS)
    label = (random.random(ROWS) < probability).astype(np.int64)
    worse = np.clip(probability + random.normal(0, 0.1, ROWS), 0.01, 0.99)
    months = np.array([f"2025-0{1 + place % 3}" for place in range(ROWS)])
    words = np.array([word if place % 2 else "other" for place in range(ROWS)], dtype=object)
    seen = Pictured(
        label,
        probability,
        {"logistic": worse, name: worse},
        months,
        {name: 0.7, "age": 0.3},
        (
            Dependence(name, -1, (0.0, 1.0, 5.0), (0.3, 0.2, 0.1), ((0.4, 0.3, 0.2),)),
            Dependence("trade", 0, (0.0, 1.0), (0.1, 0.2), ((0.1, 0.3),), (word, "other")),
        ),
    )
    return Dossier(_manifest(name, word, product), _metrics(name, word, seen, words), seen)


def _manifest(name: str, word: str, product: str) -> Manifest:
    features = (
        ModelFeature(name, NUMBER, -1, name),
        ModelFeature("age", NUMBER, 0, "age"),
        ModelFeature("trade", CATEGORY, 0, "trade", (word, "other")),
    )
    return Manifest(
        product=product,
        version="20260630t000000z-ab12cd34",
        created_at=datetime(2026, 6, 30, tzinfo=UTC),
        features=features,
        definitions_sha256=None,
        calibration=Calibration("identity", {}),
        label={"column": name, word: 1},
        data=TrainingData("0" * 64, word, word, 900, 220, "CNY"),
        split={},
        seed=0,
        metrics={},
        libraries={"numpy": "2.0"},
        utc_offset_minutes=480,
    )


def _metrics(name: str, word: str, seen: Pictured, words: Any) -> dict[str, Any]:
    label, chance = seen.label, seen.probability
    told = measure(label, chance)
    parts = dict.fromkeys(("train", "valid", "test"), told)
    benchmarks = {
        other: measure(label, theirs) | differences(label, chance, theirs, seed=0, draws=20)
        for other, theirs in seen.benchmarks.items()
    }
    calibration = {
        "kind": "identity",
        "cross_fitted": {"identity": {"log_loss": 0.3, "brier": 0.2}},
    } | reliability_facts(
        label, chance, months=seen.months, segments={name: words}, rest_bads=220, rest_rows=900
    )
    return {
        **parts,
        "intervals": intervals(label, chance, seed=0, draws=20),
        "benchmarks": benchmarks,
        "calibration": calibration,
        "leakage": [{"column": name, "why": word, "certainty": "likely"}],
        "leakage_allowed": [],
        "split": {"method": "time", "at": word, "immature_at_split": 3, "purged": 0},
        "fit": {
            "features": 3, "rounds": [10, 12], "trials": 5, "seed": 0, "parameters": {name: word},
            "components": [
                {"name": name, "weight": 0.6, "rounds": [9], "log_loss": 0.3, "parameters": {}},
                {"name": "linear", "weight": 0.4, "rounds": [], "log_loss": 0.31},
            ],
        },
        "warnings": [f"column {name!r} has {word!r}"],
        "table": name,
        "dropped": [name],
        "protected": [name],
        "code": word,
        "left_out": {word: 3},
        "duplicates": {"rows": 4, "across_split": 2, "share": 0.01},
        "cut_off": {"probability": 0.4, "approved_share": 0.7},
        "monotone": {"features": [name], "rows": 2000, "violations": []},
        "scorecard": [_points(name, word)],
    } | _told_by_others(name, word)  # fmt: skip


def _points(name: str, word: str) -> dict[str, Any]:
    return {
        "column": name, "bin": word, "rows": 5, "bads": 1, "bad_rate": 0.2, "woe": 0.1, "iv": 0.01,
        "points": 12,
    }  # fmt: skip


def _told_by_others(name: str, word: str) -> dict[str, Any]:
    rated = {"rows": 50, "bads": 5, "bad_rate": 0.1, "low": 0.04, "high": 0.2}
    shift = {"psi": 0.3, "chance": 0.1, "level": 2, "missing_reference": 0.0, "missing": 0.6}
    month = {"month": word, "part": "test", "mean_probability": 0.1} | rated
    month["mix_psi"] = {name: 0.02}
    matured = {"month": word, "matured": 5, "not_matured": 1, "share_matured": 0.8} | rated
    curve = [{"days": days, "bad_rate": days / 900} for days in (30, 60)]
    return {
        "bands": {"loss_given_default": 0.45, "rows": [_band(place) for place in (1, 2)]},
        "stability": {
            "reference_rows": 600,
            "months": [word, "2025-02"],
            "score": shift
            | {"months": [shift, shift]}
            | {"bins": [{"bin": word, "reference": 0.5, "test": 0.4}]},
            "features": [{"name": name, "months": [shift, shift]} | shift],
            "quantiles": [{"name": name, "p50": 3.0, "missing": 0.1}],
        },
        "reasons": {
            "declined": 70, "sampled": 70,
            "given": [{"reason": name, "message": word, "share": 0.6, "first_share": 0.3}],
        },
        "direction_test": {
            "cases": 70, "worsened": 300, "approved_after": 0, "reason_lost": 0, "failures": 0,
            "examples": [],
        },
        "counterfactuals": _changes(name, word),
        "fairness": {name: _fairness(word)},
        "less_discriminatory": _search(name, word),
        "rejects": _rejects(name, word),
        "swap_set": {
            "champion": name,
            "approved_share": 0.7,
            "note": word,
            "at_equal_share": {
                "sentence": word,
                "groups": [{"group": word, "share": 0.1, "expected": 0.1} | rated],
            },
        },
        "vintages": {
            "months": [month, month | {"part": "train"}],
            "by_age": [{"vintage": word, "curve": curve}],
        },
        "maturity": {
            "as_of": word, "matured": 900, "not_matured": 40,
            "months": [matured],
        },
    }  # fmt: skip


def _band(place: int) -> dict[str, Any]:
    return {
        "band": place, "score_from": 500, "score_to": 520, "from": 0.1, "to": 0.2, "rows": 120,
        "bads": 20, "bad_rate": 0.17, "low": 0.1, "high": 0.24, "expected": 0.16, "odds": 5.0,
        "amount_minor": 100_00, "expected_loss_minor": 10_00, "bad_amount_minor": 20_00,
        "rows_up_to": 120 * place, "bads_up_to": 20 * place,
    }  # fmt: skip


def _changes(name: str, word: str) -> dict[str, Any]:
    return {
        "cases": 50, "actionable": 2, "found": 40, "none": 10, "flipped": 40,
        "features_median": 1.0,
        "most_changed": [{"feature": name, "changes": 30}],
        "examples": [
            {"row_id": word, "probability_from": 0.5, "probability_to": 0.3,
             "changes": [{"feature": name, "from": 3.0, "to": word}]},
        ],
    }  # fmt: skip


def _fairness(word: str) -> dict[str, Any]:
    known = {"rate": 0.6, "low": 0.5, "high": 0.7}
    group = {
        "rows": 100, "bads": 20, "judged": True, "approval_rate": known, "air": 0.7,
        "air_low": 0.6, "air_high": 0.78, "four_fifths": word, "declined_goods": known,
        "approved_bads": known, "approved_bad_rate": known,
        "auc": {"value": 0.7, "low": 0.6, "high": 0.8},
        "calibration": {"mean_probability": 0.2, "bad_rate": 0.2, "reading": word},
    }  # fmt: skip
    return {
        "reference": "reference", "cut_off": 0.4, "approved_share": 0.7, "note": word,
        "groups": [{"group": "reference"} | group, {"group": word} | group],
        "by_share": [{"share": 0.5, "groups": {word: {"approval_rate": 0.5, "air": 0.8}}}],
        "impact": {word: {"air": 0.7, "low": 0.6, "high": 0.78, "rows": 100}},
    }  # fmt: skip


def _search(name: str, word: str) -> dict[str, Any]:
    gap = {"value": 0.01, "low": -0.01, "high": 0.02}
    return {
        "tolerance": 0.01,
        "least": {"name": name, "say": word, "beyond_chance": True},
        "candidates": [
            {"name": name, "gini": 0.5, "gini_difference": gap, "impact": 0.8, "impact_gain": gap,
             "within_tolerance": True},
        ],
        "proxies": {name: {"auc": 0.8, "features": [{"feature": name, "alone_auc": 0.7}]}},
    }  # fmt: skip


def _rejects(name: str, word: str) -> dict[str, Any]:
    way = {
        "auc": 0.7, "gini": 0.4, "brier": 0.1, "ece": 0.01, "test_mean": 0.1, "rejected_mean": 0.3,
        "approved_rejected": 0.2, "changed_test": 0.01, "changed_rejected": 0.1,
    }  # fmt: skip
    return {
        "rejected": 300, "accepted": 900, "acceptance_rate": 0.75, "note": word,
        "distance": {
            "word": word,
            "features": [
                {"feature": name, "psi": 0.2, "missing_accepted": 0.0, "missing_rejected": 0.1},
            ],
        },
        "bands": [{"band": 1, "low": 0.0, "high": 0.1, "accepted": 90, "bad_rate": 0.02,
                   "rejected": 5, "assumed_bad_rate": 0.04}],
        "ways": {"none": way, word: way},
    }  # fmt: skip
