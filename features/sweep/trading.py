"""Trading days of the longest window, a bit each: bit `ago` says whether there was trade then."""

import numpy as np
from numpy.typing import NDArray

from features.definition import LONGEST_WINDOW, WINDOWS
from features.sweep.arrivals import Numbers
from features.sweep.growth import grown
from features.sweep.shelf import Shelf

Words = NDArray[np.uint64]
WORD = 64
WORDS = -(-LONGEST_WINDOW // WORD)
GAP_DAYS = 90  # the window of the longest gap; two words hold it
BEST_DAYS = 30
ONE = np.uint64(1)


class TradingDays:
    """Three words an entity: word `ago // 64`, bit `ago % 64`."""

    def __init__(self) -> None:
        self.words: Words = np.zeros((WORDS, 0), np.uint64)

    def grow(self, entities: int) -> None:
        """Make room for `entities`."""
        self.words = grown(self.words, entities)

    def next_day(self) -> None:
        """Every day is one more day ago; the oldest is let go."""
        top = np.uint64(WORD - 1)
        for word in range(WORDS - 1, 0, -1):
            self.words[word] = (self.words[word] << ONE) | (self.words[word - 1] >> top)
        self.words[0] <<= ONE
        self.words &= _first_days(LONGEST_WINDOW)[:, None]

    def mark(self, ago: int, entities: Numbers, counts: Numbers) -> None:
        """Say of `entities` whether they traded `ago` days ago: where `counts` are above zero."""
        word, bit = divmod(ago, WORD)
        traded = (counts > 0).astype(np.uint64) << np.uint64(bit)
        others = np.uint64(2**WORD - 1 - (1 << bit))
        self.words[word, entities] = (self.words[word, entities] & others) | traded

    def active_days(self) -> dict[str, Numbers]:
        """Trading days by window."""
        return {f"active_days_{days}d": _counted(self.words, days) for days in WINDOWS}

    def days_since_payment(self) -> Numbers:
        """Days since the latest trading day; -1 where there is none."""
        since = np.full(self.words.shape[1], -1, np.int64)
        for word in range(WORDS - 1, -1, -1):
            bits = self.words[word]
            lowest = np.bitwise_count((bits & (~bits + ONE)) - ONE)
            since = np.where(bits != 0, lowest.astype(np.int64) + WORD * word, since)
        return since

    def history_days(self) -> Numbers:
        """Days since the earliest trading day; -1 where there is none."""
        since = np.full(self.words.shape[1], -1, np.int64)
        for word, bits in enumerate(self.words):
            highest = np.bitwise_count(_filled(bits)).astype(np.int64) - 1
            since = np.where(bits != 0, highest + WORD * word, since)
        return since

    def longest_gap(self) -> Numbers:
        """Most days from a trading day to the next one, both in the last 90; -1 without two."""
        low, high = self.words[:2] & _first_days(GAP_DAYS)[:2, None]
        reach = _filled(high), np.where(high != 0, ~np.uint64(0), _filled(low))
        before = _below_lowest(low, high)
        still = (reach[1] & ~low & ~before[0]), (reach[0] & ~high & ~before[1])
        traded = np.bitwise_count(low) + np.bitwise_count(high)
        return np.where(traded > 1, _longest_run(*still) + 1, -1)


def best_day_minor(shelf: Shelf, day: int, entities: int) -> tuple[Numbers, NDArray[np.bool_]]:
    """The most of `payment_minor` on a trading day of the last 30, and whether there is one."""
    best = np.full(entities, np.iinfo(np.int64).min, np.int64)
    for ago in range(BEST_DAYS):
        block = shelf.at(day - ago)
        counts = block.column("payment_count")
        if counts is None:
            continue
        traded = counts > 0
        minor = block.column("payment_minor")
        amounts = np.zeros(traded.sum(), np.int64) if minor is None else minor[traded]
        keys = block.keys[traded]
        best[keys] = np.maximum(best[keys], amounts)
    return best, best != np.iinfo(np.int64).min


def _first_days(days: int) -> Words:
    """Words with the bits below `days` set."""
    full = (1 << days) - 1
    return np.array([(full >> (WORD * word)) % 2**WORD for word in range(WORDS)], np.uint64)


def _counted(words: Words, days: int) -> Numbers:
    masks = _first_days(days)
    counts = np.zeros(words.shape[1], np.int64)
    for word in range(-(-days // WORD)):
        counts += np.bitwise_count(words[word] & masks[word])
    return counts


def _filled(bits: Words) -> Words:
    """Every bit up to the highest that is set."""
    for shift in (1, 2, 4, 8, 16, 32):
        bits = bits | (bits >> np.uint64(shift))
    return bits


def _below_lowest(low: Words, high: Words) -> tuple[Words, Words]:
    """Every bit below the lowest that is set, of two words."""
    below = (low & (~low + ONE)) - ONE  # all of them where the word is empty
    return below, np.where(low != 0, np.uint64(0), (high & (~high + ONE)) - ONE)


def _longest_run(low: Words, high: Words) -> Numbers:
    """Length of the longest run of set bits across two words."""
    longest = np.zeros(len(low), np.int64)
    where = np.flatnonzero(low | high)
    low, high = low[where], high[where]
    while len(where):
        longest[where] += 1
        low, high = low & ((low >> ONE) | (high << np.uint64(WORD - 1))), high & (high >> ONE)
        left = np.flatnonzero(low | high)
        where, low, high = where[left], low[left], high[left]
    return longest
