"""Facts that a partner sends along with its requests, declared by its own policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from credit.errors import InputError
from credit.policy.declared import Direction, Unit, declared
from credit.policy.evidence import Value

NUMBER, TEXT = "number", "text"
CONTEXT_NAME = "[a-z][a-z0-9_]{0,63}"  # what requests can call a fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextField:
    """One such fact: a request may carry it under `context`, a knock-out may look at it."""

    name: str = declared(Unit.TEXT, Direction.FIXED, "What requests and `context.NAME` call it")
    kind: str = declared(Unit.TEXT, Direction.FIXED, "What it is", choices=(NUMBER, TEXT))
    required: bool = declared(Unit.FLAG, Direction.FIXED, "Whether every request must carry it")
    meaning: str = declared(
        Unit.TEXT, Direction.FIXED, "What it says, for whoever reads a decision"
    )


def refuse_undeclared(
    context: Mapping[str, Value], declared_fields: Sequence[ContextField]
) -> None:
    """InputError where a request carries what no policy declared, or lacks what one requires."""
    fields = {field.name: field for field in declared_fields}
    for name, value in context.items():
        if name not in fields:
            known = ", ".join(fields) or "nothing, for no policy declares any"
            raise InputError(f"context.{name} is not declared", f"send {known}")
        if isinstance(value, str) != (fields[name].kind == TEXT):
            raise InputError(f"context.{name} is {value!r}", f"send a {fields[name].kind}")
    for name, field in fields.items():
        if field.required and name not in context:
            raise InputError(f"context.{name} is missing", f"send it: {field.meaning}")
