"""A labelled table from a parquet or csv file, as it stands."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from credit.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

_SEPARATORS = (",", ";", "\t", "|")
_HEAD_BYTES = 65536
_BLOCK_BYTES = 1 << 30  # Arrow counts a block's bytes in 32 bits
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WORDS_SHOWN = 200  # characters of what a library says of a file


def read_table(file: Path) -> tuple["pa.Table", tuple[str, ...]]:
    """The table in `file` and warnings; InputError names a file that cannot be used."""
    if not file.exists():
        raise InputError(f"{file} does not exist", "name a parquet or csv file")
    table, warnings = _parquet(file) if _is_parquet(file) else _csv(file)
    if table.num_rows == 0 or table.num_columns == 0:
        raise InputError(f"{file} has no rows", "give a table with rows")
    twice = {name for name in table.column_names if table.column_names.count(name) > 1}
    if twice:
        raise InputError(f"{file}: column {min(twice)!r} stands twice", "rename one of them")
    return table, warnings


def sha256_of(file: Path) -> str:
    """SHA-256 of a file's bytes, or of the names and bytes of a folder's files."""
    if file.is_dir():
        parts = [f"{part.name} {sha256_of(part)}" for part in sorted(file.iterdir())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_parquet(file: Path) -> bool:
    if file.is_dir():
        return True
    try:
        with file.open("rb") as stream:
            return stream.read(4) == b"PAR1" or file.suffix == ".parquet"
    except OSError as error:
        raise _unreadable(file, error) from None


def _parquet(file: Path) -> tuple["pa.Table", tuple[str, ...]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(file, pre_buffer=False), ()  # no second copy, of bytes as read
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(file, error) from None


def _csv(file: Path) -> tuple["pa.Table", tuple[str, ...]]:
    import pyarrow as pa
    from pyarrow import csv

    head = _head(file)
    encoding, warnings = "utf8", ()
    if not _is_utf8(file):
        encoding = "latin1"
        warnings = (f"{file.name} is not UTF-8: read as Latin-1",)
    # One block: a column's type is then inferred from all its values, not from the first.
    reading = csv.ReadOptions(
        block_size=min(file.stat().st_size + 1, _BLOCK_BYTES), encoding=encoding
    )
    parsing = csv.ParseOptions(delimiter=_separator(head), newlines_in_values=True)
    converting = csv.ConvertOptions(strings_can_be_null=True)
    try:
        table = csv.read_csv(file, reading, parsing, converting)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(file, error) from None
    return table, warnings


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise _unreadable(file, error) from None
    if not head.strip():
        raise InputError(f"{file} is empty", "give a table with a header and rows")
    if head.startswith(_UTF16):
        raise InputError(f"{file} is UTF-16", "save it as UTF-8")
    if b"\0" in head:
        raise InputError(f"{file} is neither parquet nor text", "give a parquet or csv file")
    return head


def _is_utf8(file: Path) -> bool:
    try:
        with file.open(encoding="utf-8") as stream:
            while stream.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _separator(head: bytes) -> str:
    line = head.split(b"\n", 1)[0].decode("utf-8", errors="replace")
    line = re.sub(r'"[^"]*"', "", line)  # a name in quotes may hold any of them
    return max(_SEPARATORS, key=line.count)


def _unreadable(file: Path, error: Exception) -> InputError:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return InputError(
        f"{file} cannot be read ({first[:_WORDS_SHOWN]})", "give a whole parquet or csv file"
    )
