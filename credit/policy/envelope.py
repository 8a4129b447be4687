"""The loosest policy that the layers so far permit below them.

"Never looser than the layers above" is meant against this: each delegated field at the loosest end
of what may be chosen, every other field as it stands.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from credit.policy.composition import SCENES, begun
from credit.policy.declared import Declaration, Direction, Shape, declarations
from credit.policy.delegation import Grant
from credit.policy.directions import ceiling, floor, words
from credit.policy.terms import Policy

Granted = Callable[[str], Sequence[Grant]]


def envelope(
    above: Policy, *, scenes: Iterable[str] = (), first_loss_minor: int | None = None
) -> Policy:
    """The loosest policy under `above`, with these scenes added if new ones may be.

    `first_loss_minor`: the guarantee that a partner below gives, where it differs.
    """
    guarantee = above.authority.first_loss_minor if first_loss_minor is None else first_loss_minor
    authority = replace(above.authority, first_loss_minor=guarantee)
    new_scene = above.waiver.new_scene
    if new_scene.offered:
        added = {name: new_scene for name in scenes if name not in above.waiver.scenes}
        waiver = replace(above.waiver, scenes={**above.waiver.scenes, **added})
        origins = dict(above.origins)
        for name in added:
            origins |= begun(origins, f"{SCENES}.{name}")
        above = replace(above, waiver=waiver, origins=origins)
    loosest: Policy = _loosest(replace(above, authority=authority), authority.open_to, "")
    return loosest


def _loosest(value: Any, grants_of: Granted, path: str) -> Any:
    changes = {
        attribute: _field(row, getattr(value, attribute), grants_of, path + name)
        for attribute, name, row in declarations(type(value))
        if path or name != "delegated"
    }
    return replace(value, **changes)


def _field(row: Declaration, value: Any, grants_of: Granted, path: str) -> Any:
    if row.shape is Shape.TABLE:
        return _loosest(value, grants_of, f"{path}.")
    if row.shape is Shape.NAMED:
        named: Mapping[str, Any] = value
        return {name: _loosest(one, grants_of, f"{path}.{name}.") for name, one in named.items()}
    if row.shape is not Shape.ONE:
        return value
    grants = grants_of(path)
    if row.choices and row.direction is Direction.DELEGATED:
        return max(words(grants) | {value}, key=row.choices.index) if row.looser > 0 else value
    if row.choices:
        return value
    upwards = row.direction is Direction.LOWER_ONLY or row.looser > 0
    return (ceiling if upwards else floor)(row, value, grants)
