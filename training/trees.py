"""LightGBM's text of a model, several made one: the mean of their margins as one forest."""

from collections.abc import Sequence

from credit.errors import InputError

_TREE = "Tree="
_END = "end of trees"


def averaged(texts: Sequence[str]) -> str:
    """One LightGBM model text whose raw margin is the mean of the margins of `texts`.

    Every tree is kept with its leaf values divided by the number of models, so scoring,
    contributions and reloading need nothing but LightGBM itself.
    """
    if len(texts) == 1:
        return texts[0]
    heads, tails = [], []
    trees: list[str] = []
    for text in texts:
        head, blocks, tail = _parts(text)
        heads.append(head)
        tails.append(tail)
        trees += [_scaled(block, len(texts)) for block in blocks]
    numbered = [_numbered(block, place) for place, block in enumerate(trees)]
    sizes = " ".join(str(len(block.encode())) for block in numbered)
    head = "\n".join(
        f"tree_sizes={sizes}" if line.startswith("tree_sizes=") else line
        for line in heads[0].split("\n")
    )
    return head + "".join(numbered) + tails[0]


def _parts(text: str) -> tuple[str, list[str], str]:
    """Head, one block a tree (with the blank lines after it) and tail."""
    start, end = text.find(_TREE), text.find(_END)
    if start < 0 or end < start:
        raise InputError("a fold of the model holds no trees", "give more rows, or other columns")
    body = text[start:end]
    blocks = [_TREE + block for block in body.split(_TREE)[1:]]
    return text[:start], blocks, text[end:]


def _scaled(block: str, models: int) -> str:
    return "\n".join(
        _divided(line, models) if line.startswith("leaf_value=") else line
        for line in block.split("\n")
    )


def _divided(line: str, models: int) -> str:
    name, _, values = line.partition("=")
    return name + "=" + " ".join(repr(float(value) / models) for value in values.split(" "))


def _numbered(block: str, place: int) -> str:
    _, _, rest = block.partition("\n")
    return f"{_TREE}{place}\n{rest}"
