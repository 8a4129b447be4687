"""P(bad) of every candidate that a policy tries: as it was scored then, else by the same model."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.progress import Progress
from monitoring.simulation.population import NO_MODEL, Population

if TYPE_CHECKING:
    import pyarrow as pa

    from models.score import Scorer

CHUNK = 50_000


@dataclass(frozen=True, slots=True)
class Grid:
    """Loans to score, n x C, and which of them are asked for at all."""

    amount_minor: Any
    term_days: Any
    valid: Any


class Scoring:
    """Finds or makes the scores of one home's population; counts what it did.

    `made`: candidates scored now. `fell_back`: requests with a candidate whose model is gone: it
    carries the P(bad) of the request as asked.
    """

    def __init__(self, home: Path, progress: Progress | None = None) -> None:
        self.found = 0
        self.made = 0
        self.fell_back = 0
        self._home = home
        self._progress = progress
        self._scorers: dict[tuple[str, str], Scorer | None] = {}

    def probabilities(self, people: Population, grid: Grid) -> tuple[Any, Any]:
        """P(bad) of each candidate, n x C, and which of them have one.

        What no model could score then, for want of one or of fresh evidence, has none now.
        """
        asked = grid.valid & (people.scores.model != NO_MODEL)[:, None]
        asked &= _fresh(people)[:, None]
        probability, there = _recorded(people, grid, asked)
        there &= asked
        self.found += int(there.sum())
        self._score(people, grid, asked & ~there, probability, there)
        self._fall_back(asked & ~there, probability, there)
        probability[~there] = 0.0
        return probability, there

    def _score(
        self, people: Population, grid: Grid, lacking: Any, probability: Any, there: Any
    ) -> None:
        for place, sha256 in enumerate(people.scores.models):
            rows, columns = np.nonzero(lacking & (people.scores.model == place)[:, None])
            scorer = self._scorer(people.product, sha256) if len(rows) else None
            if scorer is None:
                continue
            for start in range(0, len(rows), CHUNK):
                part = slice(start, start + CHUNK)
                self._tell(people, start / len(rows))
                at = rows[part], columns[part]
                table = requested(people, at[0], grid.amount_minor[at], grid.term_days[at])
                probability[at] = scorer.score_table(table)
                there[at] = True
            self.made += len(rows)

    def _fall_back(self, lacking: Any, probability: Any, there: Any) -> None:
        """Where the model is gone and the request itself was scored, its P(bad) stands in."""
        fallen = lacking & there[:, :1]
        self.fell_back += int(fallen.any(axis=1).sum())
        probability[fallen] = np.broadcast_to(probability[:, :1], fallen.shape)[fallen]
        there |= fallen

    def _scorer(self, product: str, sha256: str) -> "Scorer | None":
        key = (product, sha256)
        if key not in self._scorers:
            from models.registry import Registry
            from models.score import Scorer

            artefact = Registry(self._home).find(product, sha256)
            self._scorers[key] = Scorer(artefact) if artefact else None
        return self._scorers[key]

    def _tell(self, people: Population, done: float) -> None:
        if self._progress is not None:
            self._progress(f"score {people.product} candidates", done)


def _fresh(people: Population) -> Any:
    from credit.policy.evidence import Freshness
    from credit.policy.many import code_of

    return people.freshness == code_of(Freshness.FRESH)


def _recorded(people: Population, grid: Grid, asked: Any) -> tuple[Any, Any]:
    """What was scored then for the same amount and term.

    Most candidates stand where they stood: they are compared as whole blocks, the others singly.
    """
    scores, (count, width) = people.scores, grid.valid.shape
    probability, there = np.zeros((count, width)), np.zeros((count, width), np.bool_)
    for start in range(0, scores.valid.shape[1], width):
        then = slice(start, min(start + width, scores.valid.shape[1]))
        now = slice(0, then.stop - then.start)
        same = scores.valid[:, then] & (scores.amount_minor[:, then] == grid.amount_minor[:, now])
        same &= (scores.term_days[:, then] == grid.term_days[:, now]) & ~there[:, now]
        np.copyto(probability[:, now], scores.probability[:, then], where=same)
        there[:, now] |= same
    rows, columns = np.nonzero(asked & ~there)
    for begin in range(0, len(rows), CHUNK):
        at = rows[begin : begin + CHUNK], columns[begin : begin + CHUNK]
        same = scores.valid[at[0]] & (scores.amount_minor[at[0]] == grid.amount_minor[at][:, None])
        same &= scores.term_days[at[0]] == grid.term_days[at][:, None]
        place = same.argmax(axis=1)
        there[at] = same[np.arange(len(place)), place]
        probability[at] = np.where(there[at], scores.probability[at[0], place], 0.0)
    return probability, there


def remembering(people: Population, grid: Grid, probability: Any, there: Any) -> Population:
    """The same population with these candidates among those that were scored already."""
    scores = people.scores
    more = replace(
        scores,
        amount_minor=np.hstack([scores.amount_minor, grid.amount_minor]),
        term_days=np.hstack([scores.term_days, grid.term_days]),
        probability=np.hstack([scores.probability, probability]),
        valid=np.hstack([scores.valid, there]),
    )
    return replace(people, scores=more)


def requested(people: Population, rows: Any, amount_minor: Any, term_days: Any) -> "pa.Table":
    """Features of requests as a model reads them: the applicants' own, and their requests'."""
    import ibis
    import pyarrow as pa

    from features.request import with_request_features

    table = people.known.take(pa.array(rows))
    table = table.append_column("amount_minor", pa.array(amount_minor, pa.int64()))
    table = table.append_column("term_days", pa.array(term_days, pa.int64()))
    table = table.append_column("scene", pa.array(people.requested.scene[rows], pa.string()))
    table = table.append_column("row", pa.array(np.arange(len(rows))))
    found = with_request_features(ibis.memtable(table), people.product)
    return found.order_by("row").to_pyarrow()
