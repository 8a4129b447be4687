"""A synthetic world keeps the data contract, and nothing in it is known before its time."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from credit.contract import TABLES
from data.check import check
from data.synthetic.scenarios import SCENARIOS
from data.synthetic.write import generate

END = date(2026, 6, 30)
MIDNIGHT = pd.Timestamp(END) + pd.Timedelta(days=1)
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synthetic") / "world"
    generate(out, merchants=200, users=1_000, months=12, end=END, seed=11)
    return out


def _table(world: Path, name: str) -> pd.DataFrame:
    folder = world / name
    return pd.read_parquet(folder if folder.is_dir() else world / f"{name}.parquet")


def _latest(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    return rows.sort_values([key, "recorded_at"]).groupby(key).tail(1).set_index(key)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_keeps_the_contract_without_a_warning(tmp_path: Path, scenario: str) -> None:
    out = tmp_path / "world"
    faults = ("duplicates",) if scenario == "calm" else ()
    generate(
        out, merchants=130, users=700, months=9, end=END, seed=3, scenario=scenario, faults=faults
    )
    report = check(out, now=NOW)
    assert not report.violations, "\n".join(report.lines())
    assert "clean, 0 warnings" in list(report.lines())[-1]


def test_every_table_of_the_contract_is_there_with_rows(world: Path) -> None:
    for table in TABLES:
        rows = _table(world, table.name)
        assert list(rows.columns) == list(table.names)
        assert len(rows) > 0


def test_nothing_is_recorded_after_the_end(world: Path) -> None:
    for table in TABLES:
        rows = _table(world, table.name)
        if table.versioned:
            assert rows["recorded_at"].max() < MIDNIGHT, table.name
            happened = [column.name for column in table.columns if column.happens]
            for name in happened:
                assert pd.to_datetime(rows[name]).max() < MIDNIGHT, f"{table.name}.{name}"
    assert _table(world, "outcomes")["matured_at"].max() <= MIDNIGHT


def test_payments_reach_the_last_hours_of_the_last_day(world: Path) -> None:
    assert _table(world, "payments")["occurred_at"].max() > MIDNIGHT - pd.Timedelta(hours=12)


def test_payments_begin_half_a_year_before_the_first_application(world: Path) -> None:
    first_payment = _table(world, "payments")["occurred_at"].min()
    first_application = _table(world, "applications")["applied_at"].min()
    assert first_application >= pd.Timestamp(2025, 7, 1)
    assert timedelta(days=175) < first_application - first_payment < timedelta(days=190)


def test_refunds_and_chargebacks_refer_to_earlier_payments_of_the_same_merchant(
    world: Path,
) -> None:
    rows = _table(world, "payments").drop_duplicates("payment_id").set_index("payment_id")
    back = rows[rows["kind"].isin(["refund", "chargeback"])]
    origin = rows.loc[back["refers_to"]]
    assert set(back["kind"]) == {"refund", "chargeback"}
    assert (origin["kind"] == "payment").all()
    assert (origin["merchant_id"].to_numpy() == back["merchant_id"].to_numpy()).all()
    assert (origin["occurred_at"].to_numpy() < back["occurred_at"].to_numpy()).all()
    assert (origin["recorded_at"].to_numpy() < back["recorded_at"].to_numpy()).all()
    assert (back["amount_minor"].to_numpy() <= origin["amount_minor"].to_numpy()).all()


def test_nobody_pays_before_registering_or_in_a_shop_not_yet_open(world: Path) -> None:
    rows = _table(world, "payments")
    opened = _latest(_table(world, "merchants"), "merchant_id")["opened_on"]
    registered = _latest(_table(world, "users"), "user_id")["registered_on"]
    assert (pd.to_datetime(rows["merchant_id"].map(opened)) <= rows["occurred_at"]).all()
    named = rows.dropna(subset="user_id")
    assert (pd.to_datetime(named["user_id"].map(registered)) <= named["occurred_at"]).all()


def test_some_payments_arrive_days_late_and_some_are_corrected(world: Path) -> None:
    rows = _table(world, "payments")
    first = rows.sort_values("recorded_at").drop_duplicates("payment_id")
    delay = first["recorded_at"] - first["occurred_at"]
    assert delay.median() < pd.Timedelta(minutes=2)
    assert 0.005 < (delay > pd.Timedelta(hours=12)).mean() < 0.03
    versions = rows.groupby("payment_id")["amount_minor"].agg(["size", "nunique"])
    assert 0.001 < (versions["size"] == 2).mean() < 0.006
    assert (versions["nunique"] == versions["size"]).mean() > 0.999


def test_only_approvals_become_loans_and_holds(world: Path) -> None:
    applications = _table(world, "applications").set_index("application_id")
    approvals = applications[applications["outcome"].isin(["approve", "approve_at_random"])]
    booked = set(_table(world, "loans")["application_id"])
    booked |= set(_table(world, "holds")["application_id"])
    assert booked <= set(approvals.index)
    assert len(booked) > 0.99 * len(approvals)
    assert set(_table(world, "outcomes")["reference_id"]) <= booked
    declined = applications[applications["outcome"] == "decline"]
    assert 0.03 < len(declined) / len(applications) < 0.4


def test_two_in_a_hundred_are_approved_at_random(world: Path) -> None:
    outcome = _table(world, "applications")["outcome"]
    assert 0.01 < (outcome == "approve_at_random").mean() < 0.03


def test_truth_covers_every_application(world: Path) -> None:
    truth = pd.read_parquet(world / "truth" / "outcomes.parquet")
    applications = _table(world, "applications")
    assert sorted(truth["reference_id"]) == sorted(applications["application_id"])
    assert truth["probability"].between(0, 1, inclusive="neither").all()


def _loan_outcomes(world: Path) -> pd.DataFrame:
    """The contract's default label, straight from its words."""
    loans = _table(world, "loans")
    window = loans["term_days"].clip(upper=360) + 31
    loans["matured_at"] = loans["disbursed_at"] + pd.to_timedelta(window, unit="D")
    ended = loans["status"].isin(["written_off", "restructured"])
    ended &= loans["recorded_at"] <= loans["matured_at"]
    repayments = _table(world, "repayments")
    deadline = pd.to_datetime(repayments["due_on"]) + pd.Timedelta(days=31)
    in_time = repayments["paid_at"].fillna(repayments["recorded_at"]) < deadline
    paid = repayments["paid_minor"].where(in_time, 0)
    best = paid.groupby(repayments["repayment_id"]).max()
    instalments = repayments.drop_duplicates("repayment_id").set_index("repayment_id")
    short = instalments["due_minor"] - best > 0.01 * instalments["due_minor"]
    late = short.groupby(instalments["loan_id"]).any()
    bad = loans.groupby("loan_id").agg(matured_at=("matured_at", "min"))
    bad["reference_id"] = loans.groupby("loan_id")["application_id"].first()
    bad["bad"] = (late | ended.groupby(loans["loan_id"]).any()).astype("int64")
    return bad[bad["matured_at"] <= MIDNIGHT].set_index("reference_id").sort_index()


def test_outcomes_of_loans_are_what_the_label_derives(world: Path) -> None:
    derived = _loan_outcomes(world)
    written = _table(world, "outcomes").query("product == 'merchant-loan'")
    written = written.set_index("reference_id").sort_index()
    assert derived.index.equals(written.index)
    assert (derived["bad"] == written["bad"]).all()
    assert (derived["matured_at"] == written["matured_at"]).all()
    assert 20 < written["bad"].sum() < len(written) / 4


def _hold_outcomes(world: Path) -> pd.DataFrame:
    latest = _latest(_table(world, "holds"), "hold_id")
    latest["matured_at"] = latest["due_at"] + pd.Timedelta(days=61)
    month = pd.Timedelta(days=30)
    paid = latest["settled_at"] <= latest["captured_at"] + month
    latest["bad"] = (latest["captured_at"].notna() & ~paid).astype("int64")
    ended = latest["captured_at"].notna() | latest["closed_at"].notna()
    return latest[ended & (latest["matured_at"] <= MIDNIGHT)].sort_index()


def test_outcomes_of_holds_are_what_the_label_derives(world: Path) -> None:
    derived = _hold_outcomes(world)
    written = _table(world, "outcomes").query("product == 'deposit-waiver'")
    written = written.set_index("reference_id").sort_index()
    assert derived.index.equals(written.index)
    assert (derived["bad"] == written["bad"]).all()
    assert (derived["matured_at"] == written["matured_at"]).all()
    assert written["bad"].sum() > 10


def test_captures_leave_a_month_to_pay_before_the_window_ends(world: Path) -> None:
    latest = _latest(_table(world, "holds"), "hold_id").dropna(subset="captured_at")
    assert (latest["captured_at"] <= latest["due_at"] + pd.Timedelta(days=28)).all()
    assert (latest["captured_minor"] <= latest["deposit_minor"]).all()
    assert (latest["unpaid_minor"].isin([0]) == latest["settled_at"].notna()).all()


def test_instalments_are_known_from_the_disbursal_and_again_when_paid(world: Path) -> None:
    repayments = _table(world, "repayments").sort_values("recorded_at")
    disbursed = _table(world, "loans").groupby("loan_id")["disbursed_at"].first()
    first = repayments.drop_duplicates("repayment_id")
    assert (first["recorded_at"] == first["loan_id"].map(disbursed)).all()
    assert (first["paid_minor"] == 0).all()
    paid = repayments.groupby("repayment_id")["paid_minor"]
    assert paid.is_monotonic_increasing.all()
    assert (repayments["paid_minor"] <= repayments["due_minor"]).all()
    assert len(repayments) > 1.5 * len(first)


def test_instalments_of_a_loan_add_up_to_its_total(world: Path) -> None:
    instalments = _table(world, "repayments").drop_duplicates("repayment_id")
    total = _table(world, "loans").groupby("loan_id")["total_due_minor"].first()
    summed = instalments.groupby("loan_id")["due_minor"].sum()
    assert summed.sort_index().equals(total.sort_index().rename("due_minor"))


def test_protected_attributes_cover_everybody_and_tell_nothing_of_risk(world: Path) -> None:
    protected = _table(world, "protected")
    assert set(protected["attribute"]) == {"gender", "age_band"}
    entities = set(_table(world, "merchants")["merchant_id"])
    entities |= set(_table(world, "users")["user_id"])
    assert set(protected["entity_id"]) == entities
