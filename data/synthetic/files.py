"""A directory of parquet that appears whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from credit.errors import InputError


class Tables:
    """Tables on their way to disk: one file each, a row group for every chunk that had rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, int] = {}
        self._writers: dict[str, pq.ParquetWriter] = {}

    def add(self, chunk: Mapping[str, pa.Table]) -> None:
        """Append rows to the tables named."""
        for name, table in chunk.items():
            if name not in self._writers:
                self._open(name, table.schema)
            if table.num_rows:
                self._writers[name].write_table(table)
            self.rows[name] += table.num_rows

    def add_part(self, name: str, part: int, table: pa.Table) -> None:
        """Write one part of the folder that is table `name`."""
        path = self.folder / name / f"part-{part:05d}.parquet"
        path.parent.mkdir(exist_ok=True)
        with pq.ParquetWriter(path, table.schema, **_style(table.schema)) as writer:
            writer.write_table(table)
        self.rows[name] = self.rows.get(name, 0) + table.num_rows

    def close(self) -> None:
        """Finish every file."""
        for writer in self._writers.values():
            writer.close()

    def _open(self, name: str, schema: pa.Schema) -> None:
        path = self.folder / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        self._writers[name] = pq.ParquetWriter(path, schema, **_style(schema))
        self.rows[name] = 0


@contextmanager
def new_directory(out: Path) -> Iterator[Path]:
    """A folder beside `out` that becomes `out` if all goes well; InputError where it is taken."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already", "name a directory that does not exist yet")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        problem = f"{out} cannot be written ({error.strerror})"
        raise InputError(problem, "name a directory that can be made") from None
    try:
        yield folder
        folder.chmod(0o755)
        folder.replace(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _style(schema: pa.Schema) -> dict[str, object]:
    """Ids never repeat enough for a dictionary; words do."""
    words = [field.name for field in schema if not field.name.endswith(("_id", "_to"))]
    return {"compression": "zstd", "compression_level": 1, "use_dictionary": words}
