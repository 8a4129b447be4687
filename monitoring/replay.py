"""Replay: recorded decisions recomputed from what was recorded, compared byte for byte."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from credit.contract import INSTALMENT_OFFER
from credit.errors import InputError
from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.decide import decide_loan, decide_waiver
from credit.policy.decision import Decision, Scored, to_json
from credit.policy.evidence import Evidence, Freshness
from credit.policy.instalment_answer import answered, application_of_order
from credit.policy.instalments import InstalmentApplication
from credit.policy.offers import candidates
from credit.policy.recorded import application_of, evidence_of
from credit.policy.requests import duration_days
from credit.policy.room import Room
from credit.policy.stopped import stopped
from credit.policy.terms import Policy
from credit.progress import Progress
from monitoring.shelf import Shelf

if TYPE_CHECKING:
    from models.score import Scorer
    from records.journal import Entry
    from records.store import Records

NAMED_MAX = 20
_LOG = logging.getLogger(__name__)
_NAMES_POLICY = ("name", "version", "sha256")
_ADDED_BY_SERVING = ("decision_id", "decided_at", "model")


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """How many decisions were recomputed, and how many came out otherwise."""

    checked: int
    differing: int


def replay(
    records: "Records",
    home: Path,
    *,
    since: date | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> ReplayResult:
    """Recomputes recorded decisions with the recorded model and policy, looked up by their hash.

    What policies in shadow decided beside is recomputed too. A decision whose model or policy is
    gone, or does not match its hash, differs. The first ones that differ are logged by name, with
    the part that came out otherwise.
    """
    from records.journal import scan

    first = datetime.combine(since, time(), UTC) if since else None
    shelf = Shelf(records, home)
    checked = differing = 0
    for entry in scan(records, since=first):
        if checked == limit:
            break
        checked += 1
        if part := _first_difference(entry, shelf):
            differing += 1
            if differing <= NAMED_MAX:
                _LOG.warning("decision %s: %s differs", entry["decision_id"], part)
        if progress is not None and checked % 100 == 0:
            progress(f"{checked:,} replayed", checked / limit if limit else 0.0)
    return ReplayResult(checked, differing)


@dataclass(frozen=True, slots=True)
class _Case:
    """What was decided on, as it was recorded. `scorer`: None where no model was named."""

    application: LoanApplication | WaiverApplication
    evidence: Evidence
    at: datetime
    scorer: "Scorer | None"
    stopped: str | None

    def candidates(self, policy: Policy, room: Room) -> list[tuple[int, int]]:
        """What must have been scored: nothing without a model or fresh evidence, or if stopped."""
        if self.stopped is not None or self.scorer is None:
            return []
        if self.evidence.freshness is not Freshness.FRESH:
            return []
        asked = self.application
        if isinstance(asked, WaiverApplication):
            return [(asked.deposit_minor, duration_days(asked, self.at))]
        offered = candidates(asked, self.evidence, policy, room)
        return [(one.amount_minor, one.term_days) for one in offered]

    def scored(self, recorded: Sequence[Mapping[str, Any]]) -> list[Scored]:
        """The candidates scored again; the model's reasons too where they were recorded."""
        if not recorded or self.scorer is None:
            return []
        rows = [{**self.evidence.values, **one["request_features"]} for one in recorded]
        return [
            Scored(
                one["amount_minor"],
                one["term_days"],
                probability,
                self.scorer.reasons(row, len(one["reasons"])) if one.get("reasons") else (),
            )
            for one, row, probability in zip(recorded, rows, self.scorer.score(rows), strict=True)
        ]

    def decided(self, scored: Sequence[Scored], policy: Policy, room: Room) -> Decision:
        """What the policy says of it."""
        asked, evidence, at = self.application, self.evidence, self.at
        if self.stopped is not None:
            return stopped(asked, evidence, policy=policy, at=at, by=self.stopped)
        if isinstance(asked, LoanApplication):
            return decide_loan(asked, evidence, scored, policy=policy, room=room, at=at)
        return decide_waiver(asked, evidence, scored, policy=policy, room=room, at=at)

    def again(self, policy: Policy, told: Mapping[str, Any]) -> dict[str, Any] | str:
        """The answer by a policy; the part that must be the same before, where it is not."""
        room = Room(own_minor=told["room_minor"], shared_minor=told["shared_room_minor"])
        recorded = told["scored"]
        asked = [(one["amount_minor"], one["term_days"]) for one in recorded]
        if self.candidates(policy, room) != asked:
            return "candidates"
        scored = self.scored(recorded)
        if [_pinned(one) for one in scored] != [_recorded(one) for one in recorded]:
            return "scores"
        return to_json(self.decided(scored, policy, room))


@dataclass(frozen=True, slots=True)
class _Till:
    """An order at a till: decided by rules alone, on nothing but what was sent."""

    application: InstalmentApplication
    at: datetime
    stopped: str | None

    def again(self, policy: Policy, _told: Mapping[str, Any]) -> dict[str, Any] | str:
        """The answer by a policy."""
        return answered(self.application, policy=policy, at=self.at, stopped=self.stopped)


def _first_difference(entry: "Entry", shelf: Shelf) -> str | None:
    """The part of the decision that comes out otherwise; None where it is the same."""
    try:
        return _difference_from(entry, shelf)
    except (
        InputError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
    ) as fault:
        _LOG.warning(
            "decision %s: what was recorded cannot be used: %s", entry["decision_id"], fault
        )
        return "request"


def _difference_from(entry: "Entry", shelf: Shelf) -> str | None:
    case = _case_of(entry, shelf)
    if case is None:
        return "model"
    added = {name: entry[name] for name in _ADDED_BY_SERVING}  # type: ignore[literal-required]
    part = _difference(case, entry, shelf, added)
    if part is not None:
        return part
    for shadow in entry["shadows"]:
        if shadow["decision"] is not None and (part := _beside(case, shadow, entry, shelf)):
            return f"{part} of {shadow['policy']['name']} in shadow"
    return None


def _beside(
    case: _Case | _Till, shadow: Mapping[str, Any], entry: "Entry", shelf: Shelf
) -> str | None:
    """What comes out otherwise of a decision in shadow, by the model that made it."""
    if "model" in shadow and isinstance(case, _Case):
        scorer = shelf.scorer(entry["product"], shadow["model"]["sha256"])
        if scorer is None:
            return "model"
        case = replace(case, scorer=scorer)
    return _difference(case, shadow, shelf, None)


def _case_of(entry: "Entry", shelf: Shelf) -> _Case | _Till | None:
    """What was decided on; None where its model is gone."""
    at, stopped_by = datetime.fromisoformat(entry["decided_at"]), entry["stopped"]
    if entry["product"] == INSTALMENT_OFFER:
        return _Till(application_of_order(entry["request"]), at, stopped_by)
    model = entry["model"]
    scorer = shelf.scorer(entry["product"], model["sha256"]) if model else None
    if model and scorer is None:
        return None
    application = application_of(entry["product"], entry["request"])
    return _Case(application, evidence_of(entry["evidence"]), at, scorer, stopped_by)


def _difference(
    case: _Case | _Till,
    told: Mapping[str, Any],
    shelf: Shelf,
    added: Mapping[str, Any] | None,
) -> str | None:
    """What comes out otherwise of a decision, or of one in shadow (`added` None, no trace)."""
    policy = shelf.policy(told["policy"]["sha256"])
    if policy is None or told["policy"] != {name: getattr(policy, name) for name in _NAMES_POLICY}:
        return "policy"
    answer = case.again(policy, told)
    if isinstance(answer, str):
        return answer
    if added is None:
        del answer["trace"]
    return _answers_differ({**answer, **(added or {})}, told["decision"])


def _answers_differ(recomputed: Mapping[str, Any], recorded: Mapping[str, Any]) -> str | None:
    for name in sorted({*recomputed, *recorded}):
        if name not in recomputed or _bytes(recomputed[name]) != _bytes(recorded.get(name)):
            return name
    return None


def _bytes(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _pinned(scored: Scored) -> tuple[float, tuple[str, ...]]:
    return scored.probability, scored.reasons


def _recorded(scored: Mapping[str, Any]) -> tuple[float, tuple[str, ...]]:
    return scored["probability"], tuple(scored.get("reasons", ()))
