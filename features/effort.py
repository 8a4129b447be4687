"""What a run cost: the rows that it read and the most memory that it held."""

import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.sources import History

_STATUS = Path("/proc/self/status")
# The tables that features of each entity are made of.
TABLES_OF = {
    "merchant": ("merchants", "payments", "loans", "repayments"),
    "user": ("users", "payments", "bills", "holds"),
}


def rows_read(history: "History") -> int:
    """Rows of all tables of `history` that features are made of, versions and repetitions too."""
    names = {name for tables in TABLES_OF.values() for name in tables} & history.tables
    return sum(
        history.read(history.rows(name).aggregate(many=lambda it: it.count()))["many"][0].as_py()
        for name in names
    )


def peak_memory_mb() -> float:
    """The most memory that this process ever held at once, in millions of bytes.

    As the kernel measured it (`VmHWM`; elsewhere `ru_maxrss`). What a cluster or a Java machine
    holds for us is not in it.
    """
    if _STATUS.exists():  # the other one may still say what a parent held before it became us
        words = _STATUS.read_text(encoding="ascii").split()
        return int(words[words.index("VmHWM:") + 1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
