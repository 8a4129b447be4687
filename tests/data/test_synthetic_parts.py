"""Parts of the synthetic world that must hold for any draw."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.synthetic.borrowing import ranks, spread_out
from data.synthetic.columns import ids
from data.synthetic.instalments import BAD_EARLIEST, GOOD_LATEST, draw_schedules
from data.synthetic.merchants import draw_merchants
from data.synthetic.period import NEVER_DAY, period_of
from data.synthetic.plots import draw
from data.synthetic.scenarios import scenario_named
from data.synthetic.world import World, by_day, chunks
from data.synthetic.write import generate

TERMS = st.sampled_from([30, 60, 90, 180])
LOANS = st.lists(
    st.tuples(st.integers(1_000, 10**9), TERMS, st.booleans()), min_size=1, max_size=30
)


@given(loans=LOANS, seed=st.integers(0, 2**32))
def test_a_path_of_payments_agrees_with_its_outcome(
    loans: list[tuple[int, int, bool]], seed: int
) -> None:
    principal, term, bad = (np.array(column) for column in zip(*loans, strict=True))
    rng = np.random.default_rng(seed)
    paths = draw_schedules(
        lent=np.zeros(len(loans), dtype=np.int64),
        principal_minor=principal,
        apr=np.full(len(loans), 0.144),
        term_days=term,
        bad=bad,
        strain=rng.standard_normal(len(loans)),
        rng=rng,
    )
    exists = paths.due < NEVER_DAY
    late = np.where(exists, paths.paid - paths.due, -99)
    broken = (late >= BAD_EARLIEST).any(axis=1) | (paths.restructured < NEVER_DAY)
    assert (broken == bad).all()
    assert (late[~bad] <= GOOD_LATEST).all()
    assert (paths.restructured[bad] - term[bad] < 31)[paths.restructured[bad] < NEVER_DAY].all()
    assert (np.where(exists, paths.due, 0).max(axis=1) == term).all()
    assert ((paths.partial > paths.due) & (paths.partial < paths.paid))[
        paths.partial < NEVER_DAY
    ].all()
    assert (paths.due_minor.sum(axis=1) >= principal).all()
    assert (paths.due_minor[exists] > 0).all()


@given(months=st.integers(1, 60), end=st.dates(date(2017, 1, 1), date(2031, 12, 31)))
def test_applications_run_over_whole_months_after_half_a_year_of_payments(
    months: int, end: date
) -> None:
    period = period_of(months=months, end=end)
    assert period.first_application_day == 180
    assert period.start + timedelta(days=period.days - 1) == end
    length = (end - period.applications_from).days + 1
    assert 28 * months <= length <= 31 * months
    assert period.blocks * 30 > period.days + 1


@given(numbers=st.lists(st.integers(0, 10**9 - 1), min_size=1, max_size=20))
def test_ids_are_text_of_one_width(numbers: list[int]) -> None:
    found = ids("M", np.array(numbers), 9).to_pylist()
    assert found == [f"M{number:09d}" for number in numbers]


def test_an_id_that_is_missing_is_null() -> None:
    found = ids("U", np.array([3, -1]), 4, missing=np.array([False, True]))
    assert found.to_pylist() == ["U0003", None]


@given(entities=st.lists(st.integers(0, 5), max_size=40))
def test_ranks_count_within_an_entity(entities: list[int]) -> None:
    entity = np.array(sorted(entities), dtype=np.int64)
    seen: dict[int, int] = {}
    expected = []
    for value in entity.tolist():
        expected.append(seen.get(value, 0))
        seen[value] = seen.get(value, 0) + 1
    assert ranks(entity).tolist() == expected


def test_applications_of_one_entity_keep_their_distance() -> None:
    entity, day = np.array([0, 0, 0, 1, 1]), np.array([1, 3, 20, 20, 40])
    assert spread_out(entity, day, 5).tolist() == [True, False, True, True, True]


@pytest.mark.parametrize(("total", "size"), [(1, 4), (4, 4), (9, 4)])
def test_chunks_cover_everybody_once(total: int, size: int) -> None:
    assert [number for chunk in chunks(total, size) for number in chunk] == list(range(total))


def test_states_move_in_straight_lines_between_blocks() -> None:
    drawn = by_day(np.array([[0.0, 3.0, 3.0]]), 45)
    assert drawn[0, 10] == pytest.approx(1.0)
    assert drawn[0, 30] == pytest.approx(3.0)


def test_openings_balance_closings_and_ages_do_not_drift() -> None:
    period = period_of(months=24, end=date(2026, 6, 30))
    world = World(4_000, 1, period, 1, scenario_named("calm"), frozenset())
    merchants = draw_merchants(world, range(4_000), 0)
    for day in (0, period.days // 2, period.days - 1):
        here = (merchants.opened <= day) & (day < merchants.closed)
        age = day - merchants.opened[here]
        assert 0.72 < here.mean() < 0.82
        assert 1_500 < np.median(age) < 2_200


def test_the_pictures_of_the_docs_can_be_drawn_again(tmp_path: Path) -> None:
    generate(tmp_path / "world", merchants=150, users=800, months=9, end=date(2026, 6, 30), seed=1)
    pictures = draw(tmp_path / "world", tmp_path / "images")
    assert len(pictures) == 4
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
