"""Request features are one arithmetic: over a table and over one request it says the same."""

import math

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN, PRODUCTS
from features.arithmetic import Add, Const, Div, Field, Max, Min, Mul, Sub, column_of, value_of
from features.catalogue import ENTITY_FEATURES
from features.definition import CATEGORY
from features.request import REQUEST_FEATURES, request_values, with_request_features

NAMES = ("a", "b", "c")
NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**12), 10**12).map(float),
)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, NUMBERS)), min_size=1, max_size=6)
LEAVES = st.one_of(
    st.sampled_from(NAMES).map(Field),
    st.sampled_from([0.0, 3.0, 90.0, -2.5]).map(Const),
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        *(st.builds(node, inner, inner) for node in (Add, Sub, Mul, Div, Min, Max))
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def engine():
    return ibis.duckdb.connect()


def over_table(engine, expression, rows):
    schema = pa.schema([(name, pa.float64()) for name in NAMES])
    table = ibis.memtable(
        pa.Table.from_pylist(rows, schema=schema).append_column("row", pa.array(range(len(rows))))
    )
    computed = table.select("row", value=column_of(expression, table)).order_by("row")
    return engine.to_pyarrow(computed)["value"].to_pylist()


@settings(max_examples=120, deadline=None)
@given(expression=EXPRESSIONS, rows=ROWS)
def test_a_table_and_a_single_request_agree_to_the_bit(engine, expression, rows):
    single = [value_of(expression, row) for row in rows]
    columnar = over_table(engine, expression, rows)
    for one, many in zip(single, columnar, strict=True):
        assert (one is None) == (many is None), (one, many)
        assert one is None or one == many


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (Div(Field("a"), Field("zero")), None),
        (Div(Field("a"), Field("missing")), None),
        (Max(Field("missing"), Field("a")), None),
        (Min(Field("a"), Const(1)), 1.0),
        (Mul(Field("big"), Field("big")), None),
        (Sub(Field("a"), Const(8)), -1.0),
        (Field("unheard of"), None),
    ],
)
def test_what_has_no_value_is_missing(expression, value):
    fields = {"a": 7, "zero": 0, "missing": None, "big": 1e300}
    assert value_of(expression, fields) == value


def test_an_amount_is_held_against_turnover_and_the_last_loan():
    values = {"turnover_30d": 50_000.0, "turnover_90d": 90_000.0, "principal_last_minor": 20_000.0}
    request = {"amount_minor": 10_000, "term_days": 100, "scene": None}
    asked = request_values(MERCHANT_LOAN, values, request)
    assert asked["amount_to_turnover_30d"] == 0.2
    assert asked["amount_to_monthly_turnover_90d"] == 10_000 / 30_000
    assert asked["amount_per_day_to_turnover_90d"] == 0.1
    assert asked["amount_to_last_principal"] == 0.5
    assert asked["request_term_days"] == 100


def test_a_deposit_of_an_unknown_user_keeps_what_the_request_says():
    request = {"amount_minor": 9_900, "term_days": None, "scene": "bike"}
    asked = request_values(DEPOSIT_WAIVER, {}, request)
    assert asked["request_deposit_minor"] == 9_900
    assert asked["request_scene"] == "bike"
    assert asked["deposit_to_spend_30d"] is None
    assert asked["request_duration_days"] is None


@pytest.mark.parametrize("product", PRODUCTS)
def test_training_and_serving_see_equal_request_features(engine, product):
    entity = REQUEST_FEATURES[product][0].entity
    rows = [
        {
            **{
                feature.name: None if (row + place) % 3 == 0 else float((row * place) % 7)
                for place, feature in enumerate(ENTITY_FEATURES[entity])
                if feature.dtype != CATEGORY
            },
            "amount_minor": 10_000 * row,
            "term_days": None if row == 2 else 30 * row,
            "scene": "hotel" if row else None,
        }
        for row in range(5)
    ]
    table = with_request_features(ibis.memtable(pa.Table.from_pylist(rows)), product)
    columnar = engine.to_pyarrow(table.order_by("amount_minor")).to_pylist()
    for row, many in zip(rows, columnar, strict=True):
        for name, value in request_values(product, row, row).items():
            assert value == many[name], name
            assert not isinstance(value, float) or math.isfinite(value)
