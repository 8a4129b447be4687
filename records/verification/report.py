"""What a verification found: one line for each thing that was looked at, and for each fault."""

from collections.abc import Iterator
from dataclasses import dataclass, field

FAULTS_TOLD = 20
VALUE_TOLD = 80


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of thing that was looked at: how many there are, and what is wrong with them.

    `faults` holds the first ones; `more` counts those beyond.
    """

    name: str
    looked_at: str
    faults: tuple[str, ...]
    more: int

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def lines(self) -> Iterator[str]:
        """The check as a person reads it."""
        if self.holds:
            yield f"ok    {self.name:<10} {self.looked_at}"
        for fault in self.faults:
            yield f"fail  {self.name:<10} {fault}"
        if self.more:
            yield f"fail  {self.name:<10} and {self.more:,} more"


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """Whether the ledger is what was written, and adds up."""

    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether every check found everything well."""
        return all(check.holds for check in self.checks)

    def lines(self) -> list[str]:
        """A line for each check that holds, and for each fault of one that does not."""
        return [line for check in self.checks for line in check.lines()]


@dataclass(slots=True)
class Tally:
    """A check while it is made."""

    name: str
    most: int
    counts: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    more: int = 0

    def saw(self, what: str, number: int) -> None:
        """Count what was looked at."""
        self.counts[what] = self.counts.get(what, 0) + number

    def fault(self, said: str) -> None:
        """Note what is wrong."""
        if len(self.faults) < self.most:
            self.faults.append(said)
        else:
            self.more += 1

    def expect(self, where: str, **pairs: tuple[object, object]) -> None:
        """Note each value, by its name, that is not what it should be: `name=(found, meant)`."""
        for name, (found, meant) in pairs.items():
            if found != meant:
                self.fault(f"{where}: {name} is {_brief(found)}, should be {_brief(meant)}")

    def check(self) -> Check:
        """What came of it."""
        looked_at = ", ".join(f"{number:,} {what}" for what, number in self.counts.items())
        return Check(self.name, looked_at or "nothing yet", tuple(self.faults), self.more)


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= VALUE_TOLD else f"{text[:VALUE_TOLD]}..."
