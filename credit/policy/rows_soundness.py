"""What knock-outs and the facts they may look at must be, in any section of a policy."""

from collections.abc import Iterator, Sequence

from credit.policy.context import ContextField
from credit.policy.knockouts import (
    CONTEXT,
    MEMBERSHIP,
    ORDERED,
    SENT,
    Knockout,
    names_protected,
)
from credit.policy.reading import TermsError
from credit.policy.reasons import REASON, RULE


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
    for listed, facts in (("knockout_features", features), ("context", names)):
        for fact in facts:
            if names_protected(fact):
                raise TermsError(
                    f"{section}.{listed} holds {fact!r}, a place or protected attribute",
                    "leave it out: nobody is knocked out for where or who they are",
                )
    allowed = (*features, *request_facts, *(CONTEXT + name for name in names))
    for place, row in enumerate(rows, start=1):
        for problem, mend in _faults_of(row, allowed):
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
