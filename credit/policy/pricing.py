"""What a loan must cost: expected loss, funding, work and margin, as an annual rate."""

from dataclasses import dataclass
from functools import partial

from credit.money import DAYS_A_YEAR, MILLION, divided_up, part_up
from credit.policy.loan_terms import LoanPrice
from credit.policy.schedule import due_days

RATE_STEP_PPM = 100  # rates are quoted in hundredths of a per cent


@dataclass(frozen=True, slots=True)
class Price:
    """The rate asked, what it is all-in with fees, and the costs it has to carry."""

    apr_ppm: int
    all_in_ppm: int
    fees_minor: int
    expected_loss_minor: int
    operating_cost_minor: int

    def within(self, apr_cap_ppm: int) -> bool:
        """Whether the law allows what the loan needs."""
        return self.all_in_ppm <= apr_cap_ppm


def expected_loss_minor(amount_minor: int, probability_ppm: int, price: LoanPrice) -> int:
    """P(bad) x roll to loss x loss given default x exposure at default, rounded up.

    P(bad) is over the loan's whole life, so this is what one loan loses, not what it loses a year.
    """
    severity = part_up(
        part_up(price.roll_to_loss_ppm, price.loss_given_default_ppm),
        price.exposure_at_default_ppm,
    )
    return part_up(amount_minor, part_up(probability_ppm, severity))


def price_of(
    price: LoanPrice,
    *,
    amount_minor: int,
    term_days: int,
    probability_ppm: int,
    repayment_type: str,
) -> Price:
    """The rate that carries the loan's costs; compare it with the cap before lending.

    Interest accrues on what is still owed, so costs are spread over the loan's average life (mean
    of its due days, for equal parts of principal). Equal instalments repay slower than that
    and earn more, which errs to the side of not lending at a loss.
    """
    loss = expected_loss_minor(amount_minor, probability_ppm, price)
    fees = part_up(amount_minor, price.fee_share_ppm)
    to_carry = loss + price.operating_cost_minor
    standing = price.funding_rate_ppm + price.margin_rate_ppm
    life = partial(
        _rate_up, amount_minor=amount_minor, term_days=term_days, repayment_type=repayment_type
    )
    by_interest = standing + life(max(0, to_carry - fees))
    apr = max(price.apr_floor_ppm, divided_up(by_interest, RATE_STEP_PPM) * RATE_STEP_PPM)
    return Price(apr, apr + life(fees), fees, loss, price.operating_cost_minor)


def _rate_up(cost_minor: int, amount_minor: int, *, term_days: int, repayment_type: str) -> int:
    """The annual rate on what is still owed that earns a cost over the loan's life."""
    days = due_days(term_days, repayment_type)
    return divided_up(cost_minor * MILLION * DAYS_A_YEAR * len(days), amount_minor * sum(days))
