"""The report's pictures: ROC, calibration, scores by outcome, what the trees use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.measures import reliability, roc
from training.report.charts import COLOURS, Frame, Line, bars, intervals, line_chart, steps

IMPORTANT = 20
SCORE_BINS = 40


@dataclass(frozen=True, slots=True)
class Pictured:
    """What the pictures show of the test rows, and each feature's share of the trees' gain.

    `months` (text) is None where rows have no dates.
    """

    label: Any
    probability: Any
    benchmarks: Mapping[str, Any]
    months: Any
    gain_shares: Mapping[str, float]


def pictures(seen: Pictured) -> Iterator[str]:
    """Each picture as HTML."""
    yield _roc(seen)
    yield _calibration(seen)
    yield _scores(seen)
    shares = sorted(seen.gain_shares.items(), key=lambda item: -item[1])[:IMPORTANT]
    used = [(name, share) for name, share in shares if share > 0]
    if used:
        names, values = zip(*used, strict=True)
        yield bars("Share of the trees' gain", names, values)


def _roc(seen: Pictured) -> str:
    lines = [Line("", (0, 1), (0, 1), "#ccc", dashed=True)]
    for name, colour, chance in (
        ("Vouch", COLOURS[0], seen.probability),
        ("logistic", COLOURS[1], seen.benchmarks["logistic"]),
        ("LightGBM default", COLOURS[2], seen.benchmarks["lightgbm_default"]),
    ):
        curve = roc(seen.label, chance)
        if curve is not None:
            lines.append(Line(name, curve[0], curve[1], colour))
    return line_chart("ROC, test rows", Frame("share of goods", "share of bads"), lines)


def _calibration(seen: Pictured) -> str:
    bins = reliability(seen.label, seen.probability)
    if not bins:
        return ""
    said, found = [one[0] for one in bins], [one[1] for one in bins]
    limits = [wilson(share, rows) for _, share, rows in bins]
    lows, highs = [low for low, _ in limits], [high for _, high in limits]
    most = max([*said, *highs]) * 1.05
    frame = Frame("mean P(bad)", "share of bads", x_max=most, y_max=most)
    lines = [
        Line("", (0, most), (0, most), "#ccc", dashed=True),
        Line("ten bins of equal count, 95% limits", said, found, marks=True),
    ]
    extra = intervals(frame, said, lows, highs)
    return line_chart("Calibration, test rows", frame, lines, extra=extra)


def _scores(seen: Pictured) -> str:
    odds = np.log(seen.probability / (1 - seen.probability))
    edges = np.linspace(odds.min() - 1e-6, odds.max() + 1e-6, SCORE_BINS + 1)
    lines, most = [], 0.0
    for name, outcome, colour in (("goods", 0, COLOURS[0]), ("bads", 1, COLOURS[1])):
        mine = odds[seen.label == outcome]
        if len(mine):
            heights = np.histogram(mine, edges)[0] / len(mine)
            most = max(most, float(heights.max()))
            lines.append(Line(name, *steps(edges, heights), colour))
    frame = Frame(
        "log odds of bad", "share of the class", float(edges[0]), float(edges[-1]), 0, most * 1.05
    )
    return line_chart("Scores by outcome, test rows", frame, lines)


def wilson(share: float, rows: int, *, z: float = 1.96) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927)."""
    middle = share + z * z / (2 * rows)
    wide = z * np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    scale = 1 + z * z / rows
    return max(0.0, float((middle - wide) / scale)), min(1.0, float((middle + wide) / scale))
