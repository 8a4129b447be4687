"""What a simulation found, its page, and what it took."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.simulation.figures import Figures


@dataclass(frozen=True, slots=True)
class Cost:
    """What a simulation took: wall seconds, and the most memory that its process held."""

    rows: int
    seconds: float
    evaluation_seconds: float
    peak_memory_mb: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the candidate would change. `warnings`: what a reader must know before anything else."""

    candidate: str
    candidate_sha256: str
    current: str
    current_sha256: str | None
    source: str
    covers: str
    currency: str
    headline: str
    warnings: tuple[str, ...]
    products: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulation, its page (the same bytes for the same inputs) and what it took."""

    simulation: Simulation
    page: str
    cost: Cost

    @property
    def page_sha256(self) -> str:
        """The hash of the page's bytes."""
        return hashlib.sha256(self.page.encode()).hexdigest()
