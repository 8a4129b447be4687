"""What a decision takes of a line and of its partner's and industry's shares: all, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from credit.ledger.exposure import Line
from records import counters, lines
from records.counters import Counted, Counter, Share
from records.holds import Opening
from records.lines import Taking
from records.loans import Reservation
from records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a decision takes of its subject's line, and the most that may be open under it.

    `shares` cap what its partner and its industry may have open; both are counted in any case.
    """

    takes: Opening | Reservation
    ceiling_minor: int
    shares: tuple[Share, ...] = ()

    @property
    def auth_no(self) -> str | None:
        """The hold's number; None for a reservation."""
        return self.takes.auth_no if isinstance(self.takes, Opening) else None


@dataclass(frozen=True, slots=True)
class NoRoom:
    """A line or a share had no room left for the claim; nothing was written.

    How they stand now: the line, and what is used of each counter of the claim.
    """

    line: Line
    shares: Mapping[Counter, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """A claim with whose it is, and on whose line."""

    claim: Claim
    partner: str
    token: str

    @property
    def taking(self) -> Taking:
        """What it takes of the line."""
        claim = self.claim
        return Taking(
            token=self.token,
            amount_minor=claim.takes.amount_minor,
            ceiling_minor=claim.ceiling_minor,
        )

    @property
    def counted(self) -> Counted:
        """What it adds to its counters. ValueError where a share caps none of them."""
        ceilings: dict[Counter, int | None] = dict.fromkeys(self.counters)
        for share in self.claim.shares:
            if share.counter not in ceilings:
                raise ValueError(f"share {share.counter} caps nothing that the claim takes")
            ceilings[share.counter] = share.ceiling_minor
        return Counted(self.claim.takes.amount_minor, ceilings)

    @property
    def counters(self) -> tuple[Counter, ...]:
        """What counts it."""
        takes = self.claim.takes
        product = DEPOSIT_WAIVER if isinstance(takes, Opening) else MERCHANT_LOAN
        return counters.counting(product, partner=self.partner, industry=takes.industry)


def take(transaction: Transaction, claimant: Claimant) -> bool:
    """Take all that a claim asks for, if there is room for it now."""
    [taken] = take_all(transaction, [claimant])
    return taken


def take_all(transaction: Transaction, claimants: Sequence[Claimant]) -> list[bool]:
    """The same for many: who comes first is served first.

    They go in one batch; where any of them finds no room, its halves go one after the other, and
    so on down to the one that it is.
    """
    if len(claimants) <= 1:
        return [_took_alone(transaction, claimant) for claimant in claimants]
    if _took(transaction, claimants):
        return [True] * len(claimants)
    half = len(claimants) // 2
    first = take_all(transaction, claimants[:half])
    return first + take_all(transaction, claimants[half:])


def no_room(connection: Connection, claimant: Claimant) -> NoRoom:
    """How the line and the shares stand that were refused."""
    line = lines.of_token(connection, claimant.token)
    return NoRoom(line, counters.read(connection, claimant.counters))


def _took(transaction: Transaction, claimants: Sequence[Claimant]) -> bool:
    with transaction.connection.begin_nested() as savepoint:
        had_room = lines.take(transaction, [one.taking for one in claimants]) and counters.take(
            transaction, [one.counted for one in claimants]
        )
        if not had_room:
            savepoint.rollback()
    return had_room


def _took_alone(transaction: Transaction, claimant: Claimant) -> bool:
    """Without a savepoint, whose round trips cost more than to give back what was taken."""
    counted = claimant.counted
    if not lines.take(transaction, [claimant.taking]):
        return False
    given_back = -counted.amount_minor
    taken: list[Counter] = []
    for counter, ceiling_minor in counted.ceilings.items():
        if not counters.take(
            transaction, [Counted(counted.amount_minor, {counter: ceiling_minor})]
        ):
            counters.move(transaction, taken, by_minor=given_back)
            lines.move(transaction, claimant.token, by_minor=given_back)
            return False
        taken.append(counter)
    return True
