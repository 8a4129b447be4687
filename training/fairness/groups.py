"""The groups of a protected attribute, as far as they can be judged."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

ROWS_MIN = 30  # fewer in a group say nothing of its rates; `monitoring` draws the line here too
REFERENCE_SHARE = 0.02  # 29 CFR 1607.4 D looks past groups under 2%; none of them sets the mark
STEADY_ROWS = 300  # so many rows are enough to steer by, however small their share
GROUPS_MAX = 20
NOT_KNOWN, SMALL = "(not known)", "(small groups)"
ASIDE = (NOT_KNOWN, SMALL)  # no people of one kind: neither can be what others are held against


@dataclass(frozen=True, slots=True)
class Groups:
    """Which group each row is in: `code` points into `names`, `rows` counts.

    Groups of under ROWS_MIN rows, and all beyond the GROUPS_MAX largest, are one; `pooled`
    names them with their rows. Who did not say is a group too.
    """

    names: tuple[str, ...]
    code: Any
    rows: tuple[int, ...]
    pooled: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, values: Any) -> "Groups":
        """The groups of an array of text, None for not known.

        >>> groups = Groups.of(["f"] * 40 + ["m"] * 50 + [None] * 35 + ["x"] * 3)
        >>> dict(zip(groups.names, groups.rows)), groups.pooled
        ({'f': 40, 'm': 50, '(not known)': 35, '(small groups)': 3}, (('x', 3),))
        """
        import pandas as pd

        words = pd.Series(values, dtype=object)
        inverse, found = pd.factorize(words.where(words.notna(), NOT_KNOWN).to_numpy(), sort=True)
        counts = np.bincount(inverse, minlength=len(found))
        own = _own(found, counts)
        pooled = tuple(
            (str(found[place]), int(counts[place]))
            for place in range(len(found))
            if place not in own and found[place] not in ASIDE
        )
        names = _ordered(str(found[place]) for place in own)
        rest = [name for name in ASIDE if (name == SMALL and pooled) or name in found]
        names = (*names, *rest)
        place_of = {name: place for place, name in enumerate(names)}
        to = np.array([place_of.get(str(name), len(names) - 1) for name in found], dtype=np.int64)
        code = to[inverse] if len(found) else np.zeros(0, dtype=np.int64)
        rows = np.bincount(code, minlength=len(names))
        return cls(names, code, tuple(rows.tolist()), pooled)

    @property
    def judged(self) -> tuple[bool, ...]:
        """Of each group whether it has enough rows for its rates to be compared."""
        return tuple(rows >= ROWS_MIN for rows in self.rows)

    @property
    def impacted(self) -> tuple[bool, ...]:
        """Judged, and people of whom something is known: what a gate may look at."""
        told = zip(self.names, self.judged, strict=True)
        return tuple(judged and name != NOT_KNOWN for name, judged in told)

    @property
    def steady(self) -> tuple[bool, ...]:
        """Large enough too that a search led by their rates is not led by chance."""
        least = min(REFERENCE_SHARE * len(self.code), STEADY_ROWS)
        return tuple(
            told and rows >= least for told, rows in zip(self.impacted, self.rows, strict=True)
        )

    def reference(self, approved: Any) -> int | None:
        """The group approved most often; None where no group or a single one can be judged."""
        least = max(ROWS_MIN, REFERENCE_SHARE * len(self.code))
        fit = [
            place
            for place, name in enumerate(self.names)
            if name not in ASIDE and self.rows[place] >= least
        ]
        if not fit or sum(self.judged) == 1:
            return None
        counts = np.bincount(self.code, weights=approved, minlength=len(self.names))
        return max(fit, key=lambda place: (counts[place] / self.rows[place], self.rows[place]))


def _own(found: Any, counts: Any) -> set[int]:
    """Places of the groups that stand for themselves."""
    enough = [
        place
        for place in np.argsort(-counts, kind="stable").tolist()
        if found[place] not in ASIDE and counts[place] >= ROWS_MIN
    ]
    return set(enough[:GROUPS_MAX])


def _ordered(names: Any) -> Sequence[str]:
    """By what number they begin with, `under 25` first, then by name."""
    return sorted(names, key=_first_number)


def _first_number(name: str) -> tuple[float, str]:
    if name.startswith("under "):
        return -np.inf, name
    begins = re.match(r"-?\d+(\.\d+)?", name)
    return (float(begins.group()) if begins else np.inf), name
