"""Sums of squares of money, exactly: four limbs of thirty bits, each in an int64 of its own."""

import numpy as np
import pyarrow as pa

from features.sweep.arrivals import Numbers

LIMBS = 4
_BITS = 30
_MASK = (1 << _BITS) - 1
SQUARES = pa.decimal128(38, 0)


def square_limbs(values: Numbers) -> tuple[Numbers, ...]:
    """Limbs of the squares of `values` (below 2**59), lowest first; limbs add up by themselves."""
    size = np.abs(values)
    high, low = size >> _BITS, size & _MASK
    lowest, middle, highest = low * low, 2 * high * low, high * high
    middle += lowest >> _BITS
    highest += middle >> _BITS
    return lowest & _MASK, middle & _MASK, highest & _MASK, highest >> _BITS


def decimals(limbs: Numbers) -> pa.Array:
    """The numbers that rows of summed limbs stand for."""
    limbs = limbs.copy()
    for place in range(LIMBS - 1):
        limbs[place + 1] += limbs[place] >> _BITS
        limbs[place] &= _MASK
    words = np.empty((limbs.shape[1], 2), np.int64)
    words[:, 0] = limbs[0] | (limbs[1] << _BITS) | (limbs[2] << (2 * _BITS))
    words[:, 1] = (limbs[2] >> (64 - 2 * _BITS)) | (limbs[3] << (3 * _BITS - 64))
    return pa.Array.from_buffers(SQUARES, len(words), [None, pa.py_buffer(words)])
