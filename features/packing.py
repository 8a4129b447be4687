"""An entity's row as bytes: every double to the bit, missing told from zero, and no pickle.

A row is a digest of what follows, the name of its layout, a bit a feature (numbers, then texts: is
there a value?), a bit an ageing feature (is it kept as of day 0?), then the doubles that are there,
little-endian, then the texts that are there, each after its length.
"""

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import compress

import numpy as np
import pyarrow as pa

from credit.policy.evidence import Value

DIGEST_BYTES = 16
GONE = b""  # in a row's place: the entity is not there any more
_NAME_BYTES = 8
_HEAD = DIGEST_BYTES + _NAME_BYTES
_LENGTH = struct.Struct("<H")
_TO_FLAGS = bytes.maketrans(b"01", b"\x00\x01")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE_MAX = float(1 << 52)  # below it a whole number of days more or less is exact


class DamagedRowError(ValueError):
    """Bytes that are not what was written."""


@dataclass(frozen=True)
class Layout:
    """Which features a row holds, in order; `texts` are text, and `ageing` rise by 1 a day.

    An ageing feature's whole value is kept less its day's number, so that the row of an entity to
    whom nothing happens stays the same from day to day.
    """

    names: tuple[str, ...]
    texts: frozenset[str] = frozenset()
    ageing: tuple[str, ...] = ()

    @cached_property
    def name(self) -> bytes:
        """What rows of this layout are marked with: a hash of what it says."""
        return hashlib.sha256(self.to_json().encode()).digest()[:_NAME_BYTES]

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The features that are doubles, in order."""
        return tuple(name for name in self.names if name not in self.texts)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The features that are text, in order."""
        return tuple(name for name in self.names if name in self.texts)

    def to_json(self) -> str:
        """The layout as a store keeps it beside the rows."""
        said = {"names": self.names, "texts": sorted(self.texts), "ageing": self.ageing}
        return json.dumps(said, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Layout":
        """The layout that `to_json` wrote."""
        said = json.loads(text)
        return cls(tuple(said["names"]), frozenset(said["texts"]), tuple(said["ageing"]))


def day_of(instant: datetime) -> int:
    """Number of an instant's day, from 1970 (UTC)."""
    return (instant - _EPOCH) // timedelta(days=1)


def layout_name(row: bytes) -> bytes:
    """Which layout unpacks `row`."""
    return row[DIGEST_BYTES:_HEAD]


def pack(layout: Layout, rows: pa.RecordBatch | pa.Table, *, day: int) -> list[bytes]:
    """Each row of `rows` (which has the layout's columns) as bytes; `day` is its day's number."""
    there = _there(rows, (*layout.numbers, *layout.words))
    masks = np.packbits(there, axis=1, bitorder="little")
    doubles, filled = _doubles(rows, layout.numbers), there[:, : len(layout.numbers)]
    aged = _aged(layout, doubles, day)
    payload = doubles[filled].astype("<f8").tobytes()
    texts = [rows.column(name).to_pylist() for name in layout.words]
    packed, start = [], 0
    for row, end in enumerate((8 * np.cumsum(filled.sum(axis=1))).tolist()):
        words = b"".join(_text(column[row]) for column in texts)
        packed.append(_sealed(layout, (masks[row], aged[row]), payload[start:end] + words))
        start = end
    return packed


def _there(rows: pa.RecordBatch | pa.Table, names: Sequence[str]) -> "np.ndarray":
    return np.column_stack([np.asarray(rows.column(name).is_valid()) for name in names])


def _doubles(rows: pa.RecordBatch | pa.Table, names: Sequence[str]) -> "np.ndarray":
    if not names:
        return np.empty((rows.num_rows, 0))
    return np.column_stack([np.asarray(rows.column(name).cast(pa.float64())) for name in names])


def _aged(layout: Layout, doubles: "np.ndarray", day: int) -> "np.ndarray":
    """Bits of what is kept as of day 0, whose values in `doubles` are moved there."""
    kept = np.zeros((len(doubles), len(layout.ageing)), bool)
    for place, name in enumerate(layout.ageing):
        column = doubles[:, layout.numbers.index(name)]
        with np.errstate(invalid="ignore"):
            whole = (np.trunc(column) == column) & (np.abs(column) < _WHOLE_MAX)
        # Minus zero would come back as zero.
        kept[:, place] = whole & ~((column == 0) & np.signbit(column))
        column[kept[:, place]] -= day
    return np.packbits(kept, axis=1, bitorder="little")


def _text(value: str | None) -> bytes:
    if value is None:
        return b""
    word = value.encode()
    return _LENGTH.pack(len(word)) + word


def _sealed(layout: Layout, masks: Sequence["np.ndarray"], payload: bytes) -> bytes:
    body = layout.name + b"".join(mask.tobytes() for mask in masks) + payload
    return _digest(body) + body


class Unpacker:
    """Reads rows of one layout: some ten microseconds each."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._template: dict[str, Value] = dict.fromkeys(layout.names)
        self._mask_end = _HEAD + (len(layout.names) + 7) // 8
        self._head_end = self._mask_end + (len(layout.ageing) + 7) // 8

    def unpack(self, row: bytes, *, day: int) -> dict[str, Value]:
        """The values of `row` on the day numbered `day`, None where one is missing."""
        if row[:DIGEST_BYTES] != _digest(row[DIGEST_BYTES:]):
            raise DamagedRowError("a row in the online store is not what was written")
        there = _flags(row[_HEAD : self._mask_end])
        numbers = list(compress(self._layout.numbers, there))
        values = self._template.copy()
        doubles = struct.unpack_from(f"<{len(numbers)}d", row, self._head_end)
        values.update(zip(numbers, doubles, strict=True))
        aged = _flags(row[self._mask_end : self._head_end])
        for name in compress(self._layout.ageing, aged):
            values[name] += day  # type: ignore[operator]
        if self._layout.words:
            texts = compress(self._layout.words, there[len(self._layout.numbers) :])
            values.update(_texts(row, self._head_end + 8 * len(numbers), texts))
        return values


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest()


def _flags(mask: bytes) -> bytes:
    """Each bit of `mask` as a byte, the lowest first."""
    bits = f"{int.from_bytes(mask, 'little'):0{8 * len(mask)}b}" if mask else ""
    return bits.encode().translate(_TO_FLAGS)[::-1]


def _texts(row: bytes, at: int, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        start = at + _LENGTH.size
        at = start + _LENGTH.unpack_from(row, at)[0]
        yield name, row[start:at].decode()
