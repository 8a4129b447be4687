"""What is packed is unpacked to the bit, on its day and on any later one."""

import math
import struct

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.packing import DamagedRowError, Layout, Unpacker, layout_name, pack

LAYOUT = Layout(
    names=("level", "industry", "days_since", "rate", "city"),
    texts=frozenset({"industry", "city"}),
    ageing=("days_since", "rate"),
)
DOUBLES = st.none() | st.floats(allow_nan=False) | st.integers(-(1 << 60), 1 << 60).map(float)
TEXTS = st.none() | st.text(max_size=20).filter(lambda text: text.isprintable())
ROWS = st.tuples(DOUBLES, TEXTS, DOUBLES, DOUBLES, TEXTS)


def table(rows):
    columns = zip(*rows, strict=True)
    types = [pa.string() if name in LAYOUT.texts else pa.float64() for name in LAYOUT.names]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return pa.table(arrays, names=list(LAYOUT.names))


def bits(value):
    return struct.pack("<d", value) if isinstance(value, float) else value


@given(st.lists(ROWS, min_size=1, max_size=8), st.integers(0, 40_000))
def test_every_double_and_text_comes_back_to_the_bit(rows, day):
    unpacker = Unpacker(Layout.from_json(LAYOUT.to_json()))
    for row, packed in zip(rows, pack(LAYOUT, table(rows), day=day), strict=True):
        assert layout_name(packed) == LAYOUT.name
        values = unpacker.unpack(packed, day=day)
        assert tuple(values) == LAYOUT.names
        assert [bits(it) for it in values.values()] == [bits(it) for it in row]


@given(st.integers(0, 5_000), st.integers(0, 30_000), st.integers(0, 400))
def test_who_only_grows_older_has_the_same_row_on_every_day(age, day, later):
    one, other = (
        pack(LAYOUT, table([(1.0, "food", float(age + days), None, None)]), day=day + days)
        for days in (0, later)
    )
    assert one == other
    assert Unpacker(LAYOUT).unpack(one[0], day=day + later)["days_since"] == age + later


@pytest.mark.parametrize("value", [-0.0, 0.5, math.inf, -math.inf, float(1 << 53), 5e-324])
def test_what_cannot_age_exactly_is_kept_as_it_is(value):
    [packed] = pack(LAYOUT, table([(None, None, value, value, None)]), day=20_000)
    values = Unpacker(LAYOUT).unpack(packed, day=20_000)
    assert bits(values["days_since"]) == bits(values["rate"]) == bits(value)


@given(ROWS, st.data())
def test_a_damaged_row_is_never_read(row, data):
    [packed] = pack(LAYOUT, table([row]), day=20_000)
    place = data.draw(st.integers(0, len(packed) - 1))
    damaged = bytearray(packed)
    damaged[place] ^= data.draw(st.integers(1, 255))
    for bad in (bytes(damaged), packed[:place]):
        with pytest.raises(DamagedRowError):
            Unpacker(LAYOUT).unpack(bad, day=20_000)


def test_layouts_that_say_otherwise_have_other_names():
    others = (
        Layout(LAYOUT.names[::-1], LAYOUT.texts, LAYOUT.ageing),
        Layout(LAYOUT.names, frozenset(), LAYOUT.ageing),
        Layout(LAYOUT.names, LAYOUT.texts, ()),
    )
    assert len({LAYOUT.name, *(other.name for other in others)}) == 4
