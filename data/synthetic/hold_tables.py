"""A chunk's hold book as rows of the contract: applications, holds, outcomes."""

import numpy as np
import pyarrow as pa

from credit.contract import DEPOSIT_WAIVER
from data.synthetic import scenes
from data.synthetic.columns import (
    PROBABILITY,
    ids,
    instants,
    names,
    real,
    schema,
    table,
    whole,
    word,
)
from data.synthetic.holding import WINDOW_AFTER_DUE_DAYS, HoldBook
from data.synthetic.past_policy import OUTCOMES
from data.synthetic.period import DAY_US, NEVER, SECOND_US, Ints
from data.synthetic.users import Users
from data.synthetic.world import World

A_CHUNK = 10_000_000  # order numbers of one chunk
REPORT_US = 30 * SECOND_US


def hold_tables(
    world: World, users: Users, chosen: Ints, book: HoldBook, chunk: int
) -> dict[str, pa.Table]:
    """Rows known at the period's end, by table; `truth/outcomes` among them.

    A hold carries its application's id: the one reference of an order.
    """
    numbers = chunk * A_CHUNK + np.arange(len(book.outcome), dtype=np.int64)
    user_ids = ids("U", chosen[book.orders.user], 8)
    partner = np.where(
        users.newcomer[chosen][book.orders.user], len(scenes.SCENES), book.orders.scene
    )
    return {
        "applications": _applications(book, numbers, user_ids, partner),
        "holds": _holds(world, book, numbers, user_ids, partner),
        "outcomes": _outcomes(world, book, numbers, user_ids),
        "truth/outcomes": _truth(book, numbers),
    }


def _applications(book: HoldBook, numbers: Ints, user_ids: pa.Array, partner: Ints) -> pa.Table:
    orders = book.orders
    columns = {
        "application_id": ids("W", numbers, 12),
        "product": word(DEPOSIT_WAIVER, len(numbers)),
        "entity_id": user_ids,
        "partner_id": names(partner, scenes.PARTNERS),
        "scene": names(orders.scene, scenes.NAMES),
        "requested_minor": whole(orders.deposit_minor),
        "due_at": instants(orders.due_at),
        "applied_at": instants(orders.at),
        "outcome": names(book.outcome, OUTCOMES),
        "approved_minor": whole(np.where(book.held, orders.deposit_minor, -1)),
        "recorded_at": instants(orders.at),
    }
    return table(schema("applications"), columns)


def _holds(
    world: World, book: HoldBook, numbers: Ints, user_ids: pa.Array, partner: Ints
) -> pa.Table:
    """A version when opened, when returned, when captured and when the capture is paid."""
    held = np.flatnonzero(book.held)
    ends = book.endings
    orders = book.orders
    happened = (orders.at, ends.closed, ends.captured, ends.settled)
    versions = [(held, np.where(at[held] < NEVER, at[held] + REPORT_US, NEVER)) for at in happened]
    place = np.concatenate([place for place, _ in versions])
    recorded = np.concatenate([recorded for _, recorded in versions])
    known = recorded < world.period.closes_us
    place, recorded = place[known], recorded[known]
    so_far = [np.where(at[place] < recorded, at[place], NEVER) for at in happened]
    _, closed, captured, settled = so_far
    captured_minor = np.where(captured < NEVER, ends.captured_minor[place], -1)
    columns = {
        "hold_id": ids("W", numbers[place], 12),
        "user_id": user_ids.take(pa.array(place)),
        "partner_id": names(partner[place], scenes.PARTNERS),
        "scene": names(orders.scene[place], scenes.NAMES),
        "deposit_minor": whole(orders.deposit_minor[place]),
        "opened_at": instants(orders.at[place]),
        "due_at": instants(orders.due_at[place]),
        "closed_at": instants(closed),
        "captured_at": instants(captured),
        "captured_minor": whole(captured_minor),
        "unpaid_minor": whole(np.where(settled < NEVER, 0, captured_minor)),
        "settled_at": instants(settled),
        "application_id": ids("W", numbers[place], 12),
        "recorded_at": instants(recorded),
    }
    return table(schema("holds"), columns)


def _outcomes(world: World, book: HoldBook, numbers: Ints, user_ids: pa.Array) -> pa.Table:
    """Outcomes that have matured; a hold neither returned nor captured has none."""
    orders = book.orders
    matured = orders.due_at + WINDOW_AFTER_DUE_DAYS * DAY_US
    ended = np.minimum(book.endings.closed, book.endings.captured) < NEVER
    place = np.flatnonzero(book.held & ended & (matured <= world.period.closes_us))
    columns = {
        "product": word(DEPOSIT_WAIVER, len(place)),
        "entity_id": user_ids.take(pa.array(place)),
        "reference_id": ids("W", numbers[place], 12),
        "observed_at": instants(orders.at[place]),
        "scene": names(orders.scene[place], scenes.NAMES),
        "amount_minor": whole(orders.deposit_minor[place]),
        "term_days": whole(-((orders.at - orders.due_at)[place] // DAY_US)),
        "bad": whole(book.bad[place].astype(np.int64)),
        "matured_at": instants(matured[place]),
    }
    return table(schema("outcomes"), columns)


def _truth(book: HoldBook, numbers: Ints) -> pa.Table:
    columns = {
        "product": word(DEPOSIT_WAIVER, len(numbers)),
        "reference_id": ids("W", numbers, 12),
        "probability": real(book.probability),
    }
    return table(PROBABILITY, columns)
