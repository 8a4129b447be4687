"""Two policies side by side: which fields differ, and which of the two is looser there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credit.policy.bands import Band, bands_under
from credit.policy.declared import Declaration, Direction, Shape
from credit.policy.directions import meet
from credit.policy.listing import Listed, in_words

LOOSER, TIGHTER, DIFFERENT = "looser", "tighter", "different"
ADDED, REMOVED = "added", "removed"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in two policies, in words (None: it has none), and what that makes the second."""

    path: str
    before: str | None
    after: str | None
    effect: str

    def line(self) -> str:
        """The difference on one line."""
        before, after = (one if one is not None else "nothing" for one in (self.before, self.after))
        return f"{self.path}: {before} -> {after} ({self.effect})"


def differences(before: Sequence[Listed], after: Sequence[Listed]) -> tuple[Difference, ...]:
    """What differs, in the order of the documents."""
    old = {one.path: one for one in before}
    new = {one.path: one for one in after}
    return tuple(_differences(old, new))


def effect(row: Declaration, before: Any, after: Any) -> str:
    """Whether the second value is looser or tighter than the first, by the field's direction."""
    if row.shape is Shape.ROWS and _are_bands(before) and _are_bands(after):
        return _either(
            tighter=not bands_under(before, after).faults,
            looser=not bands_under(after, before).faults,
        )
    if row.direction is Direction.DELEGATED:
        return _by_choice(row, before, after)
    if row.direction is Direction.FIXED or before is None or after is None:
        return DIFFERENT
    return _either(
        tighter=_holds(row, upper=before, stated=after),
        looser=_holds(row, upper=after, stated=before),
    )


def _differences(old: Mapping[str, Listed], new: Mapping[str, Listed]) -> Iterator[Difference]:
    for path in dict.fromkeys((*old, *new)):
        was, one = old.get(path), new.get(path)
        if was is None and one is not None:
            yield Difference(path, None, one.text, ADDED)
        elif one is None and was is not None:
            yield Difference(path, was.text, None, REMOVED)
        elif one is not None and was is not None and one.value != was.value:
            yield from _rows(was, one) if one.row.shape is Shape.ROWS else _value(was, one)


def _value(was: Listed, one: Listed) -> Iterator[Difference]:
    yield Difference(one.path, was.text, one.text, effect(one.row, was.value, one.value))


def _rows(was: Listed, one: Listed) -> Iterator[Difference]:
    """Row by row: bands by their place, others by what was added and what was left out."""
    if _are_bands(was.value) and _are_bands(one.value):
        whole = effect(one.row, was.value, one.value)
        for place in range(max(len(was.value), len(one.value))):
            before, after = _at(was, place), _at(one, place)
            if before != after:
                yield Difference(f"{one.path}[{place + 1}]", before, after, whole)
        return
    adds = TIGHTER if one.row.direction is Direction.SUPERSET else ADDED
    leaves_out = LOOSER if one.row.direction is Direction.SUPERSET else REMOVED
    for row in was.value:
        if row not in one.value:
            yield Difference(one.path, in_words(was.row, row), None, leaves_out)
    for row in one.value:
        if row not in was.value:
            yield Difference(one.path, None, in_words(one.row, row), adds)


def _at(one: Listed, place: int) -> str | None:
    return in_words(one.row, one.value[place]) if place < len(one.value) else None


def _are_bands(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Band)


def _by_choice(row: Declaration, before: Any, after: Any) -> str:
    if row.choices:
        places = row.choices.index(before), row.choices.index(after)
        return _either(tighter=places[1] < places[0], looser=places[1] > places[0])
    if not row.looser or before is None or after is None:
        return DIFFERENT
    return LOOSER if (after > before) == (row.looser > 0) else TIGHTER


def _holds(row: Declaration, *, upper: Any, stated: Any) -> bool:
    """Whether a layer below the first value may state the second."""
    return not meet(row, upper, stated, ()).bound


def _either(*, tighter: bool, looser: bool) -> str:
    if tighter == looser:
        return DIFFERENT
    return TIGHTER if tighter else LOOSER
