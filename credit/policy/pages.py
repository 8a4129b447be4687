"""The pages that are written from the code: every policy field, every reason."""

from collections.abc import Iterator

from credit.policy.declared import Declaration, Direction, Shape, declarations
from credit.policy.documents import HEADS
from credit.policy.reasons import REASONS
from credit.policy.terms import Policy

_DIRECTIONS = {
    Direction.FIXED: "a lower layer may not change it",
    Direction.LOWER_ONLY: "a lower layer may only lower it (a flag: only switch it off; a choice: "
    "only move it towards the first)",
    Direction.HIGHER_ONLY: "a lower layer may only raise it",
    Direction.SUBSET: "a lower layer may only leave entries out",
    Direction.SUPERSET: "a lower layer may only add entries",
    Direction.DELEGATED: "a lower layer may choose inside the range that the layer above delegates",
}
_MARKS = {Shape.TABLE: "", Shape.ROWS: "[]", Shape.NAMED: ".NAME"}

_POLICIES_HEAD = """# Policies

Generated from the declarations in `credit/policy` (`make docs`). A policy is a TOML document. The
platform's states every field below, and no other; the document of an industry, a partner or a scene
begins with a head of its own (at the end of this page) and states only what it tightens or chooses.
Money is whole minor units; shares, rates and probabilities are decimals of at most six places.
`vouch policy check FILE` names the first field that is wrong, its value, the bound and the mend.

A probability band holds what lies above `probability_from`, up to and with `probability_to`.
A knock-out compares one fact with a value by a closed set of comparisons; facts are the features
listed in `knockout_features` and the fields of the request (`request.amount_minor`,
`request.term_days`; `request.deposit_minor`, `request.duration_days`, `request.scene`;
`request.order_amount_minor`) and what requests carry as the section's `context` declares it. No
knock-out may look at a place or a protected attribute.

Directions say how a lower layer (industry, partner, scene) may move what the layer above fixed:

"""
_REASONS_HEAD = """# Reasons

Generated from `credit/policy/reasons.py` (`make docs`). An answer gives at most four reasons: rules
first, in the order of this table, then the model's, strongest first.

| code | source | message | 说明 |
|---|---|---|---|
"""


def policies_page() -> str:
    """`docs/policies.md`: each field of a policy with unit, bounds, meaning and direction."""
    directions = "".join(f"- **{one.value}**: {_DIRECTIONS[one]}.\n" for one in Direction)
    heads = (
        section
        for layer, head in HEADS.items()
        for section in _sections(
            head, f"Head: {layer}", f"How a document of layer `{layer}` begins"
        )
    )
    platform = _sections(Policy, "", "The platform's document")
    return _POLICIES_HEAD + directions + "".join((*platform, *heads))


def reasons_page() -> str:
    """`docs/reasons.md`: every reason in order of precedence, in English and Chinese."""
    rows = (
        f"| `{one.code}` | {one.source} | {one.message} | {one.message_zh} |\n" for one in REASONS
    )
    return _REASONS_HEAD + "".join(rows)


def _sections(of: type, path: str, meaning: str) -> Iterator[str]:
    yield f"\n## {path or 'Top'}\n\n{meaning}.\n\n"
    yield "| field | unit | bounds | direction | meaning |\n|---|---|---|---|---|\n"
    nested: list[tuple[type, str, str]] = []
    for _, name, row in declarations(of):
        yield _line(name, row)
        if row.of is not None:
            inner = f"{path}.{name}" if path else name
            nested.append((row.of, inner + _MARKS[row.shape], row.meaning))
    for inner_of, inner_path, inner_meaning in nested:
        yield from _sections(inner_of, inner_path, inner_meaning)


def _line(name: str, row: Declaration) -> str:
    unit = row.unit.value if row.of is None else row.shape.value
    listed = "list of " if row.shape is Shape.MANY else ""
    bounds = row.bounds.replace("|", "\\|")
    return f"| `{name}` | {listed}{unit} | {bounds} | {row.direction.value} | {row.meaning} |\n"
