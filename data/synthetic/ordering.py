"""Who orders what with a deposit, and when it is due back."""

import numpy as np

from data.synthetic import scenes
from data.synthetic.borrowing import arrival_days, ranks
from data.synthetic.period import DAY_US, HOUR_US, LOCAL_US, Ints
from data.synthetic.users import Users
from data.synthetic.waiver_risk import Orders
from data.synthetic.world import World

A_MONTH = 0.135  # orders with a deposit of a user with usual wants
MOST_ORDERS = 80
NEWCOMER_SCENES = ("self_service_retail", "power_bank")
LONGEST_DAYS = 120


def draw_orders(world: World, users: Users, chosen: Ints, rng: np.random.Generator) -> Orders:
    """Orders of users who are there, in order of user and time."""
    months = (world.period.days - world.period.first_application_day) / 30.4
    counts = np.minimum(rng.poisson(A_MONTH * months * users.orders[chosen]), MOST_ORDERS)
    user = np.repeat(np.arange(len(chosen)), counts)
    day = arrival_days(world, rng, len(user))
    here = (users.registered[chosen][user] + 1 < day) & (day < users.left[chosen][user])
    user, day = user[here], day[here]
    scene = _scene(users, chosen, user, rng)
    at = world.period.instants(day) + _local_hours(scene, rng) - LOCAL_US
    earliest = world.period.opens_us + world.period.first_application_day * DAY_US
    user, scene, at = user[at >= earliest], scene[at >= earliest], at[at >= earliest]
    order = np.lexsort((at, user))
    user, scene, at = user[order], scene[order], at[order]
    return Orders(
        user=user,
        day=world.period.days_of(at),
        at=at,
        scene=scene,
        deposit_minor=_deposits(scene, rng),
        due_at=at + _durations(scene, rng),
        rank=ranks(user),
    )


def _scene(users: Users, chosen: Ints, user: Ints, rng: np.random.Generator) -> Ints:
    shares = scenes.column("share")
    usual = rng.choice(len(scenes.SCENES), len(user), p=shares / shares.sum())
    few = np.array([scenes.NAMES.index(name) for name in NEWCOMER_SCENES])
    return np.where(users.newcomer[chosen][user], few[usual % len(few)], usual)


def _local_hours(scene: Ints, rng: np.random.Generator) -> Ints:
    usual = scenes.column("hour")[scene] + 3.0 * rng.standard_normal(len(scene))
    return (np.clip(usual, 0.0, 23.9) * HOUR_US).astype(np.int64)


def _deposits(scene: Ints, rng: np.random.Generator) -> Ints:
    step = scenes.column("step_minor")[scene]
    spread = scenes.column("variety")[scene]
    amount = scenes.column("deposit_minor")[scene] * np.exp(
        spread * rng.standard_normal(len(scene))
    )
    return (np.maximum(np.round(amount / step), 1.0) * step).astype(np.int64)


def _durations(scene: Ints, rng: np.random.Generator) -> Ints:
    spread = scenes.column("spread")[scene]
    hours = scenes.column("hours")[scene] * np.exp(spread * rng.standard_normal(len(scene)))
    longest = LONGEST_DAYS * DAY_US
    return np.minimum(np.ceil(hours) * HOUR_US, longest).astype(np.int64)
