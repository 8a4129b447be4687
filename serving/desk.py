"""The desk where cases are decided, and what it asks of the stores beside it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.evidence import Evidence, Value
from credit.policy.terms import Policy
from records.counters import Counter
from serving.exposures import Exposures
from serving.rules import Rules

MODEL_REASONS_MAX = 4


class EvidenceSource(Protocol):
    """Where feature values come from: one answer for each id, in order, and never an exception."""

    def read(self, entity_ids: Sequence[str], *, now: datetime) -> list[Evidence]:
        """What is known of each entity at `now`."""
        ...


class Ledger(Protocol):
    """Where it stands what is open."""

    def read(
        self, *, kind: str, entity_ids: Sequence[str], counters: Collection[Counter]
    ) -> Exposures:
        """How lines and counters stand. RecordsUnavailableError where they cannot be read."""
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

    def look_if_late(self) -> None:
        """Make sure that what is in force is known as of about now."""
        ...

    def rules_for(self, *, product: str, partner: str, scene: str | None) -> Rules:
        """What decides a case: the policy, those in shadow, and what stops decisions."""
        ...

    def policy_for(self, partner: str, scene: str | None = None) -> Policy:
        """The policy in force for a partner, in a scene where that has its own."""
        ...

    def model(self, product: str) -> Model | None:
        """The champion; None where there is none that may serve."""
        ...

    def challenger(self, product: str) -> Model | None:
        """The model that scores beside it; None where none does."""
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

    @property
    def scene(self) -> str | None:
        """Where a deposit is asked for; None for a loan."""
        asked = self.application
        return asked.scene if isinstance(asked, WaiverApplication) else None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where cases are decided: the evidence, the ledger, what is in force, the clock, and for whom.

    `clock` is `real`, or `fixed` under `VOUCH_NOW`.
    """

    evidence: Mapping[str, EvidenceSource]
    ledger: Ledger
    request_values: RequestValues
    in_force: Force
    now: Callable[[], datetime]
    clock: str
    partner: str
