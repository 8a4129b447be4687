"""The manifest: all that is true of a trained model beside its trees."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from credit.contract import PRODUCTS
from credit.errors import InputError
from models.calibration import Calibration

TABLE = "table"
NUMBER = "number"
CATEGORY = "category"
_MEND = "train the model again, or register an untouched copy"
_VERSION = re.compile(r"[a-z0-9]([-._a-z0-9]{0,61}[a-z0-9])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXT_OR_NONE = str | None
_KINDS: Mapping[str, Any] = {
    "product": str,
    "version": str,
    "created_at": str,
    "features": list,
    "definitions_sha256": _TEXT_OR_NONE,
    "calibration": dict,
    "label": dict,
    "data": dict,
    "split": dict,
    "seed": int,
    "metrics": dict,
    "libraries": dict,
    "utc_offset_minutes": int,
    "leakage": list,
    "assurance": dict,
    "model_sha256": str,
    "files": dict,
    "name": str,
    "dtype": str,
    "direction": int,
    "reason": str,
    "vocabulary": list,
    "sha256": str,
    "first_observed": _TEXT_OR_NONE,
    "last_observed": _TEXT_OR_NONE,
    "rows": int,
    "bads": int,
    "currency": _TEXT_OR_NONE,
    "kind": str,
    "parameters": dict,
}
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ModelFeature:
    """One input of a model.

    `direction` is +1 where a higher value may only raise P(bad), -1 where it may only lower
    it, 0 unconstrained. `reason` is the code that the input speaks for (a table's own columns
    speak for themselves). `vocabulary` lists a category's known values in code order; a value
    outside it is missing to the model.
    """

    name: str
    dtype: str
    direction: int
    reason: str
    vocabulary: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.dtype not in {NUMBER, CATEGORY}:
            raise _wrong(f"feature {self.name}: dtype is {self.dtype!r}")
        if self.direction not in {-1, 0, 1}:
            raise _wrong(f"feature {self.name}: direction is {self.direction!r}")
        if self.dtype == NUMBER and self.vocabulary:
            raise _wrong(f"feature {self.name}: a number has a vocabulary")
        if len(set(self.vocabulary)) != len(self.vocabulary):
            raise _wrong(f"feature {self.name}: the vocabulary repeats a value")


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The rows that a model was made of: their hash, extent, count and money."""

    sha256: str
    first_observed: str | None
    last_observed: str | None
    rows: int
    bads: int
    currency: str | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model is, was made of and scores; its `features` stand in signature order.

    `definitions_sha256` is the hash of the feature catalogue (None for a table). `label`,
    `split` and `metrics` (the test rows' summary) are plain JSON objects; `leakage` lists
    `{column, why}`; `assurance` says what was checked of the model beside its figures, for the
    gate to read. `model_sha256` and `files` (name -> sha256) are filled in by
    `models.artefact.write`.
    """

    product: str
    version: str
    created_at: datetime
    features: tuple[ModelFeature, ...]
    definitions_sha256: str | None
    calibration: Calibration
    label: Mapping[str, Any]
    data: TrainingData
    split: Mapping[str, Any]
    seed: int
    metrics: Mapping[str, Any]
    libraries: Mapping[str, str]
    utc_offset_minutes: int
    leakage: tuple[Mapping[str, Any], ...] = ()
    assurance: Mapping[str, Any] = field(default_factory=dict)
    model_sha256: str = ""
    files: Mapping[str, str] = field(default_factory=lambda: dict(_NOTHING))

    def __post_init__(self) -> None:
        _check(self)

    def to_json(self) -> str:
        """The manifest as JSON text, stable to the byte; NaN and infinities are refused."""
        values = asdict(self) | {"created_at": self.created_at.astimezone(UTC).isoformat()}
        return json.dumps(values, indent=1, sort_keys=True, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> "Manifest":
        """The manifest that `text` says; InputError names a field that is unknown or missing."""
        values = _object(_parsed(text), cls, "manifest")
        return cls(
            **values
            | {
                "created_at": _instant(values["created_at"]),
                "features": tuple(map(_feature, values["features"])),
                "calibration": _calibration(values["calibration"]),
                "data": TrainingData(**_object(values["data"], TrainingData, "data")),
                "leakage": tuple(values["leakage"]),
            }
        )


def new_version(*, at: datetime, content_sha256: str) -> str:
    """A version's name: when it was made and the first of its content's hash.

    >>> new_version(at=datetime(2026, 6, 30, 12, tzinfo=UTC), content_sha256="ab12cd34ef")
    '20260630t120000z-ab12cd34'
    """
    return f"{at.astimezone(UTC):%Y%m%dt%H%M%Sz}-{content_sha256[:8]}"


def is_sha256(value: object) -> bool:
    """True for 64 lower-case hexadecimal digits."""
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _check(manifest: Manifest) -> None:
    if manifest.product not in (*PRODUCTS, TABLE):
        raise _wrong(f"product is {manifest.product!r}")
    if not _VERSION.fullmatch(manifest.version):
        raise _wrong(f"version is {manifest.version!r}")
    if manifest.created_at.tzinfo is None:
        raise _wrong(f"created_at {manifest.created_at} has no zone")
    if not manifest.features:
        raise _wrong("it has no features")
    names = [feature.name for feature in manifest.features]
    if len(set(names)) != len(names):
        raise _wrong("a feature is named twice")
    _check_hashes(manifest)
    for name in ("label", "split", "metrics", "libraries", "assurance", "files"):
        if not isinstance(getattr(manifest, name), Mapping):
            raise _wrong(f"{name} is not an object")


def _check_hashes(manifest: Manifest) -> None:
    hashes = [manifest.data.sha256, *dict(manifest.files).values()]
    hashes += [value for value in (manifest.model_sha256, manifest.definitions_sha256) if value]
    for value in hashes:
        if not is_sha256(value):
            raise _wrong(f"{value!r} is not a SHA-256")
    for name in manifest.files:
        if name in {"", ".", ".."} or "/" in name or "\\" in name:
            raise _wrong(f"file name {name!r} leaves the artefact")


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _wrong(f"not JSON ({error})") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands twice")
    return found


def _object(values: Any, kind: type, where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise _wrong(f"{where} is not an object")
    known = set(kind.__dataclass_fields__)  # type: ignore[attr-defined]  # always a dataclass here
    if unknown := sorted(set(values) - known):
        raise _wrong(f"{where} has an unknown field {unknown[0]!r}")
    if missing := sorted(known - set(values)):
        raise _wrong(f"{where} lacks {missing[0]!r}")
    for name, value in values.items():
        if not isinstance(value, _KINDS[name]) or isinstance(value, bool):
            raise _wrong(f"{where}'s {name} is {value!r}")
    return values


def _instant(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError):
        raise _wrong(f"created_at is {text!r}") from None


def _feature(values: Any) -> ModelFeature:
    found = _object(values, ModelFeature, "feature")
    return ModelFeature(**found | {"vocabulary": tuple(found["vocabulary"])})


def _calibration(values: Any) -> Calibration:
    found = _object(values, Calibration, "calibration")
    parameters = {name: _number(value) for name, value in found["parameters"].items()}
    return Calibration(found["kind"], parameters)


def _number(value: Any) -> float | tuple[float, ...]:
    if isinstance(value, list):
        return tuple(map(_single, value))
    return _single(value)


def _single(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(f"calibration holds {value!r}")
    return float(value)


def _wrong(what: str) -> InputError:
    return InputError(f"manifest: {what}", _MEND)
