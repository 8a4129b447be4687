"""Consumer features of earlier waived deposits."""

from functools import partial

from ibis import _

from features.definition import CAN_LOWER, RAISES, USER, Feature, measure, per_window, ratio
from features.windows import SCENES

_feature = partial(Feature, entity=USER, view="holds", owner="scene-risk", reason="HOLD_HISTORY")
_SCENE_ZH = {
    "bike": "共享单车",
    "power_bank": "共享充电宝",
    "umbrella": "共享雨伞",
    "hotel": "酒店",
    "clinic": "诊所",
    "school": "学校",
    "self_service_retail": "无人零售",
}


def _opened(days: int) -> Feature:
    return _feature(
        name=f"holds_{days}d",
        unit="count",
        window_days=days,
        description=f"Deposits waived in {days} days",
        description_zh=f"近 {days} 天免押次数",
        expression=measure(f"holds_{days}d"),
    )


def _in_scene(scene: str) -> Feature:
    return _feature(
        name=f"holds_{scene}",
        unit="count",
        description=f"Deposits waived so far, scene {scene}",
        description_zh=f"{_SCENE_ZH[scene]}场景历史免押次数",
        expression=measure(f"holds_{scene}"),
    )


FEATURES = (
    _feature(
        name="holds_count",
        unit="count",
        description="Deposits waived so far",
        description_zh="历史免押次数",
        expression=_.holds_count,
    ),
    *per_window((30, 90, 180), _opened),
    _feature(
        name="holds_open",
        actionable=CAN_LOWER,
        unit="count",
        description="Waived deposits open now",
        description_zh="在途免押订单数",
        expression=_.holds_open,
    ),
    _feature(
        name="holds_open_minor",
        actionable=CAN_LOWER,
        unit="minor",
        description="Waived deposits open now, amount",
        description_zh="在途免押金额",
        expression=_.open_deposit_minor,
    ),
    _feature(
        name="holds_overdue",
        actionable=CAN_LOWER,
        unit="count",
        direction=RAISES,
        description="Open orders past their due time",
        description_zh="已超期未归还的在途订单数",
        expression=_.holds_overdue,
    ),
    _feature(
        name="holds_late_share",
        unit="share",
        direction=RAISES,
        description="Share of orders returned late or overdue",
        description_zh="逾期归还或超期未还订单占比",
        expression=ratio(_.holds_late, _.holds_count),
    ),
    _feature(
        name="holds_late_180d",
        unit="count",
        window_days=180,
        direction=RAISES,
        description="Orders of 180 days returned late or overdue",
        description_zh="近 180 天逾期归还或超期未还订单数",
        expression=_.holds_late_180d,
    ),
    _feature(
        name="holds_captured",
        unit="count",
        direction=RAISES,
        description="Deposits captured so far",
        description_zh="历史押金扣款次数",
        expression=_.holds_captured,
    ),
    _feature(
        name="holds_captured_share",
        unit="share",
        direction=RAISES,
        description="Share of waived deposits that were captured",
        description_zh="免押订单中发生扣款的占比",
        expression=ratio(_.holds_captured, _.holds_count),
    ),
    _feature(
        name="holds_unpaid",
        actionable=CAN_LOWER,
        unit="count",
        direction=RAISES,
        description="Captured deposits unpaid now",
        description_zh="当前未结清的扣款笔数",
        expression=_.holds_unpaid,
    ),
    _feature(
        name="holds_unpaid_minor",
        actionable=CAN_LOWER,
        unit="minor",
        direction=RAISES,
        description="Captured deposits unpaid now, amount",
        description_zh="当前未结清的扣款金额",
        expression=_.unpaid_capture_minor,
    ),
    _feature(
        name="holds_settled_days_max",
        unit="days",
        direction=RAISES,
        description="Most days from capture to payment",
        description_zh="从扣款到结清的最长天数",
        expression=_.settled_days_max,
    ),
    _feature(
        name="hold_deposit_mean_minor",
        unit="minor",
        description="Mean deposit waived",
        description_zh="平均免押金额",
        expression=ratio(_.deposit_sum_minor, _.holds_count),
    ),
    _feature(
        name="hold_deposit_max_minor",
        unit="minor",
        description="Largest deposit waived",
        description_zh="最大单笔免押金额",
        expression=_.deposit_max_minor,
    ),
    _feature(
        name="days_since_hold",
        unit="days",
        description="Days since the last deposit was waived",
        description_zh="距上次免押天数",
        expression=_.as_of_day - _.last_opened_day,
    ),
    _feature(
        name="hold_scenes",
        unit="count",
        description="Different scenes so far",
        description_zh="历史使用过的免押场景数",
        expression=_.scenes_count,
    ),
    *map(_in_scene, SCENES),
)
