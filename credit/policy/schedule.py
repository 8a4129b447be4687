"""Repayment schedules, exact to the minor unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

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


def schedule(
    amount_minor: int, *, apr_ppm: int, term_days: int, repayment_type: str, starts_on: date
) -> tuple[Instalment, ...]:
    """What falls due when, for a loan disbursed on `starts_on`.

    Interest of a period is simple, for its actual days over 365, on what is still owed, to the
    nearest minor unit (ties to even). Principal adds up to the amount exactly: the last
    instalment takes what rounding left over.
    """
    count = 1 if repayment_type == BULLET else instalment_count(term_days)
    plan = _Plan(amount_minor, apr_ppm, term_days, repayment_type, count)
    return tuple(plan.instalments(starts_on))


@dataclass(frozen=True, slots=True)
class _Plan:
    amount_minor: int
    apr_ppm: int
    term_days: int
    repayment_type: str
    count: int

    def day(self, place: int) -> int:
        return self.term_days * place // self.count

    def interest(self, owed_minor: int, days: int) -> int:
        return divided_half_even(owed_minor * self.apr_ppm * days, MILLION * DAYS_A_YEAR)

    def level_minor(self) -> int:
        """The equal instalment of an annuity over equal periods."""
        rate = Fraction(self.apr_ppm * self.term_days, MILLION * DAYS_A_YEAR * self.count)
        if rate == 0:
            return divided_half_even(self.amount_minor, self.count)
        return round(self.amount_minor * rate / (1 - (1 + rate) ** -self.count))

    def instalments(self, starts_on: date) -> Iterator[Instalment]:
        owed = self.amount_minor
        level = self.level_minor() if self.repayment_type == EQUAL_INSTALMENTS else 0
        for place in range(1, self.count + 1):
            interest = self.interest(owed, self.day(place) - self.day(place - 1))
            principal = self.principal(owed, interest, level, place)
            due_on = starts_on + timedelta(days=self.day(place))
            yield Instalment(due_on, principal + interest, principal, interest)
            owed -= principal

    def principal(self, owed_minor: int, interest_minor: int, level_minor: int, place: int) -> int:
        if place == self.count:
            return owed_minor
        if self.repayment_type == EQUAL_INSTALMENTS:
            return min(owed_minor, max(0, level_minor - interest_minor))
        return self.amount_minor // self.count
