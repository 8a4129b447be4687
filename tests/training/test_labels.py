"""What bad means where histories alone are given, case by case."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from credit.errors import InputError
from features.sources import open_history
from training.rows.cohort import cut_off, read_cohort
from training.rows.labels import LoanLabel

LENT = datetime(2026, 1, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DUE = date(2026, 1, 31)


def _loan(recorded=LENT, status="active", term=30, **other):
    return {
        "loan_id": "L1",
        "merchant_id": "M1",
        "principal_minor": 1000,
        "term_days": term,
        "disbursed_at": LENT,
        "status": status,
        "application_id": "A1",
        "recorded_at": recorded,
    } | other


def _instalment(recorded, paid=None, paid_at=None, due=1000, **other):
    return {
        "repayment_id": "R1",
        "loan_id": "L1",
        "due_on": DUE,
        "due_minor": due,
        "paid_minor": paid,
        "paid_at": paid_at,
        "recorded_at": recorded,
    } | other


def _hold(recorded, **other):
    return {
        "hold_id": "H1",
        "user_id": "U1",
        "scene": "bike",
        "deposit_minor": 20_000,
        "opened_at": LENT,
        "due_at": LENT + timedelta(hours=30),
        "closed_at": None,
        "captured_at": None,
        "captured_minor": None,
        "unpaid_minor": None,
        "settled_at": None,
        "recorded_at": recorded,
    } | other


SCHEDULED = _instalment(LENT)
TYPES = {
    "paid_minor": pa.int64(),
    "paid_at": pa.timestamp("us", "UTC"),
    "closed_at": pa.timestamp("us", "UTC"),
    "captured_at": pa.timestamp("us", "UTC"),
    "settled_at": pa.timestamp("us", "UTC"),
    "captured_minor": pa.int64(),
    "unpaid_minor": pa.int64(),
}


def _write(folder: Path, **tables):
    for name, rows in tables.items():
        columns = {key: pa.array([row[key] for row in rows], TYPES.get(key)) for key in rows[0]}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet", coerce_timestamps="us")
    return folder


def _cohort(folder: Path, product: str, *, by=NOW, label=None):
    with open_history(folder) as history:
        return read_cohort(history, product, by=by, label=label)


def _loan_outcome(folder, loans, repayments, **asked):
    cohort = _cohort(_write(folder, loans=loans, repayments=repayments), MERCHANT_LOAN, **asked)
    return cohort.table.to_pylist()[0]


def _paid(day, paid, recorded=None):
    at = datetime(2026, 1, 31, tzinfo=UTC) + timedelta(days=day, hours=9)
    return _instalment(recorded or at + timedelta(hours=1), paid, at)


@pytest.mark.parametrize(
    ("versions", "bad"),
    [
        ([SCHEDULED, _paid(0, 1000)], 0),
        ([SCHEDULED, _paid(30, 1000)], 0),
        ([SCHEDULED, _paid(31, 1000)], 1),
        ([SCHEDULED], 1),
        ([SCHEDULED, _paid(2, 990)], 0),
        ([SCHEDULED, _paid(2, 989)], 1),
        ([SCHEDULED, _paid(2, 400), _paid(29, 1000)], 0),
        ([SCHEDULED, _paid(2, 400), _paid(40, 1000)], 1),
    ],
    ids=[
        "paid on the day",
        "paid 30 days late",
        "paid 31 days late",
        "never paid",
        "one percent short",
        "more than one percent short",
        "in two parts in time",
        "second part too late",
    ],
)
def test_a_loan_is_bad_when_thirty_days_pass_with_more_than_a_hundredth_short(
    tmp_path, versions, bad
):
    outcome = _loan_outcome(tmp_path, [_loan()], versions)
    assert outcome["bad"] == bad
    assert outcome["reference_id"] == "A1"
    assert outcome["observed_at"].replace(tzinfo=UTC) == LENT
    matured = outcome["matured_at"].replace(tzinfo=UTC)
    assert matured == LENT + timedelta(days=61), "goods and bads ripen alike"


def test_a_payment_recorded_late_still_counts_on_its_day(tmp_path):
    late_news = _paid(3, 1000, recorded=datetime(2026, 5, 1, tzinfo=UTC))
    assert _loan_outcome(tmp_path, [_loan()], [SCHEDULED, late_news])["bad"] == 0


def test_a_payment_taken_back_later_does_not_count(tmp_path):
    taken_back = _instalment(datetime(2026, 5, 1, tzinfo=UTC), 0)
    versions = [SCHEDULED, _paid(0, 1000), taken_back]
    assert _loan_outcome(tmp_path, [_loan()], versions)["bad"] == 1


def test_what_is_recorded_after_the_cut_off_is_not_known(tmp_path):
    late_news = _paid(3, 1000, recorded=datetime(2026, 5, 1, tzinfo=UTC))
    by = datetime(2026, 4, 1, tzinfo=UTC)
    assert _loan_outcome(tmp_path, [_loan()], [SCHEDULED, late_news], by=by)["bad"] == 1


@pytest.mark.parametrize(
    ("status", "bad"), [("written_off", 1), ("restructured", 1), ("closed", 0)]
)
def test_a_broken_loan_is_bad_within_its_window_alone(tmp_path, status, bad):
    paid = [SCHEDULED, _paid(0, 1000)]
    early = [_loan(), _loan(LENT + timedelta(days=40), status)]
    assert _loan_outcome(tmp_path, early, paid)["bad"] == bad
    late = [_loan(), _loan(LENT + timedelta(days=90), status)]
    assert _loan_outcome(tmp_path, late, paid)["bad"] == 0


def test_a_term_rewritten_later_moves_neither_request_nor_window(tmp_path):
    rewritten = [_loan(), _loan(LENT + timedelta(days=20), "closed", term=7, principal_minor=9)]
    outcome = _loan_outcome(tmp_path, rewritten, [SCHEDULED, _paid(0, 1000)])
    assert (outcome["term_days"], outcome["amount_minor"]) == (30, 1000)
    assert outcome["matured_at"].replace(tzinfo=UTC) == LENT + timedelta(days=61)


def test_the_decision_is_observed_when_it_was_applied_for(tmp_path):
    asked = LENT - timedelta(hours=5)
    application = {
        "application_id": "A1",
        "product": MERCHANT_LOAN,
        "entity_id": "M1",
        "requested_minor": 1000,
        "applied_at": asked,
        "outcome": "approve",
        "recorded_at": asked,
    }
    _write(tmp_path, applications=[application])
    outcome = _loan_outcome(tmp_path, [_loan()], [SCHEDULED, _paid(0, 1000)])
    assert outcome["observed_at"].replace(tzinfo=UTC) == asked


def test_cancelled_loans_and_green_ones_are_left_out_and_counted(tmp_path):
    loans = [
        _loan(),
        _loan(loan_id="L2", status="cancelled"),
        _loan(
            loan_id="L3",
            disbursed_at=datetime(2026, 5, 20, tzinfo=UTC),
            recorded=datetime(2026, 5, 20, tzinfo=UTC),
        ),
        _loan(loan_id="L4"),
    ]
    folder = _write(tmp_path, loans=loans, repayments=[SCHEDULED])
    cohort = _cohort(folder, MERCHANT_LOAN)
    assert cohort.table.num_rows == 1
    assert cohort.left_out == {"cancelled": 1, "no instalments": 1, "not matured": 1}


def test_the_definition_can_be_changed_and_is_told(tmp_path):
    folder = _write(tmp_path, loans=[_loan()], repayments=[SCHEDULED, _paid(10, 1000)])
    strict = LoanLabel(late_days=7)
    cohort = _cohort(folder, MERCHANT_LOAN, label=strict)
    assert cohort.table["bad"].to_pylist() == [1]
    assert cohort.label["late_days"] == 7
    assert "written off" in cohort.label["definition"]


CAPTURE = LENT + timedelta(days=3)


@pytest.mark.parametrize(
    ("later", "bad"),
    [
        ([_hold(CAPTURE, closed_at=CAPTURE)], 0),
        ([_hold(CAPTURE, captured_at=CAPTURE, captured_minor=500, unpaid_minor=500)], 1),
        ([_hold(CAPTURE, captured_at=CAPTURE, captured_minor=500, unpaid_minor=0)], 0),
        (
            [
                _hold(CAPTURE, captured_at=CAPTURE, captured_minor=500, unpaid_minor=500),
                _hold(
                    CAPTURE + timedelta(days=29),
                    captured_at=CAPTURE,
                    captured_minor=500,
                    unpaid_minor=0,
                    settled_at=CAPTURE + timedelta(days=29),
                ),
            ],
            0,
        ),
        (
            [
                _hold(CAPTURE, captured_at=CAPTURE, captured_minor=500, unpaid_minor=500),
                _hold(
                    CAPTURE + timedelta(days=31),
                    captured_at=CAPTURE,
                    captured_minor=500,
                    unpaid_minor=0,
                    settled_at=CAPTURE + timedelta(days=31),
                ),
            ],
            1,
        ),
    ],
    ids=["returned", "unpaid", "paid at once", "paid in time", "paid too late"],
)
def test_a_waiver_is_bad_when_a_capture_is_unpaid_after_thirty_days(tmp_path, later, bad):
    cohort = _cohort(_write(tmp_path, holds=[_hold(LENT), *later]), DEPOSIT_WAIVER)
    outcome = cohort.table.to_pylist()[0]
    assert (outcome["bad"], outcome["term_days"], outcome["reference_id"]) == (bad, 2, "H1")


def test_a_hold_neither_returned_nor_captured_is_left_out_and_counted(tmp_path):
    other = _hold(LENT, hold_id="H2")
    folder = _write(tmp_path, holds=[_hold(LENT), _hold(CAPTURE, closed_at=CAPTURE), other])
    cohort = _cohort(folder, DEPOSIT_WAIVER)
    assert cohort.table["reference_id"].to_pylist() == ["H1"]
    assert cohort.left_out == {"indeterminate": 1}


def test_given_outcomes_count_when_matured(tmp_path):
    row = {
        "product": DEPOSIT_WAIVER,
        "entity_id": "U1",
        "reference_id": "W1",
        "observed_at": LENT,
        "bad": 1,
        "matured_at": datetime(2026, 5, 1, tzinfo=UTC),
    }
    rows = [row, row | {"reference_id": "W2", "matured_at": datetime(2026, 7, 1, tzinfo=UTC)}]
    folder = _write(tmp_path, outcomes=rows)
    cohort = _cohort(folder, DEPOSIT_WAIVER)
    assert cohort.table["reference_id"].to_pylist() == ["W1"]
    assert cohort.left_out == {"not matured": 1}
    with pytest.raises(InputError, match="matured by 2026-02-01"):
        _cohort(folder, DEPOSIT_WAIVER, by=datetime(2026, 2, 1, tzinfo=UTC))


def test_an_outcome_need_not_repeat_what_was_asked(tmp_path):
    outcome = {
        "product": DEPOSIT_WAIVER,
        "entity_id": "U1",
        "reference_id": "H1",
        "observed_at": LENT,
        "bad": 0,
        "matured_at": datetime(2026, 5, 1, tzinfo=UTC),
    }
    longer = _hold(CAPTURE, due_at=CAPTURE, deposit_minor=7, scene="hotel")
    folder = _write(tmp_path, outcomes=[outcome], holds=[_hold(LENT), longer])
    (row,) = _cohort(folder, DEPOSIT_WAIVER).table.to_pylist()
    assert (row["scene"], row["amount_minor"], row["term_days"]) == ("bike", 20_000, 2)


def test_without_outcomes_or_loans_the_mend_is_named(tmp_path):
    folder = _write(tmp_path, holds=[_hold(LENT)])
    with pytest.raises(InputError, match="neither outcomes nor loans"):
        _cohort(folder, MERCHANT_LOAN)


def test_a_day_as_cut_off_counts_to_its_end():
    assert cut_off(date(2026, 3, 1), NOW) == datetime(2026, 3, 2, tzinfo=UTC) - timedelta(
        microseconds=1
    )
    assert cut_off(None, NOW) == NOW


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    from data.synthetic.write import generate

    folder = tmp_path_factory.mktemp("world") / "histories"
    generate(folder, merchants=150, users=600, months=9, end=date(2026, 6, 30), seed=3)
    return folder


@pytest.mark.parametrize("product", [MERCHANT_LOAN, DEPOSIT_WAIVER])
def test_derived_outcomes_are_those_that_a_world_was_made_with(world, tmp_path, product):
    bare = tmp_path / "bare"
    shutil.copytree(world, bare)
    (bare / "outcomes.parquet").unlink()
    given = _cohort(world, product, by=datetime(2026, 7, 1, tzinfo=UTC)).table
    derived = _cohort(bare, product, by=datetime(2026, 7, 1, tzinfo=UTC)).table
    assert given.num_rows > 100
    assert sum(given["bad"].to_pylist()) > 0
    assert derived.to_pylist() == given.to_pylist()
