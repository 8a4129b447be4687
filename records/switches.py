"""Kill switches on record: what is stopped, by whom, since when and why; it survives restarts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, delete, insert, select

from credit.policy.powers import parse_actor
from records.instants import instant_of, instant_text
from records.policies import PLATFORM
from records.tables import POLICY_EVENTS, SWITCHES
from records.transaction import Transaction

STOPPED, RESUMED = "stopped", "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """What a thrown switch stops: every request that fits all it names. Blank: any."""

    product: str = ""
    partner: str = ""
    scene: str = ""
    reason: str
    by: str
    at: datetime

    def covers(self, *, product: str, partner: str, scene: str | None) -> bool:
        """Whether it stops a request."""
        named = ((self.product, product), (self.partner, partner), (self.scene, scene))
        return all(not mine or mine == theirs for mine, theirs in named)

    @property
    def words(self) -> str:
        """What it stops, in words: `partner city_bikes, scene bike`."""
        return words_of(product=self.product, partner=self.partner, scene=self.scene)


def words_of(*, product: str, partner: str, scene: str) -> str:
    """What a switch stops, in words."""
    named = (("product", product), ("partner", partner), ("scene", scene))
    return ", ".join(f"{kind} {name}" for kind, name in named if name)


def stopped(connection: Connection) -> tuple[Switch, ...]:
    """The switches that are thrown."""
    query = select(SWITCHES).where(SWITCHES.c.stopped == 1)
    order = SWITCHES.c.product, SWITCHES.c.partner, SWITCHES.c.scene
    return tuple(
        Switch(
            product=row.product,
            partner=row.partner,
            scene=row.scene,
            reason=row.reason,
            by=row.done_by,
            at=instant_of(row.at),
        )
        for row in connection.execute(query.order_by(*order))
    )


def find(connection: Connection, *, product: str, partner: str, scene: str) -> Switch | None:
    """The thrown switch that names exactly this."""
    asked = (product, partner, scene)
    fits = (one for one in stopped(connection) if (one.product, one.partner, one.scene) == asked)
    return next(fits, None)


def stop(
    transaction: Transaction, *, product: str, partner: str, scene: str, reason: str, by: str
) -> Switch:
    """Throw a switch; one that is thrown stays as it was thrown.

    But what a partner threw the platform throws over it, so that the partner cannot let it go.
    """
    named = {"product": product, "partner": partner, "scene": scene}
    found = find(transaction.connection, **named)
    if found is not None and (_is_platform(found.by) or not _is_platform(by)):
        return found
    _put(transaction, named, stopped=1, reason=reason, by=by)
    return Switch(**named, reason=reason, by=by, at=transaction.at)


def resume(
    transaction: Transaction, *, product: str, partner: str, scene: str, reason: str, by: str
) -> Switch | None:
    """Let a switch go; gives it as it was thrown, None where it was not."""
    named = {"product": product, "partner": partner, "scene": scene}
    found = find(transaction.connection, **named)
    if found is not None:
        _put(transaction, named, stopped=0, reason=reason, by=by)
    return found


def _is_platform(by: str) -> bool:
    return parse_actor(by).is_platform


def _put(
    transaction: Transaction, named: Mapping[str, str], *, stopped: int, reason: str, by: str
) -> None:
    at = instant_text(transaction.at)
    transaction.connection.execute(
        delete(SWITCHES).where(*(SWITCHES.c[column] == name for column, name in named.items()))
    )
    row = {"stopped": stopped, "reason": reason, "done_by": by, "at": at}
    transaction.connection.execute(insert(SWITCHES), {**named, **row})
    _journal(transaction, named, STOPPED if stopped else RESUMED, reason=reason, by=by)


def _journal(
    transaction: Transaction, named: Mapping[str, str], event: str, *, reason: str, by: str
) -> None:
    """An event beside those of policies: one stamp tells of both."""
    detail = {**named, "reason": reason}
    row = {
        "name": words_of(**named),
        "version": "",
        "sha256": "",
        "event": event,
        "done_by": by,
        "at": instant_text(transaction.at),
        "detail": orjson.dumps(detail).decode(),
    }
    told = orjson.dumps({**row, "detail": detail})
    partner = named["partner"] or PLATFORM
    transaction.journal(POLICY_EVENTS, row, topic=f"policy.{event}", partner=partner, told=told)
