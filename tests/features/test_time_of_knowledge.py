"""Nothing recorded after a time moves a value of that time."""

import time
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.historical import historical
from features.spine import as_known

CUT = date(2026, 6, 15)
CUT_TIME = pd.Timestamp(CUT)


def at_cut(ids, day=CUT - timedelta(days=1)):
    return pa.table({"entity_id": list(ids), "as_of": [day] * len(ids)})


def values(opened, tables, entity, spine):
    return as_known(opened(tables), entity, spine)


def shuffled(tables):
    """Later rows with each other's owners, amounts and times."""
    rng = np.random.default_rng(1)
    changed = {}
    for name, rows in tables.items():
        changed[name] = rows
        if "recorded_at" in rows:
            later = rows[rows.recorded_at >= CUT_TIME].copy()
            key = rows.columns[0]
            for column in later.columns.drop([key, "recorded_at"]):
                later[column] = later[column].sample(frac=1, random_state=7).array
            order = rng.permutation(len(later))
            changed[name] = pd.concat([later.iloc[order], rows[rows.recorded_at < CUT_TIME]])
    return changed


def tripled(tables):
    """Later rows three times, and every earlier row corrected later."""
    changed = {}
    for name, rows in tables.items():
        changed[name] = rows
        if "recorded_at" in rows:
            key = rows.columns[0]
            later = rows[rows.recorded_at >= CUT_TIME]
            copies = [later.assign(**{key: later[key] + f"-{copy}"}) for copy in (1, 2)]
            early = rows[rows.recorded_at < CUT_TIME]
            money = [column for column in rows.columns if column.endswith("_minor")]
            fixed = early.assign(**{column: early[column] * 5 + 3 for column in money})
            fixed["recorded_at"] = CUT_TIME + (fixed["recorded_at"] - pd.Timestamp(2026, 1, 1))
            fixed = fixed[fixed.recorded_at >= CUT_TIME]
            changed[name] = pd.concat([rows, *copies, fixed])
    return changed


def removed(tables):
    return {
        name: rows[rows.recorded_at < CUT_TIME] if "recorded_at" in rows else rows
        for name, rows in tables.items()
    }


@pytest.mark.parametrize("entity", ["merchant", "user"])
def test_rows_removed_shuffled_or_tripled_later_move_no_value(opened, made_up, entity):
    tables = made_up(11)
    spine = at_cut(tables[f"{entity}s"][f"{entity}_id"])
    before = values(opened, tables, entity, spine)
    for change in (removed, shuffled, tripled):
        assert values(opened, change(tables), entity, spine).equals(before), change.__name__


def test_rows_recorded_in_time_do_move_values(opened, made_up):
    tables = made_up(11)
    spine = at_cut(["m1", "m2"])
    before = values(opened, tables, "merchant", spine)
    tables["payments"] = tables["payments"].assign(amount_minor=tables["payments"].amount_minor * 2)
    assert values(opened, tables, "merchant", spine) != before


def test_a_correction_counts_from_the_day_on_which_it_came(opened):
    first = {
        "payment_id": "p1",
        "merchant_id": "m1",
        "kind": "payment",
        "amount_minor": 1_000,
        "currency": "CNY",
        "occurred_at": datetime(2026, 3, 1, 12),  # noqa: DTZ001
        "recorded_at": datetime(2026, 3, 3, 9),  # noqa: DTZ001
    }
    moved = first | {"merchant_id": "m2", "amount_minor": 700}
    moved["recorded_at"] = datetime(2026, 3, 5, 23, 59, 59, 999_999)  # noqa: DTZ001
    tables = {
        "merchants": pd.DataFrame({"merchant_id": ["m1", "m2"]}),
        "payments": pd.DataFrame([moved, first]),
    }
    days = [date(2026, 3, day) for day in (2, 3, 4, 5)]
    spine = pa.table({"entity_id": ["m1"] * 4 + ["m2"] * 4, "as_of": days * 2})
    known = values(opened, tables, "merchant", spine)
    assert known["turnover_30d"].to_pylist() == [0, 1_000, 1_000, 0, 0, 0, 0, 700]
    assert known["payers_30d"].to_pylist() == [0, None, None, 0, 0, 0, 0, None]


def test_windows_end_with_the_day_itself(opened):
    at = [datetime(2026, 3, 1) + timedelta(days=day, hours=23) for day in (0, 6, 7)]  # noqa: DTZ001
    payments = {
        "payment_id": ["a", "b", "c"],
        "merchant_id": "m1",
        "kind": "payment",
        "amount_minor": [1, 10, 100],
        "currency": "CNY",
        "occurred_at": at,
        "recorded_at": at,
    }
    tables = {
        "merchants": pd.DataFrame({"merchant_id": ["m1"]}),
        "payments": pd.DataFrame(payments),
    }
    spine = pa.table({"entity_id": ["m1"] * 3, "as_of": [date(2026, 3, day) for day in (7, 8, 9)]})
    known = values(opened, tables, "merchant", spine)
    assert known["turnover_7d"].to_pylist() == [11, 110, 110]
    assert known["days_since_payment"].to_pylist() == [0, 0, 1]


def test_the_night_is_local(opened):
    at = [datetime(2026, 3, 2, hour) for hour in (15, 16, 21, 22)]  # noqa: DTZ001  # 23, 0, 5, 6 local
    payments = {
        "payment_id": ["a", "b", "c", "d"],
        "merchant_id": "m1",
        "kind": "payment",
        "amount_minor": 1,
        "currency": "CNY",
        "occurred_at": at,
        "recorded_at": at,
    }
    tables = {
        "merchants": pd.DataFrame({"merchant_id": ["m1"]}),
        "payments": pd.DataFrame(payments),
    }
    known = values(opened, tables, "merchant", at_cut(["m1"], date(2026, 3, 3)))
    assert known["night_share_90d"].to_pylist() == [0.5]


def test_an_absent_table_is_missing_and_no_rows_are_zero(opened):
    merchants = pd.DataFrame({"merchant_id": ["m1"]})
    absent = values(opened, {"merchants": merchants}, "merchant", at_cut(["m1"]))
    none = {"payment_id": "p", "merchant_id": "m2", "kind": "payment", "amount_minor": 5}
    none |= {"currency": "CNY", "occurred_at": CUT_TIME, "recorded_at": CUT_TIME}
    tables = {"merchants": merchants, "payments": pd.DataFrame([none])}
    empty = values(opened, tables, "merchant", at_cut(["m1"]))
    for name in ("turnover_30d", "payments_7d", "net_flow_90d", "payers_30d"):
        assert absent[name].to_pylist() == [None], name
        assert empty[name].to_pylist() == [0], name
    for name in ("ticket_mean_30d", "turnover_growth_30d", "turnover_cv_12w", "loans_count"):
        assert empty[name].to_pylist() == [None], name


def test_an_entity_nobody_has_heard_of_has_no_values(opened, made_up):
    known = values(opened, made_up(3), "merchant", at_cut(["nobody"]))
    assert set(known.drop_columns(["entity_id", "as_of"]).to_pylist()[0].values()) == {None}


def spine_of_outcomes(ids, observed_at):
    count = len(ids)
    return pa.table(
        {
            "reference_id": [f"r{row}" for row in range(count)],
            "entity_id": ids,
            "observed_at": pa.array(observed_at, pa.timestamp("us")),
            "amount_minor": [50_000] * count,
            "term_days": [90] * count,
            "scene": pa.nulls(count, pa.string()),
        }
    )


@pytest.fixture
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai"], indirect=True)
def test_training_values_are_those_of_the_day_before_in_any_time_zone(
    opened, made_up, tmp_path, zone
):
    history = opened(made_up(5))
    moments = [CUT_TIME, CUT_TIME + pd.Timedelta(hours=23, minutes=59), CUT_TIME, CUT_TIME]
    ids = ["m2", "m1", "m1", "m1"]
    trained = historical(
        history, "merchant-loan", spine_of_outcomes(ids, moments), scratch=tmp_path / "scratch"
    )
    known = as_known(history, "merchant", at_cut(ids))
    assert trained["reference_id"].to_pylist() == ["r0", "r1", "r2", "r3"]
    for name in known.column_names[2:]:
        assert trained[name].to_pylist() == known[name].to_pylist(), name
    turnover = known["turnover_30d"].to_pylist()
    asked = [50_000 / value if value else None for value in turnover]
    assert trained["amount_to_turnover_30d"].to_pylist() == asked


def test_a_second_training_reuses_what_the_first_computed(opened, made_up, tmp_path, monkeypatch):
    history, spine = opened(made_up(5)), spine_of_outcomes(["m1"], [CUT_TIME])
    first = historical(history, "merchant-loan", spine, scratch=tmp_path / "kept")

    def never(*_, **__):
        raise AssertionError("computed again")

    monkeypatch.setattr("features.historical.as_known", never)
    again = historical(history, "merchant-loan", spine, scratch=tmp_path / "kept")
    assert again.equals(first)
    with pytest.raises(AssertionError, match="computed again"):
        historical(history, "deposit-waiver", spine, scratch=tmp_path / "kept")


def test_feast_leaves_out_values_created_after_the_decision(opened, made_up, tmp_path, monkeypatch):
    """The guard itself: a value stamped as created too late does not come back."""
    from features import historical as joins

    monkeypatch.setattr(
        joins,
        "stamped",
        lambda values, entity, _, stamped=joins.stamped: stamped(
            values,
            entity,
            pa.array([CUT_TIME + pd.Timedelta(days=9)] * len(values), pa.timestamp("us", "UTC")),
        ),
    )
    history, spine = opened(made_up(5)), spine_of_outcomes(["m1"], [CUT_TIME])
    trained = historical(history, "merchant-loan", spine, scratch=tmp_path / "late")
    assert trained["turnover_180d"].to_pylist() == [None]
