"""Features equal a straightforward reading of the same rows, one entity and day at a time.

In the long form 10,000 random (entity, day) pairs of each world; a few hundred otherwise.
"""

import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from data.synthetic.write import generate
from features.catalogue import ENTITY_FEATURES
from features.sources import open_history
from features.spine import as_known
from tests.stand.feature_reference import REFERENCE
from tests.stand.feature_world import START, World

TOLERANCE = 1e-9
WORLD = World()
IDS = {"merchant": WORLD.merchant_ids, "user": WORLD.user_ids}
ENTITIES = ("merchant", "user")


def random_pairs(seed, ids, first, days, count):
    """Random entities, one that nobody knows among them, on random days."""
    rng = np.random.default_rng(seed)
    entities, days = rng.choice([*ids, "nobody"], count), rng.integers(0, days, count)
    return [
        (str(it), first + timedelta(days=int(day))) for it, day in zip(entities, days, strict=True)
    ]


def around(count, entity, seed=5):
    """Pairs of the made-up world from before its first row to long after its last."""
    before = START - timedelta(days=10)
    return random_pairs(seed, IDS[entity], before, WORLD.days + 230, count)


def spine_of(pairs):
    return pa.table({"entity_id": [it for it, _ in pairs], "as_of": [day for _, day in pairs]})


def same(got, want):
    if want is None or isinstance(want, str) or got is None:
        return got == want
    return math.isclose(got, float(want), rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def differences(entity, pairs, known, tables):
    reference = REFERENCE[entity](tables)
    columns = {feature.name: known[feature.name].to_pylist() for feature in ENTITY_FEATURES[entity]}
    for row, (entity_id, as_of) in enumerate(pairs):
        wanted = reference.values(entity_id, as_of)
        for name, values in columns.items():
            if not same(values[row], wanted.get(name)):
                yield entity_id, as_of, name, values[row], wanted.get(name)


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_feature_has_a_reference(entity):
    values = REFERENCE[entity](WORLD.tables(0)).values(IDS[entity][0], WORLD.last_day())
    assert set(values) == {feature.name for feature in ENTITY_FEATURES[entity]}


@pytest.mark.parametrize("entity", ENTITIES)
def test_values_equal_a_plain_reading_of_what_was_known(opened, entity, runs):
    tables = WORLD.tables(0)
    pairs = around(runs(full=10_000, short=150), entity)
    known = as_known(opened(tables), entity, spine_of(pairs))
    assert list(differences(entity, pairs, known, tables)) == []


@pytest.mark.parametrize("absent", ["payments", "loans", "repayments", "bills", "holds"])
def test_absent_tables_are_missing_in_both(opened, absent, runs):
    tables = {name: rows for name, rows in WORLD.tables(1).items() if name != absent}
    history = opened(tables)
    for entity in ENTITIES:
        pairs = around(runs(full=300, short=12), entity)
        known = as_known(history, entity, spine_of(pairs))
        assert list(differences(entity, pairs, known, tables)) == []


def read(folder, name):
    one = folder / f"{name}.parquet"
    return pd.read_parquet(one if one.exists() else folder / name)


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated") / "data"
    generate(folder, merchants=60, users=300, months=9, end=date(2026, 6, 30), seed=3)
    return folder


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_generated_world_reads_the_same(generated, tmp_path, entity, runs):
    names = ("merchants", "users", "payments", "loans", "repayments", "bills", "holds")
    tables = {name: read(generated, name) for name in names}
    ids = sorted(tables[f"{entity}s"][f"{entity}_id"].unique())
    pairs = random_pairs(9, ids, date(2025, 10, 1), 290, runs(full=10_000, short=60))
    with open_history(generated, scratch=tmp_path) as history:
        known = as_known(history, entity, spine_of(pairs))
    assert list(differences(entity, pairs, known, tables)) == []
