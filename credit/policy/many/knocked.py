"""Knock-outs over columns: the same rows, each asked of all applicants at once."""

from collections.abc import Mapping, Sequence
from operator import ge, gt, le, lt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit.policy.decision import Outcome, outcome_of
from credit.policy.knockouts import CONTEXT, ON_MISSING, REQUEST, SENT, Knockout, holds
from credit.policy.many.answers import bit_of
from credit.policy.many.columns import MISSING, Column, Mask, Small, Texts, Whole

Facts = Mapping[str, Column | Whole]
_ORDERED = {">": gt, ">=": ge, "<": lt, "<=": le}


def facts_of(request: Facts, context: Mapping[str, Column], values: Mapping[str, Column]) -> Facts:
    """All facts by the names that knock-outs call them."""
    sent = {REQUEST + name: found for name, found in request.items()}
    sent |= {CONTEXT + name: found for name, found in context.items()}
    return sent | dict(values)


def knocked(
    rows: Sequence[Knockout], facts: Facts, *, asked: Mask, measured: Mask
) -> tuple[Small, Whole]:
    """What the rows leave possible for each applicant, and the reasons of those that spoke.

    `asked`: whom they are put to; `measured`: whose measured facts count, too; of the others only
    what was sent does.
    """
    worst = np.full(len(measured), Outcome.APPROVE, np.int8)
    reasons = np.zeros(len(measured), np.int64)
    for row in rows:
        whom = asked if row.feature.startswith(SENT) else measured
        _rule(row, facts.get(row.feature), whom, worst, reasons)
    return worst, reasons


def _rule(
    row: Knockout, found: Column | Whole | None, whom: Mask, worst: Small, reasons: Whole
) -> None:
    """Lowers `worst` and adds to `reasons` what one row says."""
    if found is None:
        missing: Mask | None = whom
    else:
        spoken, missing = _holding(row, found, whom)
        _speak(spoken & whom, outcome_of(row.outcome), row.reason, worst, reasons)
    on_missing = ON_MISSING[row.missing]
    if missing is not None and on_missing is not Outcome.APPROVE:
        _speak(missing & whom, on_missing, "FACT_MISSING", worst, reasons)


def _speak(where: Mask, outcome: Outcome, code: str, worst: Small, reasons: Whole) -> None:
    np.minimum(worst, np.int8(outcome), out=worst, where=where)
    np.bitwise_or(reasons, bit_of(code), out=reasons, where=where)


def _holding(row: Knockout, found: Column | Whole, whom: Mask) -> tuple[Mask, Mask | None]:
    """Where the comparison holds, and where the fact is missing (None: nowhere)."""
    if isinstance(found, Texts):
        return _words_holding(row, found, whom), found.codes == MISSING
    missing = np.isnan(found) if found.dtype.kind == "f" else None
    operands = row.value if isinstance(row.value, tuple) else (row.value,)
    if any(isinstance(operand, str) for operand in operands):
        if (whom if missing is None else whom & ~missing).any():
            raise TypeError(f"{row.feature} is a number; the policy compares it with {row.value!r}")
        return np.zeros(len(found), np.bool_), missing
    if row.op in _ORDERED:
        spoken = _ORDERED[row.op](found.astype(np.float64, copy=False), float(operands[0]))
    else:
        equal = _any_equal(found, operands)
        spoken = equal if row.op in {"==", "in"} else ~equal
    return (spoken if missing is None else spoken & ~missing), missing


def _any_equal(found: NDArray[Any], operands: Sequence[Any]) -> Mask:
    """Where a number equals one of the operands; a double cannot equal a whole it cannot hold."""
    equal = np.zeros(len(found), np.bool_)
    for operand in operands:
        if found.dtype.kind != "f" or float(operand) == operand:
            equal |= found == operand
    return equal


def _words_holding(row: Knockout, found: Texts, whom: Mask) -> Mask:
    """Each word that occurs is put to the row once, as `holds` puts it."""
    occur = np.bincount(found.codes[whom] + 1, minlength=len(found.words) + 1)[1:]
    spoken = [
        bool(often) and holds(row, word) for often, word in zip(occur, found.words, strict=True)
    ]
    return found.taken(spoken, False)
