"""Where kept files lie, and the engine that hashes what they are found by."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, and a connection to the engine."""

    folder: Path
    connection: "duckdb.DuckDBPyConnection"

    @property
    def prepared(self) -> Path:
        """Where queries are kept as text."""
        return self.folder / "prepared"

    def hashes(self, texts: pa.Array) -> NDArray[np.uint64]:
        """A 64-bit hash of each text, the same for the same version of the engine."""
        numbered = pa.table({"place": np.arange(len(texts)), "text": texts})
        self.connection.register("texts", numbered)
        query = "SELECT place, hash(text) AS hash FROM texts"
        answer = self.connection.execute(query).fetchnumpy()
        self.connection.unregister("texts")
        hashes = np.empty(len(texts), np.uint64)
        hashes[answer["place"]] = answer["hash"]
        return hashes
