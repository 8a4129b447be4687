"""Fresh values follow from the set of rows that came in, however they came."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from credit.policy.reasons import REASONS
from features.catalogue import ENTITY_FEATURES
from features.fresh import FRESH_FEATURES, fresh_values
from records.instants import instant_text

SINCE = datetime(2026, 7, 1, tzinfo=UTC)
MERCHANTS, USERS = ("m1", "m2"), ("u1", "u2", None)


def row(number, *, minutes=60, ago=0, **changes):
    recorded = SINCE + timedelta(minutes=minutes)
    return {
        "payment_id": f"p{number}",
        "merchant_id": "m1",
        "user_id": "u1",
        "kind": "payment",
        "amount_minor": 100,
        "occurred_at": instant_text(recorded - timedelta(minutes=ago)),
        "recorded_at": instant_text(recorded),
    } | changes


def of(rows, entity="merchant", who="m1"):
    return fresh_values(entity, [who], rows, since=SINCE)[who]


def test_kinds_payers_and_the_largest_are_told_apart():
    values = of(
        [
            row(1),
            row(2, user_id=None, amount_minor=250),
            row(3, user_id="u2"),
            row(4, kind="refund", amount_minor=30),
            row(5, kind="chargeback"),
            row(6, kind="payout", amount_minor=400),
        ]
    )
    assert values == {
        "fresh_payments": 3.0,
        "fresh_turnover_minor": 450.0,
        "fresh_largest_payment_minor": 250.0,
        "fresh_payers": 2.0,
        "fresh_refunds": 1.0,
        "fresh_refunds_minor": 30.0,
        "fresh_chargebacks": 1.0,
        "fresh_payouts_minor": 400.0,
        "fresh_late_payments": 0.0,
    }


def test_a_user_is_the_other_end_of_the_same_rows():
    values = of([row(1), row(2, merchant_id="m2"), row(3, kind="refund")], "user", "u1")
    assert (values["fresh_purchases"], values["fresh_merchants"]) == (2.0, 2.0)
    assert values["fresh_spend_refunds_minor"] == 100.0


def test_the_version_recorded_last_counts_whoever_it_names():
    moved = [row(1, minutes=60), row(1, minutes=90, merchant_id="m2", amount_minor=7)]
    values = fresh_values("merchant", MERCHANTS, moved, since=SINCE)
    assert values["m1"]["fresh_payments"] == 0.0
    assert values["m2"]["fresh_turnover_minor"] == 7.0


def test_what_happened_before_the_published_day_ended_is_late_and_apart():
    values = of([row(1, minutes=60, ago=61), row(2, minutes=60, ago=60)])
    assert (values["fresh_payments"], values["fresh_late_payments"]) == (1.0, 1.0)


def test_without_a_payment_counts_are_nought_and_the_largest_is_missing():
    values = of([])
    assert values.pop("fresh_largest_payment_minor") is None
    assert set(values.values()) == {0.0}


versions = st.lists(
    st.builds(
        row,
        st.integers(1, 4),
        minutes=st.integers(0, 300),
        ago=st.integers(0, 400),
        kind=st.sampled_from(["payment", "refund", "chargeback", "payout"]),
        amount_minor=st.integers(1, 10**12),
        merchant_id=st.sampled_from(MERCHANTS),
        user_id=st.sampled_from(USERS),
    ),
    max_size=12,
    unique_by=lambda one: (one["payment_id"], one["recorded_at"]),
)


@given(rows=versions, data=st.data())
def test_order_repeats_and_neighbours_change_nothing(rows, data):
    again = data.draw(st.permutations(rows + rows[: len(rows) // 2]))
    for entity, names in (("merchant", MERCHANTS), ("user", ("u1", "u2"))):
        together = fresh_values(entity, names, again, since=SINCE)
        assert together == {name: of(rows, entity, name) for name in names}


@given(rows=versions)
def test_every_payment_is_one_merchants(rows):
    values = fresh_values("merchant", MERCHANTS, rows, since=SINCE)
    latest = {}
    for one in sorted(rows, key=lambda one: one["recorded_at"]):
        latest[one["payment_id"]] = one
    counted = [one for one in latest.values() if one["occurred_at"] >= instant_text(SINCE)]
    paid = [one for one in counted if one["kind"] == "payment"]
    assert sum(it["fresh_payments"] for it in values.values()) == len(paid)
    minor = sum(one["amount_minor"] for one in paid)
    assert sum(it["fresh_turnover_minor"] for it in values.values()) == minor
    late = sum(it["fresh_late_payments"] for it in values.values())
    assert late == len(latest) - len(counted)


def test_fresh_features_have_names_of_their_own_and_reasons_that_are_known():
    codes = {reason.code for reason in REASONS}
    for entity, features in FRESH_FEATURES.items():
        names = [feature.name for feature in features]
        assert len(set(names)) == len(names)
        assert not set(names) & {feature.name for feature in ENTITY_FEATURES[entity]}
        assert all(name.startswith("fresh_") for name in names)
        assert {feature.reason for feature in features} <= codes
        assert all(feature.entity == entity for feature in features)
