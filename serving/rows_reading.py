"""Rows of the data contract as they come over the wire: each held against its table, by itself.

What a column may hold stands in the contract; here is only how JSON spells it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from credit.contract import TABLE, Column, Kind, Table
from records.inbox import Row
from records.instants import instant_text
from serving import shapes
from serving.problems import RequestError, shown
from serving.refusals import currency_refused

# Read by the evaluation of fairness alone: it comes as a file from whoever may know it.
TAKEN = tuple(name for name in TABLE if name != "protected")
AHEAD_MAX = timedelta(seconds=2)  # what a sender's clock may run ahead of ours
YEARS = (1900, 2200)  # as in files: other ones are a wrong unit
NUMBER_MAX = 1e15
ALWAYS_KNOWN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row is not taken: which one of the request, and the problem with it."""

    row: int
    error: RequestError


def read_rows(
    table: Table, sent: Sequence[Any], *, now: datetime, currency: str
) -> list[Row | Refusal]:
    """Each row typed and in the contract's order, or why it is refused.

    `currency` is the policy's: a home holds one.
    """
    read: list[Row | Refusal] = []
    for place, one in enumerate(sent):
        try:
            read.append(_row(table, one, now=now, currency=currency))
        except RequestError as error:
            read.append(Refusal(place, error))
    return read


def _row(table: Table, sent: Any, *, now: datetime, currency: str) -> Row:
    if not isinstance(sent, dict):
        mend = f"send an object with the columns of {table.name}"
        raise RequestError("FIELD_INVALID", f"the row is {shown(sent)}", mend)
    _refuse_unknown(table, sent)
    values = {column.name: _value(table, column, sent) for column in table.columns}
    if table.recorded_default and values["recorded_at"] is None:
        values["recorded_at"] = _midnight(values[table.recorded_default])
    _refuse_out_of_time(table, values, now)
    if refused := currency_refused(values.get("currency") or currency, currency):
        raise refused
    return Row(table.name, {n: _as_json(v) for n, v in values.items() if v is not None})


def _refuse_unknown(table: Table, sent: Mapping[str, Any]) -> None:
    known = table.names
    for name in sent:
        if name not in known:
            field = name[:60].encode("ascii", "backslashreplace").decode()
            problem = f"{shown(name)} is no column of {table.name}"
            raise RequestError("FIELD_UNKNOWN", problem, f"send {', '.join(known)}", field=field)


def _value(table: Table, column: Column, sent: Mapping[str, Any]) -> Any:
    value = sent.get(column.name)
    if value is not None:
        return _READERS[column.kind](column, value)
    if column.required:
        state = "is null" if column.name in sent else "is missing"
        mend = f"every row of {table.name} has one"
        raise RequestError("FIELD_MISSING", f"{column.name} {state}", mend, field=column.name)
    return None


def _refuse_out_of_time(table: Table, values: Mapping[str, Any], now: datetime) -> None:
    recorded = values.get("recorded_at")
    for column in table.columns:
        at = _midnight(values[column.name])
        if values[column.name] is None:
            continue
        tells = column.happens or column.name in {"recorded_at", "observed_at"}
        if tells and at > now + AHEAD_MAX:
            raise _refused(column, instant_text(at), f"send a time that is past ({now:%FT%TZ})")
        if column.happens and recorded is not None and at > recorded:
            mend = f"record a row when it is known, not before ({instant_text(recorded)})"
            raise _refused(column, instant_text(at), mend)
    if values.get("matured_at") and values["matured_at"] < values["observed_at"]:
        mend = "send the end of the label's window, which follows observed_at"
        raise _refused(table.column("matured_at"), instant_text(values["matured_at"]), mend)


def _midnight(value: Any) -> datetime:
    """When a day begins, or the instant itself; for what is not said, always."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return ALWAYS_KNOWN


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _text(column: Column, value: Any) -> str:
    if column.choices and value not in column.choices:
        raise _refused(column, value, f"send one of {', '.join(column.choices)}")
    kind = shapes.Kind.CURRENCY if column.name == "currency" else shapes.Kind.TEXT
    return str(shapes.fits(shapes.Field(column.name, kind, ""), value))


def _whole(column: Column, value: Any) -> int:
    least = int(-shapes.AMOUNT_MAX if column.minimum is None else column.minimum)
    most = int(shapes.AMOUNT_MAX if column.maximum is None else column.maximum)
    if type(value) is not int or not least <= value <= most:  # a boolean is an int, and no amount
        raise _refused(column, value, f"send a whole number from {least} to {most}")
    return value


def _number(column: Column, value: Any) -> float:
    least = -NUMBER_MAX if column.minimum is None else column.minimum
    most = NUMBER_MAX if column.maximum is None else column.maximum
    if type(value) not in {int, float} or not least <= value <= most:
        raise _refused(column, value, f"send a number from {least:g} to {most:g}")
    return float(value) + 0.0  # of -0.0 and 0.0, which are equal, one


def _day(column: Column, value: Any) -> date:
    mend = "send a UTC day such as 2026-06-30"
    try:
        day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except (TypeError, ValueError):
        raise _refused(column, value, mend) from None
    if not YEARS[0] <= day.year < YEARS[1] or day.isoformat() != value:
        raise _refused(column, value, mend)
    return day


def _instant(column: Column, value: Any) -> datetime:
    at: datetime = shapes.fits(shapes.Field(column.name, shapes.Kind.INSTANT, ""), value)
    if not YEARS[0] <= at.year < YEARS[1]:
        raise _refused(column, value, f"send a time from {YEARS[0]} to {YEARS[1] - 1}")
    return at


def _refused(column: Column, value: Any, mend: str) -> RequestError:
    problem = f"{column.name} is {shown(value)}"
    return RequestError("FIELD_INVALID", problem, mend, field=column.name, value=value)


_READERS: Mapping[Kind, Callable[[Column, Any], Any]] = {
    Kind.TEXT: _text,
    Kind.MONEY: _whole,
    Kind.COUNT: _whole,
    Kind.FLAG: _whole,
    Kind.NUMBER: _number,
    Kind.DAY: _day,
    Kind.INSTANT: _instant,
}
