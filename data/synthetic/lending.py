"""Loans, application after application: evidence, true probability, the past's answer, a path."""

from dataclasses import dataclass

import numpy as np

from data.synthetic.borrowing import draw_requests
from data.synthetic.instalments import Schedules, draw_schedules
from data.synthetic.loan_risk import (
    INTERCEPT,
    NOISE,
    RING_SHIFT,
    Record,
    Requests,
    Trading,
    loan_logit,
    trading_before,
)
from data.synthetic.merchants import Merchants
from data.synthetic.past_policy import approved, judge_loans, yearly_rates
from data.synthetic.period import NEVER_DAY, Flags, Floats, Ints
from data.synthetic.turnover import Turnover
from data.synthetic.world import Stream, World, happens

RECORD_DAYS = 180
RING_TRUST_DAYS = 30  # after this much circular trade a ring's loans are as good as gone


@dataclass(slots=True)
class LoanBook:
    """Every application of a chunk with what came of it; rows stand as in `requests`.

    Filled in order of rank, because later applications look back on earlier loans.
    """

    requests: Requests
    probability: Floats
    outcome: Ints
    apr: Floats
    bad: Flags
    schedules: Schedules

    @property
    def lent(self) -> Flags:
        """Applications that became loans."""
        return approved(self.outcome)


def lend(world: World, merchants: Merchants, turnover: Turnover, chunk: int) -> LoanBook:
    """The chunk's applications and loans."""
    rng = world.rng(Stream.LOANS, chunk)
    requests = draw_requests(world, merchants, turnover, rng)
    trading = trading_before(merchants, turnover, requests)
    count = len(requests.day)
    book = LoanBook(
        requests=requests,
        probability=np.zeros(count),
        outcome=np.full(count, -1, dtype=np.int64),
        apr=np.full(count, np.nan),
        bad=np.zeros(count, dtype=np.bool_),
        schedules=Schedules.empty(count),
    )
    for rank in range(int(requests.rank.max(initial=-1)) + 1):
        places = np.flatnonzero(requests.rank == rank)
        _answer(world, merchants, book, trading, places=places, rng=rng)
    return book


def _answer(
    world: World,
    merchants: Merchants,
    book: LoanBook,
    trading: Trading,
    *,
    places: Ints,
    rng: np.random.Generator,
) -> None:
    asked = book.requests.take(places)
    known = Trading(*(getattr(trading, name)[places] for name in Trading.__slots__))
    record = _record(book, places)
    logit = loan_logit(merchants, asked, known, record) + NOISE * rng.standard_normal(len(places))
    logit += world.scenario.unseen * world.onset(asked.day.astype(np.float64))
    scheming = merchants.ring[asked.merchant] & (asked.day >= world.turn + RING_TRUST_DAYS)
    logit += RING_SHIFT * scheming
    book.probability[places] = 1.0 / (1.0 + np.exp(-logit))
    book.outcome[places] = judge_loans(known, record, rng)
    book.apr[places] = yearly_rates(book.outcome[places], known)
    bad = happens(rng, book.probability[places], len(places))
    lent = approved(book.outcome[places])
    book.bad[places] = bad & lent
    schedules = draw_schedules(
        lent=asked.day[lent],
        principal_minor=asked.amount_minor[lent],
        apr=book.apr[places][lent],
        term_days=asked.term_days[lent],
        bad=bad[lent],
        strain=logit[lent] - INTERCEPT,
        rng=rng,
    )
    book.schedules.put(places[lent], schedules)


def _record(book: LoanBook, places: Ints) -> Record:
    """What the merchant's earlier applications had come to before the day of each of these."""
    day = book.requests.day[places, None, None]
    rank = book.requests.rank[places]
    back = np.arange(1, int(rank.max(initial=0)) + 1)
    earlier = places[:, None] - back
    before = (back <= rank[:, None])[:, :, None]
    due = np.where(before, book.schedules.due[earlier], NEVER_DAY)
    paid = book.schedules.paid[earlier]
    late = np.where(due < day, np.minimum(paid, day) - due, 0)
    recent = (due < day) & (due >= day - RECORD_DAYS)
    judged = (due < day) | (before & (paid < day))
    count = judged.sum(axis=(1, 2))
    lateness = np.where(recent, late, 0)
    unpaid = (due < NEVER_DAY) & (paid >= day)
    open_minor = np.where(unpaid, book.schedules.due_minor[earlier], 0).sum(axis=(1, 2))
    late_share = (late > 0).sum(axis=(1, 2)) / np.maximum(count, 1)
    return Record(
        instalments=count.astype(np.float64),
        late_share=late_share,
        worst_late=lateness.max(axis=(1, 2), initial=0).clip(0, 120).astype(np.float64),
        in_arrears=(unpaid & (due < day)).any(axis=(1, 2)).astype(np.float64),
        open_minor=open_minor.astype(np.float64),
        open_loans=unpaid.any(axis=2).sum(axis=1).astype(np.float64),
    )
