"""What a file calls a column, and what it is: numbers, moments, text, or nothing to learn from."""

from typing import Any


def plain(column: Any) -> Any:
    """A PyArrow column in the plainest type that says the same.

    Dictionaries and runs are written out, decimals become float64, bytes that are UTF-8 and the
    kinds of text become text, booleans int8.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        return plain(column.dictionary_decode())
    if types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(column))
    for holds, wanted in (
        (types.is_boolean, pa.int8()),
        (types.is_decimal, pa.float64()),
        (types.is_large_string, pa.string()),
        (types.is_string_view, pa.string()),
    ):
        if holds(kind):
            return column.cast(wanted, safe=False)
    return _text_of(column) if _is_bytes(kind) else column


def is_moment(kind: Any) -> bool:
    """Whether a plain type is a date or a time of a day that one may point at."""
    from pyarrow import types

    return bool(types.is_date(kind) or types.is_timestamp(kind))


def is_number(kind: Any) -> bool:
    """Whether a plain type is a number."""
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind))


def is_text(kind: Any) -> bool:
    """Whether a plain type is text."""
    from pyarrow import types

    return bool(types.is_string(kind))


def microseconds(column: Any) -> Any:
    """A column of dates or times as datetime64[us], UTC where it has a zone."""
    import pyarrow as pa

    return (
        column.cast(pa.timestamp("us"), safe=False)
        .to_numpy(zero_copy_only=False)
        .astype("datetime64[us]")
    )


def floats(column: Any) -> Any:
    """A column of numbers as float64, NaN where missing."""
    import pyarrow as pa

    return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def texts(column: Any) -> tuple[Any, list[str]]:
    """A column of text as codes, -1 where missing or blank, and the different texts, trimmed."""
    import numpy as np
    import pyarrow.compute as pc

    encoded = pc.utf8_trim_whitespace(column).dictionary_encode()
    words = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    if "" in words:
        blank = words.index("")
        codes = np.where(codes == blank, -1, codes - (codes > blank))
        words = [word for word in words if word]
    return codes, words


def _is_bytes(kind: Any) -> bool:
    from pyarrow import types

    return bool(
        types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    )


def _text_of(column: Any) -> Any:
    import pyarrow as pa

    try:
        return column.cast(pa.binary()).cast(pa.string())
    except pa.ArrowException:
        return column
