"""What both products ask first: is there evidence, is anything known, does a fact forbid it?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from credit.policy.bands import Band
from credit.policy.decision import Outcome, outcome_of
from credit.policy.evidence import Freshness
from credit.policy.knockouts import Knockout
from credit.policy.many.answers import Answers, bit_of, bits_of
from credit.policy.many.cases import Cases, code_of
from credit.policy.many.columns import Mask, Real, Small
from credit.policy.many.knocked import Facts, facts_of, knocked
from credit.policy.many.risk import bands_of, scores_of
from credit.policy.no_history import STARTER
from credit.policy.page import FAULTS, RISK_REASONS

_RISK_BITS = bits_of(RISK_REASONS)


@dataclass(slots=True)
class Sheet:
    """A block of answers in the making: the page of `decide`, for many at a time.

    `open`: who is not answered yet; `worst`: the best that is still possible for each; `scored`:
    whose request a model scored.
    """

    cases: Cases
    answers: Answers
    worst: Small
    open: Mask
    scored: Mask

    def close(self, where: Mask) -> None:
        """These are answered with what is possible for them now."""
        self.open &= ~where

    def give(self, where: Mask, code: str) -> None:
        """A reason for these."""
        np.bitwise_or(self.answers.reasons, bit_of(code), out=self.answers.reasons, where=where)

    def lower(self, where: Mask, outcome: Outcome) -> None:
        """No more than this outcome is possible for these."""
        np.minimum(self.worst, np.int8(outcome), out=self.worst, where=where)

    def knock(self, rows: Sequence[Knockout], request: Facts) -> None:
        """Puts the knock-outs; who is declined by now is answered."""
        facts = facts_of(request, self.cases.context, self.cases.values)
        fresh = self.cases.freshness == code_of(Freshness.FRESH)
        worst, reasons = knocked(rows, facts, asked=self.open, measured=self.open & fresh)
        np.minimum(self.worst, worst, out=self.worst)
        self.answers.reasons[:] |= reasons
        self.close(self.worst == Outcome.DECLINE)

    def finish(self) -> None:
        """Writes the outcomes, and where the model's reasons are given too."""
        self.answers.outcome[:] = self.worst
        self.answers.model_speaks[:] = self.scored & ((self.answers.reasons & _RISK_BITS) != 0)


def opened(cases: Cases, answers: Answers, *, modelled: Mask, no_history: str) -> Sheet:
    """A sheet on which those are answered who cannot be decided on, or of whom nothing is known.

    `answers.reasons` holds what the requests alone gave. `modelled`: whom a model could score.
    """
    count = len(cases)
    fresh = cases.freshness == code_of(Freshness.FRESH)
    worst = np.where(answers.reasons != 0, np.int8(Outcome.DECLINE), np.int8(Outcome.APPROVE))
    sheet = Sheet(cases, answers, worst, np.ones(count, np.bool_), fresh & modelled)
    unmodelled = fresh & ~modelled
    faulty = unmodelled.copy()
    sheet.give(unmodelled, "MODEL_UNAVAILABLE")
    for freshness, (code, _) in FAULTS.items():
        where = cases.freshness == code_of(freshness)
        sheet.give(where, code)
        faulty |= where
    worst[faulty] = Outcome.REFER
    sheet.close(faulty)
    unknown = cases.freshness == code_of(Freshness.UNKNOWN)
    sheet.give(unknown, "NO_HISTORY")
    if no_history != STARTER:
        sheet.lower(unknown, outcome_of(no_history))
    sheet.close(unknown & (worst != Outcome.APPROVE))
    return sheet


def read_scores(sheet: Sheet, ppm: Real, bands: Sequence[Band]) -> None:
    """Keeps probability, score and band of the scored requests (`ppm`: of those alone)."""
    answers = sheet.answers
    answers.probability_ppm[sheet.scored] = ppm
    answers.score[sheet.scored] = scores_of(ppm)
    answers.band[sheet.scored] = bands_of(bands, ppm)
