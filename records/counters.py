"""Exposure by product and partner, and by industry: counted always, capped where a policy says so.

A counter moves in the transaction in which a line moves, by the same amount, so that each is at
any time the sum of what its holds or loans have open.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, text, tuple_, update

from records.tables import CONCENTRATIONS
from records.transaction import Transaction

PARTNER, INDUSTRY = "partner", "industry"
Counter = tuple[str, str, str]  # product, kind, name
_UNCAPPED_MINOR = 2**63 - 1

_COUNTER = (CONCENTRATIONS.c.product, CONCENTRATIONS.c.kind, CONCENTRATIONS.c.name)
_READ = select(*_COUNTER, CONCENTRATIONS.c.used_minor).where(
    tuple_(*_COUNTER).in_(bindparam("counters", expanding=True))
)
# What is taken, that the ceiling leaves it, and that there is a counter at all: one statement,
# which both databases read alike.
_TAKE = text(
    "INSERT INTO concentrations (product, kind, name, used_minor) "
    "SELECT :product, :kind, :name, CAST(:amount AS BIGINT) "
    "WHERE CAST(:amount AS BIGINT) <= CAST(:ceiling AS BIGINT) "
    "ON CONFLICT (product, kind, name) DO UPDATE "
    "SET used_minor = concentrations.used_minor + excluded.used_minor "
    "WHERE concentrations.used_minor + excluded.used_minor <= CAST(:ceiling AS BIGINT)"
)
_MOVE = (
    update(CONCENTRATIONS)
    .where(
        *(column == bindparam(f"of_{column.name}") for column in _COUNTER),
    )
    .values(used_minor=CONCENTRATIONS.c.used_minor + bindparam("amount"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The most that a partner or an industry may have open of a product; None: no cap."""

    product: str
    kind: str
    name: str
    ceiling_minor: int | None

    @property
    def counter(self) -> Counter:
        """What counts it."""
        return self.product, self.kind, self.name


@dataclass(frozen=True, slots=True)
class Counted:
    """An amount to be counted, and the ceiling of each counter that counts it."""

    amount_minor: int
    ceilings: Mapping[Counter, int | None]


def counting(product: str, *, partner: str, industry: str | None) -> tuple[Counter, ...]:
    """The counters of what a partner has open of a product."""
    by_partner = (product, PARTNER, partner)
    return (by_partner,) if industry is None else (by_partner, (product, INDUSTRY, industry))


def read(connection: Connection, counters: Collection[Counter]) -> dict[Counter, int]:
    """What each has counted; 0 where nothing was ever counted."""
    rows = connection.execute(_READ, {"counters": list(counters)})
    found = {(row.product, row.kind, row.name): row.used_minor for row in rows}
    return {counter: found.get(counter, 0) for counter in counters}


def take(transaction: Transaction, counted: Sequence[Counted]) -> bool:
    """Count amounts, each counter once for all of them; whether every ceiling leaves them.

    Where one does not, some may be counted: whoever asked rolls back. Of several ceilings of one
    counter the lowest is meant.
    """
    asked = _asked(counted)
    one_or_many = asked if len(asked) > 1 else asked[0]
    return transaction.connection.execute(_TAKE, one_or_many).rowcount == len(asked)


def move(transaction: Transaction, counters: Sequence[Counter], *, by_minor: int) -> None:
    """Move counters with the exposure that they count."""
    if by_minor and counters:
        asked = [
            {"of_product": product, "of_kind": kind, "of_name": name, "amount": by_minor}
            for product, kind, name in counters
        ]
        transaction.connection.execute(_MOVE, asked)


def _asked(counted: Sequence[Counted]) -> list[dict[str, Any]]:
    amounts: dict[Counter, int] = {}
    ceilings: dict[Counter, int] = {}
    for one in counted:
        for counter, ceiling_minor in one.ceilings.items():
            amounts[counter] = amounts.get(counter, 0) + one.amount_minor
            lowest = ceilings.get(counter, _UNCAPPED_MINOR)
            ceilings[counter] = lowest if ceiling_minor is None else min(lowest, ceiling_minor)
    return [
        {
            "product": product,
            "kind": kind,
            "name": name,
            "amount": amount_minor,
            "ceiling": ceilings[product, kind, name],
        }
        for (product, kind, name), amount_minor in sorted(amounts.items())
    ]
