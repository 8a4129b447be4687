"""Policies, their places and switches are where their events lead, or verification says so."""

import pytest
from sqlalchemy import delete, insert, select, update

from credit.policy.life import Event
from records import policies, policy_moves, switches
from records.policy_versions import Draft
from records.tables import LIVE_POLICIES, POLICIES, POLICY_EVENTS, POLICY_VERSIONS, SWITCHES
from records.verification.verify import verify
from tests.faults.tampering import intruder

STOPPED = {"product": "", "partner": "bikes", "scene": ""}


def draft(version):
    text = f"version = '{version}'"
    return Draft(name="bikes", version=version, layer="partner", parent="platform", text=text)


@pytest.fixture
def a_policy_house(records):
    """Two versions, the second live; a third in shadow; a switch thrown and let go, one thrown."""
    with records.writing() as transaction:
        for number, last in (("1", Event.PUBLISHED), ("2", Event.PUBLISHED), ("3", Event.SHADOWED)):
            version = policy_moves.propose(transaction, draft(number), by="eve")
            for event in (Event.CHECKED, last):
                version = policy_moves.moved(transaction, version, event, by="eve")
        switches.stop(transaction, **STOPPED, reason="fire", by="ann")
        other = STOPPED | {"scene": "bike"}
        switches.stop(transaction, **other, reason="fire", by="ann")
        switches.resume(transaction, **other, reason="over", by="ann")
    return records


def faults(records):
    return [fault for check in verify(records).checks for fault in check.faults]


def test_what_was_published_rolled_back_and_switched_holds(a_policy_house):
    with a_policy_house.writing() as transaction:
        policy_moves.rollback(transaction, "bikes", by="ann")
    report = verify(a_policy_house)
    assert report.holds, report.lines()
    told = "3 policy texts, 3 versions, 2 places, 2 switches"
    assert any(line.endswith(told) for line in report.lines()), report.lines()


def test_what_an_earlier_vouch_put_in_force_without_an_event_holds(records):
    with records.writing() as transaction:
        policies.seed(transaction.connection, "name = 'x'", by="seed", at=transaction.at)
    assert faults(records) == []


SHA = [draft(number).sha256 for number in ("1", "2", "3")]
LIVE_PLACE = (LIVE_POLICIES.c.name == "bikes", LIVE_POLICIES.c.slot == "live")
SHADOW_PLACE = (LIVE_POLICIES.c.name == "bikes", LIVE_POLICIES.c.slot == "shadow")
VERSION_1 = (POLICY_VERSIONS.c.name == "bikes", POLICY_VERSIONS.c.version == "1")
SWITCH = (SWITCHES.c.partner == "bikes", SWITCHES.c.scene == "")
TAMPERINGS = {
    "a text": (
        update(POLICIES).where(POLICIES.c.sha256 == SHA[0]).values(text="version = '9'"),
        f"policy text {SHA[0]}: sha256 is",
    ),
    "another version live": (
        update(LIVE_POLICIES).where(*LIVE_PLACE).values(sha256=SHA[0]),
        f"policy bikes, live: sha256 is '{SHA[0]}', should be '{SHA[1]}'",
    ),
    "live since another time": (
        update(LIVE_POLICIES).where(*LIVE_PLACE).values(since="2020-01-01T00:00:00.000000Z"),
        "policy bikes, live: since is",
    ),
    "nothing in a place": (
        delete(LIVE_POLICIES).where(*SHADOW_PLACE),
        "policy bikes, shadow: nothing is there, should be 3",
    ),
    "something put in a place": (
        insert(LIVE_POLICIES).values(
            name="bikes", slot="scheduled", sha256=SHA[0], since="2099", put_by="eve"
        ),
        f"policy bikes, scheduled: no event put {SHA[0]} there",
    ),
    "a version's state": (
        update(POLICY_VERSIONS).where(*VERSION_1).values(state="approved"),
        "policy bikes@1: state is 'approved', should be 'superseded'",
    ),
    "a version's author": (
        update(POLICY_VERSIONS).where(*VERSION_1).values(author="ann"),
        "policy bikes@1: author is 'ann', should be 'eve'",
    ),
    "a version gone": (
        delete(POLICY_VERSIONS).where(*VERSION_1),
        "policy bikes@1: has no version",
    ),
    "a switch let go": (
        update(SWITCHES).where(*SWITCH).values(stopped=0),
        "switch of bikes: stopped is 0, should be 1",
    ),
    "a switch gone": (delete(SWITCHES).where(*SWITCH), "switch of bikes: is not there"),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_a_change_that_no_event_tells_of_is_found(a_policy_house, records_url, how):
    statement, should = TAMPERINGS[how]
    with intruder(records_url) as connection:
        connection.execute(statement)
    (fault,) = faults(a_policy_house)
    assert fault.startswith(should)


@pytest.mark.parametrize("how", ["changed", "deleted", "inserted"])
def test_an_event_that_was_tampered_with_breaks_the_chain(a_policy_house, records_url, how):
    first = POLICY_EVENTS.c.seq == 1
    with intruder(records_url) as connection:
        row = dict(connection.execute(select(POLICY_EVENTS).where(first)).mappings().one())
        if how == "changed":
            connection.execute(update(POLICY_EVENTS).where(first).values(done_by="ann"))
        elif how == "deleted":
            connection.execute(delete(POLICY_EVENTS).where(first))
        else:
            connection.execute(insert(POLICY_EVENTS), row | {"seq": 0})
    chain = verify(a_policy_house).checks[0]
    assert any("its rows are not those that were sealed" in fault for fault in chain.faults)
