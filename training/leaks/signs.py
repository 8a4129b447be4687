"""What one column shows by itself when it was written after the outcome was known."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.manifest import CATEGORY, ModelFeature
from training.leaks.alone import alone_auc
from training.leaks.rewritten import rewritten

CERTAIN, LIKELY = "certain", "likely"
PERFECT, COPY = 0.95, 0.97  # no honest column alone ranks like this
NAMED_STRONG = 0.85  # enough where the name too speaks of what comes after the outcome
FEW_ROWS = 15  # fewer rows of one class alone are luck
USUAL_SHARE, VARIED = 0.2, 6  # a usual value; how many other values are amounts, not a flag
RECENT, FADED, FADES_FROM = 0.2, 0.6, 0.8  # an outcome not yet known leaves the young blank
TIME_ROWS, TIME_CLASS = 300, 30

# Words of what happens to a loan after it was granted. Alone they prove nothing.
_AFTERWARDS = re.compile(
    r"\b(recover(y|ies|ed)|collect(ion|ions|ed)|settle(d|ment)|clos(ed|ing|ure)|repaid|paid|pymnt"
    r"|prncp|payoff|outstanding|lgd|loss|foreclos(ed|ure)|repossess(ed|ion)|last|final|actual"
    r"|hardship|ch(ar)?ge? ?off|charged ?off|writ(e|ten) ?off)\b"
)


@dataclass(frozen=True, slots=True)
class Sign:
    """What gives a column away, in words, and how sure: `certain` or `likely`."""

    why: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it is looked at: its place, values, and AUC alone."""

    place: int
    feature: ModelFeature
    values: Any
    alone: float

    @property
    def name(self) -> str:
        """As the table has it."""
        return self.feature.name

    @property
    def is_category(self) -> bool:
        """Whether values are codes of words."""
        return self.feature.dtype == CATEGORY

    @property
    def sounds_late(self) -> bool:
        """Whether its name speaks of what happens after a loan was granted."""
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name)
        return bool(_AFTERWARDS.search(re.sub(r"[^a-z]+", " ", spaced.lower())))


def own_signs(column: Column, label: Any, time: Any) -> Iterator[Sign | None]:
    """The signs of one column, the surest first; None for each that is not there."""
    yield _too_good(column)
    yield _one_class(column, label)
    if not column.is_category:
        yield _rewritten(column, label)
    if column.sounds_late and column.alone >= NAMED_STRONG:
        yield Sign(
            f"it ranks at AUC {column.alone:.3f} alone and its name speaks of what comes after",
            LIKELY,
        )
    yield _fades(column, label, time)


def _too_good(column: Column) -> Sign | None:
    if column.alone < PERFECT:
        return None
    why = f"alone it separates goods from bads with AUC {column.alone:.3f}"
    return Sign(why, CERTAIN if column.alone >= COPY else LIKELY)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Rows that share something, and whether they hold many values (amounts, days) or one."""

    what: str
    rows: Any
    varied: bool


def _one_class(column: Column, label: Any) -> Sign | None:
    """Filled in, blank, or other than usual for bads alone (or goods alone), many of them."""
    for pattern in _patterns(column):
        count = int(pattern.rows.sum())
        if count < FEW_ROWS or count == len(label):
            continue
        for outcome, name in ((1, "bads"), (0, "goods")):
            certainty = purity(
                pattern.rows, label == outcome, varied=pattern.varied, late=column.sounds_late
            )
            if certainty:
                return Sign(
                    f"{count} rows where it {pattern.what} are {name} almost without exception",
                    certainty,
                )
    return None


def _patterns(column: Column) -> Iterator[Pattern]:
    unknown = np.isnan(column.values)
    if column.is_category:
        yield Pattern("is missing", unknown, varied=False)
        yield Pattern("is filled in", ~unknown, varied=False)
        yield from _word_patterns(column, unknown)
        return
    worth, count = np.unique(column.values[~unknown], return_counts=True)
    yield Pattern("is missing", unknown, varied=False)
    yield Pattern("is filled in", ~unknown, varied=len(worth) >= VARIED)
    if len(worth) > 1 and count.max() >= USUAL_SHARE * len(unknown):
        usual = worth[count.argmax()]
        other = ~unknown & (column.values != usual)
        yield Pattern(f"is other than {usual:g}", other, varied=len(worth) > VARIED)
        yield Pattern(f"is {usual:g}", column.values == usual, varied=False)


def _word_patterns(column: Column, unknown: Any) -> Iterator[Pattern]:
    words = column.feature.vocabulary
    for code, word in enumerate(words):
        yield Pattern(f"is {word!r}", column.values == code, varied=False)
    count = np.bincount(column.values[~unknown].astype(np.int64), minlength=len(words))
    if len(words) > 1 and count.max() >= USUAL_SHARE * len(unknown):
        usual = int(count.argmax())
        other = ~unknown & (column.values != usual)
        yield Pattern(f"is other than {words[usual]!r}", other, varied=False)


def purity(rows: Any, mine: Any, *, varied: bool, late: bool) -> str | None:
    """How sure it is that these rows are of one class because the class filled them.

    An honest flag may catch few but bads, and a strong word none but goods: so one value needs
    a larger share of its class, and more rows, than amounts that only one class has.
    """
    count, hits = int(rows.sum()), int((rows & mine).sum())
    share, expected = hits / max(int(mine.sum()), 1), count * (1 - mine.mean())
    others = count - hits
    if _seldom(others + 3, 0.05, expected) and share >= (0.05 if varied else 0.2):
        return CERTAIN
    if _seldom(others + 3, 0.02, expected) and share >= 0.05:  # noqa: PLR2004  # one word of many
        return CERTAIN
    if late and share >= 0.05 and _seldom(others + 0.5, 0.1, expected):  # noqa: PLR2004
        return LIKELY
    if varied and share >= 0.25 and _seldom(others + 1.0, 0.06, expected):  # noqa: PLR2004
        return LIKELY
    return None


def _seldom(others: float, most: float, expected: float) -> bool:
    return others <= most * expected


def _rewritten(column: Column, label: Any) -> Sign | None:
    found = rewritten(column.values, label)
    if found is None:
        return None
    return Sign(
        f"its {found.usual} usual values hold {found.on:.0%} bads and the values just beside "
        f"them {found.off:.0%}: it looks rewritten after the outcome",
        LIKELY,
    )


def _fades(column: Column, label: Any, time: Any) -> Sign | None:
    """Strong in old rows and blind in the youngest: what fills it has not happened to these."""
    if time is None or column.alone < FADED or len(label) < TIME_ROWS:
        return None
    order = np.argsort(time, kind="stable")
    recent = order[int((1 - RECENT) * len(order)) :]
    old = order[: len(order) // 2]
    if min(label[recent].sum(), (1 - label[recent]).sum()) < TIME_CLASS:
        return None
    before, after = (
        alone_auc(column.values[rows], label[rows], category=column.is_category)
        for rows in (old, recent)
    )
    if before < FADES_FROM or after > FADED:
        return None
    return Sign(
        f"it ranks at AUC {before:.3f} in the older half of the rows and {after:.3f} in the "
        "youngest fifth, as a column does that is filled in by the outcome",
        LIKELY,
    )
