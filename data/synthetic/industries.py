"""Trades: what they charge, when people come, how the year moves them, and how they fare."""

from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from data.synthetic.period import Floats

MEALS = (2, 1, 0, 0, 0, 0, 1, 3, 3, 2, 4, 10, 13, 8, 4, 3, 4, 9, 13, 12, 9, 6, 4, 3)
SHOP = (0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 7, 8, 8, 7, 8, 8, 8, 8, 8, 9, 9, 6, 2, 1)
OFFICE = (0, 0, 0, 0, 0, 0, 0, 2, 8, 12, 12, 9, 4, 6, 11, 12, 10, 7, 3, 2, 1, 1, 0, 0)
ALWAYS = (3, 2, 1, 1, 1, 1, 3, 6, 7, 5, 4, 5, 6, 5, 4, 4, 5, 7, 8, 7, 6, 6, 5, 4)
HOURS = {"meals": MEALS, "shop": SHOP, "office": OFFICE, "always": ALWAYS}

SPRING_FESTIVAL = {
    2015: (2, 19), 2016: (2, 8), 2017: (1, 28), 2018: (2, 16), 2019: (2, 5), 2020: (1, 25),
    2021: (2, 12), 2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17),
    2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23), 2032: (2, 11),
}  # fmt: skip
FRIDAY = 5
FEAST = range(-1, 7)  # days from the first of the year, its eve included
TRAVEL = range(-4, 10)
HOLIDAYS = ((1, 1, 1), (4, 4, 3), (5, 1, 5), (10, 1, 7))  # month, day, days
SALES = ((6, 16, 3), (11, 9, 3), (12, 11, 2))  # the sales of online shops, which others feel


@dataclass(frozen=True, slots=True)
class Industry:
    """One trade. `weekend`, `festival`, `holiday` and `sale` multiply a usual day's payments.

    `swing` is the size of the year's wave and `peak` its day of the year; `refunds` and
    `chargebacks` are usual shares of payments; `risk` shifts the logit of a loan going bad.
    """

    name: str
    share: float
    scene: str
    ticket_minor: float
    spread: float
    anonymous: float
    hours: str
    weekend: float
    festival: float
    holiday: float
    sale: float
    swing: float
    peak: int
    refunds: float
    chargebacks: float
    risk: float


_TRADES = """
restaurant  .23 dining              18000 .6 .25 meals  1.35 1.3 1.3 1.0 .05 350 .020 .004  .20
grocery     .20 retail              15000 .6 .30 shop   1.15  .6 1.0 1.0 .04  20 .025 .003 -.20
apparel     .14 retail              42000 .7 .15 shop   1.40  .5 1.2 1.5 .12 330 .090 .008  .15
electronics .07 retail             160000 .8 .10 shop   1.25  .5 1.2 1.7 .08 310 .060 .012  .05
beauty      .09 services            40000 .6 .10 shop   1.30  .7 1.1 1.2 .06  30 .030 .008  .10
hotel       .06 hotel               45000 .5 .05 always 1.30 1.5 1.8 1.0 .16 210 .070 .008  .25
clinic      .06 clinic              38000 .7 .05 office  .80  .5  .8 1.0 .05  15 .015 .003 -.35
education   .05 school             200000 .5 .02 office 1.20  .2  .7 1.0 .15 245 .050 .012  .10
convenience .06 self_service_retail  7000 .5 .35 always  .95  .8  .9 1.0 .05 200 .015 .004 -.10
mobility    .04 mobility             5000 .5 .02 always  .90  .8 1.1 1.0 .12 240 .020 .005 -.05
"""


def _industry(line: str) -> Industry:
    cells = line.split()
    kinds = [field.type for field in fields(Industry)]
    return Industry(*(kind(cell) for kind, cell in zip(kinds, cells, strict=True)))


INDUSTRIES = tuple(_industry(line) for line in _TRADES.strip().splitlines())
NEWCOMER_TRADES = ("convenience", "mobility", "beauty")


def column(field: str) -> Floats:
    """One number of every industry, by place in `INDUSTRIES`."""
    return np.array([getattr(industry, field) for industry in INDUSTRIES], dtype=np.float64)


def seasons(days: list[date]) -> Floats:
    """What each industry's usual day is multiplied by, industries by days; about 1 over a year."""
    calendar = _calendar(days)
    angle = 2.0 * np.pi * np.array([day.timetuple().tm_yday for day in days]) / 365.25
    return np.stack([_season(industry, calendar, angle) for industry in INDUSTRIES])


def hours_table() -> Floats:
    """Cumulative chance of each local hour, industries by 24."""
    weights = np.array([HOURS[industry.hours] for industry in INDUSTRIES], dtype=np.float64)
    return np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)


def _season(industry: Industry, calendar: dict[str, Floats], angle: Floats) -> Floats:
    peak = 2.0 * np.pi * industry.peak / 365.25
    wave = 1.0 + industry.swing * np.cos(angle - peak)
    week = np.where(calendar["weekend"] > 0, industry.weekend, 1.0)
    week /= (5.0 + 2.0 * industry.weekend) / 7.0
    feast = 1.0 + (industry.festival - 1.0) * calendar["festival"]
    holiday = np.where(calendar["holiday"] > 0, industry.holiday, 1.0)
    sale = np.where(calendar["sale"] > 0, industry.sale, 1.0)
    return wave * week * feast * holiday * sale


def _calendar(days: list[date]) -> dict[str, Floats]:
    return {
        "weekend": np.array([float(day.isoweekday() > FRIDAY) for day in days]),
        "festival": np.array([_festival(day) for day in days]),
        "holiday": np.array([float(_among(day, HOLIDAYS)) for day in days]),
        "sale": np.array([float(_among(day, SALES)) for day in days]),
    }


def _festival(day: date) -> float:
    """1 from the eve for a week, half of it three days before and after; 0 in years unknown."""
    if day.year not in SPRING_FESTIVAL:
        return 0.0
    after = (day - date(day.year, *SPRING_FESTIVAL[day.year])).days
    if after in FEAST:
        return 1.0
    return 0.5 if after in TRAVEL else 0.0


def _among(day: date, spans: tuple[tuple[int, int, int], ...]) -> bool:
    return any(
        0 <= (day - date(day.year, month, first)).days < length for month, first, length in spans
    )
