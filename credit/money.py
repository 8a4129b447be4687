"""Integer minor units and parts per million: the only rounding in Vouch.

Money is a whole number of minor units (fen, cents). Shares, rates a year and probabilities are
whole parts per million (ppm), so that every comparison and every price is exact, replays to the
byte and can be done for millions of rows in 64-bit integers. Each function says how it rounds.
"""

MILLION = 1_000_000
DAYS_A_YEAR = 365


def divided_down(numerator: int, denominator: int) -> int:
    """The quotient rounded down: what may be lent, waived or promised at most.

    >>> divided_down(7, 2)
    3
    """
    return numerator // denominator


def divided_up(numerator: int, denominator: int) -> int:
    """The quotient rounded up: what must be charged or reserved at least.

    >>> divided_up(7, 2)
    4
    """
    return -(-numerator // denominator)


def divided_half_even(numerator: int, denominator: int) -> int:
    """The quotient to the nearest whole, ties to even, of a positive denominator: what is due.

    >>> divided_half_even(5, 2), divided_half_even(7, 2)
    (2, 4)
    """
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


def part_down(amount_minor: int, ppm: int) -> int:
    """A share of an amount, rounded down.

    >>> part_down(999, 500_000)
    499
    """
    return divided_down(amount_minor * ppm, MILLION)


def part_up(amount_minor: int, ppm: int) -> int:
    """A share of an amount, rounded up.

    >>> part_up(999, 500_000)
    500
    """
    return divided_up(amount_minor * ppm, MILLION)


def whole_minor(value: float) -> int:
    """An amount measured as a feature, rounded down to whole minor units.

    >>> whole_minor(1234.9)
    1234
    """
    return int(value // 1)


def stepped_down(amount_minor: int, step_minor: int) -> int:
    """The amount rounded down to whole steps.

    >>> stepped_down(123_456, 10_000)
    120000
    """
    return amount_minor - amount_minor % step_minor


def ppm_of(probability: float) -> int:
    """A probability in parts per million: the double times a million, ties to even.

    ValueError where it is no probability. Rounded once, at the door of a decision: whatever
    follows is whole numbers.

    >>> ppm_of(0.0412345678)
    41235
    """
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"probability is {probability}; it must lie between 0 and 1")
    return round(probability * MILLION)


def as_number(ppm: int) -> float:
    """Parts per million as the number that people and JSON read.

    >>> as_number(182_500)
    0.1825
    """
    return ppm / MILLION
