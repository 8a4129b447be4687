"""Values keep to the unit that their feature says, on histories that are late and corrected."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from features.catalogue import ENTITY_FEATURES
from features.definition import NUMBER
from features.spine import as_known

BOUNDS = {"share": (0, 1), "index": (0, 1), "count": (0, np.inf)}
WHOLE = {"count", "rank"}
KINDS = {
    "growth": "turnover_growth_30d",
    "trend": "turnover_slope_12w",
    "volatility": "turnover_cv_12w",
    "seasonality": "turnover_weekday_cv_12w",
    "drawdown": "turnover_drawdown_12w",
    "gaps": "longest_gap_days_90d",
    "repeat payers": "repeat_payer_share_90d",
    "concentration": "payer_hhi_90d",
    "the top five": "top5_payer_share_90d",
    "refunds": "refund_rate_30d",
    "chargebacks": "chargeback_rate_90d",
    "payouts": "payout_ratio_30d",
    "net flow": "net_flow_30d",
    "nights": "night_share_90d",
    "weekends": "weekend_share_90d",
    "instalments": "instalment_share_90d",
    "scenes": "scene_hhi_90d",
    "round amounts": "round_share_90d",
    "self-payment": "self_payment_share_90d",
    "punctuality": "late_days_mean",
    "utilisation": "open_to_largest_principal",
    "past-due streaks": "late_streak",
    "prepayment": "prepaid_share",
}


@pytest.fixture(params=ENTITY_FEATURES)
def known(request, opened, made_up):
    tables = made_up(3)
    ids = tables[f"{request.param}s"][f"{request.param}_id"].tolist()
    days = [date(2026, 1, 1) + timedelta(days=9 * step) for step in range(35)]
    pairs = [(entity_id, day) for entity_id in ids for day in days]
    spine = {"entity_id": [it for it, _ in pairs], "as_of": [day for _, day in pairs]}
    return request.param, as_known(opened(tables), request.param, pa.table(spine))


def test_values_keep_within_their_unit(known):
    entity, values = known
    for feature in ENTITY_FEATURES[entity]:
        if feature.dtype != NUMBER:
            continue
        there = values[feature.name].drop_null().to_numpy()
        low, high = BOUNDS.get(feature.unit, (-np.inf, np.inf))
        assert np.all(np.isfinite(there)), feature.name
        assert np.all((there >= low) & (there <= high)), feature.name
        assert feature.unit not in WHOLE or not np.any(there % 1), feature.name


@pytest.mark.parametrize("kind", KINDS)
def test_lenders_find_every_kind_of_merchant_feature(kind):
    assert KINDS[kind] in {feature.name for feature in ENTITY_FEATURES["merchant"]}
