"""Whether an arm's values are Vouch's: to 1e-9 of each, missing where it is missing."""

from pathlib import Path

TOLERANCE = 1e-9


def refuse_different(vouch: Path, other: Path) -> int:
    """How many values were compared; AssertionError names the first column that differs."""
    import numpy as np
    import pyarrow.parquet as pq

    ours = pq.read_table(vouch).sort_by("merchant_id")
    theirs = pq.read_table(other).sort_by("entity_id")
    assert ours["merchant_id"].to_pylist() == theirs["entity_id"].to_pylist(), "other entities"
    names = theirs.column_names[1:]
    for name in names:
        left = ours[name].to_numpy().astype(float)
        right = theirs[name].to_numpy().astype(float)
        equal = np.isclose(left, right, rtol=TOLERANCE, atol=0, equal_nan=True)
        assert equal.all(), f"{name}: {left[~equal][0]!r} and {right[~equal][0]!r}"
    return len(names) * len(theirs)
