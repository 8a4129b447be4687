"""A chunk's loan book as rows of the contract: applications, loans, repayments, outcomes."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from credit.contract import LOAN_STATUSES, MERCHANT_LOAN
from data.synthetic.columns import (
    PROBABILITY,
    days,
    ids,
    instants,
    names,
    real,
    schema,
    table,
    whole,
    word,
)
from data.synthetic.instalments import MOST_INSTALMENTS, Schedules
from data.synthetic.lending import LoanBook
from data.synthetic.merchants import PARTNERS, Merchants
from data.synthetic.past_policy import OUTCOMES
from data.synthetic.period import DAY_US, HOUR_US, MINUTE_US, NEVER, NEVER_DAY, Ints
from data.synthetic.world import World

A_CHUNK = 1_000_000  # application numbers of one chunk
LOAN_WINDOW_AFTER_TERM = 31
TERM_MOST_DAYS = 360
PAID_FROM_US = 2 * HOUR_US  # people pay in the UTC hours that are their day
PART_PAID = (0.2, 0.7)
EQUAL_INSTALMENTS, BULLET = "equal_instalments", "bullet"
ACTIVE, CLOSED, _, RESTRUCTURED, WRITTEN_OFF = range(len(LOAN_STATUSES))


def loan_tables(
    world: World, merchants: Merchants, book: LoanBook, rng: np.random.Generator, chunk: int
) -> dict[str, pa.Table]:
    """Rows known at the period's end, by table; `truth/outcomes` among them."""
    numbers = chunk * A_CHUNK + np.arange(len(book.outcome), dtype=np.int64)
    wait = rng.integers(5 * MINUTE_US, 90 * MINUTE_US, len(numbers))
    lending = _Lending(
        numbers=numbers,
        lent=np.flatnonzero(book.lent),
        disbursed=book.requests.at + wait,  # on the same day: nobody applies after 15:00 UTC
        closes_us=world.period.closes_us,
    )
    return {
        "applications": _applications(merchants, book, numbers),
        "loans": _loans(world, merchants, book, lending),
        "repayments": _repayments(world, book, lending, rng),
        "outcomes": _outcomes(merchants, book, lending),
        "truth/outcomes": _truth(book, numbers),
    }


@dataclass(frozen=True, slots=True)
class _Lending:
    """Numbers of applications, which of them were lent, when, and when the books close."""

    numbers: Ints
    lent: Ints
    disbursed: Ints
    closes_us: int


def _merchant_ids(merchants: Merchants, merchant: Ints) -> pa.Array:
    return ids("M", merchants.numbers[merchant], 7)


def _applications(merchants: Merchants, book: LoanBook, numbers: Ints) -> pa.Table:
    asked = book.requests
    approved_minor = np.where(book.lent, asked.amount_minor, -1)
    columns = {
        "application_id": ids("LA", numbers, 11),
        "product": word(MERCHANT_LOAN, len(numbers)),
        "entity_id": _merchant_ids(merchants, asked.merchant),
        "partner_id": names(merchants.partner[asked.merchant], PARTNERS),
        "requested_minor": whole(asked.amount_minor),
        "term_days": whole(asked.term_days),
        "applied_at": instants(asked.at),
        "outcome": names(book.outcome, OUTCOMES),
        "approved_minor": whole(approved_minor),
        "apr": real(book.apr),
        "recorded_at": instants(asked.at),
    }
    return table(schema("applications"), columns)


def _loans(world: World, merchants: Merchants, book: LoanBook, lending: _Lending) -> pa.Table:
    """One version when disbursed, another when paid back, restructured or written off."""
    place, status, recorded = _loan_versions(world, book.schedules, lending)
    asked = book.requests
    numbers = lending.numbers[place]
    kinds = (EQUAL_INSTALMENTS, BULLET)
    columns = {
        "loan_id": ids("LN", numbers, 11),
        "merchant_id": _merchant_ids(merchants, asked.merchant[place]),
        "principal_minor": whole(asked.amount_minor[place]),
        "total_due_minor": whole(book.schedules.due_minor[place].sum(axis=1)),
        "apr": real(book.apr[place]),
        "term_days": whole(asked.term_days[place]),
        "repayment_type": names(_repayment_types(book.schedules, place), kinds),
        "disbursed_at": instants(lending.disbursed[place]),
        "status": names(status, LOAN_STATUSES),
        "application_id": ids("LA", numbers, 11),
        "recorded_at": instants(recorded),
    }
    return table(schema("loans"), columns)


def _repayment_types(schedules: Schedules, place: Ints) -> Ints:
    parts = (schedules.due[place] < NEVER_DAY).sum(axis=1)
    return (parts == 1).astype(np.int64)


def _loan_versions(
    world: World, schedules: Schedules, lending: _Lending
) -> tuple[Ints, Ints, Ints]:
    lent = lending.lent
    exists = schedules.due[lent] < NEVER_DAY
    last_paid = np.where(exists, schedules.paid[lent], 0).max(axis=1, initial=0)
    restructured, lost = schedules.restructured[lent], schedules.written_off[lent]
    plain = (restructured >= NEVER_DAY) & (lost >= NEVER_DAY) & (last_paid < NEVER_DAY)
    ends = [
        (lent, np.full(len(lent), ACTIVE), lending.disbursed[lent]),
        (lent[plain], np.full(int(plain.sum()), CLOSED), _evening(world, last_paid[plain])),
    ]
    for status, day in ((RESTRUCTURED, restructured), (WRITTEN_OFF, lost)):
        comes = day < NEVER_DAY
        ends.append((lent[comes], np.full(int(comes.sum()), status), _evening(world, day[comes])))
    place, status, recorded = (np.concatenate(column) for column in zip(*ends, strict=True))
    known = recorded < lending.closes_us
    return place[known], status[known], recorded[known]


def _evening(world: World, day: Ints) -> Ints:
    return world.period.instants(day) + DAY_US - HOUR_US


def _repayments(
    world: World, book: LoanBook, lending: _Lending, rng: np.random.Generator
) -> pa.Table:
    """A version of each instalment when scheduled, when part is paid, and when all is."""
    row, place = np.nonzero(book.schedules.due[lending.lent] < NEVER_DAY)
    row = lending.lent[row]
    due_minor = book.schedules.due_minor[row, place]
    part = np.round(due_minor * rng.uniform(*PART_PAID, len(row))).astype(np.int64)
    versions = [
        (row, place, np.zeros_like(row), np.full(len(row), NEVER), lending.disbursed[row]),
        (row, place, part, *_payment_times(world, book.schedules.partial[row, place], rng)),
        (row, place, due_minor, *_payment_times(world, book.schedules.paid[row, place], rng)),
    ]
    row, place, paid, paid_at, recorded = (np.concatenate(c) for c in zip(*versions, strict=True))
    known = recorded < lending.closes_us
    row, place, paid, paid_at, recorded = (c[known] for c in (row, place, paid, paid_at, recorded))
    columns = {
        "repayment_id": ids("RP", lending.numbers[row] * (MOST_INSTALMENTS + 4) + place, 12),
        "loan_id": ids("LN", lending.numbers[row], 11),
        "due_on": days(book.schedules.due[row, place], world.period.start_epoch_day),
        "due_minor": whole(book.schedules.due_minor[row, place]),
        "paid_minor": whole(paid),
        "paid_at": instants(paid_at),
        "recorded_at": instants(recorded),
    }
    return table(schema("repayments"), columns)


def _payment_times(world: World, day: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """When somebody paid on `day`, and when that was on file: the same evening at the latest."""
    within = PAID_FROM_US + rng.integers(0, 13 * HOUR_US, len(day))
    paid_at = np.where(day < NEVER_DAY, world.period.instants(day) + within, NEVER)
    delay = rng.integers(MINUTE_US, 6 * HOUR_US, len(day))
    return paid_at, np.where(day < NEVER_DAY, paid_at + delay, NEVER)


def _outcomes(merchants: Merchants, book: LoanBook, lending: _Lending) -> pa.Table:
    lent = lending.lent
    window = np.minimum(book.requests.term_days[lent], TERM_MOST_DAYS) + LOAN_WINDOW_AFTER_TERM
    matured = lending.disbursed[lent] + window * DAY_US
    ripe = matured <= lending.closes_us
    lent, matured = lent[ripe], matured[ripe]
    columns = {
        "product": word(MERCHANT_LOAN, len(lent)),
        "entity_id": _merchant_ids(merchants, book.requests.merchant[lent]),
        "reference_id": ids("LA", lending.numbers[lent], 11),
        "observed_at": instants(book.requests.at[lent]),
        "amount_minor": whole(book.requests.amount_minor[lent]),
        "term_days": whole(book.requests.term_days[lent]),
        "bad": whole(book.bad[lent].astype(np.int64)),
        "matured_at": instants(matured),
    }
    return table(schema("outcomes"), columns)


def _truth(book: LoanBook, numbers: Ints) -> pa.Table:
    columns = {
        "product": word(MERCHANT_LOAN, len(numbers)),
        "reference_id": ids("LA", numbers, 11),
        "probability": real(book.probability),
    }
    return table(PROBABILITY, columns)
