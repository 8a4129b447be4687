"""The catalogue as a page: every feature with its unit, window, direction and reason."""

from collections.abc import Iterator

from credit.contract import PRODUCTS
from credit.policy.reasons import REASON
from features.catalogue import features_of
from features.definition import CAN_LOWER, CAN_RAISE, FREE, LOWERS, RAISES, Feature

_DIRECTION = {RAISES: "raises", LOWERS: "lowers", FREE: ""}
_IN_HAND = {CAN_RAISE: "raise", CAN_LOWER: "lower", FREE: ""}
_HEAD = """# Features

Every feature, in the order in which models see them. Written from the definitions by
`python -m features.page > docs/features.md`; a test keeps it current.

- **As known**: values as of a day use what was recorded by its end (UTC), and nothing later.
- **Missing is not zero**: a feature of a table that is not there, and a ratio over nothing, is
  missing. A count is 0 only where the entity is known and has no such rows.
- **Direction** says which way a higher value moves P(bad) in every model; where it is blank, the
  data decide.
- **Can** says which way who is scored can move it by what they do from now on: `vouch decide
  --what-would-change` moves nothing else.
"""


def page() -> str:
    """The page as Markdown."""
    return "\n".join((_HEAD, *(line for product in PRODUCTS for line in _section(product))))


def _section(product: str) -> Iterator[str]:
    features = features_of(product)
    yield f"## {product}: {len(features)} features\n"
    yield "| feature | from | unit | window | what it says | direction | can | reason |"
    yield "|---|---|---|---|---|---|---|---|"
    yield from map(_row, features)
    yield ""


def _row(feature: Feature) -> str:
    window = f"{feature.window_days} days" if feature.window_days else ""
    cells = (
        f"`{feature.name}`",
        feature.view,
        feature.unit,
        window,
        feature.description,
        _DIRECTION[feature.direction],
        _IN_HAND[feature.actionable],
        REASON[feature.reason].message,
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  # its output is the page
