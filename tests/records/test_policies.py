"""Policies on record: versions that never change, one live of a name, and who did what when."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from credit.ledger.lifecycle import Refused
from credit.policy.life import Event, Standing, State
from records import outbox, policies, policy_moves, policy_versions, switches
from records.policy_versions import Draft
from records.store import open_records
from records.verification.verify import verify

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def clock():
    return [NOW]


@pytest.fixture
def records(records_url, clock):
    opened = open_records(records_url, fixed_now=lambda: clock[0])
    yield opened
    opened.close()


def a_draft(number=1, *, name="city_bikes", words=""):
    text = f'name = "{name}"\nversion = "{number}"\n{words}'
    return Draft(name=name, version=str(number), layer="partner", parent="travel", text=text)


def checked(transaction, draft, *, by="city_bikes/mei"):
    proposed = policy_moves.propose(transaction, draft, by=by)
    return policy_moves.moved(transaction, proposed, Event.CHECKED, by=by)


def published(transaction, draft, *, by="city_bikes/mei", event=Event.PUBLISHED, since=None):
    version = checked(transaction, draft, by=by)
    return policy_moves.moved(transaction, version, event, by=by, since=since)


def everything(records):
    with records.reading() as connection:
        return (
            policy_versions.versions(connection),
            policy_versions.history(connection),
            policies.live(connection, LATER),
        )


def states(records, name="city_bikes"):
    with records.reading() as connection:
        found = policy_versions.versions(connection, name)
    return {one.version: one.state for one in found}


def test_a_whole_life_tells_who_and_when(records, clock):
    with records.writing() as transaction:
        published(transaction, a_draft(1))
    with records.writing() as transaction:
        second = checked(transaction, a_draft(2))
        for event, by in (
            (Event.SIMULATED, "city_bikes/mei"),
            (Event.APPROVED, "platform/ann"),
            (Event.SHADOWED, "city_bikes/mei"),
        ):
            second = policy_moves.moved(transaction, second, event, by=by)
    with records.reading() as connection:
        assert policies.shadows(connection)["city_bikes"].sha256 == a_draft(2).sha256
        assert policies.live(connection, NOW)["city_bikes"].sha256 == a_draft(1).sha256
    with records.writing() as transaction:
        policy_moves.moved(transaction, second, Event.SCHEDULED, by="platform/ann", since=LATER)
    with records.reading() as connection:
        assert policies.shadows(connection) == {}
        assert policies.next_at(connection) == LATER
        almost = LATER - timedelta(microseconds=1)
        assert policies.live(connection, almost)["city_bikes"].sha256 == a_draft(1).sha256
        assert policies.live(connection, LATER)["city_bikes"] == (
            a_draft(2).text,
            a_draft(2).sha256,
            LATER,
        )
    clock[0] = LATER
    with records.writing() as transaction:
        assert policy_moves.take_places(transaction) == 1
        assert policy_moves.take_places(transaction) == 0
    assert states(records) == {"1": State.SUPERSEDED, "2": State.LIVE}
    with records.writing() as transaction:
        policy_moves.rollback(transaction, "city_bikes", by="city_bikes/mei", detail={"note": "n"})
    assert states(records) == {"1": State.LIVE, "2": State.SUPERSEDED}
    with records.reading() as connection:
        told = policy_versions.history(connection, "city_bikes")
        assert policies.live(connection, LATER)["city_bikes"].sha256 == a_draft(1).sha256
        assert policies.stamp(connection) == told[-1].seq
    assert [(one.version, one.event, one.by, one.at) for one in told] == [
        ("1", "proposed", "city_bikes/mei", NOW),
        ("1", "checked", "city_bikes/mei", NOW),
        ("1", "published", "city_bikes/mei", NOW),
        ("2", "proposed", "city_bikes/mei", NOW),
        ("2", "checked", "city_bikes/mei", NOW),
        ("2", "simulated", "city_bikes/mei", NOW),
        ("2", "approved", "platform/ann", NOW),
        ("2", "shadowed", "city_bikes/mei", NOW),
        ("2", "scheduled", "platform/ann", NOW),
        ("1", "superseded", "platform/ann", LATER),
        ("2", "took_place", "platform/ann", LATER),
        ("2", "rolled_back", "city_bikes/mei", LATER),
        ("1", "restored", "city_bikes/mei", LATER),
    ]
    assert told[-1].detail == {"note": "n", "since": "2026-06-30T14:00:00.000000Z"}


def test_what_happens_is_told_to_the_partner_in_the_outbox_and_the_journal_verifies(records):
    with records.writing() as transaction:
        published(transaction, a_draft())
        switches.stop(
            transaction, product="", partner="city_bikes", scene="", reason="r", by="platform/ann"
        )
    with records.reading() as connection:
        told = outbox.waiting(connection)
    assert [(one.topic, one.partner) for one in told] == [
        ("policy.proposed", "city_bikes"),
        ("policy.checked", "city_bikes"),
        ("policy.published", "city_bikes"),
        ("policy.stopped", "city_bikes"),
    ]
    assert told[2].body["state"] == "live"
    assert verify(records).holds


def test_a_version_never_changes(records):
    with records.writing() as transaction:
        first = published(transaction, a_draft())
    before = everything(records)
    with records.writing() as transaction:
        other = policy_moves.propose(transaction, a_draft(words="# other"), by="city_bikes/mei")
        again = policy_moves.propose(transaction, a_draft(), by="city_bikes/li")
    assert isinstance(other, Refused)
    assert other.code == policy_moves.VERSION_TAKEN
    assert again == first
    assert everything(records) == before


def test_what_awaits_approval_does_not_go_live_and_nothing_is_written(records):
    with records.writing() as transaction:
        version = checked(transaction, a_draft())
    before = everything(records)
    for event in (Event.PUBLISHED, Event.SHADOWED, Event.SCHEDULED):
        with records.writing() as transaction:
            refused = policy_moves.moved(
                transaction, version, event, by="a/b", standing=Standing(awaited=("lead",))
            )
        assert isinstance(refused, Refused)
    assert everything(records) == before


@pytest.mark.parametrize("event", [Event.SHADOWED, Event.SCHEDULED])
def test_one_version_of_a_name_is_in_shadow_and_one_scheduled(records, event):
    with records.writing() as transaction:
        first = published(transaction, a_draft(1), event=event, since=LATER)
        refused = published(transaction, a_draft(2), event=event, since=LATER)
    assert isinstance(refused, Refused)
    assert refused.code == policy_moves.PLACE_TAKEN
    assert "city_bikes@1" in refused.problem
    with records.writing() as transaction:
        policy_moves.moved(transaction, first, Event.WITHDRAWN, by="a/b")
        assert not isinstance(published(transaction, a_draft(3), event=event, since=LATER), Refused)
    assert states(records)["1"] is State.WITHDRAWN


def test_roll_backs_walk_back_and_end_at_the_first(records):
    for number in (1, 2, 3):
        with records.writing() as transaction:
            published(transaction, a_draft(number))
    for version in ("2", "1"):
        with records.writing() as transaction:
            restored = policy_moves.rollback(transaction, "city_bikes", by="platform/ann")
        assert (restored.version, restored.state) == (version, State.LIVE)
    with records.writing() as transaction:
        refused = policy_moves.rollback(transaction, "city_bikes", by="platform/ann")
    assert refused.code == policy_moves.NOTHING_BEFORE
    assert states(records) == {
        "1": State.LIVE,
        "2": State.SUPERSEDED,
        "3": State.SUPERSEDED,
    }


def test_only_empty_records_are_seeded_with_documents(records):
    drafts = [a_draft(name="platform"), a_draft()]
    with records.writing() as transaction:
        assert policy_moves.seed_all(transaction, drafts, by="platform/shipped") == 2
    with records.writing() as transaction:
        later = [a_draft(2), a_draft(name="late_hotels")]
        assert policy_moves.seed_all(transaction, later, by="platform/shipped") == 0
    with records.reading() as connection:
        found = policies.live(connection, NOW)
        assert policies.live(connection) == (drafts[0].text, drafts[0].sha256)
        assert {name: one.sha256 for name, one in found.items()} == {
            one.name: one.sha256 for one in drafts
        }
        assert {one.event for one in policy_versions.history(connection)} == {"seeded"}


def test_a_policy_that_an_earlier_vouch_put_in_force_gets_its_version_and_is_superseded(records):
    draft = a_draft(name="platform")
    with records.writing() as transaction:
        policies.seed(transaction.connection, draft.text, by="shipped", at=NOW)
        adopted = policy_moves.adopt(transaction, draft)
        published(transaction, a_draft(2, name="platform"))
    assert (adopted.author, adopted.state) == ("shipped", State.LIVE)
    assert states(records, "platform") == {"1": State.SUPERSEDED, "2": State.LIVE}
    with records.writing() as transaction:
        assert policy_moves.rollback(transaction, "platform", by="a/b").version == "1"


def test_a_stack_is_kept_by_its_hash_once(records):
    with records.writing() as transaction:
        kept = {policies.keep(transaction, "stack", name="x", by="y") for _ in range(2)}
    with records.reading() as connection:
        assert [policies.read(connection, sha256) for sha256 in kept] == ["stack"]


def test_of_many_who_publish_at_once_one_is_live_and_none_is_lost(records_url):
    rivals = 6
    ready = threading.Barrier(rivals)

    def publish(number):
        records = open_records(records_url)
        ready.wait()
        with records.writing() as transaction:
            published(transaction, a_draft(number), by=f"city_bikes/p{number}")
        records.close()

    open_records(records_url).close()
    threads = [threading.Thread(target=publish, args=(n,)) for n in range(rivals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = open_records(records_url)
    found = states(records)
    with records.reading() as connection:
        last = policy_versions.history(connection)[-1]
        now_live = policies.live(connection, records.now(connection))["city_bikes"]
    assert sorted(state.value for state in found.values()) == ["live"] + ["superseded"] * 5
    assert found[last.version] is State.LIVE
    assert (last.event, now_live.sha256) == ("published", a_draft(int(last.version)).sha256)
    records.close()


def test_a_switch_stays_thrown_until_it_is_let_go(records_url, records):
    bikes = {"product": "deposit-waiver", "partner": "city_bikes", "scene": "bike"}
    with records.writing() as transaction:
        thrown = switches.stop(transaction, **bikes, reason="fraud", by="platform/ann")
        again = switches.stop(transaction, **bikes, reason="more", by="platform/li")
        before = policies.stamp(transaction.connection)
    assert thrown == again
    other = open_records(records_url)
    with other.reading() as connection:
        assert switches.stopped(connection) == (thrown,)
        assert policies.stamp(connection) > before
    other.close()
    assert thrown.words == "product deposit-waiver, partner city_bikes, scene bike"
    with records.writing() as transaction:
        assert switches.resume(transaction, **bikes, reason="mended", by="platform/ann") == thrown
        assert switches.resume(transaction, **bikes, reason="mended", by="platform/ann") is None
    with records.reading() as connection:
        assert switches.stopped(connection) == ()
        told = [(one.name, one.event, one.by) for one in policy_versions.history(connection)]
    assert told == [
        (thrown.words, "stopped", "platform/ann"),
        (thrown.words, "resumed", "platform/ann"),
    ]


@pytest.mark.parametrize(
    ("named", "stops"),
    [
        ({}, True),
        ({"product": "deposit-waiver"}, True),
        ({"product": "merchant-loan"}, False),
        ({"partner": "city_bikes"}, True),
        ({"partner": "city"}, False),
        ({"partner": "city_bikes", "scene": "bike"}, True),
        ({"partner": "city_bikes", "scene": "hotel"}, False),
        ({"scene": "bike"}, True),
    ],
)
def test_a_switch_stops_what_fits_all_that_it_names(named, stops):
    switch = switches.Switch(**named, reason="r", by="a/b", at=NOW)
    assert switch.covers(product="deposit-waiver", partner="city_bikes", scene="bike") is stops
    loan = switch.covers(product="merchant-loan", partner="city_bikes", scene=None)
    assert loan is (named in ({}, {"product": "merchant-loan"}, {"partner": "city_bikes"}))
