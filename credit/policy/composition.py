"""One document laid under the policy above it, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from credit.errors import InputError
from credit.policy.bands import Band, bands_under
from credit.policy.declared import Declaration, Direction, Shape, declarations
from credit.policy.delegation import Choice, Grant, Range
from credit.policy.directions import meet, shown
from credit.policy.documents import Document
from credit.policy.grants import grant_under
from credit.policy.reading import TermsError
from credit.policy.soundness import refuse_unsound
from credit.policy.terms import Policy

DELEGATED = "delegated"
SCENES, NEW_SCENE = "waiver.scenes", "waiver.new_scene"


@dataclass(frozen=True, slots=True)
class Loosening:
    """A statement that asks for more than a layer above allows.

    `bound`: what is allowed, in the document's words; `layer`: who set it.
    """

    document: str
    path: str
    stated: str
    bound: str
    layer: str

    @property
    def problem(self) -> str:
        """What is wrong."""
        return f"{self.document}: {self.path} is {self.stated}, {self.layer} allows {self.bound}"

    @property
    def mend(self) -> str:
        """What to do."""
        return f"use {self.bound}"

    def line(self) -> str:
        """Both in one line."""
        return f"{self.problem}; {self.mend}"


class Composition:
    """A document under the policy above it; loosenings and what awaits approval are gathered."""

    def __init__(self, above: Policy, document: Document) -> None:
        self.loosenings: list[Loosening] = []
        self.awaiting: list[str] = []
        self._above = above
        self._document = document
        self._origins = dict(above.origins)
        self._said: list[str] = []
        guarantee = document.head.first_loss_minor
        self._authority = above.authority
        if guarantee:
            self._authority = replace(above.authority, first_loss_minor=guarantee)
            self.awaiting.append("first_loss_minor")

    def policy(self) -> Policy:
        """What is in force under both. TermsError where that is unsound."""
        stated = dict(self._document.stated)
        delegated = stated.pop(DELEGATED, {})
        made: Policy = self._table(self._above, stated, "")
        rank = self._document.rank
        authority = self._authority.used(self._said, rank)
        own = tuple(self._passed_on(delegated, made))
        try:
            refuse_unsound(made.loan, made.waiver, made.instalment)
        except InputError as error:
            raise TermsError(f"{self._document.head.name}: {error.problem}", error.mend) from None
        return replace(
            made,
            origins=MappingProxyType(self._origins),
            authority=authority.passed_on(own, rank),
        )

    def _table(self, above: Any, stated: Mapping[str, Any], path: str) -> Any:
        """A table with what is stated of it; the rest as above."""
        changes = {
            attribute: self._field(row, getattr(above, attribute), stated[attribute], path + name)
            for attribute, name, row in declarations(type(above))
            if attribute in stated
        }
        return replace(above, **changes)

    def _field(self, row: Declaration, above: Any, stated: Any, path: str) -> Any:
        if row.shape is Shape.TABLE:
            return self._table(above, stated, f"{path}.")
        if row.shape is Shape.NAMED:
            return self._scenes(above, stated, path)
        if row.shape is Shape.ROWS:
            return self._rows(row, above, stated, path)
        return self._value(row, above, stated, path)

    def _value(self, row: Declaration, above: Any, stated: Any, path: str) -> Any:
        grants = self._grants(path)
        met = meet(row, above, stated, grants)
        if met.bound:
            self._loosened(path, shown(row, stated), met.bound)
        elif meet(row, above, stated, _free(grants)).bound:
            self.awaiting.append(path)
        if met.effective != above:
            self._set(path)
        return met.effective

    def _rows(self, row: Declaration, above: Any, stated: Any, path: str) -> Any:
        if row.direction is Direction.SUPERSET:
            added = tuple(one for one in stated if one not in above)
            for place in range(len(above) + 1, len(above) + len(added) + 1):
                self._set(f"{path}[{place}]")
            return (*above, *added)
        return self._bands(above, stated, path)

    def _bands(self, above: Sequence[Band], stated: Sequence[Band], path: str) -> Sequence[Band]:
        """Bands cut anew: nowhere more than the bands above give."""
        if stated == above:
            return above
        grants = [one for one in self._grants(path) if isinstance(one, Range)]
        if not any(one.least <= len(stated) <= one.most for one in grants):
            told = ", ".join(f"{one.least} to {one.most} bands" for one in grants)
            self._loosened(path, f"cut in {len(stated)}", told or "the bands above it as they are")
            return above
        if not any(one.least <= len(stated) <= one.most for one in grants if not one.approval):
            self.awaiting.append(path)
        under = bands_under(above, stated)
        for fault in under.faults:
            where = f"{path}[{fault.place}].{fault.name}"
            self._loosened(where, fault.stated, fault.bound, of=path)
        self._set(path)
        for place in range(1, len(stated) + 1):
            self._set(f"{path}[{place}]")
        return under.bands

    def _scenes(
        self, above: Mapping[str, Any], stated: Mapping[str, Any], path: str
    ) -> Mapping[str, Any]:
        scenes = dict(above)
        for name, one in stated.items():
            where = f"{path}.{name}"
            if name not in above:
                if not self._above.waiver.new_scene.offered:
                    self._loosened(where, "a new scene", f"scenes {', '.join(above)}")
                    continue
                self._new_scene(where)
            scenes[name] = self._table(
                above.get(name, self._above.waiver.new_scene), one, f"{where}."
            )
        return scenes

    def _new_scene(self, where: str) -> None:
        """A scene that nobody above names begins as the platform has new ones begin."""
        self._origins |= begun(self._origins, where)
        self._set(where)

    def _passed_on(self, delegated: Mapping[str, Any], made: Policy) -> Iterator[Range | Choice]:
        """What the document delegates on, never more than it may choose itself."""
        for listed in ("ranges", "choices"):
            for place, grant in enumerate(delegated.get(listed, ()), start=1):
                given = max(grant.first_loss_minor, self._guarantee)
                under = grant_under(
                    grant, made, replace(self._authority, first_loss_minor=given).open_to
                )
                if under.bound:
                    where = f"{DELEGATED}.{listed}[{place}] ({grant.field})"
                    self._loosened(where, under.stated, under.bound, of=grant.field)
                if under.grant:
                    yield under.grant

    @property
    def _guarantee(self) -> int:
        return self._authority.first_loss_minor

    def _grants(self, path: str) -> tuple[Grant, ...]:
        self._said.append(path)
        return self._authority.open_to(path)

    def _set(self, path: str) -> None:
        """Notes that this document set a field, and so moved the tables that hold it."""
        name = self._document.head.name
        self._origins[path] = name
        while "." in path:
            path = path.rpartition(".")[0]
            self._origins[path] = name

    def _loosened(self, path: str, stated: str, bound: str, *, of: str = "") -> None:
        above = self._origins.get(of or path) or self._above.name
        self.loosenings.append(Loosening(self._document.head.name, path, stated, bound, above))


def begun(origins: Mapping[str, str], where: str) -> dict[str, str]:
    """Which layer set each field of a scene that begins at `where` as new ones do."""
    return {
        where + path.removeprefix(NEW_SCENE): layer
        for path, layer in origins.items()
        if path == NEW_SCENE or path.startswith(f"{NEW_SCENE}.")
    }


def _free(grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """The rows that need nobody's approval."""
    return tuple(one for one in grants if not one.approval)
