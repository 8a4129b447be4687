"""The pictures' input by its earlier name, until the record hands over `pictured`."""

from collections.abc import Mapping
from typing import Any

from training.report import pictured


def Pictured(  # noqa: N802  # as it was called
    *, label: Any, probability: Any, benchmarks: Mapping[str, Any], months: Any,
    gain_shares: Mapping[str, float],
) -> pictured.Pictured:  # fmt: skip
    """What is known without the scorer."""
    return pictured.Pictured(label, probability, benchmarks, months, gain_shares)
