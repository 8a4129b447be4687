"""Candidates judged over columns: the three questions of `offers.judged`, and what they leave."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.policy.decision import Outcome
from credit.policy.loan_terms import LoanTerms
from credit.policy.many.answers import Offers, bit_of
from credit.policy.many.cases import Grid, LoanCases
from credit.policy.many.columns import Real, Small, Whole, part_up
from credit.policy.many.grid import ceilings_minor
from credit.policy.many.limits import TERM_DAYS_MAX, Means, limits_for, means_of
from credit.policy.many.pricing import losses_minor, priced
from credit.policy.many.risk import bands_of

_TERM_BITS, _PLACE_BITS = 12, 6
_PLACES = (1 << _PLACE_BITS) - 1
_NONE = -1  # the outcome of a candidate that is not there


@dataclass(frozen=True, slots=True)
class Judged:
    """Every candidate judged, n x C: its outcome, what declined it (as bits), and its rate.

    `limit_minor` is the request's.
    """

    grid: Grid
    ppm: Real
    outcome: Small
    declined: Whole
    apr_ppm: NDArray[np.int32]
    limit_minor: Whole
    approve_max_ppm: int

    @property
    def best(self) -> Small:
        """The loosest outcome in each row."""
        best: Small = self.outcome.max(axis=1)
        return best


def judged(cases: LoanCases, grid: Grid, ppm: Real, terms: LoanTerms) -> Judged:
    """Every candidate judged; the request's band sets the limit of them all."""
    means = means_of(
        cases,
        terms,
        band=bands_of(terms.bands, ppm[:, 0]),
        ceiling_minor=ceilings_minor(cases, terms),
    )
    limit, why = _limits(means, grid.term_days)
    declined = np.where(grid.amount_minor > limit, bit_of("AMOUNT_ABOVE_LIMIT"), 0)
    declined = np.where(limit < terms.amount_min_minor, why, declined)
    too_risky = ppm > terms.refer_probability_max_ppm
    declined[too_risky] = bit_of("PROBABILITY_ABOVE_CUTOFF")
    apr = _price(grid, ppm, declined, terms)
    approved = ppm <= terms.approve_probability_max_ppm
    outcome = np.where(approved, np.int8(Outcome.APPROVE), np.int8(Outcome.REFER))
    outcome[declined != 0] = Outcome.DECLINE
    outcome[~grid.valid] = _NONE
    return Judged(grid, ppm, outcome, declined, apr, limit[:, 0], terms.approve_probability_max_ppm)


def _limits(means: Means, term_days: Whole) -> tuple[Whole, Whole]:
    """Limits and reasons for every candidate, measured once for columns of the same terms."""
    if term_days.size and not 0 <= term_days.min() <= term_days.max() <= TERM_DAYS_MAX:
        raise ValueError(f"a candidate's term lies outside 0 to {TERM_DAYS_MAX} days")
    found: list[tuple[Whole, Whole]] = []
    place_of: list[int] = []
    first_of: list[int] = []
    for column in range(term_days.shape[1]):
        place = next(
            (
                p
                for p, one in enumerate(first_of)
                if np.array_equal(term_days[:, one], term_days[:, column])
            ),
            len(found),
        )
        if place == len(found):
            found.append(limits_for(means, term_days[:, column]))
            first_of.append(column)
        place_of.append(place)
    limits, why = (np.stack(columns, axis=1)[:, place_of] for columns in zip(*found, strict=True))
    return limits, why


def _price(grid: Grid, ppm: Real, declined: Whole, terms: LoanTerms) -> NDArray[np.int32]:
    """The rates of those that nothing declined yet; declines what may not cost what it must."""
    at = np.flatnonzero(grid.valid & (declined == 0))
    amounts, term_days = grid.amount_minor.ravel()[at], grid.term_days.ravel()[at]
    rates, within = priced(terms, amounts, term_days, ppm.ravel()[at].astype(np.int64))
    apr = np.zeros(ppm.size, np.int32)
    apr[at[within]] = rates[within]
    declined.ravel()[at[~within]] = bit_of("PRICE_ABOVE_CAP")
    return apr.reshape(ppm.shape)


def write_offers(cases: Judged, rows: Whole, terms: LoanTerms, offers: Offers, at: Whole) -> None:
    """Writes what `rows` of the judged may be offered, as `offers.offers_made` chooses, `at` these.

    Amount, term and place are sorted as one number: largest first, longest first, then as tried.
    """
    grid, width = cases.grid, cases.ppm.shape[1]
    if width > _PLACES + 1:
        raise ValueError(f"{width} candidates a request; at most {_PLACES + 1} are judged")
    key = (grid.amount_minor[rows] << _TERM_BITS) | grid.term_days[rows]
    key = (key << _PLACE_BITS) | (_PLACES - np.arange(width))
    key[cases.outcome[rows] != Outcome.APPROVE] = -1
    key.sort(axis=1)
    key = key[:, ::-1][:, : terms.offers_max]
    made = key >= 0
    place = np.where(made, _PLACES - (key & _PLACES), 0)
    key[~made] = 0
    some = slice(0, key.shape[1])
    offers.count[at] = made.sum(axis=1)
    offers.amount_minor[at, some] = amounts = key >> (_TERM_BITS + _PLACE_BITS)
    offers.term_days[at, some] = (key >> _PLACE_BITS) & ((1 << _TERM_BITS) - 1)
    offers.fees_minor[at, some] = part_up(amounts, terms.price.fee_share_ppm)
    for column, of_all in ((offers.apr_ppm, cases.apr_ppm), (offers.probability_ppm, cases.ppm)):
        column[at, some] = np.where(made, np.take_along_axis(of_all[rows], place, axis=1), 0)


def losses_of(offers: Offers, at: Whole, terms: LoanTerms) -> Whole:
    """The expected loss of the first offer in each row."""
    first = offers.amount_minor[at, 0], offers.probability_ppm[at, 0].astype(np.int64)
    return losses_minor(*first, terms.price)
