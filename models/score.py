"""Scoring: calibrated P(bad) and its reasons from named feature values."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from credit.errors import InputError
from credit.policy.evidence import Value
from models import signature
from models.artefact import Artefact
from models.forest import read_trees, thresholds

REASONS_MAX = 4


class Scorer:
    """A loaded model: rows of named values in, calibrated P(bad) out.

    One thread, one batched call: on shared cores LightGBM's own threads cost tails of 100 ms.
    Scores are equal to the bit across reloads, batch sizes and the two ways in.
    """

    def __init__(self, artefact: Artefact) -> None:
        self.artefact = artefact
        self.features = artefact.manifest.features
        self._encoders = signature.encoders(self.features)
        self._calibration = artefact.manifest.calibration
        self._booster = _booster(artefact)

    def score(self, rows: Sequence[Mapping[str, Value]]) -> list[float]:
        """Calibrated P(bad) of each row; KeyError names a feature that a row does not carry."""
        if not rows:
            return []
        return self.probabilities(self.encoded(rows))

    def score_table(self, table: Any) -> list[float]:
        """The same from a PyArrow table or a pandas frame, for training and monitoring."""
        if len(table) == 0:
            return []
        return self.probabilities(self.matrix(table))

    def margins(self, table: Any) -> Any:
        """LightGBM's raw margins (float64) of a PyArrow table or a pandas frame."""
        return self.raw(self.matrix(table))

    def matrix(self, table: Any) -> Any:
        """The numbers the model reads: float64 (rows, features), missing as NaN."""
        return signature.from_table(self.features, table)

    def encoded(self, rows: Sequence[Mapping[str, Value]]) -> Any:
        """Rows of named values as `matrix` gives a table's; KeyError names what one lacks."""
        return signature.from_rows(self._encoders, rows)

    def probabilities(self, matrix: Any) -> list[float]:
        """Calibrated P(bad) of rows that are numbers already."""
        if len(matrix) == 0:
            return []
        return self.calibrated(self.raw(matrix).tolist())

    def calibrated(self, margins: Sequence[float]) -> list[float]:
        """The P(bad) that each raw margin stands for."""
        return [self._calibration.probability(margin) for margin in margins]

    def explained(self, matrix: Any, *, threads: int = 1) -> tuple[tuple[str, ...], Any]:
        """Reasons in the signature's order, and float64 (rows, reasons): what each adds.

        Exact Shapley values of the margin over the paths of the trees (TreeSHAP, Lundberg 2018),
        the features of a reason summed; with the model's level they add up to the margin.
        """
        codes = tuple(dict.fromkeys(feature.reason for feature in self.features))
        place = {code: number for number, code in enumerate(codes)}
        sums = np.zeros((len(matrix), len(codes)))
        if len(matrix):
            added = self.added(matrix, threads=threads)
            for number, feature in enumerate(self.features):
                sums[:, place[feature.reason]] += added[:, number]
        return codes, sums

    def added(self, matrix: Any, *, threads: int = 1) -> Any:
        """float64 (rows, features): what each feature adds, the model's level left out."""
        return self._booster.predict(matrix, pred_contrib=True, num_threads=threads)[:, :-1]

    def contributions(self, row: Mapping[str, Value]) -> dict[str, float]:
        """What each reason adds to the margin, strongest first."""
        codes, [sums] = self.explained(self.encoded([row]))
        told = zip(codes, sums.tolist(), strict=True)
        return dict(sorted(told, key=lambda item: (-item[1], item[0])))

    def reasons(self, row: Mapping[str, Value], limit: int = REASONS_MAX) -> tuple[str, ...]:
        """Codes of what raises P(bad), strongest first, at most `limit`."""
        raising = [code for code, amount in self.contributions(row).items() if amount > 0]
        return tuple(raising[:limit])

    @cached_property
    def thresholds(self) -> Mapping[str, Any]:
        """The values, rising, at which the model asks about each number: P(bad) changes there."""
        asked = thresholds(read_trees(self.artefact.model_text))
        return {self.features[place].name: cuts for place, cuts in asked.items()}

    def raw(self, matrix: Any) -> Any:
        """LightGBM's raw margins of rows that are numbers already."""
        return self._booster.predict(matrix, raw_score=True, num_threads=1)


def _booster(artefact: Artefact) -> Any:
    import lightgbm

    booster = lightgbm.Booster(model_str=artefact.model_text)
    reads, promised = booster.num_feature(), len(artefact.manifest.features)
    if reads != promised:
        raise InputError(
            f"{artefact.directory}: the model reads {reads} features, not {promised} as promised",
            "train the model again",
        )
    return booster
