"""Many answers as columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from credit.policy.bands import Band
from credit.policy.decision import given
from credit.policy.many.columns import MISSING, Mask, Small, Whole
from credit.policy.reasons import REASONS, RULE

RULES = tuple(reason.code for reason in REASONS if reason.source == RULE)
_BITS = {code: 1 << place for place, code in enumerate(RULES)}


def bit_of(code: str) -> int:
    """The bit that says in a reason mask that a rule gave this reason."""
    return _BITS[code]


def bits_of(codes: Iterable[str]) -> int:
    """The mask of several reasons."""
    return sum(_BITS[code] for code in set(codes))


def codes_of(mask: int) -> tuple[str, ...]:
    """Every reason of a mask, in order of precedence."""
    return tuple(code for code, bit in _BITS.items() if mask & bit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What both products' answers have in common; every column has n rows.

    `outcome`: values of `Outcome`. `reasons`: all the rules' reasons as bits (`bit_of`); at most
    four are given (`given_at`), then the model's where `model_speaks`. `probability_ppm`, `score`,
    and `band` (a place in `bands`): of the request as asked, MISSING where no model was asked.
    """

    outcome: Small
    reasons: Whole
    model_speaks: Mask
    probability_ppm: NDArray[np.int32]
    score: NDArray[np.int16]
    band: Small
    bands: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.outcome)

    def given_at(self, row: int, model: Sequence[str] = ()) -> tuple[str, ...]:
        """The codes given in one row, where `model` are the model's reasons, strongest first."""
        spoken = model if self.model_speaks[row] else ()
        return tuple(one.code for one in given(codes_of(int(self.reasons[row])), spoken))

    def part(self, rows: slice) -> Self:
        """Some of the rows, as views."""
        return replace(
            self, **{one.name: _part(getattr(self, one.name), rows) for one in fields(self)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What may be accepted, n x offers_max, best first; `count` says how many of them are."""

    count: Small
    amount_minor: Whole
    term_days: NDArray[np.int32]
    apr_ppm: NDArray[np.int32]
    fees_minor: Whole
    probability_ppm: NDArray[np.int32]

    def part(self, rows: slice) -> "Offers":
        """Some of the rows, as views."""
        return Offers(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanAnswers(Answers):
    """Answers to loans. `expected_loss_minor`: of the first offer, 0 where there is none."""

    limit_minor: Whole
    offers: Offers
    expected_loss_minor: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverAnswers(Answers):
    """Answers to waivers: what is waived, and what is still to be paid."""

    credit_minor: Whole
    deposit_due_minor: Whole


def _part(found: Any, rows: slice) -> Any:
    if isinstance(found, tuple):  # the bands' names
        return found
    return found.part(rows) if isinstance(found, Offers) else found[rows]


def unanswered(count: int, bands: Sequence[Band]) -> dict[str, Any]:
    """The common columns before anything is decided."""
    return {
        "outcome": np.zeros(count, np.int8),
        "reasons": np.zeros(count, np.int64),
        "model_speaks": np.zeros(count, np.bool_),
        "probability_ppm": np.full(count, MISSING, np.int32),
        "score": np.full(count, MISSING, np.int16),
        "band": np.full(count, MISSING, np.int8),
        "bands": tuple(band.name for band in bands),
    }


def no_offers(count: int, offers_max: int) -> Offers:
    """Room for offers, none made."""
    shape = (count, offers_max)
    return Offers(
        count=np.zeros(count, np.int8),
        amount_minor=np.zeros(shape, np.int64),
        term_days=np.zeros(shape, np.int32),
        apr_ppm=np.zeros(shape, np.int32),
        fees_minor=np.zeros(shape, np.int64),
        probability_ppm=np.zeros(shape, np.int32),
    )
