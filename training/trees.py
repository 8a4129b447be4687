"""LightGBM's text of a model: several made one, as the weighted sum of their margins."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

from credit.errors import InputError

_TREE = "Tree="
_END = "end of trees"
_IMPORTANCES = "feature_importances:"
_PARAMETERS = "parameters:"
_NOT_SEEN = "none"
_WORD_BITS = 32
_SCALED = ("leaf_value", "internal_value")


@dataclass(frozen=True, slots=True)
class _Parts:
    """A text taken apart: its head, one block of lines a tree, and what follows the trees."""

    head: tuple[str, ...]
    blocks: tuple[str, ...]
    tail: str


def averaged(texts: Sequence[str]) -> str:
    """One LightGBM model text whose raw margin is the mean of the margins of `texts`."""
    return texts[0] if len(texts) == 1 else weighted(texts, [1 / len(texts)] * len(texts))


def weighted(texts: Sequence[str], weights: Sequence[float], *, intercept: float = 0.0) -> str:
    """One LightGBM model text whose raw margin is sum(weight * margin) + `intercept`.

    Every tree is kept, its values scaled, so scoring, contributions and reloading need nothing
    but LightGBM itself. A text of weight zero leaves no trees; an intercept is a tree of one leaf.
    """
    counted = [
        (_parts(text), weight) for text, weight in zip(texts, weights, strict=True) if weight
    ]
    blocks = [_scaled(block, weight) for parts, weight in counted for block in parts.blocks]
    if intercept or not blocks:
        blocks.append(leaf(intercept))
    sources = [parts for parts, _ in counted] or [_parts(texts[0])]
    return joined(_one_head(sources), blocks, sources[0].tail)


def joined(head: Iterable[str], blocks: Sequence[str], tail: str) -> str:
    """Head, trees numbered from zero and tail as one text, sizes and importances made true."""
    numbered = [_numbered(block, place) for place, block in enumerate(blocks)]
    sizes = " ".join(str(len(block.encode())) for block in numbered)
    lines = [line for line in head if not line.startswith("tree_sizes=")]
    names = _value(lines, "feature_names").split(" ")
    said = _importances(numbered, names) + tail[tail.find(_PARAMETERS) :]
    return "\n".join([*lines, f"tree_sizes={sizes}", "", ""]) + "".join(numbered) + said


def leaf(value: float) -> str:
    """A tree of one leaf, which adds `value` to every margin."""
    return (
        f"{_TREE}0\nnum_leaves=1\nnum_cat=0\nsplit_feature=\nsplit_gain=\nthreshold=\n"
        "decision_type=\nleft_child=\nright_child=\n"
        f"leaf_value={number(value)}\nleaf_weight=\nleaf_count=0\n"
        "internal_value=\ninternal_weight=\ninternal_count=\nis_linear=0\nshrinkage=1\n\n\n"
    )


def number(value: float) -> str:
    """A float as LightGBM writes it: all its digits."""
    return f"{value:.17g}"


def bitset(sets: Sequence[Sequence[int]]) -> dict[str, list[int]]:
    """LightGBM's fields for the sets of codes of one tree's categorical splits."""
    words = [_words(codes) for codes in sets]
    ends = accumulate((len(each) for each in words), initial=0)
    return {"cat_boundaries": list(ends), "cat_threshold": list(chain.from_iterable(words))}


def _words(codes: Sequence[int]) -> list[int]:
    words = [0] * (max(codes, default=0) // _WORD_BITS + 1)
    for code in codes:
        words[code // _WORD_BITS] |= 1 << (code % _WORD_BITS)
    return words


def _one_head(sources: Sequence[_Parts]) -> list[str]:
    """The first head, with what any of the texts knows of a feature's values."""
    head = [line for line in sources[0].head if not line.startswith("feature_infos=")]
    names = {_value(parts.head, "feature_names") for parts in sources}
    if len(names) > 1:
        raise InputError("the models to blend read other features", "fit them on one table")
    infos = zip(*(_value(parts.head, "feature_infos").split(" ") for parts in sources), strict=True)
    known = (next((info for info in each if info != _NOT_SEEN), _NOT_SEEN) for each in infos)
    return [*head, "feature_infos=" + " ".join(known)]


def _parts(text: str) -> _Parts:
    start, end = text.find(_TREE), text.find(_END)
    if start < 0 or end < start:
        raise InputError("a fold of the model holds no trees", "give more rows, or other columns")
    blocks = tuple(_TREE + block for block in text[start:end].split(_TREE)[1:])
    return _Parts(tuple(text[:start].rstrip("\n").split("\n")), blocks, text[end:])


def _value(lines: Iterable[str], name: str) -> str:
    return next((line.partition("=")[2] for line in lines if line.startswith(f"{name}=")), "")


def _scaled(block: str, weight: float) -> str:
    return "\n".join(
        _times(line, weight) if line.startswith(_SCALED) else line for line in block.split("\n")
    )


def _times(line: str, weight: float) -> str:
    name, _, values = line.partition("=")
    scaled = (float(value) * weight for value in values.split())
    write = number if name == "leaf_value" else "{:g}".format
    return name + "=" + " ".join(map(write, scaled))


def _numbered(block: str, place: int) -> str:
    _, _, rest = block.partition("\n")
    return f"{_TREE}{place}\n{rest}"


def _importances(blocks: Sequence[str], names: Sequence[str]) -> str:
    """How many splits that gained each feature has, as LightGBM says it after the trees."""
    splits = Counter(place for block in blocks for place in _gaining(block.split("\n")))
    ranked = sorted(splits.items(), key=lambda item: (-item[1], item[0]))
    said = "".join(f"{names[place]}={count}\n" for place, count in ranked)
    return f"{_END}\n\n{_IMPORTANCES}\n{said}\n"


def _gaining(lines: Sequence[str]) -> list[int]:
    features, gains = (_value(lines, name).split() for name in ("split_feature", "split_gain"))
    return [int(place) for place, gain in zip(features, gains, strict=True) if float(gain) > 0]
