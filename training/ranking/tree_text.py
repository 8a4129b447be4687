"""LightGBM's text of a model: taken apart, and put together again."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

from credit.errors import InputError

TREE = "Tree="
_END = "end of trees"
_IMPORTANCES = "feature_importances:"
_PARAMETERS = "parameters:"
_WORD_BITS = 32


@dataclass(frozen=True, slots=True)
class Parts:
    """A text taken apart: its head, one block of lines a tree, and what follows the trees."""

    head: tuple[str, ...]
    blocks: tuple[str, ...]
    tail: str


def parts_of(text: str) -> Parts:
    """The text taken apart; InputError where it holds no trees."""
    start, end = text.find(TREE), text.find(_END)
    if start < 0 or end < start:
        raise InputError("a fold of the model holds no trees", "give more rows, or other columns")
    blocks = tuple(TREE + block for block in text[start:end].split(TREE)[1:])
    return Parts(tuple(text[:start].rstrip("\n").split("\n")), blocks, text[end:])


def joined(head: Iterable[str], blocks: Sequence[str], tail: str) -> str:
    """Head, trees numbered from zero and tail as one text, sizes and importances made true."""
    numbered = [_numbered(block, place) for place, block in enumerate(blocks)]
    sizes = " ".join(str(len(block.encode())) for block in numbered)
    lines = [line for line in head if not line.startswith("tree_sizes=")]
    names = value_of(lines, "feature_names").split(" ")
    said = _importances(numbered, names) + tail[tail.find(_PARAMETERS) :]
    return "\n".join([*lines, f"tree_sizes={sizes}", "", ""]) + "".join(numbered) + said


def with_infos(head: Iterable[str], infos: Iterable[str]) -> list[str]:
    """The head with what is known of each feature's values."""
    said = "feature_infos=" + " ".join(infos)
    return [said if line.startswith("feature_infos=") else line for line in head]


def infos_of(head: Iterable[str]) -> list[str]:
    """What the head says of each feature's values: a range, categories or "none"."""
    return value_of(head, "feature_infos").split(" ")


def info_of_words(words: int) -> str:
    """What a head says of a category of so many codes."""
    return ":".join(map(str, range(words))) if words else "none"


def value_of(lines: Iterable[str], name: str) -> str:
    """What stands after `name=`; nothing where no line has it."""
    return next((line.partition("=")[2] for line in lines if line.startswith(f"{name}=")), "")


def leaf(value: float) -> str:
    """A tree of one leaf, which adds `value` to every margin."""
    return (
        f"{TREE}0\nnum_leaves=1\nnum_cat=0\nsplit_feature=\nsplit_gain=\nthreshold=\n"
        "decision_type=\nleft_child=\nright_child=\n"
        f"leaf_value={number(value)}\nleaf_weight=\nleaf_count=0\n"
        "internal_value=\ninternal_weight=\ninternal_count=\nis_linear=0\nshrinkage=1\n\n\n"
    )


def number(value: float) -> str:
    """A float as LightGBM writes it: all its digits."""
    return f"{value:.17g}"


def bitsets(sets: Iterable[Sequence[int]]) -> tuple[list[int], list[int]]:
    """LightGBM's `cat_boundaries` and `cat_threshold` for the sets of codes of one tree."""
    words = [_words(codes) for codes in sets]
    ends = accumulate((len(each) for each in words), initial=0)
    return list(ends), list(chain.from_iterable(words))


def codes_of(words: Sequence[int]) -> list[int]:
    """The codes in one of LightGBM's bit sets."""
    return [
        place * _WORD_BITS + bit
        for place, word in enumerate(words)
        for bit in range(_WORD_BITS)
        if word >> bit & 1
    ]


def _words(codes: Sequence[int]) -> list[int]:
    words = [0] * (max(codes, default=0) // _WORD_BITS + 1)
    for code in codes:
        words[code // _WORD_BITS] |= 1 << (code % _WORD_BITS)
    return words


def _numbered(block: str, place: int) -> str:
    _, _, rest = block.partition("\n")
    return f"{TREE}{place}\n{rest}"


def _importances(blocks: Sequence[str], names: Sequence[str]) -> str:
    """How many splits that gained each feature has, as LightGBM says it after the trees."""
    splits = Counter(place for block in blocks for place in _gaining(block.split("\n")))
    ranked = sorted(splits.items(), key=lambda item: (-item[1], item[0]))
    said = "".join(f"{names[place]}={count}\n" for place, count in ranked)
    return f"{_END}\n\n{_IMPORTANCES}\n{said}\n"


def _gaining(lines: Sequence[str]) -> list[int]:
    features, gains = (value_of(lines, name).split() for name in ("split_feature", "split_gain"))
    return [int(place) for place, gain in zip(features, gains, strict=True) if float(gain) > 0]
