"""Ids as small numbers: the first that is seen is 0, the next one 1, and none ever changes."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.placing import put
from features.tile_store.manifest import Identities
from features.tile_store.place import Place
from features.tile_store.sorted_runs import appended, found, open_runs, packed

CODE_BITS = 32
MOST_TEXTS = 32  # files of texts; then they become one


def all_ids(folder: Path, identities: Identities) -> pa.ChunkedArray:
    """Every id, in order of codes; mapped, not read."""
    chunks = [_mapped(folder / name) for name in identities.texts]
    return pa.chunked_array(chunks, pa.string())


def coded(
    place: Place, identities: Identities, ids: pa.Array, suffix: str
) -> tuple[NDArray[np.int64], Identities]:
    """The codes of `ids`, and the identities with what was new among them.

    New files carry `suffix` in their names and are on disk when this returns.
    """
    encoded = ids.dictionary_encode()
    names = encoded.dictionary
    hashes = place.hashes(names)
    codes = _known_codes(place.folder, identities, names, hashes)
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        codes[unknown] = len(all_ids(place.folder, identities)) + np.arange(len(unknown))
        entries = packed(hashes[unknown], codes[unknown], low_bits=CODE_BITS)
        index = appended(place.folder, identities.index, entries, f"index-{suffix}.npy")
        texts = _with_texts(place.folder, identities, names.take(pa.array(unknown)), suffix)
        identities = Identities(texts, index)
    return codes[encoded.indices.to_numpy()], identities


def _known_codes(
    folder: Path, identities: Identities, names: pa.Array, hashes: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """The code of each name, -1 where it has none. A hash finds it, the text proves it."""
    codes = np.full(len(names), -1, np.int64)
    if identities.index:
        place, code = found(open_runs(folder, identities.index), hashes, low_bits=CODE_BITS)
        there = all_ids(folder, identities).take(pa.array(code)).combine_chunks()
        same = pc.equal(there, names.take(pa.array(place))).to_numpy(zero_copy_only=False)
        codes[place[same]] = code[same]
    return codes


def _with_texts(
    folder: Path, identities: Identities, new: pa.Array, suffix: str
) -> tuple[str, ...]:
    """Names of the files of texts once `new` is there; many small ones become one."""
    texts = identities.texts
    if len(texts) >= MOST_TEXTS:
        new, texts = pa.concat_arrays([*all_ids(folder, identities).chunks, new]), ()
    name = f"ids-{suffix}.arrow"
    put(folder / name, lambda stream: _write(stream, new))
    return (*texts, name)


def _write(stream: object, ids: pa.Array) -> None:
    batch = pa.record_batch({"id": ids})
    with pa.ipc.new_file(stream, batch.schema) as writer:
        writer.write_batch(batch)


def _mapped(file: Path) -> pa.Array:
    with pa.memory_map(str(file)) as source:
        return pa.ipc.open_file(source).get_batch(0)["id"]
