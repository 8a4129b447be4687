"""What a layer lets the layers below it choose, within which range, and on what condition."""

# ruff: noqa: RUF009  (declarations are dataclass fields, made once per class)

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from credit.policy.declared import Direction, Unit, declared, rows

ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What every row of a delegation says."""

    field: str = declared(
        Unit.TEXT, Direction.FIXED, "The field, such as `loan.price.margin_rate`; `*` for any scene"
    )
    first_loss_minor: int = declared(
        Unit.MINOR, Direction.FIXED, "The guarantee a partner must give to choose so; 0: none"
    )
    approval: bool = declared(
        Unit.FLAG, Direction.FIXED, "Whether the platform must approve what is chosen"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Grant):
    """A number that lower layers may choose; of `bands`, how many they may cut."""

    least: Decimal = declared(Unit.BOUND, Direction.FIXED, "The lowest that may be chosen")
    most: Decimal = declared(Unit.BOUND, Direction.FIXED, "The highest that may be chosen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Grant):
    """A word that lower layers may choose."""

    choices: tuple[str, ...] = declared(
        Unit.TEXT, Direction.FIXED, "The words that may be chosen", many=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """What a layer delegates to those below it."""

    ranges: tuple[Range, ...] = rows(Range, Direction.DELEGATED, "Numbers that may be chosen")
    choices: tuple[Choice, ...] = rows(Choice, Direction.DELEGATED, "Words that may be chosen")


@dataclass(frozen=True, slots=True)
class Authority:
    """What the layers so far delegate, which of it was used up, and the partner's guarantee.

    A choice is made once: the layer that states a field uses up what the layers above delegated of
    it, unless it delegates the field on. `granted` and `chosen` hold the layers' ranks (the
    platform's is 0).
    """

    granted: tuple[tuple[int, Range | Choice], ...] = ()
    chosen: Mapping[str, int] = field(default_factory=dict)
    first_loss_minor: int = 0

    def _nearest(self, path: str) -> tuple[Range | Choice, ...]:
        """The rows by which the next layer may choose a field: the nearest layer's that has any."""
        after = self.chosen.get(path, 0)
        found = [(rank, one) for rank, one in self.granted if rank >= after and covers(one, path)]
        nearest = max((rank for rank, _ in found), default=0)
        return tuple(one for rank, one in found if rank == nearest)

    def open_to(self, path: str) -> tuple[Range | Choice, ...]:
        """Those of them whose guarantee is given."""
        return tuple(
            one for one in self._nearest(path) if one.first_loss_minor <= self.first_loss_minor
        )

    def used(self, paths: Sequence[str], rank: int) -> "Authority":
        """The same after a layer has stated these fields."""
        return replace(self, chosen={**self.chosen, **dict.fromkeys(paths, rank)})

    def passed_on(self, own: Sequence[Range | Choice], rank: int) -> "Authority":
        """The same with what a layer delegates on its own."""
        return replace(self, granted=(*self.granted, *((rank, one) for one in own)))


def covers(grant: Grant, path: str) -> bool:
    """Whether a row speaks of a field.

    >>> covers(Grant(field="waiver.scenes.*.grace_hours", first_loss_minor=0, approval=False),
    ...        "waiver.scenes.bike.grace_hours")
    True
    """
    pattern, names = grant.field.split("."), path.split(".")
    return len(pattern) == len(names) and all(
        mark in (ANY, name) for mark, name in zip(pattern, names, strict=True)
    )


def all_rows(delegation: Delegation) -> Iterator[Range | Choice]:
    """Every row, numbers first."""
    yield from delegation.ranges
    yield from delegation.choices
