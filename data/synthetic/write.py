"""`vouch data generate`: a synthetic world, written in the data contract."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from credit.errors import InputError
from credit.progress import Progress
from data.synthetic.arrivals import arrived
from data.synthetic.bills import bill_table, draw_bills
from data.synthetic.entity_tables import merchant_tables, user_tables
from data.synthetic.files import Tables, new_directory
from data.synthetic.hold_tables import hold_tables
from data.synthetic.holding import hold
from data.synthetic.lending import lend
from data.synthetic.loan_tables import loan_tables
from data.synthetic.merchants import draw_merchants
from data.synthetic.ordering import draw_orders
from data.synthetic.payment_table import payment_table
from data.synthetic.payments import NOBODY, PAYMENT, Rows, draw_payments
from data.synthetic.period import Floats, period_of
from data.synthetic.returns import with_returns
from data.synthetic.scenarios import check_faults, scenario_named
from data.synthetic.trade import expected_trade
from data.synthetic.turnover import add_up
from data.synthetic.users import Singles, Users, draw_users, payers_by_block
from data.synthetic.waiver_risk import WEEK, standing_before
from data.synthetic.world import MERCHANTS_A_CHUNK, USERS_A_CHUNK, Stream, World, chunks

MERCHANTS_TAKE = 0.85  # of the time


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: where, rows by table, and how long it took."""

    out: Path
    scenario: str
    seed: int
    rows: Mapping[str, int]
    seconds: float


def generate(
    out: Path,
    *,
    merchants: int,
    users: int,
    months: int,
    end: date,
    seed: int,
    scenario: str = "calm",
    faults: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Summary:
    """A world's histories up to and with day `end`, in new directory `out`; same seed, same bytes.

    Applications run over `months` months; payments and bills begin 180 days earlier. InputError
    for a scenario or fault there is not, a size below 1, or a directory that holds something.
    """
    start = time.perf_counter()
    _check_sizes(merchants=merchants, users=users, months=months)
    check_faults(faults)
    story = scenario_named(scenario)
    world = World(
        merchants=merchants,
        users=users,
        period=period_of(months=months, end=end),
        seed=seed,
        scenario=story,
        faults=frozenset(faults) | frozenset(story.faults),
    )
    with new_directory(out) as folder:
        tables = Tables(folder)
        _write(world, tables, progress or (lambda _stage, _done: None))
        tables.close()
        _manifest(world, folder, months, tables.rows)
    return Summary(out, scenario, seed, dict(tables.rows), time.perf_counter() - start)


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise InputError(f"--{name} is {size}", "use 1 or more")


@dataclass(frozen=True, slots=True)
class _Crowd:
    """All users, the way to draw one, and by week what each has spent (filled chunk by chunk)."""

    users: Users
    payers: Floats
    spent: Singles


def _write(world: World, tables: Tables, progress: Progress) -> None:
    progress("drawing users", 0.0)
    crowd = _crowd(world)
    parts = chunks(world.merchants, MERCHANTS_A_CHUNK)
    for chunk, numbers in enumerate(parts):
        progress("merchants and their payments", MERCHANTS_TAKE * chunk / len(parts))
        _merchants(world, tables, crowd, numbers, chunk)
    running = np.cumsum(crowd.spent, axis=1, dtype=np.float32)
    crowd = replace(crowd, spent=running)
    parts = chunks(world.users, USERS_A_CHUNK)
    for chunk, numbers in enumerate(parts):
        done = MERCHANTS_TAKE + (1.0 - MERCHANTS_TAKE) * chunk / len(parts)
        progress("users, their bills and orders", done)
        _users(world, tables, crowd, numbers, chunk)
    progress("written", 1.0)


def _crowd(world: World) -> _Crowd:
    users = draw_users(world)
    spent = np.zeros((users.count, world.period.days // WEEK + 2), dtype=np.float32)
    return _Crowd(users, payers_by_block(users), spent)


def _merchants(world: World, tables: Tables, crowd: _Crowd, numbers: range, chunk: int) -> None:
    merchants = draw_merchants(world, numbers, chunk)
    rng = world.rng(Stream.TRADE, chunk)
    trade = expected_trade(world, merchants, rng)
    sold = draw_payments(
        world, merchants, crowd.users, payers=crowd.payers, trade=trade, chunk=chunk
    )
    _add_spending(world, sold, crowd.spent)
    rows = with_returns(world, merchants, sold, rng)
    book = lend(world, merchants, add_up(world, merchants.count, rows), chunk)
    tables.add(merchant_tables(world, merchants))
    tables.add(loan_tables(world, merchants, book, rng, chunk))
    rows = arrived(world, merchants, rows, chunk)
    tables.add_part("payments", chunk, payment_table(merchants, rows, chunk))


def _add_spending(world: World, sold: Rows, spent: Singles) -> None:
    named = sold.take((sold.user != NOBODY) & (sold.kind == PAYMENT))
    week = world.period.days_of(named.occurred) // WEEK
    np.add.at(spent, (named.user, week + 1), named.amount_minor.astype(np.float32))


def _users(world: World, tables: Tables, crowd: _Crowd, numbers: range, chunk: int) -> None:
    """`crowd.spent` has become running sums by now."""
    users = crowd.users
    rng = world.rng(Stream.WAIVERS, chunk)
    chosen = np.arange(numbers.start, numbers.stop, dtype=np.int64)
    bills = draw_bills(world, users, chosen, world.rng(Stream.BILLS, chunk))
    orders = draw_orders(world, users, chosen, rng)
    standing = standing_before(users, chosen, bills, crowd.spent[chosen], orders)
    book = hold(world, orders, standing, rng)
    tables.add(user_tables(world, users, chosen))
    tables.add({"bills": bill_table(world, chosen, bills, rng)})
    tables.add(hold_tables(world, users, chosen, book, chunk))


def _manifest(world: World, folder: Path, months: int, rows: Mapping[str, int]) -> None:
    described = {
        "merchants": world.merchants,
        "users": world.users,
        "months": months,
        "end": world.period.end.isoformat(),
        "seed": world.seed,
        "scenario": world.scenario.name,
        "faults": sorted(world.faults),
        "payments_from": world.period.start.isoformat(),
        "applications_from": world.period.applications_from.isoformat(),
        "story_begins": world.period.dates()[world.turn].isoformat(),
        "rows": dict(rows),
    }
    (folder / "manifest.json").write_text(json.dumps(described, indent=2) + "\n")
