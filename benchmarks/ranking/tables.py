"""The labelled tables that are ranked, each as one file that every tool reads: `bad` is 0 or 1."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.ranking.earlier_loans import with_what_was_known

LABEL = "bad"
ROLES = "roles.json"  # beside foreign tables: {table: {"time": ..., "label": ..., "drop": [...]}}
PERIOD_OF_TEST = "2017-07-21"


@dataclass(frozen=True, slots=True)
class Table:
    """One table as prepared: `time` names its column of times, `split_at` the first of the test.

    Without a time rows are divided at random.
    """

    name: str
    file: Path
    sha256: str
    note: str = ""
    time: str | None = None
    split_at: str | None = None


@dataclass(frozen=True, slots=True)
class _Public:
    """How a public table becomes one: its frame, and what was done to it."""

    name: str
    frame: Callable[[Path], Any]
    note: str
    time: str | None = None
    split_at: str | None = None


def public_tables(folder: Path, scratch: Path, names: Sequence[str] = ()) -> Iterator[Table]:
    """The labelled public tables of `folder`, prepared in `scratch`."""
    for one in PUBLIC:
        if not names or one.name in names:
            told = {"note": one.note, "time": one.time, "split_at": one.split_at}
            yield _written(one.name, one.frame(folder), scratch, **told)


def other_tables(folder: Path, scratch: Path, names: Sequence[str] = ()) -> Iterator[Table]:
    """Every parquet file of `folder`, its roles by `roles.json` or else the label `bad` alone."""
    import pandas as pd

    said = folder / ROLES
    roles: Mapping[str, Any] = json.loads(said.read_text()) if said.is_file() else {}
    for file in sorted(folder.glob("*.parquet")):
        if names and file.stem not in names:
            continue
        role = roles.get(file.stem, {})
        frame = pd.read_parquet(file).drop(columns=role.get("drop", []))
        frame = frame.rename(columns={role.get("label", LABEL): LABEL})
        told = {key: role[key] for key in ("note", "time", "split_at") if key in role}
        yield _written(file.stem, frame, scratch, **told)


def _written(name: str, frame: Any, scratch: Path, **told: Any) -> Table:
    scratch.mkdir(parents=True, exist_ok=True)
    file = scratch / f"{name}.parquet"
    frame.reset_index(drop=True).to_parquet(file, index=False)
    return Table(name, file, _content(frame), **told)


def _content(frame: Any) -> str:
    """A hash of names and values: the same rows are the same whatever wrote the file."""
    import pandas as pd

    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return hashlib.sha256(repr(list(frame.columns)).encode() + rows.tobytes()).hexdigest()


def _taiwan(folder: Path) -> Any:
    import pandas as pd

    frame = pd.read_parquet(folder / "taiwan.parquet").drop(columns=["ID"])
    return frame.rename(columns={"default.payment.next.month": LABEL})


def _gmsc(folder: Path) -> Any:
    import pandas as pd

    frame = pd.read_parquet(folder / "gmsc.parquet")
    return frame.rename(columns={"SeriousDlqin2yrs": LABEL})


def _superlender(folder: Path) -> Any:
    """The loans alone: identifiers out, and the asking's moment, which is the approval's."""
    loans = _dated(folder, "superlender_loans").drop(columns=["customerid", "systemloanid"])
    return _labelled(loans.drop(columns=["creationdate"]))


def _superlender_joined(folder: Path) -> Any:
    import pandas as pd

    joined = with_what_was_known(
        _dated(folder, "superlender_loans"),
        _dated(folder, "superlender_previous_loans"),
        pd.read_parquet(folder / "superlender_customers.parquet"),
    )
    return _labelled(joined.drop(columns=["customerid", "systemloanid", "creationdate"]))


def _dated(folder: Path, name: str) -> Any:
    import pandas as pd

    frame = pd.read_parquet(folder / f"{name}.parquet")
    dates = [column for column in frame if column.endswith("date")]
    return frame.assign(**{column: pd.to_datetime(frame[column]) for column in dates})


def _labelled(loans: Any) -> Any:
    bad = (loans["good_bad_flag"] == "Bad").astype("int64")
    return loans.drop(columns=["good_bad_flag"]).assign(**{LABEL: bad})


def _untimed(frame: Callable[[Path], Any]) -> Callable[[Path], Any]:
    return lambda folder: frame(folder).drop(columns=["approveddate"])


_ALONE = "loans as they stand, identifiers and moments left out"
_JOINED = "loans with what was known of earlier ones and of customers before the asking"
_TURNED = "; of 15-day loans 27% were bad before the split and 15% after it"
PUBLIC = (
    _Public("taiwan", _taiwan, "without ID"),
    _Public("gmsc", _gmsc, "as it stands"),
    _Public("superlender_loans", _untimed(_superlender), _ALONE),
    _Public("superlender_joined", _untimed(_superlender_joined), _JOINED),
    _Public(
        "superlender_loans_by_time", _superlender, _ALONE + _TURNED, "approveddate", PERIOD_OF_TEST
    ),
    _Public(
        "superlender_joined_by_time", _superlender_joined, _JOINED, "approveddate", PERIOD_OF_TEST
    ),
)
