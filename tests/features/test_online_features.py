"""What is online is what was published, with its age; and what cannot be trusted says so."""

import json
import shutil
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from credit.errors import InputError
from credit.policy.evidence import Freshness
from features.publication import day_folder, online_file, published
from features.snapshot import build
from features.sources import open_history
from features.store import OnlineFeatures, materialize

DAY = date(2026, 6, 14)
EVENING = datetime(2026, 6, 15, 20, tzinfo=UTC)
TWO_DAYS = timedelta(hours=48)


@pytest.fixture(scope="module")
def tables():
    at = pd.to_datetime(
        ["2026-06-01 10:00", "2026-06-10 03:00", "2026-06-14 23:59:59.999999"], format="ISO8601"
    )
    payments = {
        "payment_id": ["a", "b", "c"],
        "merchant_id": ["m1", "m1", "m2"],
        "user_id": ["u1", "u2", None],
        "kind": "payment",
        "amount_minor": [10_000, 3_333, 1],
        "currency": "CNY",
        "occurred_at": at,
        "recorded_at": at,
    }
    return {
        "merchants": pd.DataFrame({"merchant_id": ["m1", "m2", "m3"], "industry": "food"}),
        "users": pd.DataFrame({"user_id": ["u1", "u2"]}),
        "payments": pd.DataFrame(payments),
    }


@pytest.fixture(scope="module")
def built_home(tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    write(folder / "data", tables)
    with open_history(folder / "data") as history:
        build(history, as_of=DAY, home=folder / "home", now=EVENING)
    return folder / "home"


@pytest.fixture(scope="module")
def online_home(built_home, tmp_path_factory):
    home = tmp_path_factory.mktemp("online") / "home"
    shutil.copytree(built_home, home)
    materialize(home, now=EVENING)
    return home


@pytest.fixture
def snapshot_home(built_home, tmp_path):
    return Path(shutil.copytree(built_home, tmp_path / "home"))


@pytest.fixture
def published_home(online_home, tmp_path):
    return Path(shutil.copytree(online_home, tmp_path / "home"))


def write(folder, tables):
    folder.mkdir()
    for name, rows in tables.items():
        rows.to_parquet(folder / f"{name}.parquet", coerce_timestamps="us", index=False)


def online(home, *, max_age=TWO_DAYS):
    return OnlineFeatures(home, "merchant", max_age=max_age)


def said(evidence):
    return evidence.values  # noqa: PD011  # not a frame


def turnover(home, entity_id="m1"):
    return said(online(home).read([entity_id], now=EVENING)[0])["turnover_30d"]


def test_a_read_gives_the_published_values_bit_for_bit_and_their_time(published_home):
    rows = pq.read_table(published(published_home, "merchant")[-1].file).to_pylist()
    evidence = online(published_home).read([row["merchant_id"] for row in rows], now=EVENING)
    for row, read in zip(rows, evidence, strict=True):
        assert read.freshness is Freshness.FRESH
        assert read.as_of == datetime(2026, 6, 15, tzinfo=UTC)
        assert {name: row[name] for name in said(read)} == said(read)
    assert rows[0]["turnover_30d"] == 13_333
    assert said(evidence[0])["industry"] == "food"
    assert said(evidence[2])["turnover_growth_30d"] is None


@pytest.mark.parametrize(
    ("now", "freshness"),
    [
        (datetime(2026, 6, 17, tzinfo=UTC), Freshness.FRESH),
        (datetime(2026, 6, 17, 0, 0, 1, tzinfo=UTC), Freshness.STALE),
        (datetime(2026, 6, 14, 23, 59, 59, tzinfo=UTC), Freshness.STALE),
    ],
)
def test_values_older_than_the_limit_or_newer_than_the_decision_are_stale(
    published_home, now, freshness
):
    known, stranger = online(published_home).read(["m1", "nobody"], now=now)
    assert known.freshness is freshness
    assert said(known)["turnover_30d"] == 13_333
    unknown = Freshness.UNKNOWN if freshness is Freshness.FRESH else Freshness.STALE
    assert stranger.freshness is unknown
    assert not said(stranger)


def test_with_nothing_published_features_are_unavailable(tmp_path):
    assert online(tmp_path).read(["m1"], now=EVENING)[0].freshness is Freshness.UNAVAILABLE


def test_other_definitions_make_features_unavailable(published_home):
    content = json.loads(online_file(published_home).read_text())
    content["merchant"]["definitions_sha256"] = "another"
    online_file(published_home).write_text(json.dumps(content))
    (read,) = online(published_home).read(["m1"], now=EVENING)
    assert read.freshness is Freshness.UNAVAILABLE
    assert "other definitions" in read.detail


def test_a_registry_that_is_not_ours_is_never_opened(published_home):
    with (published_home / "features" / "registry.db").open("ab") as registry:
        registry.write(b"more")
    (read,) = online(published_home).read(["m1"], now=EVENING)
    assert read.freshness is Freshness.UNAVAILABLE
    assert "registry" in read.detail


@pytest.mark.parametrize("damage", ["not json", '{"merchant": {}}', "[1]"])
def test_a_damaged_publication_is_unavailable_not_an_error(published_home, damage):
    online_file(published_home).write_text(damage)
    (read,) = online(published_home).read(["m1"], now=EVENING)
    assert read.freshness is Freshness.UNAVAILABLE


def test_an_unreadable_database_is_unavailable(published_home):
    features = online(published_home)
    with sqlite3.connect(published_home / "features" / "online.db") as database:
        database.execute("DROP TABLE merchant_features")
    assert features.read(["m1"], now=EVENING)[0].freshness is Freshness.UNAVAILABLE


def test_a_store_that_is_away_is_not_read_on_and_is_seen_when_it_is_back(published_home):
    features, file = online(published_home), published_home / "features" / "online.db"
    assert features.read(["m1"], now=EVENING)[0].freshness is Freshness.FRESH
    file.rename(file.with_name("aside"))
    assert features.read(["m1"], now=EVENING)[0].freshness is Freshness.UNAVAILABLE
    assert not file.exists()
    file.with_name("aside").rename(file)
    assert features.read(["m1"], now=EVENING)[0].freshness is Freshness.FRESH


def test_a_store_that_was_lost_is_written_anew(published_home):
    features = online(published_home)
    for file in (published_home / "features").glob("online.db*"):
        file.unlink()
    assert all(done.written for done in materialize(published_home, now=EVENING).done)
    assert turnover(published_home) == 13_333
    assert said(features.read(["m1"], now=EVENING)[0])["turnover_30d"] == 13_333


def test_a_newer_snapshot_is_seen_and_an_older_one_never_replaces_it(
    published_home, opened, tables
):
    features, history = online(published_home), opened(tables)
    tomorrow = EVENING + timedelta(days=1)
    build(history, as_of=date(2026, 6, 15), home=published_home, now=tomorrow)
    materialize(published_home, now=tomorrow)
    assert features.read(["m1"], now=tomorrow)[0].as_of == datetime(2026, 6, 16, tzinfo=UTC)
    summary = materialize(published_home, now=EVENING)
    assert [done.note for done in summary.done] == ["what is online is newer"] * 2
    assert features.read(["m1"], now=tomorrow)[0].as_of == datetime(2026, 6, 16, tzinfo=UTC)


def test_a_published_day_is_left_alone_and_built_anew_when_the_data_change(
    published_home, opened, tables
):
    before = published(published_home, "merchant")[-1]
    again = build(opened(tables), as_of=DAY, home=published_home, now=EVENING)
    assert not any(done.written for done in again.done)
    changed = tables | {"payments": tables["payments"].assign(amount_minor=5)}
    rebuilt = build(opened(changed), as_of=DAY, home=published_home, now=EVENING)
    assert all(done.written for done in rebuilt.done)
    files = sorted(path.name for path in day_folder(published_home, "merchant", DAY).iterdir())
    assert files == ["lock", "manifest.json", published(published_home, "merchant")[-1].file.name]
    assert before.file.name not in files
    assert all(done.written for done in materialize(published_home, now=EVENING).done)
    assert turnover(published_home) == 10


def test_a_build_that_dies_publishes_nothing(opened, tables, tmp_path, monkeypatch):
    def dies(_):
        raise OSError("disk full")

    monkeypatch.setattr("features.snapshot.publish", dies)
    with pytest.raises(OSError, match="disk full"):
        build(opened(tables), as_of=DAY, home=tmp_path, now=EVENING)
    assert published(tmp_path, "merchant") == []
    with pytest.raises(InputError, match="run vouch features build"):
        materialize(tmp_path, now=EVENING)


def test_a_registry_that_is_not_ours_is_written_anew(published_home, opened, tables):
    (published_home / "features" / "registry.db").write_bytes(b"somebody's")
    changed = tables | {"payments": tables["payments"].assign(amount_minor=5)}
    build(opened(changed), as_of=DAY, home=published_home, now=EVENING)
    materialize(published_home, now=EVENING)
    assert turnover(published_home) == 10


def test_a_home_with_users_alone_comes_online(opened, tmp_path):
    users = pd.DataFrame({"user_id": ["u1"], "credit_line_minor": [5]})
    build(opened({"users": users}), as_of=DAY, home=tmp_path, now=EVENING)
    materialize(tmp_path, now=EVENING)
    features = OnlineFeatures(tmp_path, "user", max_age=TWO_DAYS)
    assert said(features.read(["u1"], now=EVENING)[0])["credit_line_minor"] == 5
    assert online(tmp_path).read(["m1"], now=EVENING)[0].freshness is Freshness.UNAVAILABLE


def test_a_snapshot_of_the_future_does_not_go_online(snapshot_home):
    with pytest.raises(InputError, match="no snapshot"):
        materialize(snapshot_home, now=datetime(2026, 6, 14, 23, tzinfo=UTC))
