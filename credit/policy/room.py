"""The room that is left for a new approval: under the applicant's line, and under shared caps."""

from collections.abc import Iterator
from dataclasses import dataclass

ROOM, CONCENTRATION = "room", "concentration"
WHY_NO_ROOM = {ROOM: "NO_ROOM", CONCENTRATION: "CONCENTRATION_CAP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is left, in minor units.

    `own_minor`: of the applicant's line; None where no line is kept. `shared_minor`: of what the
    partner and its industry may have open in all; None where nothing caps it.
    """

    own_minor: int | None
    shared_minor: int | None

    def legs(self) -> Iterator[tuple[str, int]]:
        """Each room that is bounded, by name."""
        if self.own_minor is not None:
            yield ROOM, self.own_minor
        if self.shared_minor is not None:
            yield CONCENTRATION, self.shared_minor
