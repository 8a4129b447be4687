"""Label maturity: what of the recent past cannot be learnt from yet, and what that does.

Outcomes are learnt from once their window has ended. Windows of short loans end first, so the
youngest months hold the short ones alone: they are another population, and their bad rate is
not to be read as a trend.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from training.judging.rates import difference, rate_of
from training.rows.cohort import Cohort
from training.rows.dataset import instants
from training.rows.times import instant, shown

if TYPE_CHECKING:
    import pyarrow as pa

MONTH = "datetime64[M]"
SHARES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
MOSTLY = 0.5  # a month under this share is mostly not matured
RIPE = 0.8  # a month from this share on can be compared with earlier ones
RECENT_MONTHS = 3
ROWS_MIN = 30
OFF = 1.5  # a bad rate so many times another's, or one so many times less, is far off
ONE_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True)
class Maturity:
    """What `metrics.json` says under `maturity`, and what is to be warned of."""

    facts: dict[str, Any]
    warnings: tuple[str, ...]


def maturity(
    cohort: Cohort,
    *,
    by: datetime,
    immature_at_split: int = 0,
    without_outcome: "pa.Table | None" = None,
) -> Maturity:
    """How much had matured by `by`, by month of decision, and how long it takes.

    `without_outcome` are approved applications that no outcome tells of
    (`training.rows.applications.without_outcome`): where data hold matured outcomes alone, those
    of recent months are what is still awaited.
    """
    observed = instants(cohort.table["observed_at"])
    label = cohort.table["bad"].to_numpy()
    waiting = instants(cohort.unripe["observed_at"])
    unknown = _times(without_outcome, before=by)
    months = _months(observed, label, waiting, unknown)
    youngest = _youngest(months)
    facts = {
        "as_of": shown(instant(by)),
        "matured": len(observed),
        "not_matured": len(waiting),
        "without_outcome": None if without_outcome is None else len(unknown),
        "months": months,
        "days_to_maturity": _days(cohort),
        "immature_at_split": immature_at_split,
        "youngest": youngest,
    }
    return Maturity(facts, _warnings(months, youngest))


def _times(table: "pa.Table | None", *, before: datetime) -> Any:
    if table is None:
        return np.zeros(0, dtype="datetime64[us]")
    times = instants(table["observed_at"])
    return times[times <= np.datetime64(before.astimezone(UTC).replace(tzinfo=None), "us")]


def _months(observed: Any, label: Any, waiting: Any, unknown: Any) -> list[dict[str, Any]]:
    seen, still, never = (times.astype(MONTH) for times in (observed, waiting, unknown))
    found = []
    for month in np.unique(np.concatenate([seen, still, never])):
        mine = label[seen == month]
        late, silent = int((still == month).sum()), int((never == month).sum())
        told = rate_of(mine)
        found.append(
            {
                "month": str(month),
                "matured": told.pop("rows"),
                "not_matured": late,
                "without_outcome": silent,
                "share_matured": len(mine) / (len(mine) + late + silent),
                **told,
            }
        )
    return found


def _days(cohort: Cohort) -> dict[str, float] | None:
    """Quantiles of the days from decision to maturity, of all outcomes, matured or not."""
    days = [
        (instants(table["matured_at"]) - instants(table["observed_at"])) / ONE_DAY
        for table in (cohort.table, cohort.unripe)
    ]
    every = np.concatenate(days)
    if not len(every):
        return None
    return {name: float(np.quantile(every, share)) for name, share in SHARES.items()}


def _youngest(months: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The youngest month with matured rows enough, against all months before it."""
    full = [month for month in months if month["matured"] >= ROWS_MIN]
    if len(full) < 2:  # noqa: PLR2004  # one to compare with
        return None
    last = full[-1]
    before = [month for month in months if month["month"] < last["month"]]
    others = sum(it["bads"] for it in before), sum(it["matured"] for it in before)
    gap = difference((last["bads"], last["matured"]), others)
    return {
        "month": last["month"],
        "share_matured": last["share_matured"],
        "bad_rate": last["bad_rate"],
        "bad_rate_before": others[0] / others[1],
        "difference": gap,
        "far_off": _far_off(last["bad_rate"], others[0] / others[1], gap),
    }


def _far_off(now: float, before: float, gap: dict[str, float | None]) -> bool:
    low, high = gap["low"], gap["high"]
    beyond_chance = low is not None and high is not None and (low > 0 or high < 0)
    return beyond_chance and (now > OFF * before or before > OFF * now)


def _warnings(months: list[dict[str, Any]], youngest: dict[str, Any] | None) -> tuple[str, ...]:
    said = []
    recent = months[-RECENT_MONTHS:]
    green = [it for it in recent if it["matured"] and it["share_matured"] < MOSTLY]
    if green:
        named = ", ".join(f"{it['month']} ({it['share_matured']:.0%})" for it in green)
        said.append(f"mostly not matured, so that those rows are not like the rest: {named}")
    if youngest is not None and youngest["far_off"]:
        said.append(
            f"{youngest['month']}, the youngest month with outcomes, has a bad rate of"
            f" {youngest['bad_rate']:.1%} where the months before had"
            f" {youngest['bad_rate_before']:.1%}: {_why(youngest)}"
        )
    return tuple(said)


def _why(youngest: dict[str, Any]) -> str:
    if youngest["share_matured"] < RIPE:
        return f"only {youngest['share_matured']:.0%} of it has matured"
    return "risk has changed, or the label has"
