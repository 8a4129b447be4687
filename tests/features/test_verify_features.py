"""`verify` holds on sound features and finds what is unsound."""

import random
from datetime import date, timedelta

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from credit.errors import InputError
from features import verify
from features.catalogue import ENTITY_FEATURES
from features.perturbed import altered_later, without_later
from features.spine import as_known
from features.verification import publications
from features.verification.claims import held_against
from features.verification.engines import why_not

LAST = date(2026, 8, 20)
CUT = date(2026, 6, 1)


@pytest.fixture
def trial(opened, made_up, tmp_path):
    """Some merchants and somebody that nobody knows, as of two days."""
    tables = {name: made_up(2)[name] for name in ("merchants", "payments")}
    asked = {"merchant": ["m1", "m2", "m3", "nobody"]}
    history, days = opened(tables), (LAST - timedelta(days=1), LAST)
    return publications.Trial(history, days, asked, tmp_path / "trial", "sqlite", None)


def test_every_way_to_a_value_ends_in_the_same_one(opened, made_up, tmp_path, runs):
    names = ("merchants", "users", "payments", "loans", "repayments", "bills", "holds")
    tables = {name: made_up(2)[name] for name in names[: None if runs(full=1, short=0) else 1]}
    report = verify.verify(opened(tables), sample=3, seed=0, scratch=tmp_path / "verify")
    assert report.holds, list(report.lines())
    assert len(report.checks) in (7, 14)
    assert report.rows_read
    assert report.entities
    assert report.peak_memory_mb > 50
    assert list((tmp_path / "verify").iterdir()) == []


def test_offline_equals_online_and_every_other_way(trial):
    checks = list(publications.published_checks(trial))
    assert [check.differing for check in checks] == [0] * 5, checks
    assert all(check.compared > 100 for check in checks)


def test_profiles_older_than_every_event_do_not_make_the_proof_empty(opened, made_up):
    tables = made_up(2)
    tables["merchants"] = tables["merchants"].assign(opened_on=date(2001, 1, 1))
    first, last = verify.recorded_days(opened(tables))
    assert first >= date(2026, 1, 1)
    assert last > first


def test_a_claim_that_compared_nothing_does_not_hold():
    empty = verify.VerifyReport((verify.Check("a", 5, 0), verify.Check("b", 0, 0)))
    assert not empty.holds
    assert "nothing to compare" in list(empty.lines())[1]


def test_what_could_not_be_tried_is_said():
    said = "spark = duckdb: not checked: pyspark is not installed"
    report = verify.VerifyReport((verify.Check("a", 5, 0),), unchecked=(said,))
    assert report.holds
    assert said in list(report.lines())
    assert why_not("duckdb") == ""


def test_a_feature_that_looks_ahead_is_found(trial, monkeypatch):
    def no_arrival(tiles, rows):
        joined = tiles.inner_join(
            rows, [tiles.entity_id == rows.entity_id, tiles.event_day <= rows.as_of_day]
        )
        return joined.mutate(ago=ibis._.as_of_day - ibis._.event_day)

    for module in ("spine", "prepared_spine"):
        monkeypatch.setattr(f"features.{module}.near", no_arrival)
    rng = random.Random(0)  # noqa: S311  # a sample
    checks = list(verify.later_rows_checks(trial, "merchant", ["m1", "m2"], CUT, rng))
    wrong = [check for check in checks if check.differing]
    assert wrong, checks
    assert all("turnover" in check.example for check in wrong)


def test_online_rows_of_another_day_are_found(trial, monkeypatch):
    """A publication that says it is of the day, and left the rows of the day before."""
    monkeypatch.setattr("features.materialising._Desk._stage_changed", lambda *_: None)
    checks = {check.claim: check for check in publications.published_checks(trial)}
    online = [check for claim, check in checks.items() if "online" in claim]
    assert all(check.differing for check in online)
    assert not any(check.differing for check in checks.values() if check not in online)


def test_values_that_training_sees_otherwise_are_found(trial, monkeypatch):
    def skewed(history, entity, rows, **named):
        table = as_known(history, entity, rows, **named)
        place = table.column_names.index("tenure_days")
        return table.set_column(place, "tenure_days", [[1.0] * table.num_rows])

    monkeypatch.setattr("features.verification.publications.as_known", skewed)
    first = next(publications.published_checks(trial))
    assert first.differing
    assert "tenure_days" in first.example


def test_engines_may_differ_in_the_last_bits_and_nothing_else():
    names = [feature.name for feature in ENTITY_FEATURES["merchant"]]
    one = pa.table({"entity_id": ["m1"]} | {name: [1.0] for name in names} | {"industry": ["a"]})
    place = one.column_names.index("turnover_7d")
    for value, differing in ((1.0 + 5e-10, 0), (1.0 + 5e-9, 1), (None, 1)):
        other = one.set_column(place, "turnover_7d", pa.array([value], pa.float64()))
        assert held_against("", "merchant", one, other, tolerance=1e-9).differing == differing
        assert held_against("", "merchant", one, other).differing == 1


def test_perturbed_histories_keep_what_was_known_and_nothing_else(opened, made_up):
    history, cut = opened(made_up(4)), date(2026, 4, 1)
    end = pd.Timestamp(2026, 4, 2)
    rows = history.backend.execute(history.table("payments"))
    early = rows[rows.recorded_at < end]
    kept = history.backend.execute(without_later(history, cut).table("payments"))
    assert sorted(kept.payment_id) == sorted(early.payment_id)
    world = altered_later(history, cut, onto={"merchant_id": ("m3", "m9")})
    altered = history.backend.execute(world.table("payments"))
    assert len(altered) == 2 * len(early) + 3 * (len(rows) - len(early))
    assert sorted(altered[altered.recorded_at < end].amount_minor) == sorted(early.amount_minor)
    wrong = altered[altered.recorded_at >= end].merge(rows, on=["payment_id", "recorded_at"])
    assert len(wrong) == len(rows) - len(early)
    for name in ("amount_minor", "kind", "occurred_at", "instalments", "subsidy_minor"):
        assert (wrong[f"{name}_x"] != wrong[f"{name}_y"]).all(), name
    assert set(altered[altered.recorded_at >= end].merchant_id) == {"m3", "m9"}


def test_data_without_entities_is_bad_input(opened, made_up, tmp_path):
    history = opened({"payments": made_up(1)["payments"]})
    with pytest.raises(InputError, match="neither merchants nor users"):
        verify.verify(history, sample=1, seed=0, scratch=tmp_path)
