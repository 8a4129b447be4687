"""Numbers that stand more than once in a long column, found by sorting it.

Most rows of a history are never corrected. Grouping their hashes would keep one entry for each of
them; a sort takes half the processor time of that, and a quarter of its memory.
"""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import duckdb

SORTED_AT_ONCE = 64_000_000  # numbers: half a gigabyte


def repeated_numbers(connection: "duckdb.DuckDBPyConnection", name: str, query: str) -> pa.Table:
    """What `query`, of one column `name` (unsigned, 64 bits, never null), tells more than once.

    One column of the same name, every number once. A column too long to be sorted in memory is
    read in several passes, each of the numbers that leave the same rest.
    """
    ((count,),) = connection.execute(f"SELECT count(*) FROM ({query})").fetchall()
    passes = max(1, -(-count // SORTED_AT_ONCE))
    found = [
        _twice(
            connection.sql(f"FROM ({query}) WHERE {name} % {passes} = {rest}").fetchnumpy()[name]
        )
        for rest in range(passes)
    ]
    return pa.table({name: np.concatenate(found)})


def _twice(numbers: np.ndarray) -> np.ndarray:
    numbers.sort()
    return np.unique(numbers[1:][numbers[1:] == numbers[:-1]])
