"""naive-B: how the same libraries are put together in most tutorials, at their best without care.

The feature service is fetched once; then `get_online_features(...).to_df()`, a pandas frame and
`Booster.predict` in a synchronous native BentoML endpoint. No policy, offers, journal or
idempotency. It reads the same online store and runs the same champion as Vouch.
"""

import os
from pathlib import Path

import bentoml


@bentoml.service(name="naive_b")
class NaiveB:
    """Scores one loan application."""

    def __init__(self) -> None:
        import lightgbm

        from credit.contract import MERCHANT_LOAN
        from features.repository import SERVICE_OF, open_store
        from models.registry import Registry

        home = Path(os.environ["VOUCH_HOME"])
        artefact = Registry(home).champion(MERCHANT_LOAN)
        assert artefact is not None
        folder = home / "features"
        self.store = open_store(folder, online=folder / "online.db")
        self.service = self.store.get_feature_service(SERVICE_OF["merchant"])
        self.booster = lightgbm.Booster(model_str=artefact.model_text)
        self.calibration = artefact.manifest.calibration
        self.names = [feature.name for feature in artefact.manifest.features]
        self.codes = {
            feature.name: {word: code for code, word in enumerate(feature.vocabulary)}
            for feature in artefact.manifest.features
            if feature.dtype == "category"
        }

    @bentoml.api
    def decide(self, merchant_id: str, amount_minor: int, term_days: int) -> dict[str, float]:
        """P(bad) of one application."""
        from features.request import request_values

        frame = self.store.get_online_features(
            features=self.service, entity_rows=[{"merchant_id": merchant_id}]
        ).to_df()
        asked = {"amount_minor": amount_minor, "term_days": term_days, "scene": None}
        frame = frame.assign(**request_values("merchant-loan", frame.iloc[0].to_dict(), asked))
        for name, codes in self.codes.items():
            frame[name] = frame[name].map(codes)
        rows = frame[self.names].astype(float)
        margin = self.booster.predict(rows, raw_score=True)[0]
        return {"probability": self.calibration.probability(float(margin))}


service = NaiveB
