"""The desk where cases are decided, and what it asks of the stores beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from credit.ledger.exposure import Line
from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.evidence import Evidence, Value
from credit.policy.terms import Policy

MODEL_REASONS_MAX = 4


class EvidenceSource(Protocol):
    """Where feature values come from: one answer for each id, in order, and never an exception."""

    def read(self, entity_ids: Sequence[str], *, now: datetime) -> list[Evidence]:
        """What is known of each entity at `now`."""
        ...


class LineSource(Protocol):
    """Where credit lines are kept: one for each id, in order."""

    def read(self, *, kind: str, entity_ids: Sequence[str]) -> list[Line]:
        """How the lines stand. RecordsUnavailableError where they cannot be read."""
        ...


class RequestValues(Protocol):
    """The features that only a request has, such as its amount against monthly turnover."""

    def __call__(
        self, product: str, values: Mapping[str, Value], request: Mapping[str, Value]
    ) -> Mapping[str, Value]:
        """Their values for `request` (amount_minor, term_days, scene)."""
        ...


class Scorer(Protocol):
    """A model in service."""

    def score(self, rows: Sequence[Mapping[str, Value]]) -> list[float]:
        """Calibrated P(bad) of each row."""
        ...

    def reasons(self, row: Mapping[str, Value], limit: int = MODEL_REASONS_MAX) -> tuple[str, ...]:
        """Codes of what raises P(bad), strongest first."""
        ...


@dataclass(frozen=True, slots=True)
class Model:
    """A scorer and how decisions name it (`name`, `version`, `sha256`)."""

    scorer: Scorer
    identity: Mapping[str, str]


class Force(Protocol):
    """What decides now."""

    @property
    def policy(self) -> Policy:
        """The policy that is live."""
        ...

    def model(self, product: str) -> Model | None:
        """The champion; None where there is none that may serve."""
        ...


@dataclass(frozen=True, slots=True)
class Case:
    """An application to be decided. `order_no` is the partner's own number, None to consult only.

    An order that is approved takes its amount of the line.
    """

    product: str
    entity_id: str
    order_no: str | None
    application: LoanApplication | WaiverApplication
    request: Mapping[str, Any]
    content_sha256: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Where cases are decided: the evidence, the lines, what is in force, the clock, and for whom.

    `clock` is `real`, or `fixed` under `VOUCH_NOW`.
    """

    evidence: Mapping[str, EvidenceSource]
    lines: LineSource
    request_values: RequestValues
    in_force: Force
    now: Callable[[], datetime]
    clock: str
    partner: str
