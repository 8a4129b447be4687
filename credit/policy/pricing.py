"""What a loan must cost: expected loss, funding, work and margin, as an annual rate."""

from dataclasses import dataclass

from credit.money import DAYS_A_YEAR, MILLION, divided_up, part_up
from credit.policy.loan_terms import BULLET, LoanPrice
from credit.policy.schedule import instalment_count

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

    Interest accrues on what is still owed, so costs are spread over the average balance: the whole
    amount for one repayment, (n + 1) / 2n of it for n instalments. Equal instalments
    repay slower than that and earn more, which errs to the side of not lending at a loss.
    """
    loss = expected_loss_minor(amount_minor, probability_ppm, price)
    fees = part_up(amount_minor, price.fee_share_ppm)
    to_carry = loss + price.operating_cost_minor
    standing = price.funding_rate_ppm + price.margin_rate_ppm
    spread = _BalanceYears(amount_minor, term_days, repayment_type)
    by_interest = standing + spread.rate_up(to_carry - fees) if to_carry > fees else standing
    apr = max(price.apr_floor_ppm, divided_up(by_interest, RATE_STEP_PPM) * RATE_STEP_PPM)
    return Price(apr, apr + spread.rate_up(fees), fees, loss, price.operating_cost_minor)


@dataclass(frozen=True, slots=True)
class _BalanceYears:
    amount_minor: int
    term_days: int
    repayment_type: str

    def rate_up(self, cost_minor: int) -> int:
        """The annual rate on the average balance that earns a cost over the term."""
        count = 1 if self.repayment_type == BULLET else instalment_count(self.term_days)
        return divided_up(
            cost_minor * MILLION * DAYS_A_YEAR * 2 * count,
            self.amount_minor * self.term_days * (count + 1),
        )
