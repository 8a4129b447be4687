"""A manifest says everything, exactly, and nothing else."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.errors import InputError
from models.manifest import Manifest, ModelFeature, new_version

Make = Callable[..., Manifest]
FIELDS = list(Manifest.__dataclass_fields__)


def test_a_manifest_survives_the_round_trip_and_its_text_is_stable(make_manifest: Make) -> None:
    first = make_manifest()
    again = Manifest.from_json(first.to_json())
    assert again == first
    assert again.to_json() == first.to_json()


@pytest.mark.parametrize("name", FIELDS)
def test_a_missing_field_is_named(make_manifest: Make, name: str) -> None:
    values = json.loads(make_manifest().to_json())
    del values[name]
    with pytest.raises(InputError, match=f"lacks '{name}'"):
        Manifest.from_json(json.dumps(values))


@pytest.mark.parametrize("where", ["", "data", "calibration", "features"])
def test_an_unknown_field_is_named(make_manifest: Make, where: str) -> None:
    values = json.loads(make_manifest().to_json())
    place: Any = values[where] if where else values
    place = place[0] if where == "features" else place
    place["surprise"] = 1
    with pytest.raises(InputError, match="surprise"):
        Manifest.from_json(json.dumps(values))


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("wrong", [None, 7, "text", [], [1], {}, {"a": []}, True, 1.5])
def test_a_field_of_the_wrong_kind_is_refused_or_reads_as_it_stands(
    make_manifest: Make, name: str, wrong: Any
) -> None:
    values = json.loads(make_manifest().to_json()) | {name: wrong}
    try:
        found = Manifest.from_json(json.dumps(values))
    except InputError:
        return
    assert json.loads(found.to_json())[name] == wrong


@given(st.text() | st.binary(max_size=200))
def test_whatever_is_no_manifest_is_refused_in_a_line(text: str | bytes) -> None:
    with pytest.raises(InputError, match="manifest: "):
        Manifest.from_json(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(make_manifest: Make, number: str) -> None:
    text = make_manifest().to_json().replace("0.9", number)
    with pytest.raises(InputError):
        Manifest.from_json(text)


def test_a_field_that_stands_twice_is_refused(make_manifest: Make) -> None:
    text = make_manifest().to_json().replace('"seed": 3', '"seed": 3, "seed": 4')
    with pytest.raises(InputError, match="twice"):
        Manifest.from_json(text)


@pytest.mark.parametrize(
    "change",
    [
        {"product": "mortgage"},
        {"version": "Upper Case"},
        {"created_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"features": ()},
        {"features": (ModelFeature("a", "number", 0, "TENURE"),) * 2},
        {"files": {"../out": "a" * 64}},
        {"files": {"model.txt": "short"}},
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    make_manifest: Make, change: dict[str, Any]
) -> None:
    with pytest.raises(InputError):
        make_manifest(**change)


def test_versions_sort_by_the_time_they_were_made(make_manifest: Make) -> None:
    early = new_version(at=datetime(2026, 1, 2, tzinfo=UTC), content_sha256="f" * 64)
    late = new_version(at=datetime(2026, 1, 10, tzinfo=UTC), content_sha256="0" * 64)
    assert early < late
    assert make_manifest(version=early)
