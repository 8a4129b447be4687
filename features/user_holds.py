"""Consumer features of earlier waived deposits."""

from functools import partial

from ibis import _

from features.definition import CAN_LOWER, RAISES, USER, Feature, measure, per_window, ratio
from features.user_measures import SCENES

_feature = partial(Feature, entity=USER, view="holds", reason="HOLD_HISTORY")


def _opened(days: int) -> Feature:
    return _feature(
        name=f"holds_{days}d",
        unit="count",
        window_days=days,
        description=f"Deposits waived in {days} days",
        expression=measure(f"holds_{days}d"),
    )


def _in_scene(scene: str) -> Feature:
    return _feature(
        name=f"holds_{scene}",
        unit="count",
        description=f"Deposits waived so far, scene {scene}",
        expression=measure(f"holds_{scene}"),
    )


FEATURES = (
    _feature(
        name="holds_count",
        unit="count",
        description="Deposits waived so far",
        expression=_.holds_count,
    ),
    *per_window((30, 90, 180), _opened),
    _feature(
        name="holds_open",
        actionable=CAN_LOWER,
        unit="count",
        description="Waived deposits open now",
        expression=_.holds_open,
    ),
    _feature(
        name="holds_open_minor",
        actionable=CAN_LOWER,
        unit="minor",
        description="Waived deposits open now, amount",
        expression=_.open_deposit_minor,
    ),
    _feature(
        name="holds_overdue",
        actionable=CAN_LOWER,
        unit="count",
        direction=RAISES,
        description="Open orders past their due time",
        expression=_.holds_overdue,
    ),
    _feature(
        name="holds_late_share",
        unit="share",
        direction=RAISES,
        description="Share of orders returned late or overdue",
        expression=ratio(_.holds_late, _.holds_count),
    ),
    _feature(
        name="holds_late_180d",
        unit="count",
        window_days=180,
        direction=RAISES,
        description="Orders of 180 days returned late or overdue",
        expression=_.holds_late_180d,
    ),
    _feature(
        name="holds_captured",
        unit="count",
        direction=RAISES,
        description="Deposits captured so far",
        expression=_.holds_captured,
    ),
    _feature(
        name="holds_captured_share",
        unit="share",
        direction=RAISES,
        description="Share of waived deposits that were captured",
        expression=ratio(_.holds_captured, _.holds_count),
    ),
    _feature(
        name="holds_unpaid",
        actionable=CAN_LOWER,
        unit="count",
        direction=RAISES,
        description="Captured deposits unpaid now",
        expression=_.holds_unpaid,
    ),
    _feature(
        name="holds_unpaid_minor",
        actionable=CAN_LOWER,
        unit="minor",
        direction=RAISES,
        description="Captured deposits unpaid now, amount",
        expression=_.unpaid_capture_minor,
    ),
    _feature(
        name="holds_settled_days_max",
        unit="days",
        direction=RAISES,
        description="Most days from capture to payment",
        expression=_.settled_days_max,
    ),
    _feature(
        name="hold_deposit_mean_minor",
        unit="minor",
        description="Mean deposit waived",
        expression=ratio(_.deposit_sum_minor, _.holds_count),
    ),
    _feature(
        name="hold_deposit_max_minor",
        unit="minor",
        description="Largest deposit waived",
        expression=_.deposit_max_minor,
    ),
    _feature(
        name="days_since_hold",
        unit="days",
        description="Days since the last deposit was waived",
        expression=_.as_of_day - _.last_opened_day,
    ),
    _feature(
        name="hold_scenes",
        unit="count",
        description="Different scenes so far",
        expression=_.scenes_count,
    ),
    *map(_in_scene, SCENES),
)
