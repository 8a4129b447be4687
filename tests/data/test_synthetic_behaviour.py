"""The world behaves like one: seasons, tails, risk that shows, and stories that come true."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from data.synthetic.write import generate

END = date(2026, 6, 30)
TURN = "TIMESTAMP '2026-02-05'"  # six tenths of the year of applications have passed


class World:
    """A small generated world and questions to it."""

    def __init__(self, folder: Path) -> None:
        self.connection = duckdb.connect()
        views = {"payments": "payments/*.parquet", "truth": "truth/outcomes.parquet"}
        names = ("merchants", "users", "applications", "outcomes", "bills", "holds")
        for name, files in (views | {name: f"{name}.parquet" for name in names}).items():
            source = f"read_parquet('{folder / files}')"
            self.connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {source}")

    def one(self, query: str) -> Any:
        return self.connection.execute(query).fetchall()[0][0]

    def columns(self, query: str) -> dict[str, np.ndarray]:
        return self.connection.execute(query).fetchnumpy()


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("stories")
    made: dict[str, World] = {}

    def world(scenario: str, *faults: str) -> World:
        name = "-".join((scenario, *faults))
        if name not in made:
            generate(
                folder / name,
                merchants=500,
                users=4_000,
                months=12,
                end=END,
                seed=2,
                scenario=scenario,
                faults=faults,
            )
            made[name] = World(folder / name)
        return made[name]

    return world


def test_restaurants_live_by_the_weekend_and_clinics_by_the_week(worlds: Any) -> None:
    rows = worlds("calm").columns(
        "SELECT industry, avg((isodow(occurred_at + INTERVAL 8 HOUR) > 5)::INT) AS weekend"
        " FROM payments JOIN merchants USING (merchant_id) WHERE kind = 'payment' GROUP BY 1"
    )
    weekend = dict(zip(rows["industry"], rows["weekend"], strict=True))
    assert weekend["restaurant"] > 2 / 7 > weekend["clinic"]


def test_schools_rest_at_spring_festival(worlds: Any) -> None:
    taken = (
        "SELECT count(*) FROM payments JOIN merchants USING (merchant_id) WHERE kind = 'payment'"
        " AND industry = 'education' AND occurred_at BETWEEN DATE '{}' AND DATE '{}'"
    )
    feast = worlds("calm").one(taken.format("2026-02-16", "2026-02-24"))
    usual = worlds("calm").one(taken.format("2026-03-16", "2026-03-24"))
    assert feast < 0.6 * usual


def test_few_merchants_take_most_of_the_money(worlds: Any) -> None:
    taken = worlds("calm").columns(
        "SELECT sum(amount_minor) AS taken FROM payments WHERE kind = 'payment'"
        " GROUP BY merchant_id ORDER BY 1 DESC"
    )["taken"]
    assert taken[: len(taken) // 10].sum() > 0.4 * taken.sum()


def test_people_come_back_and_go_to_several_shops(worlds: Any) -> None:
    found = worlds("calm").columns(
        "SELECT count(*) AS payments, count(DISTINCT merchant_id) AS shops FROM payments"
        " WHERE user_id IS NOT NULL GROUP BY user_id"
    )
    assert np.median(found["payments"]) > 10
    assert 1.02 * found["shops"].sum() < found["payments"].sum()
    assert np.median(found["shops"]) > 3


def test_calm_trade_neither_grows_nor_shrinks(worlds: Any) -> None:
    halves = worlds("calm").columns(
        "SELECT year(occurred_at) AS y, count(*) AS n FROM payments WHERE kind = 'payment'"
        " AND month(occurred_at) BETWEEN 3 AND 6 GROUP BY 1 ORDER BY 1"
    )["n"]
    assert 0.85 < halves[1] / halves[0] < 1.18


def test_the_past_of_those_who_fail_looks_worse(worlds: Any) -> None:
    """Latent health shows: among later bads refunds had been more, trade had been falling."""
    found = worlds("calm").columns(
        """
        SELECT t.probability > 0.2 AS risky,
            sum(p.amount_minor) FILTER (kind = 'refund') AS back,
            sum(p.amount_minor) FILTER (kind = 'payment') AS taken
        FROM applications a JOIN truth t ON t.reference_id = a.application_id
        JOIN payments p ON p.merchant_id = a.entity_id
            AND p.recorded_at < date_trunc('day', a.applied_at)
            AND p.occurred_at > a.applied_at - INTERVAL 90 DAY
        WHERE a.product = 'merchant-loan' GROUP BY 1 ORDER BY 1
        """
    )
    share = found["back"] / found["taken"]
    assert share[1] > 1.3 * share[0]


@pytest.mark.parametrize("product", ["merchant-loan", "deposit-waiver"])
def test_outcomes_come_true_as_often_as_truth_says(worlds: Any, product: str) -> None:
    found = worlds("calm").columns(
        "SELECT probability, bad FROM outcomes JOIN truth USING (product, reference_id)"
        f" WHERE product = '{product}'"
    )
    told, came = found["probability"], found["bad"]
    error = np.sqrt((told * (1 - told)).sum())
    assert abs(came.sum() - told.sum()) < 4 * error
    order = np.argsort(told)
    riskier = order[len(order) // 2 :]
    assert came[riskier].sum() > 0.7 * came.sum()


def test_the_past_declined_mostly_the_riskier(worlds: Any) -> None:
    found = worlds("calm").columns(
        "SELECT outcome, avg(probability) AS p FROM applications JOIN truth"
        " ON reference_id = application_id WHERE applications.product = 'merchant-loan' GROUP BY 1"
    )
    risk = dict(zip(found["outcome"], found["p"], strict=True))
    assert risk["approve"] < risk["refer"]
    assert risk["approve"] < risk["approve_at_random"] < risk["decline"]


def _risk_after_the_turn(world: World, product: str) -> float:
    return world.one(
        "SELECT avg(probability) FROM applications JOIN truth ON reference_id = application_id"
        f" WHERE truth.product = '{product}' AND applied_at > {TURN} + INTERVAL 60 DAY"
    )


@pytest.mark.parametrize("product", ["merchant-loan", "deposit-waiver"])
def test_a_downturn_doubles_risk_and_a_festival_leaves_it(worlds: Any, product: str) -> None:
    calm = _risk_after_the_turn(worlds("calm"), product)
    assert _risk_after_the_turn(worlds("downturn"), product) > 1.7 * calm
    assert 0.85 < _risk_after_the_turn(worlds("festival"), product) / calm < 1.2


def test_a_downturn_is_calm_before_its_date(worlds: Any) -> None:
    before = (
        "SELECT avg(probability) FROM applications JOIN truth ON reference_id = application_id"
        f" WHERE applied_at < {TURN}"
    )
    assert worlds("downturn").one(before) == pytest.approx(worlds("calm").one(before), rel=0.2)


def test_a_festival_doubles_trade_for_four_weeks(worlds: Any) -> None:
    taken = (
        "SELECT count(*) FROM payments WHERE kind = 'payment' AND occurred_at BETWEEN"
        f" {TURN} + INTERVAL 1 DAY AND {TURN} + INTERVAL 27 DAY"
    )
    assert worlds("festival").one(taken) > 1.8 * worlds("calm").one(taken)


def test_a_ring_trades_in_round_amounts_with_few_payers_and_defaults(worlds: Any) -> None:
    world = worlds("wash-trading")
    ring = world.columns(
        f"""
        SELECT merchant_id FROM payments WHERE kind = 'payment' AND occurred_at > {TURN}
        GROUP BY 1 HAVING avg((amount_minor % 50000 = 0)::INT) > 0.5
            AND count(*) > 3 * count(DISTINCT user_id)
        """
    )["merchant_id"]
    assert len(ring) >= 5
    names = ", ".join(f"'{name}'" for name in ring)
    of_ring = f"entity_id IN ({names}) AND observed_at > {TURN} + INTERVAL 40 DAY"
    assert world.one(f"SELECT avg(bad) FROM outcomes WHERE {of_ring}") > 0.5


def test_a_silent_partner_is_heard_until_the_date_only(worlds: Any) -> None:
    world = worlds("broken-feed")
    late = (
        "SELECT count(*) FROM payments JOIN merchants USING (merchant_id) WHERE partner_id ="
        f" 'acquirer-b' AND occurred_at {{}} {TURN}"
    )
    assert world.one(late.format(">=")) == 0
    assert world.one(late.format("<")) > 1_000
    assert worlds("calm").one(late.format(">=")) > 1_000


def test_a_new_partner_brings_other_merchants_from_the_date(worlds: Any) -> None:
    world = worlds("new-partner")
    first = world.one(
        "SELECT min(occurred_at) FROM payments JOIN merchants USING (merchant_id)"
        " WHERE partner_id = 'acquirer-new'"
    )
    assert first.date() > date(2026, 2, 4)
    assert world.one("SELECT min(city_tier) FROM merchants WHERE partner_id = 'acquirer-new'") >= 3
    assert world.one("SELECT count(*) FROM applications WHERE partner_id = 'acquirer-new'") > 10
    assert worlds("calm").one("SELECT count(*) FROM merchants WHERE partner_id LIKE '%new'") == 0


def test_duplicates_are_the_same_row_again(worlds: Any) -> None:
    world = worlds("calm", "duplicates")
    rows = world.one("SELECT count(*) FROM payments")
    once = world.one("SELECT count(*) FROM (SELECT DISTINCT * FROM payments)")
    assert 0.005 < (rows - once) / once < 0.02
    assert once == worlds("calm").one("SELECT count(*) FROM payments")


def test_a_missing_feed_can_be_ordered_with_any_scenario(worlds: Any) -> None:
    assert worlds("calm", "missing-feed").one("SELECT count(*) FROM payments") == (
        worlds("broken-feed").one("SELECT count(*) FROM payments")
    )
