"""`verify` holds on sound features and finds what is unsound."""

from datetime import date

import ibis
import pandas as pd
import pytest

from credit.errors import InputError
from features import spine, verify
from features.perturbed import altered_later, without_later


def test_offline_equals_online_and_later_rows_move_nothing(opened, made_up, tmp_path):
    report = verify.verify(opened(made_up(2)), sample=3, seed=0, scratch=tmp_path / "verify")
    assert report.holds, list(report.lines())
    assert len(report.checks) == 8
    assert list((tmp_path / "verify").iterdir()) == []


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


def test_a_feature_that_looks_ahead_is_found(opened, made_up, tmp_path, monkeypatch):
    def no_arrival(tiles, rows):
        joined = tiles.inner_join(
            rows, [tiles.entity_id == rows.entity_id, tiles.event_day <= rows.as_of_day]
        )
        return joined.mutate(ago=ibis._.as_of_day - ibis._.event_day)

    monkeypatch.setattr("features.payment_measures.near", no_arrival)
    tables = {name: made_up(2)[name] for name in ("merchants", "payments")}
    report = verify.verify(opened(tables), sample=4, seed=0, scratch=tmp_path)
    assert not report.holds
    wrong = [check.claim for check in report.checks if check.differing]
    assert wrong
    assert all("recorded after" in claim for claim in wrong)


def test_values_that_differ_online_are_found(opened, made_up, tmp_path, monkeypatch):
    trained = spine.as_known

    def skewed(history, entity, rows, **named):
        table = trained(history, entity, rows, **named)
        place = table.column_names.index("tenure_days")
        return table.set_column(place, "tenure_days", [[1.0] * table.num_rows])

    monkeypatch.setattr("features.verify.as_known", skewed)
    report = verify.verify(
        opened({"merchants": made_up(2)["merchants"]}), sample=3, seed=0, scratch=tmp_path
    )
    assert not report.holds
    assert "tenure_days" in report.checks[0].example


def test_perturbed_histories_keep_what_was_known_and_nothing_else(opened, made_up):
    history, cut = opened(made_up(4)), date(2026, 4, 1)
    end = pd.Timestamp(2026, 4, 2)
    rows = history.backend.execute(history.table("payments"))
    early = rows[rows.recorded_at < end]
    kept = history.backend.execute(without_later(history, cut).table("payments"))
    assert sorted(kept.payment_id) == sorted(early.payment_id)
    altered = history.backend.execute(altered_later(history, cut).table("payments"))
    assert len(altered) == 2 * len(early) + 3 * (len(rows) - len(early))
    assert sorted(altered[altered.recorded_at < end].amount_minor) == sorted(early.amount_minor)


def test_data_without_entities_is_bad_input(opened, made_up, tmp_path):
    history = opened({"payments": made_up(1)["payments"]})
    with pytest.raises(InputError, match="neither merchants nor users"):
        verify.verify(history, sample=1, seed=0, scratch=tmp_path)
