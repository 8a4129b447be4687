"""What a check found, as plain values: for people in one line each, for machines as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

CONTRADICTIONS = ("version", "key")  # rules: one key, and one time where rows are versions
LONGEST_SHOWN = 60  # characters of one value in a message; a 2 MB string must not flood a terminal


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken in one column: how often, the first examples, and what mends it."""

    table: str
    column: str
    rule: str
    count: int
    examples: tuple[str, ...]
    mend: str

    @property
    def line(self) -> str:
        """All of it in one line."""
        place = f"{self.table}.{self.column}" if self.column else self.table
        examples = f", such as {'; '.join(self.examples)}" if self.examples else ""
        return f"{place}: {self.rule} ({self.count}){examples}; {self.mend}"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Rows of each table found, what violates the contract, and what is only odd."""

    rows: Mapping[str, int]
    violations: tuple[Violation, ...]
    warnings: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """True where nothing violates the contract; warnings may remain."""
        return not self.violations

    @property
    def contradicts(self) -> bool:
        """True where all that is wrong is rows of one key and time that say different things."""
        return bool(self.violations) and all(it.rule in CONTRADICTIONS for it in self.violations)

    @property
    def wrong(self) -> int:
        """How many times the contract is violated, over all rules."""
        return sum(violation.count for violation in self.violations)

    def lines(self) -> list[str]:
        """What a person reads: rows, violations, warnings and a verdict."""
        rows = [f"{name:<14}{count:>14,} rows" for name, count in self.rows.items()]
        wrong = [f"violation: {violation.line}" for violation in self.violations]
        odd = [f"warning: {warning}" for warning in self.warnings]
        verdict = "clean" if self.clean else f"{self.wrong:,} violations"
        return [*rows, *wrong, *odd, f"{verdict}, {len(self.warnings)} warnings"]

    def to_json(self) -> dict[str, object]:
        """The report as plain values that JSON can hold."""
        return {
            "rows": dict(self.rows),
            "violations": [asdict(violation) for violation in self.violations],
            "warnings": list(self.warnings),
        }


def shown(value: object) -> str:
    """A value as a message shows it: on one line, shortened."""
    text = repr(value) if isinstance(value, str) else str(value)
    if len(text) <= LONGEST_SHOWN:
        return text
    return f"{text[:LONGEST_SHOWN]}... (longer)"
