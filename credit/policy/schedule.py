"""Repayment schedules, exact to the minor unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise

from credit.money import DAYS_A_YEAR, MILLION, divided_half_even
from credit.policy.decision import Instalment
from credit.policy.loan_terms import BULLET, EQUAL_INSTALMENTS

INSTALMENT_DAYS = 30


def instalment_count(term_days: int) -> int:
    """Monthly instalments in a term; at least one.

    >>> instalment_count(90), instalment_count(20)
    (3, 1)
    """
    return max(1, term_days // INSTALMENT_DAYS)


@cache
def due_days(term_days: int, repayment_type: str) -> tuple[int, ...]:
    """Days after disbursal on which instalments fall due.

    >>> due_days(100, "equal_principal"), due_days(90, "bullet")
    ((33, 66, 100), (90,))
    """
    count = 1 if repayment_type == BULLET else instalment_count(term_days)
    return tuple(term_days * place // count for place in range(1, count + 1))


def schedule(
    amount_minor: int, *, apr_ppm: int, term_days: int, repayment_type: str, starts_on: date
) -> tuple[Instalment, ...]:
    """What falls due when, for a loan disbursed on `starts_on`.

    Interest of a period is simple, for its actual days over 365, on what is still owed, to the
    nearest minor unit (ties to even). Principal adds up to the amount exactly: the last
    instalment takes what rounding left over.
    """
    days = due_days(term_days, repayment_type)
    plan = _Plan(amount_minor, apr_ppm, days, level=repayment_type == EQUAL_INSTALMENTS)
    return tuple(plan.instalments(starts_on))


@dataclass(frozen=True, slots=True)
class _Plan:
    amount_minor: int
    apr_ppm: int
    days: tuple[int, ...]
    level: bool

    def instalments(self, starts_on: date) -> Iterator[Instalment]:
        owed = self.amount_minor
        level_minor = self.level_minor() if self.level else 0
        for before, day in pairwise((0, *self.days)):
            interest = divided_half_even(
                owed * self.apr_ppm * (day - before), MILLION * DAYS_A_YEAR
            )
            principal = self.amount_minor // len(self.days)
            if self.level:
                principal = min(owed, max(0, level_minor - interest))
            if day == self.days[-1]:
                principal = owed
            due_on = starts_on + timedelta(days=day)
            yield Instalment(due_on, principal + interest, principal, interest)
            owed -= principal

    def level_minor(self) -> int:
        """The equal instalment of an annuity over equal periods."""
        count = len(self.days)
        rate = Fraction(self.apr_ppm * self.days[-1], MILLION * DAYS_A_YEAR * count)
        if rate == 0:
            return divided_half_even(self.amount_minor, count)
        return round(self.amount_minor * rate / (1 - (1 + rate) ** -count))
