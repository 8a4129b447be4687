"""When the platform comes to know of a payment: seconds later, days later, or again, corrected."""

from dataclasses import replace

import numpy as np

from data.synthetic.merchants import SILENT_PARTNER, Merchants
from data.synthetic.payments import NOTHING, PAYMENT, Rows, stacked
from data.synthetic.period import DAY_US, SECOND_US, Flags, Ints
from data.synthetic.scenarios import DUPLICATES, MISSING_FEED
from data.synthetic.world import Stream, World, happens

LATE_SHARE = 0.015
CORRECTED_SHARE = 0.003
DUPLICATED_SHARE = 0.01


def arrived(world: World, merchants: Merchants, rows: Rows, chunk: int) -> Rows:
    """What the platform has on file at the period's end, in the order it came to know it."""
    rng = world.rng(Stream.ARRIVALS, chunk)
    rows = _recorded(rows, rng)
    rows = stacked([rows, _corrections(rows, rng)])
    if MISSING_FEED in world.faults:
        rows = rows.take(_heard(world, merchants, rows))
    rows = rows.take(rows.recorded < world.period.closes_us)
    if DUPLICATES in world.faults:
        rows = stacked([rows, rows.take(happens(rng, DUPLICATED_SHARE, rows.count))])
    return rows.take(np.lexsort((rows.number, rows.recorded)))


def _recorded(rows: Rows, rng: np.random.Generator) -> Rows:
    """Numbers stand at their own place, so what a row refers to is found there."""
    recorded = rows.occurred + _delays(rng, rows.count)
    refers = rows.refers_to != NOTHING
    first = recorded[rows.refers_to[refers]] + SECOND_US
    recorded[refers] = np.maximum(recorded[refers], first)
    return replace(rows, recorded=recorded)


def _delays(rng: np.random.Generator, count: int) -> Ints:
    seconds = np.exp(3.0 + 1.1 * rng.standard_normal(count))
    late = happens(rng, LATE_SHARE, count)
    days = np.minimum(0.5 + rng.exponential(1.5, count), 10.0)
    delay = np.where(late, days * DAY_US, np.minimum(seconds, 7200.0) * SECOND_US)
    return delay.astype(np.int64)


def _corrections(rows: Rows, rng: np.random.Generator) -> Rows:
    """Second versions of payments that nothing refers to: another amount, known days later."""
    referred = np.zeros(rows.count, dtype=np.bool_)
    referred[rows.refers_to[rows.refers_to != NOTHING]] = True
    chosen = (rows.kind == PAYMENT) & ~referred & happens(rng, CORRECTED_SHARE, rows.count)
    old = rows.take(chosen)
    factor = rng.uniform(0.6, 1.3, old.count)
    after = DAY_US // 2 + rng.integers(0, 5 * DAY_US, old.count)
    amount = np.maximum((old.amount_minor * factor).astype(np.int64), 100)
    return replace(old, amount_minor=amount, recorded=old.recorded + after)


def _heard(world: World, merchants: Merchants, rows: Rows) -> Flags:
    silent = merchants.partner[rows.merchant] == SILENT_PARTNER
    turn = world.period.opens_us + world.turn * DAY_US
    return ~(silent & (rows.occurred >= turn))
