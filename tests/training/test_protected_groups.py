"""Who belongs to which group, from a table's columns or the contract's `protected`."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.sources import open_history
from training.fairness.protected import groups_of, protected_columns, protected_of


def test_words_are_groups_as_they_are_and_blanks_are_nobody_knows() -> None:
    column = pa.array(["f", " m ", "", None, "f"])
    assert groups_of(column, "sex").tolist() == ["f", "m", None, None, "f"]
    assert groups_of(column.dictionary_encode(), "sex").tolist() == ["f", "m", None, None, "f"]


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.decimal128(19, 0), pa.string()])
def test_codes_are_groups_whatever_they_are_written_as(kind: pa.DataType) -> None:
    column = pa.array([1, 2, None, 1]).cast(pa.int64()).cast(kind)
    assert groups_of(column, "sex").tolist() == ["1", "2", None, "1"]


def test_truth_values_are_groups() -> None:
    assert groups_of(pa.array([True, False, None]), "veteran").tolist() == ["True", "False", None]


@pytest.mark.parametrize("kind", [pa.int32(), pa.float64(), pa.string()])
def test_ages_are_cut_where_the_law_calls_somebody_elderly(kind: pa.DataType) -> None:
    ages = [18, 24, 25, 34, 35, 44, 45, 54, 55, 61, 62, 90, None]
    found = groups_of(pa.array(ages).cast(kind), "AGE").tolist()
    bands = ["under 25", "25 to 34", "35 to 44", "45 to 54", "55 to 61", "62 and over"]
    assert found == [*np.repeat(bands, 2), None]


def test_an_age_in_days_is_cut_into_quarters() -> None:
    days = pa.array(np.arange(7_000, 27_000))
    found = set(groups_of(days, "age").tolist())
    assert found == {"under 12000", "12000 to 16999", "17000 to 21999", "22000 and over"}


def test_other_numbers_are_cut_into_quarters_of_the_rows() -> None:
    random = np.random.default_rng(0)
    values = np.where(np.arange(1000) < 100, np.nan, random.lognormal(size=1000))
    found = groups_of(pa.array(values), "income")
    names, counts = np.unique(found[100:].astype(str), return_counts=True)
    assert found[:100].tolist() == [None] * 100
    assert len(names) == 4
    assert counts.min() == counts.max() == 225


def test_a_number_that_is_mostly_zero_gives_no_empty_band() -> None:
    values = np.r_[np.zeros(900), np.arange(1, 101)]
    found = groups_of(pa.array(values), "children")
    assert set(found) == {"all"} or all((found == name).any() for name in set(found))


def test_endless_and_absent_numbers_are_not_known() -> None:
    values = [np.inf, -np.inf, np.nan, *range(20)]
    assert groups_of(pa.array(values), "score").tolist()[:3] == [None] * 3
    assert groups_of(pa.array([None, None], pa.float64()), "score").tolist() == [None, None]
    assert groups_of(pa.array([None, None]), "score").tolist() == [None, None]


def test_dates_of_birth_are_cut_by_year() -> None:
    born = pa.array([date(1950 + number, 3, 1) for number in range(40)])
    found = set(groups_of(born, "born_on").tolist())
    assert found == {"under 1960", "1960 to 1969", "1970 to 1979", "1980 and over"}


def test_every_named_column_of_a_table_is_read() -> None:
    table = pa.table({"sex": ["f", "m"], "x": [1.0, 2.0], "age": [20, 70]})
    found = protected_columns(table, ["age", "sex"])
    assert {name: values.tolist() for name, values in found.items()} == {
        "age": ["20", "70"],  # two values of age are codes
        "sex": ["f", "m"],
    }


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A data directory with protected attributes alone."""
    ids = [f"U{number:03}" for number in range(30)]
    rows = {
        "entity_id": [*ids, *ids, "somebody"],
        "attribute": ["gender"] * 30 + ["age"] * 30 + ["shoe size"],
        "value": ["f", "m"] * 15 + [str(20 + 2 * number) for number in range(30)] + ["44"],
    }
    pq.write_table(pa.table(rows), tmp_path / "protected.parquet")
    return tmp_path


def test_attributes_of_people_come_from_the_contract(people: Path) -> None:
    with open_history(people) as history:
        found = protected_of(history, np.array(["U001", "U000", "unknown", "U021", "U029"]))
    assert set(found) == {"gender", "age"}
    assert found["gender"].tolist() == ["m", "f", None, "m", "m"]


def test_ages_of_people_are_banded_by_all_who_are_asked_for(people: Path) -> None:
    with open_history(people) as history:
        found = protected_of(history, np.array([f"U{number:03}" for number in range(30)]))
    assert found["age"][0] == "under 25"
    assert found["age"][-1] == "62 and over"


def test_a_history_that_protects_nothing_has_no_groups(tmp_path: Path) -> None:
    table = pa.table({"user_id": ["U1"]})
    pq.write_table(table, tmp_path / "users.parquet")
    with open_history(tmp_path) as history:
        assert protected_of(history, np.array(["U1"])) == {}
