"""A decision without a server: the same desk, the same journal."""

from contextlib import closing
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
from serving.what_would_change import WhatWouldChange, what_would_change
from serving.wire import field_names


def decide_file(settings: Settings, path: Path) -> dict[str, Any]:
    """The answer to the request in a file (a body as HTTP takes it), recorded before it is given.

    The product is known by the fields. InputError where the file or a field cannot be used.
    """
    case = read_case(path)
    with closing(open_office(settings)) as office:
        answer: dict[str, Any] = orjson.loads(_answered(office, case))
    return answer


def explain_file(settings: Settings, path: Path) -> tuple[dict[str, Any], WhatWouldChange]:
    """The same, and what would have had the request approved, as things stand now.

    InputError for an order at a till: the policy alone decides those.
    """
    case = read_case(path)
    if isinstance(case, Till):
        raise InputError(f"{path}: no model decides an order at a till", "leave the option out")
    with closing(open_office(settings)) as office:
        answer: dict[str, Any] = orjson.loads(_answered(office, case))
        return answer, what_would_change(case, office.desk)


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
