"""Many millions of hashes, each with a small number, found quickly without being in memory.

An entry is one 64-bit number: the upper bits of a hash, and below them the number. Entries lie in
sorted runs on disk, which are mapped, not read; a new run is merged with the ones before it as
soon as these are not much larger, so there are few (a log-structured merge tree: O'Neil et al.,
1996). Two keys may share the upper bits: what is found is a hint that the finder holds against
the key itself.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.placing import put

Entries = NDArray[np.uint64]
GROWTH = 4  # a run is at least so many times as long as the next


def packed(hashes: Entries, numbers: NDArray, *, low_bits: int) -> Entries:
    """Sorted entries of `hashes`, each with its number of up to `low_bits`."""
    low = np.uint64((1 << low_bits) - 1)
    return np.sort((hashes & ~low) | numbers.astype(np.uint64))


def found(runs: list[Entries], hashes: Entries, *, low_bits: int) -> tuple[NDArray, NDArray]:
    """Places among `hashes`, and the numbers of entries that share the upper bits of these."""
    low = np.uint64((1 << low_bits) - 1)
    order = np.argsort(hashes)
    probes = hashes[order] & ~low
    places, numbers = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for run in runs:
        first = np.searchsorted(run, probes, side="left")
        end = np.searchsorted(run, probes | low, side="right")
        place, entry = _spread(first, end)
        places.append(order[place])
        numbers.append((run[entry] & low).astype(np.int64))
    return np.concatenate(places), np.concatenate(numbers)


def open_runs(folder: Path, names: tuple[str, ...]) -> list[Entries]:
    """The runs called `names`, mapped."""
    return [np.load(folder / name, mmap_mode="r", allow_pickle=False) for name in names]


def appended(folder: Path, names: tuple[str, ...], entries: Entries, name: str) -> tuple[str, ...]:
    """The names of all runs once `entries` are there, in a run called `name`.

    Runs before it that are not much longer are merged into it.
    """
    runs = [*open_runs(folder, names), entries]
    while len(runs) > 1 and len(runs[-2]) < GROWTH * len(runs[-1]):
        last = runs.pop()
        # Both are sorted: a stable sort of one after the other is a merge.
        runs[-1] = np.sort(np.concatenate([runs[-1], last]), kind="stable")
    put(folder / name, lambda stream: np.save(stream, runs[-1], allow_pickle=False))
    return (*names[: len(runs) - 1], name)


def _spread(first: NDArray, end: NDArray) -> tuple[NDArray, NDArray]:
    """Every (probe, entry) with `first[probe] <= entry < end[probe]`."""
    lengths = end - first
    probes = np.repeat(np.arange(len(first)), lengths)
    before = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return probes, np.arange(len(probes)) - before + first[probes]
