"""Replay: recorded decisions recomputed from what was recorded, compared byte for byte."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.decide import decide_loan, decide_waiver
from credit.policy.decision import Decision, Scored, to_json
from credit.policy.evidence import Evidence, Freshness
from credit.policy.offers import candidates
from credit.policy.recorded import application_of, evidence_of
from credit.policy.requests import duration_days
from credit.policy.room import Room
from credit.policy.terms import Policy, parse_policy
from credit.progress import Progress

if TYPE_CHECKING:
    from models.score import Scorer
    from records.journal import Entry
    from records.store import Records

NAMED_MAX = 20
_LOG = logging.getLogger(__name__)
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

    A decision whose model or policy is gone, or does not match its hash, differs. The first
    ones that differ are logged by name, with the part that came out otherwise.
    """
    from records.journal import scan

    first = datetime.combine(since, time(), UTC) if since else None
    shelf = _Shelf(records, home)
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


class _Shelf:
    """Models and policies by their hash, each opened once."""

    def __init__(self, records: "Records", home: Path) -> None:
        self._records = records
        self._home = home
        self._scorers: dict[str, Scorer | None] = {}
        self._policies: dict[str, Policy | None] = {}

    def scorer(self, product: str, sha256: str) -> "Scorer | None":
        if sha256 not in self._scorers:
            from models.registry import Registry
            from models.score import Scorer

            artefact = Registry(self._home).find(product, sha256)
            self._scorers[sha256] = Scorer(artefact) if artefact else None
        return self._scorers[sha256]

    def policy(self, sha256: str) -> Policy | None:
        if sha256 not in self._policies:
            from records.policies import read

            with self._records.reading() as connection:
                text = read(connection, sha256)
            self._policies[sha256] = parse_policy(text) if text is not None else None
        return self._policies[sha256]


def _first_difference(entry: "Entry", shelf: _Shelf) -> str | None:
    """The part of the decision that comes out otherwise; None where it is the same."""
    policy = shelf.policy(entry["policy"]["sha256"])
    if policy is None or policy.sha256 != entry["policy"]["sha256"]:
        return "policy"
    application = application_of(entry["product"], entry["request"])
    evidence, at = evidence_of(entry["evidence"]), datetime.fromisoformat(entry["decided_at"])
    if _candidates(entry, application, evidence, policy, at=at) != _asked(entry):
        return "candidates"
    scored = _scored(entry, shelf)
    if scored is None:
        return "model"
    if [_pinned(one) for one in scored] != [_recorded(one) for one in entry["scored"]]:
        return "scores"
    decision = _decide(application, evidence, scored, policy, room=_room(entry), at=at)
    named = {name: entry[name] for name in _ADDED_BY_SERVING}  # type: ignore[literal-required]
    return _answers_differ({**to_json(decision), **named}, entry["decision"])


def _candidates(
    entry: "Entry",
    application: LoanApplication | WaiverApplication,
    evidence: Evidence,
    policy: Policy,
    *,
    at: datetime,
) -> list[tuple[int, int]]:
    """What must have been scored: nothing without a model or fresh evidence."""
    if entry["model"] is None or evidence.freshness is not Freshness.FRESH:
        return []
    if isinstance(application, WaiverApplication):
        return [(application.deposit_minor, duration_days(application, at))]
    offered = candidates(application, evidence, policy, _room(entry))
    return [(one.amount_minor, one.term_days) for one in offered]


def _room(entry: "Entry") -> Room:
    return Room(own_minor=entry["room_minor"], shared_minor=entry.get("shared_room_minor"))


def _asked(entry: "Entry") -> list[tuple[int, int]]:
    return [(one["amount_minor"], one["term_days"]) for one in entry["scored"]]


def _scored(entry: "Entry", shelf: _Shelf) -> list[Scored] | None:
    """The candidates scored again; reasons too where they were recorded. None without the model."""
    if not entry["scored"]:
        return []
    model = entry["model"]
    scorer = shelf.scorer(entry["product"], model["sha256"]) if model else None
    if scorer is None:
        return None
    values = entry["evidence"]["values"]
    rows = [{**values, **one["request_features"]} for one in entry["scored"]]
    return [
        Scored(
            one["amount_minor"],
            one["term_days"],
            probability,
            scorer.reasons(row, len(one["reasons"])) if one["reasons"] else (),
        )
        for one, row, probability in zip(entry["scored"], rows, scorer.score(rows), strict=True)
    ]


def _decide(
    application: LoanApplication | WaiverApplication,
    evidence: Evidence,
    scored: list[Scored],
    policy: Policy,
    *,
    room: Room,
    at: datetime,
) -> Decision:
    told = {"policy": policy, "room": room, "at": at}
    if isinstance(application, LoanApplication):
        return decide_loan(application, evidence, scored, **told)
    return decide_waiver(application, evidence, scored, **told)


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
    return scored["probability"], tuple(scored["reasons"])
