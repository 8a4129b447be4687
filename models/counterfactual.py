"""What would change an answer: the smallest feasible change of what a person can change.

Found by search over the values at which the model itself changes its mind (counterfactuals as
Wachter, Mittelstadt and Russell 2017 ask for; feasible actions as Ustun, Spangher and Liu 2019):
one feature first, then two, then three. Size is the share of the reference rows that a move passes,
summed over what moves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from credit.policy.evidence import Value
from models.actions import Action, Ladder, ladder, neat
from models.score import Scorer

PARTS_MAX = 3
TRIES_MAX = 1_500  # rows scored for one answer at most, whatever the model
FIRST_TRIES = 240  # rows scored in the first look, shared by all that can move
PICKS_MAX = 32  # values looked at of one feature before it is looked at closely
BEAM = 6
PARTNERS = 12
CLOSE_LOOKS = 4
ROUNDS = 3
OVERSHOOT = 0.02  # of a move, that a rounder number may cost

Move = tuple[int, int]  # a ladder's place, and a rung of it


@dataclass(frozen=True, slots=True)
class Tried:
    """What comes of some changes: whether they are enough, and the P(bad) they lead to.

    `margin` is the model's own, before calibration: it tells of progress where P(bad) is level.
    """

    accepted: bool
    probability: float
    margin: float


class Trial(Protocol):
    """Says what would come of changes, many at once."""

    def __call__(self, changed: Sequence[Mapping[str, float]]) -> Sequence[Tried]:
        """What comes of each set of new values, by name; all else stays as it is."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """One feature from its value to another."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Changes that together are enough, none of which can be left out or be less.

    `less` is to the next value at which the model answers otherwise. `probability` is P(bad) with
    them, `before` without. `distance` sums the shares of the reference rows that the moves pass.
    """

    changes: tuple[Change, ...]
    before: float
    probability: float
    distance: float


def counterfactual(
    scorer: Scorer,
    row: Mapping[str, Value],
    *,
    accepted: Callable[[float], bool],
    actions: Sequence[Action],
) -> Counterfactual | None:
    """The smallest change of `row` whose P(bad) is `accepted`; None where none is found.

    A feature with a direction moves only the way that may lower P(bad). A value that is missing
    or is no number does not move: nobody can act on what is not known.
    """
    places = {feature.name: place for place, feature in enumerate(scorer.features)}
    start = scorer.encoded([row])

    def trial(changed: Sequence[Mapping[str, float]]) -> list[Tried]:
        matrix = np.repeat(start, len(changed), axis=0)
        for line, values in enumerate(changed):
            for name, value in values.items():
                matrix[line, places[name]] = value
        margins = scorer.raw(matrix).tolist()
        chances = scorer.calibrated(margins)
        return [
            Tried(accepted(chance), chance, margin)
            for chance, margin in zip(chances, margins, strict=True)
        ]

    known = {name: float(start[0, place]) for name, place in places.items()}
    return smallest_change(trial, ladders_of(scorer, known, actions))


def ladders_of(
    scorer: Scorer,
    values: Mapping[str, float],
    actions: Sequence[Action],
    *,
    every_value: bool = False,
) -> tuple[Ladder, ...]:
    """Where each action can lead from the present values, one ladder a way.

    With `every_value` the quantiles of the reference rows are rungs too, for where something
    beside the model, such as a limit, may answer otherwise.
    """
    directions = {feature.name: feature.direction for feature in scorer.features}
    found: list[Ladder] = []
    for action in actions:
        start = values.get(action.name, float("nan"))
        if not np.isfinite(start):
            continue
        bends = action.values if every_value else ()
        cuts = np.union1d(scorer.thresholds.get(action.name, ()), bends).tolist()
        ways = _ways(action, directions.get(action.name, 0))
        found += [ladder(action, start, cuts, way=way) for way in ways]
    return tuple(one for one in found if one.rungs)


def _ways(action: Action, model_direction: int) -> tuple[int, ...]:
    return tuple(
        way for way in (-1, 1) if way != model_direction and action.direction in {None, way}
    )


def smallest_change(trial: Trial, ladders: Sequence[Ladder]) -> Counterfactual | None:
    """The smallest set of moves up these ladders that is enough, or None; verified by `trial`."""
    if not ladders:
        return None
    [now] = trial([{}])
    if now.accepted:
        return None
    return _Search(trial, ladders).answer(now)


class _Search:
    """The moves tried so far, each once, within a number of tries."""

    def __init__(self, trial: Trial, ladders: Sequence[Ladder]) -> None:
        self._trial = trial
        self._ladders = ladders
        self._seen: dict[tuple[Move, ...], Tried] = {}

    def answer(self, now: Tried) -> Counterfactual | None:
        singles = self._tried([(move,) for move in self._first_moves()])
        useful = [moves for moves in singles if self._seen[moves].margin < now.margin]
        partners = [moves[0] for moves in self._best_by_ladder(useful)[:PARTNERS]]
        beam, enough = useful, self._enough(singles)
        for _ in range(1, PARTS_MAX):
            if enough:
                break
            wider = self._wider(self._best_by_ladder(beam)[:BEAM], partners)
            beam = self._tried(wider)
            enough = self._enough(beam)
        return self._smallest(enough, now.probability)

    def _first_moves(self) -> list[Move]:
        picks = max(1, min(PICKS_MAX, FIRST_TRIES // len(self._ladders)))
        return [
            (place, int(rung))
            for place, one in enumerate(self._ladders)
            for rung in np.unique(np.linspace(len(one.rungs) - 1, 0, picks).astype(int))
        ]

    def _best_by_ladder(self, tried: Sequence[tuple[Move, ...]]) -> list[tuple[Move, ...]]:
        """Of moves of the same features those with the least risk, the best first."""
        best: dict[frozenset[str], tuple[Move, ...]] = {}
        for moves in sorted(tried, key=self._risk):
            best.setdefault(self._names(moves), moves)
        return list(best.values())

    def _wider(
        self, beam: Sequence[tuple[Move, ...]], partners: Sequence[Move]
    ) -> list[tuple[Move, ...]]:
        wider = (
            tuple(sorted((*moves, other)))
            for moves in beam
            for other in partners
            if not self._names((other,)) <= self._names(moves)
        )
        return list(dict.fromkeys(wider))

    def _enough(self, tried: Sequence[tuple[Move, ...]]) -> list[tuple[Move, ...]]:
        """Those that are accepted, one a set of features, the shortest first."""
        shortest: dict[frozenset[str], tuple[Move, ...]] = {}
        accepted = (moves for moves in tried if self._seen[moves].accepted)
        for moves in sorted(accepted, key=self._distance):
            shortest.setdefault(self._names(moves), moves)
        return list(shortest.values())

    def _smallest(self, enough: Sequence[tuple[Move, ...]], before: float) -> Counterfactual | None:
        shrunk = [self._shrunk(moves) for moves in enough[:CLOSE_LOOKS]]
        told = [one for moves in shrunk if (one := self._told(moves, before))]
        return min(told, key=lambda one: (len(one.changes), one.distance), default=None)

    def _shrunk(self, moves: tuple[Move, ...]) -> tuple[Move, ...]:
        """Each move left out or shortened as far as the rest allows, until none can be."""
        for _ in range(ROUNDS):
            before = moves
            for move in sorted(moves, key=lambda one: -self._distance((one,))):
                moves = self._shorter(moves, move)
            if moves == before:
                break
        return moves

    def _shorter(self, moves: tuple[Move, ...], move: Move) -> tuple[Move, ...]:
        others = tuple(one for one in moves if one != move)
        if others and self._accepted(others):
            return others
        place, far = move

        def at(rung: int) -> tuple[Move, ...]:
            return tuple(sorted((*others, (place, rung))))

        known = (rung for rung in reversed(range(far)) if at(rung) in self._seen)
        near = next((rung for rung in known if not self._seen[at(rung)].accepted), -1)
        while far - near > 1:  # `far` is enough, `near` is not
            middle = (near + far) // 2
            far, near = (middle, near) if self._accepted(at(middle)) else (far, middle)
        return at(far)

    def _told(self, moves: tuple[Move, ...], before: float) -> Counterfactual | None:
        rungs = {self._ladders[place].action.name: self._rung(place, at) for place, at in moves}
        rounder = {self._ladders[place].action.name: self._neat(place, at) for place, at in moves}
        exact, rounded = self._trial([rungs, rounder])
        values, tried = (rounder, rounded) if rounded.accepted else (rungs, exact)
        if not tried.accepted:
            return None
        changes = tuple(
            Change(one.action.name, one.start, values[one.action.name])
            for one in (self._ladders[place] for place, _ in moves)
        )
        distance = sum(
            self._ladders[place].action.distance(change.start, change.end)
            for (place, _), change in zip(moves, changes, strict=True)
        )
        return Counterfactual(changes, before, tried.probability, distance)

    def _neat(self, place: int, rung: int) -> float:
        one = self._ladders[place]
        at = one.rungs[rung]
        if one.action.step:
            return at
        way = 1 if at > one.start else -1
        bound = one.action.highest if way > 0 else one.action.lowest
        further = one.rungs[rung + 1] if rung + 1 < len(one.rungs) else bound
        rounder = neat(at, at + OVERSHOOT * (at - one.start))
        return rounder if way * rounder < way * further else at

    def _rung(self, place: int, rung: int) -> float:
        return self._ladders[place].rungs[rung]

    def _tried(self, every: Sequence[tuple[Move, ...]]) -> list[tuple[Move, ...]]:
        """Those of the moves that have been tried, after trying what is new and within bounds."""
        new = [moves for moves in every if moves not in self._seen]
        new = new[: TRIES_MAX - len(self._seen)]
        if new:
            changed = [
                {self._ladders[place].action.name: self._rung(place, at) for place, at in moves}
                for moves in new
            ]
            self._seen.update(zip(new, self._trial(changed), strict=True))
        return [moves for moves in every if moves in self._seen]

    def _accepted(self, moves: tuple[Move, ...]) -> bool:
        return bool(self._tried([moves])) and self._seen[moves].accepted

    def _risk(self, moves: tuple[Move, ...]) -> tuple[float, float]:
        return self._seen[moves].margin, self._distance(moves)

    def _distance(self, moves: tuple[Move, ...]) -> float:
        return sum(self._ladders[place].distance(rung) for place, rung in moves)

    def _names(self, moves: tuple[Move, ...]) -> frozenset[str]:
        return frozenset(self._ladders[place].action.name for place, _ in moves)
