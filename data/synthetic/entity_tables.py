"""Merchants, users and what only the evaluation of fairness may read, as rows of the contract."""

import numpy as np
import pyarrow as pa

from data.synthetic.columns import days, ids, instants, names, schema, table, whole
from data.synthetic.industries import INDUSTRIES
from data.synthetic.merchants import PARTNERS, Merchants
from data.synthetic.period import HOUR_US, NEVER_DAY, Flags, Ints
from data.synthetic.users import Users
from data.synthetic.world import World

AGE_BANDS = ("18-29", "30-44", "45-59", "60+")
AGE_EDGES = (30, 45, 60)
ATTRIBUTES = ("gender", "age_band")
GENDERS = ("male", "female")
RECORDED_AFTER_US = 16 * HOUR_US
MOVED_EVERY = 50  # one merchant in so many turns out to be in another tier of city


def merchant_tables(world: World, merchants: Merchants) -> dict[str, pa.Table]:
    """The chunk's merchants known at the period's end, and their protected attributes."""
    first = np.arange(merchants.count)
    moved = np.flatnonzero(merchants.numbers % MOVED_EVERY == 1)
    place = np.concatenate([first, moved])
    second = np.arange(len(place)) >= merchants.count
    recorded = world.period.instants(merchants.joined[place] + 90 * second) + RECORDED_AFTER_US
    known = recorded < world.period.closes_us
    place, second, recorded = place[known], second[known], recorded[known]
    tier = merchants.tier[place] + np.where(second, np.where(merchants.tier[place] > 1, -1, 1), 0)
    industry_names = [industry.name for industry in INDUSTRIES]
    columns = {
        "merchant_id": ids("M", merchants.numbers[place], 7),
        "opened_on": days(merchants.opened[place], world.period.start_epoch_day),
        "industry": names(merchants.industry[place], industry_names),
        "city_tier": whole(tier),
        "partner_id": names(merchants.partner[place], PARTNERS),
        "recorded_at": instants(recorded),
    }
    there = np.unique(place)
    protected = _protected(
        "M", 7, merchants.numbers[there], merchants.woman[there], merchants.age[there]
    )
    return {"merchants": table(schema("merchants"), columns), "protected": protected}


def user_tables(world: World, users: Users, chosen: Ints) -> dict[str, pa.Table]:
    """The chunk's users known at the period's end, and their protected attributes."""
    grows = users.line_grows[chosen]
    raised = (users.line_minor[chosen] > 0) & (grows > users.registered[chosen])
    place = np.concatenate([np.arange(len(chosen)), np.flatnonzero(raised)])
    second = np.arange(len(place)) >= len(chosen)
    from_day = np.where(second, grows[place], users.registered[chosen][place])
    recorded = world.period.instants(from_day) + RECORDED_AFTER_US
    known = (recorded < world.period.closes_us) & (from_day < NEVER_DAY)
    place, second, recorded = place[known], second[known], recorded[known]
    line = users.line_minor[chosen][place]
    line = np.where(second | (grows[place] <= users.registered[chosen][place]), line * 3 // 2, line)
    columns = {
        "user_id": ids("U", chosen[place], 8),
        "registered_on": days(users.registered[chosen][place], world.period.start_epoch_day),
        "credit_line_minor": whole(np.where(line > 0, line, -1)),
        "recorded_at": instants(recorded),
    }
    there = np.unique(place)
    protected = _protected(
        "U", 8, chosen[there], users.woman[chosen][there], users.age[chosen][there]
    )
    return {"users": table(schema("users"), columns), "protected": protected}


def _protected(prefix: str, width: int, numbers: Ints, woman: Flags, age: Ints) -> pa.Table:
    """Drawn apart from everything else: in this world nobody's risk depends on them."""
    entity = np.repeat(numbers, len(ATTRIBUTES))
    attribute = np.tile(np.arange(len(ATTRIBUTES)), len(numbers))
    band = np.digitize(age, AGE_EDGES)
    value = np.stack([woman.astype(np.int64), len(GENDERS) + band], axis=1).ravel()
    columns = {
        "entity_id": ids(prefix, entity, width),
        "attribute": names(attribute, ATTRIBUTES),
        "value": names(value, GENDERS + AGE_BANDS),
    }
    return table(schema("protected"), columns)
