"""Scoring: calibrated P(bad) and its reasons from named feature values."""

from collections.abc import Mapping, Sequence
from typing import Any

from credit.errors import InputError
from credit.policy.evidence import Value
from models import signature
from models.artefact import Artefact


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
        return self._probabilities(signature.from_rows(self._encoders, rows))

    def score_table(self, table: Any) -> list[float]:
        """The same from a PyArrow table or a pandas frame, for training and monitoring."""
        if len(table) == 0:
            return []
        return self._probabilities(signature.from_table(self.features, table))

    def margins(self, table: Any) -> Any:
        """LightGBM's raw margins (float64) of a PyArrow table or a pandas frame."""
        return self._raw(signature.from_table(self.features, table))

    def matrix(self, table: Any) -> Any:
        """The numbers the model reads: float64 (rows, features), missing as NaN."""
        return signature.from_table(self.features, table)

    def contributions(self, row: Mapping[str, Value]) -> dict[str, float]:
        """What each reason adds to the margin (TreeSHAP, Lundberg 2018), strongest first."""
        matrix = signature.from_rows(self._encoders, [row])
        added = self._booster.predict(matrix, pred_contrib=True, num_threads=1)[0]
        sums: dict[str, float] = {}
        for feature, amount in zip(self.features, added[:-1], strict=True):
            sums[feature.reason] = sums.get(feature.reason, 0.0) + float(amount)
        return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))

    def reasons(self, row: Mapping[str, Value], limit: int = 4) -> tuple[str, ...]:
        """Codes of what raises P(bad), strongest first, at most `limit`."""
        raising = [code for code, amount in self.contributions(row).items() if amount > 0]
        return tuple(raising[:limit])

    def _probabilities(self, matrix: Any) -> list[float]:
        return [self._calibration.probability(margin) for margin in self._raw(matrix).tolist()]

    def _raw(self, matrix: Any) -> Any:
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
