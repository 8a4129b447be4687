"""Two hundred random edits of rows that were recorded after a time move no value of that time."""

from collections import Counter
from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest

from features.catalogue import ENTITY_FEATURES
from features.spine import as_known
from tests.stand.feature_world import START, World
from tests.stand.later_edits import LaterEdits

WORLD = World(merchants=10, users=10, payments=900)
CUT = START + timedelta(days=300)
TIME = pd.Timestamp(CUT + timedelta(days=1))  # as of CUT, what is recorded from now on counts not
EDITS = 200
IDS = {"merchant": WORLD.merchant_ids, "user": WORLD.user_ids}


def values(history, entity):
    """Everybody's, as of the day itself and as of a week and a half year before."""
    days = [CUT, CUT - timedelta(days=7), CUT - timedelta(days=180)]
    spine = {"entity_id": IDS[entity] * len(days)}
    spine["as_of"] = [day for day in days for _ in IDS[entity]]
    return as_known(history, entity, pa.table(spine))


def moved(before, after, entity):
    return sum(
        repr(one) != repr(other)
        for feature in ENTITY_FEATURES[entity]
        for one, other in zip(
            before[feature.name].to_pylist(), after[feature.name].to_pylist(), strict=True
        )
    )


@pytest.mark.parametrize("entity", ["merchant", "user"])
def test_two_hundred_edits_of_later_rows_move_nothing(opened, entity, runs):
    """All of them at once, and in the long form after every ten, too."""
    edits = LaterEdits(WORLD.tables(31), TIME, seed=3)
    before = values(opened(edits.tables), entity)
    done, step = Counter(), runs(full=10, short=EDITS)
    for number in range(1, EDITS + 1):
        done[edits.edit().what.split()[0]] += 1
        if number % step == 0:
            after = values(opened(edits.tables), entity)
            assert moved(before, after, entity) == 0, number
    assert done.total() == EDITS
    assert set(done) == {"delete", "duplicate", "add", "correct", "change"}
    assert any(column.null_count < len(column) for column in before.columns[2:])


@pytest.mark.parametrize("entity", ["merchant", "user"])
def test_the_same_edits_of_earlier_rows_do_move_values(opened, entity):
    """What the test above would see, were an edit of a known row possible."""
    edits = LaterEdits(WORLD.tables(31), TIME - pd.Timedelta(days=40), seed=3)
    before = values(opened(edits.tables), entity)
    for _ in range(EDITS):
        edits.edit()
    assert moved(before, values(opened(edits.tables), entity), entity) > 0
