"""A decision without a server: the same desk, the same journal."""

from pathlib import Path
from typing import Any

import orjson

from credit.errors import InputError
from serving.assembly import open_office
from serving.cases import case_of
from serving.desk import Case
from serving.settings import Settings


def decide_file(settings: Settings, path: Path) -> dict[str, Any]:
    """The answer to the request in a file (a body as HTTP takes it), recorded before it is given.

    The product is known by the fields. InputError where the file or a field cannot be used.
    """
    case = read_case(path)
    office = open_office(settings)
    try:
        answer: dict[str, Any] = orjson.loads(office.answer_now(case))
    finally:
        office.close()
    return answer


def read_case(path: Path) -> Case:
    """The case in a file. InputError names what is wrong with it."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", "name a JSON file") from None
    return case_of(body)
