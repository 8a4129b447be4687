"""What `vouch features get` says of each value: when it is of, how old, and whether to trust it."""

from datetime import UTC, datetime, timedelta

from console.feature_reading import reading_of
from console.output import plain
from credit.policy.evidence import Evidence, Fresh, Freshness

DAY = datetime(2026, 6, 15, tzinfo=UTC)
NOW = DAY + timedelta(hours=50, minutes=1, seconds=2)


def evidence(freshness=Freshness.STALE, fresh=Freshness.FRESH):
    beside = Fresh({"fresh_payments": 3.0}, NOW - timedelta(seconds=4), fresh)
    return Evidence({"turnover_7d": 5.5, "industry": None}, DAY, freshness, "older", beside)


def test_each_value_has_its_own_time_age_and_trust():
    told = reading_of("merchant", "m1", evidence(), now=NOW)
    by_name = {feature.name: feature for feature in told.features}
    assert by_name["turnover_7d"].event_time == DAY
    assert by_name["turnover_7d"].age_seconds == 50 * 3_600 + 62
    assert by_name["turnover_7d"].stale
    assert by_name["fresh_payments"].age_seconds == 4
    assert not by_name["fresh_payments"].stale
    head, since, columns, *lines = told.lines()
    assert head == "merchant m1: stale, as of 2026-06-15 00:00 (older)"
    assert since == "since then: fresh, read 2026-06-17 02:00:58"
    assert "event time" in columns
    assert [line.endswith("stale") for line in lines] == [True, True, False]
    assert "50:01:02" in lines[0]
    assert lines[1].split()[1] == "-"


def test_stale_fresh_values_are_said_and_not_shown():
    gone = Fresh({}, NOW - timedelta(hours=40), Freshness.STALE, "older than 36 hours")
    told = reading_of(
        "user", "u1", Evidence({}, DAY, Freshness.UNKNOWN, "unknown user", gone), now=NOW
    )
    assert list(told.lines())[1].endswith("(older than 36 hours)")
    assert told.features == ()


def test_who_is_not_there_and_strange_names_make_one_line():
    nothing = Evidence({}, None, Freshness.UNAVAILABLE, "no user features are online")
    told = reading_of("user", "u\n1", nothing, now=NOW)
    assert list(told.lines()) == ["user u 1: unavailable (no user features are online)"]


def test_machines_get_values_by_name_too():
    said = plain(reading_of("merchant", "m1", evidence(), now=NOW))
    assert said["values"] == {"turnover_7d": 5.5, "industry": None, "fresh_payments": 3.0}
    assert said["features"][0]["event_time"] == DAY.isoformat()
    assert (said["freshness"], said["as_of"]) == ("stale", DAY.isoformat())
