"""Whether a subsidy pays: what it costs the merchant against the margin of the sales it brings.

A lift is the growth of orders under the subsidy. It is measured only by a hold-out drawn by lot;
anything else is an assumption and is called so wherever it is shown. The subsidy is paid on every
order, on those too that would have come without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from functools import cache

from credit.money import MILLION, divided_down, divided_half_even, divided_up, part_down
from credit.policy.instalment_terms import ASSUMPTION, Holdout, InstalmentTerms, LiftTerms

PAYS, DOES_NOT_PAY, UNCERTAIN, NO_SUBSIDY = "pays", "does not pay", "uncertain", "no subsidy"
MEASURED = "measured"
_Z_95 = Decimal("1.959963984540054")  # two-sided 95 % of the normal distribution


@dataclass(frozen=True, slots=True)
class Lift:
    """Growth of orders in ppm; the ends of its 95 % interval where it was measured, else None."""

    source: str
    share_ppm: int
    low_ppm: int | None = None
    high_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class Pays:
    """What a subsidy is expected to cost and to bring, for one order sold under it.

    `margin_low_minor`, `margin_high_minor` and a verdict of `uncertain` come of an interval: None
    and never where the lift is assumed. `break_even_ppm`: the least lift at which it pays; None
    where no growth could make it pay. `assumptions` names what nobody has measured.
    """

    verdict: str
    cost_minor: int
    margin_minor: int
    margin_low_minor: int | None
    margin_high_minor: int | None
    break_even_ppm: int | None
    lift: Lift
    assumptions: tuple[str, ...]

    @property
    def label(self) -> str:
        """`assumption` where any part of it is one."""
        return ASSUMPTION if self.assumptions else MEASURED


def lift_of(terms: LiftTerms) -> Lift:
    """The lift that a policy states, or that its experiment shows."""
    if terms.source == ASSUMPTION:
        return Lift(ASSUMPTION, terms.assumed_share_ppm)
    return measured_lift(terms.holdout)


@cache
def measured_lift(found: Holdout) -> Lift:
    """Ratio of the two rates of buying less one, with its 95 % interval, rounded outwards.

    A ratio below a millionth is a millionth: sales fall, they never vanish.

    The logarithm of a ratio of rates is about normal (Katz, Baptista, Azen and Pike, 1978,
    Biometrics 34). Decimal arithmetic rounds alike on every machine, so that it replays.

    >>> measured_lift(Holdout(treated_offered=10_000, treated_bought=2_100,
    ...                       control_offered=10_000, control_bought=2_000))
    Lift(source='holdout', share_ppm=50000, low_ppm=-5798, high_ppm=108930)
    """
    up = found.treated_bought * found.control_offered
    down = found.control_bought * found.treated_offered
    low, high = _interval(found, Decimal(up), Decimal(down))
    share = max(1, divided_half_even(up * MILLION, down)) - MILLION
    return Lift("holdout", share, min(share, low), max(share, high))


def _interval(found: Holdout, up: Decimal, down: Decimal) -> tuple[int, int]:
    with localcontext(Context(prec=28)):
        one = Decimal(1)
        variance = one / found.treated_bought - one / found.treated_offered
        variance += one / found.control_bought - one / found.control_offered
        spread = (_Z_95 * max(variance, Decimal(0)).sqrt()).exp()
        ratio = up / down * MILLION
        low = (ratio / spread).to_integral_value(ROUND_FLOOR)
        high = (ratio * spread).to_integral_value(ROUND_CEILING)
        return max(1, int(low)) - MILLION, int(high) - MILLION


def pays(order_minor: int, subsidy_minor: int, terms: InstalmentTerms) -> Pays:
    """Whether a subsidy of `subsidy_minor` on an order pays, as far as anybody can know.

    Of (1 + lift) orders under the subsidy, lift would not have come: so one order under it brings
    lift / (1 + lift) of its margin. Rounded down, against the subsidy itself.
    """
    lift = lift_of(terms.lift)
    margin = part_down(order_minor, terms.gross_margin_ppm)
    low = None if lift.low_ppm is None else _extra(margin, lift.low_ppm)
    high = None if lift.high_ppm is None else _extra(margin, lift.high_ppm)
    expected = _extra(margin, lift.share_ppm)
    worst = expected if low is None else low
    best = expected if high is None else high
    return Pays(
        _verdict(subsidy_minor, worst=worst, best=best),
        subsidy_minor,
        expected,
        low,
        high,
        _break_even(margin, subsidy_minor),
        lift,
        tuple(_assumed(terms)),
    )


def _verdict(cost_minor: int, *, worst: int, best: int) -> str:
    if cost_minor == 0:
        return NO_SUBSIDY
    if worst >= cost_minor:
        return PAYS
    return DOES_NOT_PAY if best < cost_minor else UNCERTAIN


def _extra(margin_minor: int, lift_ppm: int) -> int:
    return divided_down(margin_minor * lift_ppm, MILLION + lift_ppm)


def _break_even(margin_minor: int, subsidy_minor: int) -> int | None:
    if subsidy_minor == 0:
        return 0
    if subsidy_minor >= margin_minor:
        return None
    return divided_up(subsidy_minor * MILLION, margin_minor - subsidy_minor)


def _assumed(terms: InstalmentTerms) -> Iterator[str]:
    if terms.lift.source == ASSUMPTION:
        yield "lift"
    if terms.gross_margin_source == ASSUMPTION:
        yield "gross_margin"
