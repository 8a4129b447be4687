"""What the catalogue says besides the definitions, in English and Chinese, and how it writes"""

from dataclasses import dataclass

from features.definition import CAN_LOWER, CAN_RAISE, FREE, LOWERS, RAISES

LANGUAGES = ("en", "zh")

_SAID: dict[str, tuple[str, str]] = {
    "title": ("Catalogue of features", "特征目录"),
    "merchant": ("Merchants", "商户"),
    "user": ("Consumers", "消费者"),
    "lead": (
        "Every feature as defined, and its values in the latest published snapshot.",
        "每个特征的定义，以及其在最新已发布快照中的取值分布。",
    ),
    "bars": (
        "Bars reach from the 1% to the 99% quantile; those of a long tail stand for ever more.",
        "柱形图范围为 1% 至 99% 分位数，长尾分布的刻度逐渐加宽；缺失值不计入。",
    ),
    "as_of": ("as known at the end of", "数据截至"),
    "rows": ("entities", "主体数"),
    "features": ("features", "特征数"),
    "data": ("data", "数据哈希"),
    "definitions": ("definitions", "定义哈希"),
    "contents": ("Contents", "目录"),
    "no_snapshot": (
        "No snapshot of these is published: definitions only.",
        "尚无已发布快照，仅列出定义。",
    ),
    "other_definitions": (
        "This snapshot was made from other definitions than those shown: build it anew.",
        "该快照由另一版定义生成，与此处所列定义不一致：请重新构建。",
    ),
    "not_in_snapshot": ("Not in this snapshot.", "该快照中没有此特征。"),
    "of_request": (
        "Computed for each request; no snapshot holds it.",
        "随每次申请即时计算，不在快照中。",
    ),
    "of_fresh": (
        "Of what came in since the published day; no model sees it.",
        "统计最新快照日之后到达的数据，不入模型。",
    ),
    "unit": ("unit", "单位"),
    "window": ("window", "窗口"),
    "direction": ("P(bad)", "风险方向"),
    "can": ("can be moved", "主体可改变"),
    "reason": ("reason", "原因"),
    "owner": ("owner", "负责团队"),
    "formula": ("computed as", "计算式"),
    "missing": ("missing", "缺失"),
    "others": ("all others", "其他"),
    "days": ("{} days", "{} 天"),
    "state": ("state of the day", "当日状态"),
    "histogram": ("Histogram of {}", "{} 的直方图"),
    "least": ("least", "最小"),
    "most": ("most", "最大"),
}
_UNITS: dict[str, tuple[str, str]] = {
    "minor": ("minor units of money", "货币最小单位（分）"),
    "count": ("count", "个数"),
    "days": ("days", "天"),
    "ratio": ("ratio", "比值"),
    "share": ("share, 0 to 1", "占比（0 至 1）"),
    "index": ("index, 0 to 1", "指数（0 至 1）"),
    "rank": ("rank", "等级"),
    "rate": ("rate a year", "年利率"),
    "difference": ("difference", "差值"),
    "name": ("name", "名称"),
}
_VIEWS: dict[str, tuple[str, str]] = {
    "payments": ("Payments", "交易"),
    "payers": ("Payers", "付款人"),
    "payees": ("Merchants paid", "收款商户"),
    "profile": ("Profile", "基本资料"),
    "loans": ("Loans", "贷款"),
    "repayments": ("Repayments", "还款"),
    "bills": ("Bills", "账单"),
    "holds": ("Waived deposits", "免押"),
    "request": ("The request", "申请"),
    "fresh": ("Since the published day", "最新快照日之后"),
}
_OWNERS: dict[str, tuple[str, str]] = {
    "merchant-risk": ("merchant risk", "商户风险"),
    "merchant-lending": ("merchant lending", "商户信贷"),
    "consumer-risk": ("consumer risk", "消费者风险"),
    "scene-risk": ("scene risk", "场景风险"),
}
_DIRECTIONS: dict[int, tuple[str, str]] = {
    RAISES: ("a higher value raises it", "值越高，风险越高"),
    LOWERS: ("a higher value lowers it", "值越高，风险越低"),
    FREE: ("as the data say", "由数据决定"),
}
_HANDS: dict[int, tuple[str, str]] = {
    CAN_RAISE: ("up", "可提高"),
    CAN_LOWER: ("down", "可降低"),
    FREE: ("no", "否"),
}
_SIZES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
THOUSAND = 1_000
WRITTEN_OUT = 10_000  # from here on in thousands, millions, ...


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, `en` or `zh`."""

    language: str

    def say(self, what: str, *values: str) -> str:
        """A fixed phrase with `values` in it."""
        return self._one(_SAID[what]).format(*values)

    def unit(self, unit: str) -> str:
        """A unit in full; one that is not known as it stands."""
        return self._one(_UNITS.get(unit, (unit, unit)))

    def view(self, view: str) -> str:
        """The group of tables that features are computed from."""
        return self._one(_VIEWS.get(view, (view, view)))

    def owner(self, owner: str) -> str:
        """A team."""
        return self._one(_OWNERS.get(owner, (owner, owner)))

    def direction(self, direction: int) -> str:
        """Which way a higher value moves P(bad)."""
        return self._one(_DIRECTIONS[direction])

    def hand(self, actionable: int) -> str:
        """Which way who is scored can move it."""
        return self._one(_HANDS[actionable])

    def first(self, english: str, chinese: str) -> tuple[str, str]:
        """Both, that of this language first."""
        return (english, chinese) if self.language == "en" else (chinese, english)

    def _one(self, both: tuple[str, str]) -> str:
        return self.first(*both)[0]


def number(value: float) -> str:
    """A value as a person reads it, to three or four digits.

    >>> [number(value) for value in (0.0, 12, 0.12345, -4821.4, 48211, 3_456_789)]
    ['0', '12', '0.123', '-4,821', '48.2 k', '3.46 M']
    """
    if abs(value) >= WRITTEN_OUT:
        size, sign = next((size, sign) for size, sign in _SIZES if abs(value) >= size)
        return f"{float(f'{value / size:.3g}'):g} {sign}"
    if abs(value) >= THOUSAND or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(share: float) -> str:
    """A share in percent, to a tenth.

    >>> percent(0.1234)
    '12.3%'
    """
    return f"{100 * share:.1f}%"
