"""The catalogue says what every feature is, once, and its hash changes only with what it means."""

import ast
import re
from importlib.resources import files

import pytest

from credit.contract import DEPOSIT_WAIVER, ENTITY_OF, MERCHANT_LOAN, PRODUCTS
from credit.policy.reasons import MODEL, REASON
from features import catalogue
from features.arithmetic import Field
from features.catalogue import (
    ENTITY_FEATURES,
    FRESH_FEATURES,
    definitions_sha256,
    features_of,
    meaning,
)
from features.definition import CAN_LOWER, CAN_RAISE, CATEGORY, NUMBER, WINDOWS
from features.request import REQUEST_FEATURES
from features.windows import WINDOW_SUMS

REACH = {window.name: window.end_ago for window in WINDOW_SUMS}
OWNERS = {"merchant-risk", "merchant-lending", "consumer-risk", "scene-risk"}


def every(product):
    return (*features_of(product), *FRESH_FEATURES[ENTITY_OF[product]])


def is_chinese(text):
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


def test_there_are_at_least_80_features_of_merchants_and_45_of_users():
    assert len(ENTITY_FEATURES["merchant"]) >= 80
    assert len(ENTITY_FEATURES["user"]) >= 45


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_feature_is_said_in_full_and_feeds_a_reason_that_models_may_give(product):
    for feature in every(product):
        assert feature.entity == ENTITY_OF[product], feature.name
        assert feature.dtype in {NUMBER, CATEGORY}, feature.name
        assert feature.direction in {-1, 0, 1}, feature.name
        assert feature.description.isascii(), feature.name
        assert is_chinese(feature.description_zh), feature.name
        assert "  " not in feature.description + feature.description_zh, feature.name
        assert feature.owner in OWNERS, feature.name
        assert feature.unit, feature.name
        assert REASON[feature.reason].source == MODEL, feature.name


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_two_features_have_one_name_or_say_the_same(product):
    features = every(product)
    for said in ("name", "description", "description_zh"):
        told = [getattr(feature, said) for feature in features]
        assert len(set(told)) == len(told), {it for it in told if told.count(it) > 1}


@pytest.mark.parametrize("entity", ENTITY_FEATURES)
def test_the_window_that_is_said_reaches_as_far_as_the_sums_that_are_read(entity):
    checked = 0
    for feature in ENTITY_FEATURES[entity]:
        reaches = [REACH.get(name) for name in re.findall(r"_\.(\w+)", repr(feature.expression))]
        if reaches and None not in reaches:
            assert feature.window_days == max(reaches), feature.name
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_past_or_passes_with_the_calendar_is_nobodys_to_change(product):
    actionable = {it.name: it.actionable for it in features_of(product) if it.actionable}
    assert set(actionable.values()) <= {CAN_RAISE, CAN_LOWER}
    assert len(actionable) >= 8
    timely = ("tenure", "history", "days_since", "registered", "night", "weekend", "_max", "_mean")
    assert not [name for name in actionable if any(word in name for word in timely)]
    assert all(it.dtype == NUMBER and it.view != "request" for it in acted_on(product))


@pytest.mark.parametrize("product", PRODUCTS)
def test_nobody_is_advised_to_do_what_raises_the_risk(product):
    assert all(it.actionable != it.direction for it in acted_on(product))


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_a_request_is_measured_against_does_not_move_by_itself(product):
    read = {name for it in REQUEST_FEATURES[product] for name in names_in(it.expression)}
    assert not read & {it.name for it in acted_on(product)}


def acted_on(product):
    return [it for it in features_of(product) if it.actionable]


def names_in(expression):
    if isinstance(expression, Field):
        return {expression.name}
    sides = (getattr(expression, side, None) for side in ("left", "right"))
    return set().union(*(names_in(side) for side in sides if side is not None))


@pytest.mark.parametrize("entity", ["merchant", "user"])
def test_turnover_and_spend_are_seen_over_every_window(entity):
    level = "turnover" if entity == "merchant" else "spend"
    names = {feature.name for feature in ENTITY_FEATURES[entity]}
    assert {f"{level}_{days}d" for days in WINDOWS} <= names


def test_comments_docstrings_and_layout_do_not_change_a_definition():
    one = '"""Doc."""\nX = (1, 2)  # why\n\n\ndef f(x):\n    """Says."""\n    return x + 1\n'
    other = "X = (\n    1, 2)\ndef f(x):\n  '''Otherwise.'''\n  return x + 1\n"
    assert meaning(one) == meaning(other)


@pytest.mark.parametrize("other", ["X = (1, 3)\n", "Y = (1, 2)\n", "X = (1, 2, 'a')\n"])
def test_a_number_a_name_or_a_text_changes_a_definition(other):
    assert meaning("X = (1, 2)\n") != meaning(other)


def test_products_have_hashes_of_their_own():
    assert definitions_sha256(MERCHANT_LOAN) != definitions_sha256(DEPOSIT_WAIVER)


def test_what_is_said_to_people_does_not_change_a_definition():
    one = 'F = of(name="f", description="A", description_zh="甲", owner="x", unit="days")\n'
    other = 'F = of(name="f", description="B", description_zh="乙", owner="y", unit="days")\n'
    assert meaning(one) == meaning(other)
    assert meaning(one) != meaning(one.replace("days", "count"))


def test_every_module_that_computes_features_counts_in_the_hash():
    counted = {name for names in catalogue._SOURCES.values() for name in names}
    reading = {"source_values", "source_files"}  # rows follow from them, whoever imports them
    writing = {"publication", "placing", "scratch", "effort"}  # files, and what a run took
    elsewhere = {"catalogue", "fresh"} | writing
    assert reached_from("spine") - elsewhere | reading == counted


def reached_from(name, seen=frozenset()):
    """Modules of the features that one imports when it runs, and those that they import."""
    reached = set(seen) | {name}
    for module in imported(files("features").joinpath(f"{name}.py").read_text(encoding="utf-8")):
        if module not in reached:
            reached |= reached_from(module, frozenset(reached))
    return reached


def imported(source):
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.module == "features":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("features."):
            yield node.module.removeprefix("features.")
