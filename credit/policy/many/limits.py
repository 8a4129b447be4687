"""Limits over columns: the least of the same legs as `credit.policy.limits` measures."""

from dataclasses import dataclass

import numpy as np

from credit.policy.limits import DAYS_A_MONTH, loan_limit
from credit.policy.loan_terms import LoanTerms
from credit.policy.many.answers import bit_of
from credit.policy.many.cases import Cases
from credit.policy.many.columns import (
    UNBOUNDED,
    Mask,
    Real,
    Whole,
    divided_down,
    numbers,
    part_down,
    stepped_down,
    whole_minor,
)
from credit.policy.room import CONCENTRATION, ROOM, WHY_NO_ROOM, Room

TERM_DAYS_MAX = 4095
_EXACT = 2**62


@dataclass(frozen=True, slots=True)
class Means:
    """From what the limits of some applicants are measured; `band`: places among the bands."""

    terms: LoanTerms
    ceiling_minor: Whole
    band: Whole
    turnover: Real
    service: Real
    own_room_minor: Whole
    shared_room_minor: Whole
    beyond: Mask  # rows whose amounts would leave 64 bits: measured one by one
    monthly_minor: Whole
    service_minor: Whole
    standing_minor: Whole  # the least of the legs that no term moves, rooms apart


def means_of(cases: Cases, terms: LoanTerms, *, band: Whole, ceiling_minor: Whole) -> Means:
    """What does not depend on the term, measured once."""
    capacity = terms.capacity
    turnover = numbers(cases.values, capacity.turnover_feature, len(cases))
    service = numbers(cases.values, capacity.debt_service_feature, len(cases))
    known = ~np.isnan(turnover)
    largest = _largest_exact(terms)
    beyond = known & ((np.abs(turnover) > largest) | (np.abs(service) > largest))
    plain = known & ~beyond
    monthly = divided_down(
        np.maximum(0, whole_minor(np.where(plain, turnover, 0.0))) * DAYS_A_MONTH,
        capacity.turnover_days,
    )
    service_minor = whole_minor(np.where(plain & ~np.isnan(service), service, 0.0))
    multiple = np.array([one.turnover_multiple_ppm for one in terms.bands])[band]
    ceilings = np.array([min(terms.amount_max_minor, one.amount_max_minor) for one in terms.bands])
    leg = np.where(known, part_down(monthly, multiple), capacity.unknown_max_minor)
    return Means(
        terms,
        ceiling_minor,
        band,
        turnover,
        service,
        cases.own_room_minor,
        cases.shared_room_minor,
        beyond,
        monthly,
        service_minor,
        np.minimum(np.minimum(ceiling_minor, ceilings[band]), leg),
    )


def _largest_exact(terms: LoanTerms) -> int:
    """Up to this turnover and debts keep all products within 64 bits, for terms to 4,095 days."""
    steepest = max(
        10**6 * TERM_DAYS_MAX // DAYS_A_MONTH + 10**6,
        *(one.turnover_multiple_ppm for one in terms.bands),
    )
    monthly_max = _EXACT // (2 * steepest)
    return int(min(monthly_max, monthly_max * terms.capacity.turnover_days // DAYS_A_MONTH))


def limits_for(means: Means, term_days: Whole) -> tuple[Whole, Whole]:
    """The limit of each applicant for its term, and the reason where it is below the least loan."""
    least = np.minimum(means.standing_minor, _cash_leg(means, term_days))
    why = np.full(len(least), bit_of("LIMIT_BELOW_MINIMUM"))
    rooms = {ROOM: means.own_room_minor, CONCENTRATION: means.shared_room_minor}
    for name, left in rooms.items():
        why[left < least] = bit_of(WHY_NO_ROOM[name])
        least = np.minimum(least, left)
    limit = stepped_down(np.maximum(0, least), means.terms.amount_step_minor)
    for row in np.flatnonzero(means.beyond):
        limit[row], why[row] = _one_by_one(means, int(row), int(term_days[row]))
    return limit, why


def _cash_leg(means: Means, term_days: Whole) -> Whole:
    """The share of cash flow that may repay; no bound where turnover is not known."""
    capacity = means.terms.capacity
    takings = divided_down(means.monthly_minor * term_days, DAYS_A_MONTH)
    free = part_down(takings, capacity.cash_margin_ppm) - means.service_minor
    leg = part_down(np.maximum(0, free), capacity.cash_share_ppm)
    return np.where(np.isnan(means.turnover), UNBOUNDED, leg)


def _one_by_one(means: Means, row: int, term_days: int) -> tuple[int, int]:
    """The limit of one applicant with amounts too large for 64 bits: the scalar rule itself."""
    capacity = means.terms.capacity
    turnover, service = float(means.turnover[row]), float(means.service[row])
    limit = loan_limit(
        {capacity.turnover_feature: turnover} | {capacity.debt_service_feature: service},
        means.terms,
        means.terms.bands[means.band[row]],
        term_days=term_days,
        room=Room(
            own_minor=_room(means.own_room_minor[row]),
            shared_minor=_room(means.shared_room_minor[row]),
        ),
        ceiling_minor=int(means.ceiling_minor[row]),
    )
    return limit.limit_minor, bit_of(WHY_NO_ROOM.get(limit.binding, "LIMIT_BELOW_MINIMUM"))


def _room(left: np.int64) -> int | None:
    return None if left == UNBOUNDED else int(left)
