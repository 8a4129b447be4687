"""A delegation held against the policy that it is written under."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from credit.policy.declared import (
    FRACTIONS,
    Declaration,
    Direction,
    Shape,
    declarations,
)
from credit.policy.delegation import ANY, Choice, Grant, Range
from credit.policy.directions import NUMBERS, kept, meet, shown, words
from credit.policy.reading import TermsError
from credit.policy.terms import Policy

_MAY_BE_DELEGATED = (Direction.LOWER_ONLY, Direction.HIGHER_ONLY, Direction.DELEGATED)


@dataclass(frozen=True, slots=True)
class GrantUnder:
    """What a row delegates at most, and the bound it ran into, if any."""

    grant: Range | Choice | None
    stated: str = ""
    bound: str = ""


def declaration_of(policy: Policy, path: str) -> tuple[Declaration, Any]:
    """A field's declaration and its value in a policy; TermsError where it cannot be delegated.

    Under `*` the value is that of a new scene.
    """
    here: Any = policy
    row: Declaration | None = None
    for name in path.split("."):
        if row is not None and row.shape is Shape.NAMED:
            here, row = here.get(name, policy.waiver.new_scene), None
            continue
        inside = row is None or row.shape is Shape.TABLE
        known = declarations(type(here)) if inside else ()
        fields = {name: (attribute, one) for attribute, name, one in known}
        if name not in fields:
            raise TermsError(f"delegated field {path!r} is no policy field", "name one of them")
        attribute, row = fields[name]
        here = getattr(here, attribute)
    if row is None or row.direction not in _MAY_BE_DELEGATED or row.shape is Shape.TABLE:
        raise TermsError(
            f"delegated field {path!r} is no field that can be delegated",
            "name a number, a choice or bands that a lower layer may move (docs/policies.md)",
        )
    return row, here


def refuse_broken_grants(policy: Policy) -> None:
    """TermsError where a policy delegates what cannot be, or in a range that is none."""
    for place, grant in enumerate(policy.delegated.ranges, start=1):
        _refuse_broken_range(f"delegated.ranges[{place}]", grant, policy)
    for place, choice in enumerate(policy.delegated.choices, start=1):
        _refuse_broken_choice(f"delegated.choices[{place}]", choice, policy)


def grant_under(
    grant: Range | Choice, policy: Policy, open_rows: Callable[[str], Sequence[Grant]]
) -> GrantUnder:
    """A row as it may stand under a policy: never wider than what its own layer may choose.

    `open_rows`: the rows by which that layer may choose a field. What is delegated for every scene
    (`*`) is held to each of them: what a new scene may have, a scene with less of its own may not.
    """
    if ANY not in grant.field.split("."):
        return _one_under(grant, policy, open_rows(grant.field))
    left, ran_into = grant, GrantUnder(grant)
    for path in _meant(grant.field, policy):
        under = _one_under(replace(left, field=path), policy, open_rows(path))
        if not under.bound:
            continue
        ran_into = ran_into if ran_into.bound else under
        narrower = _both(left, under.grant)
        if narrower is None:
            return replace(ran_into, grant=None)
        left = narrower
    return replace(ran_into, grant=left)


def _meant(path: str, policy: Policy) -> tuple[str, ...]:
    """The fields that a row for every scene speaks of: that of each, and of one that is new."""
    return (path, *(path.replace(ANY, scene) for scene in policy.waiver.scenes))


def _one_under(grant: Range | Choice, policy: Policy, open_rows: Sequence[Grant]) -> GrantUnder:
    row, value = declaration_of(policy, grant.field)
    if isinstance(grant, Choice):
        _refuse_no_choice("delegated", grant, row)
        return _choice_under(grant, value, open_rows)
    if row.shape is Shape.ROWS:
        return _count_under(grant, open_rows)
    _refuse_no_number("delegated", grant, row)
    return _range_under(grant, row, value, open_rows)


def _both(left: Range | Choice, under: Range | Choice | None) -> Range | Choice | None:
    """What two rows for one field both allow; None where that is nothing."""
    if isinstance(left, Range) and isinstance(under, Range):
        least, most = max(left.least, under.least), min(left.most, under.most)
        return replace(left, least=least, most=most) if least <= most else None
    if isinstance(left, Choice) and isinstance(under, Choice):
        choices = tuple(word for word in left.choices if word in under.choices)
        return replace(left, choices=choices) if choices else None
    return None


def _range_under(
    grant: Range, row: Declaration, value: Any, open_rows: Sequence[Grant]
) -> GrantUnder:
    _refuse_broken_ends("delegated", grant, row)
    rows = [one for one in open_rows if grant.approval or not one.approval]
    ends = [meet(row, value, kept(row, end), rows) for end in (grant.least, grant.most)]
    bounds = [end.bound for end in ends if end.bound]
    if not bounds:
        return GrantUnder(grant)
    least, most = (_bound(row, end.effective) for end in ends)
    stated = f"{grant.least} to {grant.most}"
    return GrantUnder(replace(grant, least=least, most=most), stated, bounds[-1])


def _count_under(grant: Range, open_rows: Sequence[Grant]) -> GrantUnder:
    ranges = [one for one in open_rows if isinstance(one, Range)]
    least = max([grant.least, *(one.least for one in ranges)])
    most = min([grant.most, *(one.most for one in ranges)])
    if ranges and (least, most) == (grant.least, grant.most):
        return GrantUnder(grant)
    bound = f"{ranges[0].least} to {ranges[0].most} bands" if ranges else "no bands of its own"
    bounded = replace(grant, least=least, most=most) if ranges and least <= most else None
    return GrantUnder(bounded, f"{grant.least} to {grant.most} bands", bound)


def _choice_under(grant: Choice, value: Any, open_rows: Sequence[Grant]) -> GrantUnder:
    allowed = words([one for one in open_rows if grant.approval or not one.approval]) | {value}
    left = tuple(word for word in grant.choices if word in allowed)
    if left == grant.choices:
        return GrantUnder(grant)
    return GrantUnder(
        replace(grant, choices=left), ", ".join(grant.choices), ", ".join(sorted(allowed))
    )


def _refuse_broken_range(path: str, grant: Range, policy: Policy) -> None:
    row, value = declaration_of(policy, grant.field)
    if row.shape is Shape.ROWS:
        if not 1 <= grant.least <= grant.most:
            raise TermsError(
                f"{path} allows {grant.least} to {grant.most} bands", "let least be at most most"
            )
        return
    _refuse_no_number(path, grant, row)
    _refuse_broken_ends(path, grant, row)
    chosen_alone = row.direction is Direction.DELEGATED and ANY not in grant.field
    if chosen_alone and not kept(row, grant.least) <= value <= kept(row, grant.most):
        raise TermsError(
            f"{path} allows {grant.least} to {grant.most}, and {grant.field} itself is "
            f"{shown(row, value)}",
            "let the range hold the value of the layer that delegates it",
        )


def _refuse_broken_ends(path: str, grant: Range, row: Declaration) -> None:
    if grant.least > grant.most:
        raise TermsError(f"{path}.least is {grant.least}, above most {grant.most}", "swap them")
    for name, end in (("least", grant.least), ("most", grant.most)):
        too_low = row.least is not None and end < row.least
        too_high = row.most is not None and end > row.most
        if too_low or too_high or _bound(row, kept(row, end)) != end:
            raise TermsError(
                f"{path}.{name} is {end}, no value of {grant.field}",
                f"give one of {row.bounds} in {row.unit.value}",
            )


def _refuse_broken_choice(path: str, grant: Choice, policy: Policy) -> None:
    row, _ = declaration_of(policy, grant.field)
    _refuse_no_choice(path, grant, row)
    for word in grant.choices:
        if word not in row.choices:
            raise TermsError(f"{path}.choices holds {word!r}", f"use {', '.join(row.choices)}")


def _refuse_no_number(path: str, grant: Range, row: Declaration) -> None:
    if row.choices or row.unit not in NUMBERS or row.shape is Shape.MANY:
        raise TermsError(f"{path}.field is {grant.field!r}, no number", "use delegated.choices")


def _refuse_no_choice(path: str, grant: Choice, row: Declaration) -> None:
    if not row.choices or row.direction is not Direction.DELEGATED:
        raise TermsError(f"{path}.field is {grant.field!r}, no choice", "use delegated.ranges")


def _bound(row: Declaration, value: int) -> Decimal:
    """A kept value as delegations write it."""
    return Decimal(value) / 1_000_000 if row.unit in FRACTIONS else Decimal(value)
