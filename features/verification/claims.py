"""Claims about features and what came of holding values against values."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from credit.policy.evidence import Value
from features.catalogue import ENTITY_FEATURES
from features.effort import peak_memory_mb

ENGINES_DIFFER_BY = 1e-9  # relative: engines add doubles up in orders of their own


@dataclass(frozen=True, slots=True)
class Check:
    """One claim: how many values were compared, how many differ, and the first that does.

    A value that is missing on both sides is not counted as compared.
    """

    claim: str
    compared: int
    differing: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """Every claim with what came of it; `unchecked` says what could not be tried, and why."""

    checks: tuple[Check, ...]
    unchecked: tuple[str, ...] = ()
    entities: int = 0
    rows_read: int = 0
    seconds: float = 0.0
    peak_memory_mb: float = field(default_factory=peak_memory_mb)

    @property
    def holds(self) -> bool:
        """True where every claim compared values and none differs: no rows are no proof."""
        return bool(self.checks) and all(
            check.compared and not check.differing for check in self.checks
        )

    def lines(self) -> Iterator[str]:
        """The report for people, a claim a line."""
        width = max((len(check.claim) for check in self.checks), default=0)
        for check in self.checks:
            state = f"{check.differing:,} differ" if check.differing else "holds"
            state = state if check.compared else "nothing to compare"
            example = f": {check.example}" if check.example else ""
            yield f"{check.claim:<{width}} {check.compared:>9,} values  {state}{example}"
        yield from self.unchecked
        cost = f"{self.seconds:.1f} s, at most {self.peak_memory_mb:,.0f} MB of memory"
        yield f"{self.rows_read:,} rows read, {self.entities:,} entities compared, {cost}"


def held_against(
    claim: str, entity: str, left: pa.Table, right: pa.Table, *, tolerance: float = 0.0
) -> Check:
    """Row by row: equal to the last bit, or within a relative `tolerance`.

    The first column of `left` says whose row it is, `as_of` as of when, where it is there.
    """
    if left.num_rows != right.num_rows:
        both = f"{left.num_rows} rows and {right.num_rows}"
        return Check(claim, max(left.num_rows, right.num_rows), 1, both)
    compared, differing, example = 0, 0, ""
    for feature in ENTITY_FEATURES[entity]:
        pairs = zip(left[feature.name].to_pylist(), right[feature.name].to_pylist(), strict=True)
        for row, (one, other) in enumerate(pairs):
            compared += one is not None or other is not None
            if not _same(one, other, tolerance):
                differing += 1
                example = example or f"{_whose(left, row)} {feature.name} {one} and {other}"
    return Check(claim, compared, differing, example)


def _same(one: Value, other: Value, tolerance: float) -> bool:
    if repr(one) == repr(other):  # the text of a double says every bit of it
        return True
    numbers = isinstance(one, float) and isinstance(other, float)
    return numbers and math.isclose(one, other, rel_tol=tolerance, abs_tol=0.0)


def _whose(table: pa.Table, row: int) -> str:
    as_of = f" as of {table['as_of'][row]}" if "as_of" in table.column_names else ""
    return f"{table.column(0)[row].as_py()}{as_of}"
