"""SuperLender's micro-loans against the raw files."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data.check import check
from data.importers import import_data

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def raw_files(shared_datasets: Path) -> list[Path]:
    names = ("loans", "previous_loans", "customers")
    return [shared_datasets / f"superlender_{name}.parquet" for name in names]


@pytest.fixture(scope="module")
def superlender(raw_files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("imported") / "superlender"
    import_data("superlender", raw_files, out)
    return out


def _read(directory: Path, table: str) -> list[dict]:
    return pq.read_table(directory / f"{table}.parquet").to_pylist()


def test_it_keeps_the_contract(superlender: Path) -> None:
    report = check(superlender, now=NOW)
    assert (report.violations, report.warnings) == ((), ())
    assert report.rows == {
        "merchants": 5_433,
        "loans": 2 * 18_183,
        "repayments": 2 * 18_183 + 1_023,
        "applications": 4_368,
        "outcomes": 4_368,
    }


def test_files_are_known_by_their_columns_in_any_order(
    raw_files: list[Path], tmp_path: Path
) -> None:
    made = []
    for place, files in enumerate(permutations(raw_files)):
        import_data("superlender", files, tmp_path / str(place))
        made.append((tmp_path / str(place) / "outcomes.parquet").read_bytes())
    assert len(set(made)) == 1


def test_customers_are_not_needed(raw_files: list[Path], tmp_path: Path) -> None:
    summary = import_data("superlender", raw_files[:2], tmp_path / "out")
    assert summary.rows["merchants"] == 4_368
    assert check(tmp_path / "out", now=NOW).violations == ()


def test_outcomes_are_the_flag_and_ripen_after_term_and_31_days(
    superlender: Path, raw_files: list[Path]
) -> None:
    raw = {str(row["systemloanid"]): row for row in pq.read_table(raw_files[0]).to_pylist()}
    outcomes = {row["reference_id"]: row for row in _read(superlender, "outcomes")}
    assert outcomes.keys() == raw.keys()
    assert sum(row["bad"] for row in outcomes.values()) == 952
    for reference, row in outcomes.items():
        loan = raw[reference]
        assert row["bad"] == (loan["good_bad_flag"] == "Bad")
        assert row["observed_at"] == datetime.fromisoformat(loan["approveddate"])
        ripening = timedelta(days=loan["termdays"] + 31)
        assert row["matured_at"] == row["observed_at"] + ripening
        assert row["amount_minor"] == loan["loanamount"] * 100


def test_loans_of_july_leave_no_trace_but_their_application(superlender: Path) -> None:
    judged = {row["reference_id"] for row in _read(superlender, "outcomes")}
    assert judged == {row["application_id"] for row in _read(superlender, "applications")}
    assert not judged & {row["loan_id"] for row in _read(superlender, "loans")}
    assert not judged & {row["loan_id"] for row in _read(superlender, "repayments")}


def test_short_loans_have_one_instalment_paid_when_the_loan_closed(
    superlender: Path, raw_files: list[Path]
) -> None:
    versions = _versions(superlender)
    for loan in _earlier(raw_files, short=True)[:2_000]:
        scheduled, closed = versions[str(loan["systemloanid"])]
        assert scheduled["due_on"] == datetime.fromisoformat(loan["firstduedate"]).date()
        assert scheduled["recorded_at"] == datetime.fromisoformat(loan["approveddate"])
        assert scheduled["paid_minor"] is None
        assert closed["paid_minor"] == closed["due_minor"] == loan["totaldue"] * 100
        assert closed["paid_at"] == datetime.fromisoformat(loan["closeddate"])


def test_long_loans_show_a_first_repayment_of_unknown_amount(
    superlender: Path, raw_files: list[Path]
) -> None:
    versions = _versions(superlender)
    long = _earlier(raw_files, short=False)
    assert len(long) == 1_023
    for loan in long:
        scheduled, first, closed = versions[str(loan["systemloanid"])]
        approved = datetime.fromisoformat(loan["approveddate"])
        assert scheduled["due_on"] == (approved + timedelta(days=loan["termdays"])).date()
        assert first["paid_minor"] is None
        assert first["paid_at"] == datetime.fromisoformat(loan["firstrepaiddate"])
        assert closed["paid_minor"] == loan["totaldue"] * 100


def _earlier(raw_files: list[Path], *, short: bool) -> list[dict]:
    loans = pq.read_table(raw_files[1]).to_pylist()
    return [loan for loan in loans if (loan["termdays"] <= 30) == short]


def _versions(directory: Path) -> dict[str, list[dict]]:
    versions: dict[str, list[dict]] = {}
    for row in sorted(_read(directory, "repayments"), key=lambda row: row["recorded_at"]):
        versions.setdefault(row["loan_id"], []).append(row)
    return versions
