"""The catalogue as a page: every feature with its unit, window, direction and reason."""

from collections.abc import Iterator

from credit.contract import PRODUCTS
from credit.policy.reasons import REASON
from features.catalogue import FRESH_FEATURES, features_of
from features.definition import CAN_LOWER, CAN_RAISE, FREE, LOWERS, RAISES, Feature

_DIRECTION = {RAISES: "raises", LOWERS: "lowers", FREE: ""}
_IN_HAND = {CAN_RAISE: "raise", CAN_LOWER: "lower", FREE: ""}
_COLUMNS = (
    *("feature", "from", "unit", "window", "what it says", "中文"),
    *("direction", "can", "reason", "owner"),
)
_HEAD = """# Features

Every feature, in the order in which models see them. Written from the definitions by
`make docs`; a test keeps it current. `vouch features catalogue` writes the same with the
distribution of every feature's values in the latest snapshot, in English or Chinese.

- **As known**: values as of a day use what was recorded by its end (UTC), and nothing later.
- **Missing is not zero**: a feature of a table that is not there, and a ratio over nothing, is
  missing. A count is 0 only where the entity is known and has no such rows.
- **Direction** says which way a higher value moves P(bad) in every model; where it is blank, the
  data decide.
- **Can** says which way who is scored can move it by what they do from now on: `vouch decide
  --what-would-change` moves nothing else.
- **Fresh** features say what came in since the published day. They stand beside its values online
  and no model sees them.
"""


def page() -> str:
    """The page as Markdown."""
    sections = [_section(product, features_of(product)) for product in PRODUCTS]
    sections += [
        _section(f"{entity}, fresh", features) for entity, features in FRESH_FEATURES.items()
    ]
    return "\n".join((_HEAD, *(line for section in sections for line in section)))


def _section(of: str, features: tuple[Feature, ...]) -> Iterator[str]:
    yield f"## {of}: {len(features)} features\n"
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|{'---|' * len(_COLUMNS)}"
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
        feature.description_zh,
        _DIRECTION[feature.direction],
        _IN_HAND[feature.actionable],
        REASON[feature.reason].message,
        feature.owner,
    )
    return f"| {' | '.join(cells)} |"
