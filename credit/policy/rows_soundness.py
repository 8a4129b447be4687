"""What knock-outs and the facts they may look at must be, in any section of a policy."""

import re
from collections.abc import Iterator, Mapping, Sequence

from credit.policy.context import CONTEXT_NAME, NUMBER, TEXT, ContextField
from credit.policy.knockouts import (
    CONTEXT,
    MEMBERSHIP,
    ORDERED,
    SENT,
    TEXT_REQUEST_FACTS,
    Knockout,
    names_protected,
)
from credit.policy.reading import SHOWN_MAX, TermsError
from credit.policy.reasons import REASON, RULE

OPERAND_MAX = 10**15  # as amounts: beyond any fact, and exact as a float
_NAME = re.compile(CONTEXT_NAME)


def refuse_knockouts(
    section: str,
    rows: Sequence[Knockout],
    *,
    context: Sequence[ContextField],
    features: Sequence[str],
    request_facts: Sequence[str],
) -> None:
    """TermsError for the first fact that may not be looked at, or row that cannot be held."""
    names = [field.name for field in context]
    if len(set(names)) != len(names):
        raise TermsError(f"{section}.context names {', '.join(names)}", "declare each name once")
    for name in names:
        if not _NAME.fullmatch(name):
            raise TermsError(
                f"{section}.context names {name!r}, which no request can send",
                "use small letters first, then small letters, digits and _ (at most 64)",
            )
    for listed, facts in (("knockout_features", features), ("context", names)):
        for fact in facts:
            if names_protected(fact):
                raise TermsError(
                    f"{section}.{listed} holds {fact!r}, a place or protected attribute",
                    "leave it out: nobody is knocked out for where or who they are",
                )
    allowed = (*features, *request_facts, *(CONTEXT + name for name in names))
    kinds = {CONTEXT + field.name: field.kind for field in context}
    kinds |= {fact: NUMBER for fact in request_facts if fact not in TEXT_REQUEST_FACTS}
    kinds |= dict.fromkeys(TEXT_REQUEST_FACTS, TEXT)
    for place, row in enumerate(rows, start=1):
        for problem, mend in (*_faults_of(row, allowed), *_faults_of_operands(row, kinds)):
            raise TermsError(f"{section}.knockouts[{place}].{problem}", mend)


def _faults_of(row: Knockout, allowed: Sequence[str]) -> Iterator[tuple[str, str]]:
    if row.feature not in allowed:
        where = "a field of the request" if row.feature.startswith(SENT) else "in knockout_features"
        yield f"feature is {row.feature!r}, not {where}", f"use one of {', '.join(allowed)}"
    if row.reason not in REASON or REASON[row.reason].source != RULE:
        yield f"reason is {row.reason!r}, no rule's reason", "use a code of docs/reasons.md"
    if (row.op in MEMBERSHIP) != isinstance(row.value, tuple):
        yield f"value is {row.value!r} for {row.op!r}", "give a list for in and not in, else one"
    if row.op in ORDERED and isinstance(row.value, str):
        yield f"value is {row.value!r} for {row.op!r}", "compare order with numbers only"


def _faults_of_operands(row: Knockout, kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What no fact of its kind could be compared with when a decision is due."""
    kind = kinds.get(row.feature, NUMBER)  # features that rules look at are measured
    for operand in row.value if isinstance(row.value, tuple) else (row.value,):
        text = isinstance(operand, str)
        if text != (kind == TEXT):
            yield f"value is {row.value!r}, and {row.feature} is a {kind}", f"give a {kind}"
        if kind == TEXT and row.op in ORDERED:
            yield f"op is {row.op!r}, and {row.feature} is a text", "ask whether it is == or in"
        if not isinstance(operand, str) and abs(operand) > OPERAND_MAX:
            yield f"value is {str(operand)[:SHOWN_MAX]}", f"use at most {OPERAND_MAX:,}"
