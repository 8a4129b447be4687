"""What a candidate would change, in one sentence a product; and figures as people read them."""

from collections.abc import Iterable

from credit.contract import MERCHANT_LOAN
from monitoring.simulation.figures import Figures
from monitoring.simulation.intervals import Estimate, Sides

MINOR = 100  # minor units a major one, as every currency served so far has


def headline_of(products: Iterable[Figures], currency: str) -> str:
    """The verdict: approvals first, then money, then what is known of risk."""
    return "; ".join(_sentence(one, currency) for one in products)


def _sentence(figures: Figures, currency: str) -> str:
    approve = figures.rates["approve"]
    what = "loans" if figures.product == MERCHANT_LOAN else "deposit waivers"
    now, then = percent(approve.current), percent(approve.candidate)
    parts = [
        f"of {figures.requests:,} {what} {then} approved instead of {now}",
        f"volume {_moved(figures.given_minor, currency)}",
        f"expected loss {_moved(figures.expected_loss_minor, currency)}",
    ]
    if figures.profit_minor is not None:
        parts.append(f"expected profit {_moved(figures.profit_minor, currency)}")
    if not _is_changed(figures):
        return f"of {figures.requests:,} {what} not one would be answered otherwise"
    return ", ".join(parts)


def _is_changed(figures: Figures) -> bool:
    changes = [one.change for one in (*figures.rates.values(), figures.given_minor)]
    changes.append(figures.expected_loss_minor.change)
    changes += [figures.profit_minor.change] if figures.profit_minor else []
    swapped = sum(one.requests for one in figures.swap[:2])
    return bool(swapped) or any(one.value for one in changes)


def _moved(sides: Sides, currency: str) -> str:
    before, change = sides.current.value or 0.0, sides.change.value or 0.0
    if not change:
        return "unchanged"
    if not before:
        return f"{change / MINOR:+,.0f} {currency}"
    return f"{change / abs(before):+.1%}"


def percent(estimate: Estimate, digits: int = 1) -> str:
    """A share.

    >>> percent(Estimate(0.1234, None, None))
    '12.3%'
    """
    return "-" if estimate.value is None else f"{estimate.value:.{digits}%}"


def points(estimate: Estimate) -> str:
    """A change of a share in percentage points."""
    return "-" if estimate.value is None else f"{estimate.value * 100:+.2f} pp"


def between(low: float | None, high: float | None, spelt: str) -> str:
    """An interval, each end as `spelt` formats it; nothing where there is none."""
    return "" if low is None or high is None else f"{low:{spelt}} to {high:{spelt}}"


def major(minor: float | None) -> str:
    """Money in whole major units."""
    return "-" if minor is None else f"{minor / MINOR:,.0f}"
