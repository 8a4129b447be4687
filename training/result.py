"""What a training gives back."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.entry import Ref
from training.leaks.detector import Leak


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The directory of what was written, its `metrics.json`, and what to say about it.

    `leaks` are columns suspected and not allowed: files are there, nothing is registered.
    """

    out: Path
    metrics: Mapping[str, Any]
    leaks: tuple[Leak, ...]
    ref: Ref | None
    warnings: tuple[str, ...]

    def lines(self) -> list[str]:
        """The result for a person: figures of the test rows, then what to know about it."""
        test, logistic = self.metrics["test"], self.metrics["benchmarks"]["logistic"]
        lines = [
            f"test         {_figures(test)}",
            f"logistic     {_figures(logistic)}",
            f"written      {self.out}",
            f"registered   {self.ref}" if self.ref else "registered   no",
        ]
        lines += [f"leak?        {leak.column}: {leak.why}" for leak in self.leaks]
        return lines + [f"warning      {warning}" for warning in self.warnings]


def _figures(metrics: Mapping[str, Any]) -> str:
    shown = [f"{metrics['rows']:,} rows"]
    for name in ("bad_rate", "auc", "gini", "brier", "ece"):
        value = metrics[name]
        shown.append(f"{name} {'-' if value is None else f'{value:.4f}'}")
    return "  ".join(shown)
