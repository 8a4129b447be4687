"""The verdict comes first and stands on its checks; a section is there where its figures are."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.stand.dossiers import dossier
from training.report.page import SECTIONS, page
from training.report.verdict import verdict

OPTIONAL = {
    "bands": "bands",
    "stability": "stability",
    "fairness": "fairness",
}


def _with(**changes):
    given = dossier()
    return replace(given, metrics={**given.metrics, **changes})


def _without(*keys):
    given = dossier()
    return replace(given, metrics={k: v for k, v in given.metrics.items() if k not in keys})


def _sound():
    """A model against which nothing speaks."""
    given = _with(leakage=[], test=dossier().metrics["test"] | {"rows": 3000, "ece": 0.01})
    calibration = given.metrics["calibration"] | {"by_month": [], "by_segment": {}}
    steady = {"score": {"psi": 0.01, "level": 0, "months": []}, "features": []}
    fair = {"sex": {"impact": {"f": {"air": 0.95, "low": 0.9, "high": 1.0}}}}
    better = {"auc_difference": {"mean": 0.01, "low": 0.001, "high": 0.02}}
    return given.metrics | {
        "calibration": calibration,
        "stability": steady,
        "fairness": fair,
        "benchmarks": {"logistic": better},
    }


def test_every_section_stands_in_the_contents_in_order():
    text = page(dossier())
    places = [text.index(f'<section id="{section.anchor}">') for section in SECTIONS]
    assert places == sorted(places)
    assert all(f'<a href="#{section.anchor}">' in text for section in SECTIONS)
    assert text.index("Suspected leak") < places[0]


@pytest.mark.parametrize(("key", "anchor"), OPTIONAL.items())
def test_a_section_without_figures_is_left_out(key, anchor):
    text = page(_without(key))
    assert f'id="{anchor}"' not in text
    assert f'href="#{anchor}"' not in text


def test_the_least_that_a_training_knows_makes_a_page():
    given = dossier()
    least = ("product", "train", "valid", "test", "benchmarks", "leakage", "leakage_allowed",
             "split", "fit", "warnings")  # fmt: skip
    metrics = {key: given.metrics[key] for key in least if key in given.metrics}
    metrics["calibration"] = {"kind": "identity"}
    metrics["fit"] = {key: value for key, value in metrics["fit"].items() if key != "components"}
    seen = replace(given.seen, months=None, strengths={}, dependence=())
    text = page(replace(given, metrics=metrics, seen=seen))
    assert 'id="limits"' in text
    assert "No protected attribute was given" in text


def test_a_suspected_leak_outweighs_all_else():
    said = verdict(dossier().metrics)
    assert (said.word, said.tone) == ("Suspected leak", "bad")
    assert "income" in said.why


def test_a_sound_model_is_fit_for_use():
    said = verdict(_sound())
    assert (said.word, said.tone) == ("Fit for use", "good")
    assert {check.tone for check in said.checks} == {"good"}


def test_too_few_bads_are_not_ready():
    few = _sound() | {"test": dossier().metrics["test"] | {"rows": 40}}
    said = verdict(few)
    assert said.word == "Not ready"
    assert "too few bads" in said.why


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        (
            {"fairness": {"sex": {"impact": {"f": {"air": 0.7, "low": 0.6, "high": 0.9}}}}},
            "Fairness",
        ),
        (
            {"stability": {"score": {"psi": 0.3, "level": 2, "months": []}, "features": []}},
            "Stability",
        ),
        (
            {"calibration": {"kind": "platt",
                             "by_month": [{"group": "2025-03", "beyond_chance": True}]}},
            "Calibration",
        ),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_weighed_by_name(changes, name):
    said = verdict(_sound() | changes)
    assert said.tone == "doubt"
    assert name.lower() in said.why
    assert [check.name for check in said.checks if check.tone == "doubt"] == [name]


def test_unfairness_beyond_chance_is_not_ready():
    surely = {"sex": {"impact": {"f": {"air": 0.6, "low": 0.5, "high": 0.7}}}}
    said = verdict(_sound() | {"fairness": surely})
    assert said.word == "Not ready"
    assert "fairness" in said.why


def test_a_benchmark_that_ranks_better_makes_doubtful():
    worse = {"logistic": {"auc_difference": {"mean": -0.03, "low": -0.05, "high": -0.01}}}
    said = verdict(_sound() | {"benchmarks": worse})
    assert said.word == "Doubtful"


def test_a_broken_direction_and_a_failed_direction_test_are_told():
    broken = {"features": ["income"], "rows": 2000, "violations": ["income"]}
    failed = {"cases": 50, "worsened": 90, "failures": 2}
    said = verdict(_sound() | {"monotone": broken, "direction_test": failed})
    assert said.word == "Not ready"
    assert {check.name for check in said.checks if check.tone == "bad"} >= {"Directions", "Reasons"}


def test_a_direction_test_that_could_try_nothing_is_open_and_not_passed():
    nothing = {"cases": 50, "worsened": 0, "failures": 0}
    said = verdict(_sound() | {"direction_test": nothing})
    assert {check.name: check.tone for check in said.checks}["Reasons"] == "none"
    given = _with(direction_test=nothing)
    assert "nothing was tested" in page(given)


def test_one_class_in_the_test_rows_makes_a_page_still():
    given = dossier()
    nothing = dict.fromkeys(("auc", "gini", "ks"))
    test = given.metrics["test"] | nothing | {"bad_rate": 0.0}
    gaps = {"logistic": test | {"auc_difference": {"mean": None, "low": None, "high": None}}}
    goods = replace(given.seen, label=np.zeros_like(given.seen.label))
    metrics = given.metrics | {"test": test, "benchmarks": gaps, "leakage": []}
    assert "one class" in page(replace(given, metrics=metrics, seen=goods))


def test_limits_are_derived_from_the_figures():
    text = page(dossier())
    assert "bads in the test rows: every figure of them is rough" in text
    assert "Moved since training: income." in text
    assert "Mostly missing in the test rows: income." in text
    assert "outcomes have not matured" in text
    calm = page(_without("stability", "maturity"))
    assert "Moved since training" not in calm
    assert "have not matured" not in calm


def test_the_dossier_is_plain_json():
    json.dumps(dossier().metrics, allow_nan=False)


def test_a_calibration_that_the_gate_refuses_does_not_pass_above_it():
    sound = _sound()
    sound["test"] |= {"rows": 300, "ece": 0.19}
    told = {check.name: check for check in verdict(sound).checks}
    assert told["Calibration"].tone == "bad"
    assert "0.190" in told["Calibration"].why


def test_groups_too_small_to_compare_are_no_proof_of_fairness():
    sound = _sound() | {"fairness": {"birth": {"impact": {}}}}
    told = {check.name: check for check in verdict(sound).checks}
    assert told["Fairness"].tone == "none"
