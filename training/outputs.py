"""The directory that a training fills: all of it or nothing."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.errors import InputError
from models.artefact import MANIFEST, MODEL, REFERENCE, TEST
from models.signing import SIGNATURE

if TYPE_CHECKING:
    import pyarrow as pa

REPORT, METRICS, PREDICTIONS = "report.html", "metrics.json", "predictions.parquet"
SCORECARD = "scorecard.csv"
NAMES = frozenset(
    {MANIFEST, SIGNATURE, MODEL, REFERENCE, TEST, REPORT, METRICS, PREDICTIONS, SCORECARD}
)


def check_replaceable(out: Path) -> None:
    """InputError where `out` holds anything but an earlier training."""
    if out.is_file():
        raise InputError(f"--out {out} is a file", "name a directory")
    if not out.is_dir():
        return
    found = {item.name for item in out.iterdir()}
    if found and (not found <= NAMES or METRICS not in found):
        foreign = min(found - NAMES, default=min(found))
        raise InputError(
            f"--out {out} holds {foreign!r}, which no training wrote", "name another directory"
        )


@contextmanager
def whole_directory(out: Path) -> Iterator[Path]:
    """A scratch directory beside `out` that takes its place at the end, or vanishes on failure."""
    check_replaceable(out)
    scratch = out.parent / f".{out.name}.partial-{os.getpid()}"
    try:
        scratch.mkdir(parents=True)
        yield scratch
        _replace(out, scratch)
    except OSError as error:
        where = error.filename or out
        raise InputError(
            f"{where} cannot be written ({error.strerror})", "name another --out"
        ) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """JSON that is equal to the byte for equal values; NaN is refused."""
    path.write_text(
        json.dumps(values, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def write_parquet(path: Path, table: "pa.Table") -> None:
    """The table as one parquet file."""
    import pyarrow.parquet as pq

    pq.write_table(table, path, compression="zstd")


def _replace(out: Path, scratch: Path) -> None:
    earlier = out.parent / f".{out.name}.earlier-{os.getpid()}"
    if out.is_dir():
        out.rename(earlier)
    scratch.rename(out)
    shutil.rmtree(earlier, ignore_errors=True)
