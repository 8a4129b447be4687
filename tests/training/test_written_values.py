"""What people write in cells is read as what they meant, or left alone and said."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.rows.column_values import read_column
from training.rows.duplicates import copies_said, duplicates
from training.rows.sample import FeaturePlan, Sample
from training.rows.sentinels import sentinels
from training.rows.split import split
from training.rows.written import dates_of, numbers_of, two_ways
from training.rows.years import whole_years


def _days(texts):
    return [str(day) for day in dates_of(texts).values.astype("datetime64[D]")]


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["$12,345.00 ", "$7"], [12345, 7]),
        (["13.5%", "9 %"], [13.5, 9]),
        (["(250)", "30"], [-250, 30]),
        (["1,234", "56"], [1234, 56]),
        (["1,5", "1.234,25"], [1.5, 1234.25]),
        (["1e3", "-.5", "+2."], [1000, -0.5, 2]),
        (["€ 5", "7 EUR"], [5, 7]),
        (["007", "12"], [7, 12]),
    ],
)
def test_numbers_are_read_as_they_were_meant(texts, numbers):
    assert numbers_of(texts).values.tolist() == numbers


@pytest.mark.parametrize(
    "texts", [["36 months", "60 months"], ["<1", "10+"], ["a", "b"], ["1", "x"]]
)
def test_words_are_no_numbers(texts):
    assert numbers_of(texts) is None


def test_a_few_words_among_numbers_are_missing_and_named():
    found = numbers_of([*map(str, range(100)), "lots", "n/a"])
    assert np.isnan(found.values[100:]).all()
    assert found.unread == ("lots",)


@given(st.floats(min_value=-1e12, max_value=1e12).map(lambda one: round(one, 2)))
def test_money_written_with_thousands_is_the_same_money(amount):
    assert numbers_of([f"${amount:,.2f}"]).values[0] == amount


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["28-Feb-97", "01-Mar-05", "14-Jan-66"], ["1997-02-28", "2005-03-01", "1966-01-14"]),
        (["1/31/2010", "2/3/2010"], ["2010-01-31", "2010-02-03"]),
        (["31/1/2010 08:30", "3/2/2010"], ["2010-01-31", "2010-02-03"]),
        (["31.12.2010", "01.02.2011"], ["2010-12-31", "2011-02-01"]),
        (["1/1/2010", "2/1/2010", "5/1/2010"], ["2010-01-01", "2010-02-01", "2010-05-01"]),
        (["2010-01-31 10:00", "2010-02-01T11:00:00+02:00"], ["2010-01-31", "2010-02-01"]),
        (["Dec-99", "Jan-05"], ["1999-12-01", "2005-01-01"]),
        (["20100131", "20091201"], ["2010-01-31", "2009-12-01"]),
    ],
)
def test_dates_are_read_in_the_one_form_that_fits_all(texts, days):
    assert _days(texts) == days


def test_a_date_of_two_meanings_is_not_guessed():
    texts = ["3/4/2010", "5/6/2010", "1/12/2010"]
    assert dates_of(texts) is None
    assert two_ways(texts) == "3/4/2010"
    assert two_ways([*texts, "3/31/2010"]) is None


def test_a_day_that_never_was_is_missing_and_named():
    texts = [f"2010-01-{day:02}" for day in range(1, 32)] + ["2010-02-30"]
    found = dates_of(texts)
    assert np.isnat(found.values[-1])
    assert found.unread == ("2010-02-30",)


@given(st.lists(st.integers(1951, 2050), min_size=1), st.integers(0, 40))
def test_years_of_two_digits_keep_their_order_within_fifty_years(years, start):
    years = [1951 + start + (year - 1951) % 50 for year in years]
    read = whole_years([f"{year % 100:02}" for year in years])
    found = [read(f"{year % 100:02}") for year in years]
    assert np.array_equal(np.argsort(found, kind="stable"), np.argsort(years, kind="stable"))


def test_amounts_paid_are_no_identifiers():
    amounts = np.random.default_rng(1).permutation(np.arange(100, 100_000))[:300]
    assert read_column(pa.array(amounts), "total_paid").values is not None
    assert read_column(pa.array(amounts), "loan_id").values is None


@pytest.mark.parametrize(
    ("values", "far"),
    [
        ([0, 1, 2, 3] * 100 + [96] * 5 + [98] * 20, (96.0, 98.0)),
        ([20, 30, 40] * 100 + [-999] * 30, (-999.0,)),
        ([20, 30, 40] * 100 + [-999] * 3, ()),
        ([0, 1] * 200, ()),
        (list(range(400)), ()),
    ],
)
def test_values_far_from_all_others_and_frequent_are_pointed_at(values, far):
    assert sentinels(np.array(values, dtype=float)) == far


def _sample(columns, label):
    plans = tuple(FeaturePlan(name) for name in columns)
    rows = pa.array(np.arange(len(label)))
    return Sample(plans, pa.table(columns), label, rows)


def test_copies_are_counted_on_each_side_of_the_split():
    random = np.random.default_rng(0)
    half = random.normal(size=(100, 2))
    label = np.tile((np.arange(100) % 4 == 0).astype(np.int8), 2)
    sample = _sample({"a": np.tile(half[:, 0], 2), "__label": np.tile(half[:, 1], 2)}, label)
    chosen = split(sample, seed=0)
    found = duplicates(sample, chosen.rest, chosen.test)
    assert found["rows"] == 100
    assert 0.5 < found["share"] == found["across_split"] / len(chosen.test) < 0.9
    assert "copies flatter" in copies_said(sample, chosen.rest, chosen.test)[0]


def test_rows_of_few_different_values_are_equal_by_chance_and_not_warned_of():
    random = np.random.default_rng(0)
    sample = _sample({"a": random.integers(0, 3, 400) * 1.0}, random.integers(0, 2, 400))
    chosen = split(sample, seed=0)
    assert duplicates(sample, chosen.rest, chosen.test)["across_split"] == len(chosen.test)
    assert copies_said(sample, chosen.rest, chosen.test) == ()


def test_an_owner_on_both_sides_of_the_split_is_said():
    random = np.random.default_rng(0)
    sample = _sample({"a": random.normal(size=300)}, random.integers(0, 2, 300))
    owned = Sample(
        **{name: getattr(sample, name) for name in ("features", "table", "label", "row_id")},
        entity=np.arange(300) % 60,
    )
    chosen = split(owned, seed=0)
    assert any("owner" in one for one in chosen.warnings)
