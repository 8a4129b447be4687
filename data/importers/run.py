"""One import from files to a finished directory; what fails leaves nothing behind."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from credit.errors import InputError
from data.importers import onlineretail, superlender, taiwan
from data.importers.recognition import DataSet, recognise
from data.importers.writing import Summary, write_manifest, write_table
from features.sources import connect

DATA_SETS: dict[str, DataSet] = {
    data_set.name: data_set
    for data_set in (taiwan.DATA_SET, superlender.DATA_SET, onlineretail.DATA_SET)
}
MEMORY_LIMIT = "2GB"


def import_data(
    name: str,
    files: Sequence[Path],
    out: Path,
    *,
    progress: Callable[[str, float], None] | None = None,
) -> Summary:
    """The data set `name` in `files` (any order) as contract tables and a manifest in `out`.

    InputError names a file that is not of the data set, a part that is not given, or a value
    that cannot be read; `out` then stays as it was.
    """
    if name not in DATA_SETS:
        raise InputError(f"no importer is called {name!r}", f"use one of {', '.join(DATA_SETS)}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} holds something already", "name a new or an empty directory")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as place:
        made = Path(place) / "made"
        summary = _import(DATA_SETS[name], files, made, progress)
        if out.exists():
            out.rmdir()
        made.rename(out)
    return summary


def _import(
    data_set: DataSet,
    files: Sequence[Path],
    made: Path,
    progress: Callable[[str, float], None] | None,
) -> Summary:
    made.mkdir()
    connection = connect(memory_limit=MEMORY_LIMIT, scratch=made.parent)
    try:
        connection.execute("SET preserve_insertion_order = true")  # same input, same bytes
        recognise(data_set, files, connection)
        rows: dict[str, int] = {}
        for place, (table, query) in enumerate(data_set.tables.items()):
            if progress is not None:
                progress(table, place / len(data_set.tables))
            rows[table] = write_table(table, query, made, connection)
        left_out = {
            what: connection.execute(query).fetchall()[0][0]
            for what, query in data_set.left_out.items()
        }
    finally:
        connection.close()
    summary = Summary(data_set.name, rows, left_out)
    write_manifest(data_set, summary, made)
    return summary
