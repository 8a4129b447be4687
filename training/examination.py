"""What `metrics.json` says of a model beside its headline figures: each part by its own module."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.artefact import Artefact
from models.signature import from_table
from training.context import Context
from training.fairness.by_group import fairness
from training.fairness.less_discriminatory import search
from training.judging.bands import bands
from training.judging.changes import counterfactuals_of
from training.judging.cut_off import APPROVED_SHARE
from training.judging.direction import direction_test
from training.judging.intervals import intervals
from training.judging.reason_shares import reason_shares
from training.judging.stability import stability
from training.judging.tested import Tested
from training.lesson import Lesson
from training.ranking.fit import Rows
from training.rows.sample import Sample
from training.rows.split import Split
from training.unseen.reject_inference import reject_inference
from training.unseen.rejects import rejected_rows
from training.unseen.swap_set import (
    champion_cut_off_of,
    champion_probability_of,
    learnt_by_champion,
    swap_set,
)
from training.unseen.vintages import vintages

LEARNT_AGAIN_MAX = 50_000  # rows that models beside the served one are fitted to
Found = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Examined:
    """A finished model and all that it is examined with.

    `held_out` is calibrated P(bad) of the rows before the split, from folds without them;
    `reference` are training rows as the artefact keeps them, with what it says of them.
    """

    sample: Sample
    split: Split
    lesson: Lesson
    tested: Tested
    held_out: Any
    reference: Any
    context: Context
    definitions_sha256: str | None
    seed: int

    def thinned(self, places: Any) -> Any:
        """These places, or as many of them as models beside the served one are fitted to."""
        if len(places) <= LEARNT_AGAIN_MAX:
            return places
        picked = np.random.default_rng(self.seed).permutation(places)
        return np.sort(picked[:LEARNT_AGAIN_MAX])

    def rows(self, places: Any) -> Rows:
        """Rows of the sample as models read them."""
        rows, features = self.sample.take(places), self.lesson.features
        matrix = from_table(features, rows.table)
        return Rows(matrix, rows.label, features, rows.entity, time=rows.time)


def examine(seen: Examined) -> dict[str, Any]:
    """Every part that has something to say, by its name in `metrics.json`."""
    told = ((name, part(seen)) for name, part in PARTS.items())
    return {name: found for name, found in told if found}


def _intervals(seen: Examined) -> Found:
    return intervals(seen.tested.label, seen.tested.probability, seed=seen.seed)


def _cut_off(seen: Examined) -> Found:
    return {"probability": seen.tested.cut_off, "approved_share": APPROVED_SHARE}


def _stability(seen: Examined) -> Found:
    reference = seen.reference
    return stability(seen.tested, reference, reference.column("probability").to_numpy())


def _fairness(seen: Examined) -> Found:
    return fairness(seen.tested, seed=seen.seed)


def _less_discriminatory(seen: Examined) -> Found:
    if not seen.context.protected:
        return None
    rest, test = seen.thinned(seen.split.rest), seen.thinned(seen.split.test)
    protected = seen.context.protected
    return search(
        seen.rows(rest),
        {name: words[rest] for name, words in protected.items()},
        seen.lesson.parameters,
        test=seen.rows(test),
        test_protected={name: words[test] for name, words in protected.items()},
        seed=seen.seed,
    )


def _rejects(seen: Examined) -> Found:
    rejected = seen.context.rejected
    if rejected is None:
        return None
    before, _ = rejected.divided(seen.sample, seen.split)
    rest = seen.thinned(seen.split.rest)
    found = reject_inference(
        seen.rows(rest),
        rejected_rows(before, seen.lesson.features),
        seen.rows(seen.thinned(seen.split.test)),
        facts=before.facts() | {"accepted": len(seen.split.rest)},
        at_random=before.at_random(seen.sample.row_id.take(rest)),
        seed=seen.seed,
    )
    return {**found, "served": seen.context.reject_inference}


def _swap_set(seen: Examined) -> Found:
    """Against the champion, or the scorecard where none can say anything of these rows."""
    champion, tested = seen.context.champion, seen.tested
    if champion is None:
        return _against_scorecard(seen)
    theirs, why_not = champion_probability_of(
        champion, tested.table, definitions_sha256=seen.definitions_sha256
    )
    if theirs is None:
        return {**_against_scorecard(seen), "why_not": why_not}
    found = swap_set(
        tested,
        theirs,
        champion=f"{champion.manifest.product}:{champion.manifest.version}",
        champion_cut_off=champion_cut_off_of(champion),
        rejected=_rejected_by_both(seen, champion),
    )
    times = None if seen.sample.time is None else seen.sample.time[seen.split.test]
    return {**found, "learnt_by_champion": learnt_by_champion(champion, times)}


def _against_scorecard(seen: Examined) -> dict[str, Any]:
    scorecard = seen.lesson.benchmarks["scorecard"]
    return swap_set(seen.tested, scorecard, champion="WOE scorecard")


def _rejected_by_both(seen: Examined, champion: Artefact) -> tuple[Any, Any] | None:
    """P(bad) by candidate and champion of applicants turned away in the test rows' months."""
    if seen.context.rejected is None:
        return None
    _, after = seen.context.rejected.divided(seen.sample, seen.split)
    if not len(after):
        return None
    theirs, _ = champion_probability_of(
        champion, after.table, definitions_sha256=seen.definitions_sha256
    )
    return np.array(seen.tested.scorer.score_table(after.table)), theirs


def _vintages(seen: Examined) -> Found:
    split, context = seen.split, seen.context
    part = np.full(len(seen.sample), "", dtype="<U5")
    part[split.rest], part[split.test] = "train", "test"
    said = np.full(len(seen.sample), np.nan)
    said[split.rest], said[split.test] = seen.held_out, seen.tested.probability
    return vintages(
        seen.sample.time,
        seen.sample.label,
        said,
        part,
        days_to_bad=context.days_to_bad,
        mix=context.mix,
    )


PARTS: Mapping[str, Callable[[Examined], Found]] = {
    "intervals": _intervals,
    "monotone": lambda seen: seen.lesson.monotone.as_json(),
    "cut_off": _cut_off,
    "bands": lambda seen: bands(seen.tested),
    "direction_test": lambda seen: direction_test(seen.tested, seed=seen.seed),
    "reasons": lambda seen: reason_shares(seen.tested, seed=seen.seed),
    "counterfactuals": lambda seen: counterfactuals_of(seen.tested, seed=seen.seed),
    "stability": _stability,
    "fairness": _fairness,
    "less_discriminatory": _less_discriminatory,
    "rejects": _rejects,
    "swap_set": _swap_set,
    "vintages": _vintages,
    "maturity": lambda seen: seen.context.maturity,
    "duplicates": lambda seen: seen.context.duplicates,
}
