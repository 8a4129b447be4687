"""Bodies as they come over the wire: bytes in, typed values out, everything doubtful refused."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson

from serving.problems import RequestError, shown
from serving.shapes import Shape, fits

DIGITS_MAX = 19  # what does not fit 64 bits is no amount of money


class NotANumber:
    """A number that JSON can spell and we refuse (NaN, Infinity, 1e999, a hundred digits)."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def parse(body: bytes, shape: Shape) -> dict[str, Any]:
    """The values of a body by field name, absent optional ones left out.

    RequestError names the field, the value and the mend.
    """
    values = _object(body)
    known = {field.name: field for field in shape.fields}
    for name in values:
        if name not in known:
            raise RequestError(
                "FIELD_UNKNOWN",
                f"{shown(name)} is no field of {shape.name}",
                f"send {', '.join(known)}",
                field=name[:60].encode("ascii", "backslashreplace").decode(),
            )
    parsed = {}
    for name, field in known.items():
        value = values.get(name)
        if value is not None:
            parsed[name] = fits(field, value)
        elif field.required:
            _missing(name, given=name in values)
    return parsed


def field_names(body: bytes) -> frozenset[str]:
    """The names of a body's fields. RequestError where it is no JSON object."""
    return frozenset(_object(body))


def content_sha256(path: str, values: Mapping[str, Any]) -> str:
    """What was asked, as a hash that neither blanks nor the order of fields can change."""
    content = orjson.dumps([path, dict(values)], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()


def _missing(name: str, *, given: bool) -> NoReturn:
    problem = f"{name} is null" if given else f"{name} is missing"
    raise RequestError("FIELD_MISSING", problem, f"send {name}", field=name)


def _object(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_each_once,
            parse_constant=NotANumber,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except RecursionError:
        raise _not_json("it nests too deeply") from None
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are both
        raise _not_json(str(error)) from None
    if not isinstance(values, dict):
        raise RequestError(
            "BODY_NOT_OBJECT", f"the body is {shown(values)}", "send one JSON object"
        )
    return values


def _not_json(why: str) -> RequestError:
    return RequestError("BODY_NOT_JSON", f"the body is not JSON: {why}", "send JSON in UTF-8")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RequestError(
            "FIELD_TWICE",
            f"{shown(twice)} stands twice",
            "send each field once",
            field=twice[:60].encode("ascii", "backslashreplace").decode(),
        )
    return found


def _finite(text: str) -> float | NotANumber:
    number = float(text)
    return number if math.isfinite(number) else NotANumber(text[:40])


def _bounded(text: str) -> int | NotANumber:
    return int(text) if len(text) <= DIGITS_MAX else NotANumber(f"{text[:20]}...")
