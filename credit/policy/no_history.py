"""What is answered of whom nothing is known: what both products have in common."""

from dataclasses import dataclass

from credit.policy.declared import Direction, Unit, declared

STARTER = "starter"  # a small amount, priced from an assumed probability


@dataclass(frozen=True, slots=True, kw_only=True)
class NoHistory:
    """The answer to one without history; each product adds what a starter may have."""

    outcome: str = declared(
        Unit.TEXT,
        Direction.LOWER_ONLY,
        "Answer where nothing is known, loosest last",
        choices=("decline", "refer", STARTER),
    )
