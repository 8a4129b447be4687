"""A decision without a server: the same desk, the same journal."""

from functools import partial
from pathlib import Path
from typing import Any

import orjson

from credit.errors import InputError
from serving.assembly import open_office
from serving.cases import case_of
from serving.desk import Case
from serving.instalments import Till, entry_of, till_of
from serving.office import Office
from serving.settings import Settings
from serving.wire import field_names


def decide_file(settings: Settings, path: Path) -> dict[str, Any]:
    """The answer to the request in a file (a body as HTTP takes it), recorded before it is given.

    The product is known by the fields. InputError where the file or a field cannot be used.
    """
    case = read_case(path)
    office = open_office(settings)
    try:
        answer: dict[str, Any] = orjson.loads(_answered(office, case))
    finally:
        office.close()
    return answer


def read_case(path: Path) -> Case | Till:
    """The case in a file, or the order at a till. InputError names what is wrong with it."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", "name a JSON file") from None
    return till_of(body) if "order_amount_minor" in field_names(body) else case_of(body)


def _answered(office: Office, case: Case | Till) -> bytes:
    if isinstance(case, Till):
        asked = case.asked(office.desk.partner, None)
        return office.record_now(asked, partial(entry_of, case, office.desk))
    return office.answer_now(case)
