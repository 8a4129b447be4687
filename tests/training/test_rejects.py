"""Who was turned away, and what was known of them the day before they asked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.contract import DEPOSIT_WAIVER, MERCHANT_LOAN
from features.sources import open_history
from training.rows.applications import approved_at_random, turned_away, without_outcome
from training.rows.cohort import read_cohort
from training.rows.onset import days_to_bad
from training.rows.sample import Sample
from training.rows.split import AT_RANDOM, BY_TIME, Split
from training.unseen.rejects import rejected_applications

BY = datetime(2026, 6, 1, tzinfo=UTC)
ASKED = datetime(2026, 3, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)
INSTANTS = ("applied_at", "recorded_at", "observed_at", "matured_at", "opened_at", "due_at",
            "closed_at", "captured_at", "settled_at", "disbursed_at", "paid_at")  # fmt: skip


def _asks(name, outcome, product=MERCHANT_LOAN, **other):
    return {
        "application_id": name,
        "product": product,
        "entity_id": f"E{name}",
        "requested_minor": 1000,
        "term_days": 30,
        "applied_at": ASKED,
        "outcome": outcome,
        "recorded_at": ASKED,
    } | other


def _came(name, bad=0, product=MERCHANT_LOAN, **other):
    return {
        "product": product,
        "entity_id": f"E{name}",
        "reference_id": name,
        "observed_at": ASKED,
        "bad": bad,
        "matured_at": ASKED + 61 * DAY,
    } | other


def _write(folder: Path, **tables):
    for name, rows in tables.items():
        columns = {}
        for key in {key: None for row in rows for key in row}:
            kind = pa.timestamp("us", "UTC") if key in INSTANTS else None
            columns[key] = pa.array([row.get(key) for row in rows], kind)
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    return folder


def _turned_away(folder, product=MERCHANT_LOAN, by=BY):
    with open_history(folder) as history:
        return turned_away(history, product, by=by).column("reference_id").to_pylist()


def test_the_declined_and_those_left_in_review_are_turned_away(tmp_path):
    rows = [_asks(word, word) for word in ("approve", "refer", "decline", "approve_at_random")]
    _write(tmp_path, applications=rows)
    assert _turned_away(tmp_path) == ["decline", "refer"]


def test_the_last_answer_known_by_then_counts_and_the_first_request(tmp_path):
    later = {"recorded_at": ASKED + 5 * DAY, "requested_minor": 7}
    rows = [
        _asks("A", "refer"), _asks("A", "approve", **later),
        _asks("B", "approve"), _asks("B", "decline", **later),
    ]  # fmt: skip
    _write(tmp_path, applications=rows)
    assert _turned_away(tmp_path) == ["B"]
    assert _turned_away(tmp_path, by=ASKED + DAY) == ["A"]
    with open_history(tmp_path) as history:
        (found,) = turned_away(history, MERCHANT_LOAN, by=BY).to_pylist()
    assert found["amount_minor"] == 1000


def test_what_is_recorded_later_is_not_known(tmp_path):
    _write(tmp_path, applications=[_asks("A", "decline", recorded_at=BY + DAY)])
    assert _turned_away(tmp_path) == []


def test_one_product_is_not_the_other(tmp_path):
    _write(tmp_path, applications=[_asks("A", "decline"), _asks("W", "decline", DEPOSIT_WAIVER)])
    assert _turned_away(tmp_path) == ["A"]
    assert _turned_away(tmp_path, DEPOSIT_WAIVER) == ["W"]


def test_whoever_got_credit_after_all_was_not_turned_away(tmp_path):
    rows = [_asks(name, "refer") for name in ("A", "B", "C")]
    loan = {"loan_id": "L", "merchant_id": "EB", "principal_minor": 1, "term_days": 30,
            "disbursed_at": ASKED, "application_id": "B", "recorded_at": ASKED}  # fmt: skip
    _write(tmp_path, applications=rows, loans=[loan], outcomes=[_came("A")])
    assert _turned_away(tmp_path) == ["C"]


def _hold(name, application=None, **other):
    return {
        "hold_id": name,
        "user_id": f"E{name}",
        "scene": "bike",
        "deposit_minor": 100,
        "opened_at": ASKED,
        "due_at": ASKED + DAY,
        "application_id": application,
        "recorded_at": ASKED,
    } | other


def test_a_hold_says_which_application_it_answers(tmp_path):
    rows = [_asks(name, "refer", DEPOSIT_WAIVER) for name in ("A", "B")]
    _write(tmp_path, applications=rows, holds=[_hold("H1", "A")])
    assert _turned_away(tmp_path, DEPOSIT_WAIVER) == ["B"]


def test_approved_without_an_outcome_is_awaited_or_was_never_taken_up(tmp_path):
    rows = [_asks(name, "approve", DEPOSIT_WAIVER) for name in ("A", "B", "C")]
    holds = [_hold("H1", "A"), _hold("H2", "B")]
    _write(tmp_path, applications=rows, holds=holds,
           outcomes=[_came("H1", product=DEPOSIT_WAIVER)])  # fmt: skip
    with open_history(tmp_path) as history:
        silent = without_outcome(history, DEPOSIT_WAIVER, by=BY)["reference_id"].to_pylist()
    assert silent == ["B", "C"]
    (tmp_path / "outcomes.parquet").unlink()
    with open_history(tmp_path) as history:
        untaken = without_outcome(history, DEPOSIT_WAIVER, by=BY)["reference_id"].to_pylist()
    assert untaken == ["C"], "a hold's outcome is derived"


def test_approvals_at_random_are_known_by_the_reference_of_their_outcome(tmp_path):
    rows = [_asks("A", "approve_at_random", DEPOSIT_WAIVER), _asks("B", "approve", DEPOSIT_WAIVER)]
    _write(tmp_path, applications=rows, holds=[_hold("H1", "A"), _hold("H2", "B")])
    with open_history(tmp_path) as history:
        assert approved_at_random(history, DEPOSIT_WAIVER, by=BY) == {"A", "H1"}


@pytest.mark.parametrize("tables", [{}, {"applications": [_asks("A", "approve")]}])
def test_without_applications_nobody_is_known_to_be_turned_away(tmp_path, tables):
    _write(tmp_path, outcomes=[_came("A")], **tables)
    with open_history(tmp_path) as history:
        found = rejected_applications(history, MERCHANT_LOAN, by=BY, scratch=tmp_path / "s")
    assert found is None


def _users(folder: Path, *, later: bool) -> Path:
    """Two applicants with a bill each; `later` tells of more on the very day and after."""
    bill = {"bill_id": "1", "user_id": "EA", "due_on": ASKED.date() - 20 * DAY, "billed_minor": 900,
            "paid_minor": 900, "past_due_days": 3, "recorded_at": ASKED - 10 * DAY}  # fmt: skip
    bills = [bill, bill | {"bill_id": "2", "user_id": "EB"}]
    if later:
        first = ASKED.replace(hour=0)  # serving answers from the day before
        bills += [bill | {"bill_id": "3", "past_due_days": 300, "recorded_at": first}]
        bills += [bill | {"recorded_at": ASKED + DAY, "past_due_days": 300}]
    users = [{"user_id": name, "recorded_at": ASKED - 90 * DAY} for name in ("EA", "EB")]
    late = ASKED + 9 * DAY
    rows = [
        _asks("A", "decline", DEPOSIT_WAIVER),
        _asks("B", "decline", DEPOSIT_WAIVER, applied_at=late, recorded_at=late),
    ]
    return _write(folder, users=users, bills=bills, applications=rows)


def _rejected(folder: Path, scratch: Path):
    with open_history(folder) as history:
        return rejected_applications(history, DEPOSIT_WAIVER, by=BY, scratch=scratch)


@pytest.fixture(scope="module")
def rejected(tmp_path_factory):
    return _rejected(_users(tmp_path_factory.mktemp("users"), later=False),
                     tmp_path_factory.mktemp("scratch"))  # fmt: skip


def test_nothing_recorded_after_the_application_moves_its_features(rejected, tmp_path):
    told = _rejected(_users(tmp_path, later=True), tmp_path / "s")
    assert rejected.row_id.to_pylist() == told.row_id.to_pylist() == ["A", "B"]
    known = [name for name in rejected.table.column_names if rejected.table[name].null_count < 2]
    assert len(known) > 5, "there is something that could have moved"
    for name in rejected.table.column_names:
        assert rejected.table[name][0].equals(told.table[name][0]), name


def _split(method, at):
    return Split(method, at, np.arange(1), np.arange(1), np.arange(1))


def test_who_applied_after_the_split_teaches_nothing(rejected):
    sample = Sample((), pa.table({}), np.zeros(1), pa.array(["x"]), time=rejected.time[:1])
    before, after = rejected.divided(sample, _split(BY_TIME, "2026-03-05"))
    assert (before.entity.tolist(), after.entity.tolist()) == (["EA"], ["EB"])
    assert before.facts() == {
        "rejected": 1, "by_answer": {"decline": 1},
        "first": "2026-03-01T10:00:00", "last": "2026-03-01T10:00:00",
    }  # fmt: skip
    assert after.take(np.zeros(0, dtype=int)).facts()["first"] is None
    every, nobody = rejected.divided(sample, _split(AT_RANDOM, None))
    assert (len(every), len(nobody)) == (2, 0)


def test_the_day_that_a_bad_went_bad_is_found_for_given_and_for_derived_outcomes(tmp_path):
    captured = {"captured_at": ASKED + 4 * DAY, "captured_minor": 100, "unpaid_minor": 100}
    holds = [_hold("H1", recorded_at=ASKED), _hold("H1", recorded_at=ASKED + 4 * DAY, **captured),
             _hold("H2", recorded_at=ASKED + DAY, closed_at=ASKED + DAY)]  # fmt: skip
    given = [_came("H1", 1, DEPOSIT_WAIVER), _came("H2", 0, DEPOSIT_WAIVER),
             _came("H3", 1, DEPOSIT_WAIVER)]  # fmt: skip
    for tables in ({"holds": holds}, {"holds": holds, "outcomes": given}):
        folder = tmp_path / str(len(tables))
        folder.mkdir()
        _write(folder, **tables)
        with open_history(folder) as history:
            cohort = read_cohort(history, DEPOSIT_WAIVER, by=BY)
            days = days_to_bad(history, DEPOSIT_WAIVER, cohort, by=BY)
        told = dict(zip(cohort.table["reference_id"].to_pylist(), days, strict=True))
        assert told["H1"] == 34
        assert np.isnan([told[name] for name in told if name != "H1"]).all()


def test_a_loan_went_bad_at_its_first_late_instalment_or_when_it_was_broken(tmp_path):
    loan = {"loan_id": "L", "merchant_id": "M", "principal_minor": 900, "term_days": 60,
            "disbursed_at": ASKED, "status": "active", "recorded_at": ASKED}  # fmt: skip
    due = [{"repayment_id": str(days), "loan_id": "L", "due_on": (ASKED + days * DAY).date(),
            "due_minor": 300, "recorded_at": ASKED} for days in (20, 40)]  # fmt: skip
    ended = loan | {"status": "written_off", "recorded_at": ASKED + 10 * DAY}
    for name, loans, day in (("late", [loan], 51), ("broken", [loan, ended], 10)):
        folder = tmp_path / name
        folder.mkdir()
        _write(folder, loans=loans, repayments=due)
        with open_history(folder) as history:
            cohort = read_cohort(history, MERCHANT_LOAN, by=BY + 30 * DAY)
            found = days_to_bad(history, MERCHANT_LOAN, cohort, by=BY + 30 * DAY)
        assert found.tolist() == [day]


def test_no_day_is_known_without_loans_or_holds(tmp_path):
    _write(tmp_path, outcomes=[_came("A", 1)])
    with open_history(tmp_path) as history:
        cohort = read_cohort(history, MERCHANT_LOAN, by=BY)
        assert days_to_bad(history, MERCHANT_LOAN, cohort, by=BY) is None
