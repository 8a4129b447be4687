"""Files of named arrays: plain .npy arrays one after the other, the first one their names.

They are read through a memory map, so that only what is looked at is read. Nothing in them is
ever executed: no pickles.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from features.placing import put

Columns = Mapping[str, NDArray[Any]]
_ALIGNED = 64  # bytes, as .npy aligns what follows its own header


def write_columns(file: Path, columns: Columns) -> None:
    """Put `file` there, whole and on disk, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    put(file, partial(_write, columns))


def _write(columns: Columns, stream: BinaryIO) -> None:
    for array in (np.array(list(columns), dtype=np.str_), *columns.values()):
        npy.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
        stream.write(bytes(-stream.tell() % _ALIGNED))


def read_columns(file: Path) -> dict[str, NDArray[Any]]:
    """The arrays of `file`, not to be written to."""
    size = file.stat().st_size
    arrays = []
    with file.open("rb") as stream:
        content = np.asarray(np.memmap(file, np.uint8, "r"))
        while stream.tell() < size:
            version = npy.read_magic(stream)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, __, dtype = read(stream)
            start = stream.tell()
            stop = start + int(np.prod(shape)) * dtype.itemsize
            arrays.append(content[start:stop].view(dtype).reshape(shape))
            stream.seek(stop + -stop % _ALIGNED)
    names, *columns = arrays
    return dict(zip(names.tolist(), columns, strict=True))
