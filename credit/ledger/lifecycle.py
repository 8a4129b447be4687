"""Lifecycles as tables: what may follow what, in rows that the code walks and the docs draw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

AUTH_ORDER_NOT_EXIST = "AUTH_ORDER_NOT_EXIST"
ORDER_ALREADY_FINISHED = "ORDER_ALREADY_FINISHED"
ORDER_ALREADY_CLOSED = "ORDER_ALREADY_CLOSED"
REQUEST_AMOUNT_EXCEED = "REQUEST_AMOUNT_EXCEED"
ILLEGAL_STATUS = "ILLEGAL_STATUS"

State = TypeVar("State", bound=Enum)
Move = TypeVar("Move", bound=Enum)


@dataclass(frozen=True, slots=True)
class Refused:
    """An operation that may not be: its stable code, what stands against it, and what helps."""

    code: str
    problem: str
    mend: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be true of the amounts after a move, and how the docs say it."""

    words: str
    holds: Callable[[Any], bool]


ALWAYS = Condition("", lambda _: True)


@dataclass(frozen=True, slots=True)
class Transition(Generic[State, Move]):
    """In `state`, `move` leads to `to` where `when` holds of the amounts after it.

    `state` None: before there is anything.
    """

    state: State | None
    move: Move
    when: Condition
    to: State


def moves_from(table: Sequence[Transition[State, Move]], state: State | None) -> tuple[Move, ...]:
    """The moves that a state knows, each once, in the table's order."""
    return tuple(dict.fromkeys(row.move for row in table if row.state is state))


def state_after(
    table: Sequence[Transition[State, Move]], state: State | None, move: Move, after: object
) -> State:
    """The state that the first fitting row leads to; LookupError where no row fits."""
    for row in table:
        if row.state is state and row.move is move and row.when.holds(after):
            return row.to
    raise LookupError(f"no row for {move} in {state}")


def diagram(table: Sequence[Transition[State, Move]]) -> str:
    """The table as a Mermaid state diagram; a state that nothing leads out of is an end."""
    lines = ["stateDiagram-v2"]
    for row in table:
        start = row.state.value if row.state else "[*]"
        why = f" ({row.when.words})" if row.when.words else ""
        lines.append(f"    {start} --> {row.to.value}: {row.move.value}{why}")
    ends = {row.to for row in table} - {row.state for row in table if row.to is not row.state}
    lines += [f"    {state.value} --> [*]" for state in sorted(ends, key=lambda one: one.value)]
    return "\n".join(lines)
