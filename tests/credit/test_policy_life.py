"""The life of a policy version, and who may do what to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.errors import InputError
from credit.ledger.lifecycle import Refused, diagram, moves_from
from credit.policy.documents import Head
from credit.policy.life import (
    APPROVAL_AWAITED,
    NOT_SIMULATED,
    TRANSITIONS,
    Event,
    Standing,
    State,
    live_before,
    moved,
)
from credit.policy.powers import (
    FORBIDDEN,
    NOT_AWAITED,
    OWN_WORK,
    Actor,
    Wanted,
    may_approve,
    may_propose,
    may_publish,
    may_switch,
    may_withdraw,
    parse_actor,
    wanted,
)

PLATFORM = Head("platform", "platform", "1")
TRAVEL = Head("industry", "travel", "1", parent="platform", lead="big_hotels")
HEALTH = Head("industry", "health", "1", parent="platform", lead="good_clinics")
HOTELS = Head("partner", "big_hotels", "1", parent="travel")
INN = Head("partner", "small_inn", "1", parent="travel")
INN_ROOMS = Head("scene", "small_inn.hotel", "1", parent="small_inn", scene="hotel")
CLINICS = Head("partner", "good_clinics", "1", parent="health")
KIOSK = Head("partner", "kiosk", "1", parent="platform")
HEADS = (PLATFORM, TRAVEL, HEALTH, HOTELS, INN, INN_ROOMS, CLINICS, KIOSK)
LIVE = {head.name: head for head in HEADS}
ANN, BEN = Actor("platform", "ann"), Actor("platform", "ben")
LEAD, INNKEEPER = Actor("big_hotels", "li"), Actor("small_inn", "mei")
DOCTOR, SELLER, STRANGER = Actor("good_clinics", "wu"), Actor("kiosk", "qi"), Actor("nobody", "x")
WHOLE = ("the whole document",)
SOMEBODY = (ANN, BEN, LEAD, INNKEEPER, DOCTOR, SELLER, STRANGER)

# Written out here, so that a row lost from the table is missed.
ON = {Event.SHADOWED, Event.SCHEDULED, Event.PUBLISHED, Event.WITHDRAWN}
ALLOWED = {
    None: {Event.PROPOSED, Event.SEEDED},
    State.DRAFT: {Event.CHECKED, Event.WITHDRAWN},
    State.CHECKED: {Event.SIMULATED, Event.APPROVED} | ON,
    State.SIMULATED: {Event.SIMULATED, Event.APPROVED} | ON,
    State.APPROVED: {Event.SIMULATED} | ON,
    State.SHADOW: ON - {Event.SHADOWED},
    State.SCHEDULED: {Event.PUBLISHED, Event.TOOK_PLACE, Event.WITHDRAWN},
    State.LIVE: {Event.SUPERSEDED, Event.ROLLED_BACK},
    State.SUPERSEDED: {Event.RESTORED},
    State.WITHDRAWN: set(),
}
FIRST_STEPS = {Event.PROPOSED, Event.CHECKED, Event.SIMULATED, Event.APPROVED}


@pytest.mark.parametrize("state", ALLOWED)
def test_each_state_knows_its_moves_and_no_others(state):
    assert set(moves_from(TRANSITIONS, state)) == ALLOWED[state]
    for event in set(Event) - ALLOWED[state]:
        refused = moved("x@1", state, event)
        assert isinstance(refused, Refused)
        assert refused.mend


def test_the_whole_way_leads_from_draft_over_shadow_to_superseded_and_back():
    way = (
        (Event.PROPOSED, State.DRAFT),
        (Event.CHECKED, State.CHECKED),
        (Event.SIMULATED, State.SIMULATED),
        (Event.APPROVED, State.APPROVED),
        (Event.SHADOWED, State.SHADOW),
        (Event.SCHEDULED, State.SCHEDULED),
        (Event.TOOK_PLACE, State.LIVE),
        (Event.SUPERSEDED, State.SUPERSEDED),
        (Event.RESTORED, State.LIVE),
        (Event.ROLLED_BACK, State.SUPERSEDED),
    )
    state = None
    for event, to in way:
        state = moved("x@1", state, event)
        assert state is to


@given(st.lists(st.sampled_from(Event), max_size=12))
def test_nothing_goes_live_unapproved_while_approval_is_awaited(events):
    state, approved = None, False
    for event in events:
        if event is Event.SEEDED:
            continue
        awaited = () if approved else ("lead",)
        to = moved("x@1", state, event, Standing(awaited=awaited, unsimulated="small"))
        if not isinstance(to, Refused):
            state, approved = to, approved or event is Event.APPROVED
        if state in {State.SHADOW, State.SCHEDULED, State.LIVE}:
            assert approved


def test_what_awaits_approval_names_what_and_the_command_that_gives_it():
    refused = moved("x@1", State.SIMULATED, Event.PUBLISHED, Standing(awaited=("loan.price",)))
    assert refused.code == APPROVAL_AWAITED
    assert refused.problem == "x@1 awaits approval of loan.price"
    assert "vouch policy approve x@1" in refused.mend


@pytest.mark.parametrize("why", ["", "  "])
def test_approval_without_simulation_needs_a_reason(why):
    refused = moved("x@1", State.CHECKED, Event.APPROVED, Standing(unsimulated=why))
    assert refused.code == NOT_SIMULATED
    assert moved("x@1", State.CHECKED, Event.APPROVED, Standing(unsimulated="a typo")) is (
        State.APPROVED
    )
    assert moved("x@1", State.SIMULATED, Event.APPROVED, Standing()) is State.APPROVED


@given(st.lists(st.booleans(), max_size=10))
def test_roll_backs_pop_what_publications_push(publications):
    events, reigns = [("0", Event.SEEDED)], ["0"]
    for number, publication in enumerate(publications, start=1):
        before = live_before(tuple(events))
        assert before == (reigns[-2] if len(reigns) > 1 else None)
        if publication:
            events += [(reigns[-1], Event.SUPERSEDED), (str(number), Event.PUBLISHED)]
            reigns.append(str(number))
        elif before:
            events += [(reigns.pop(), Event.ROLLED_BACK), (before, Event.RESTORED)]


def test_the_diagram_shows_what_is_asked_for():
    drawn = diagram(TRANSITIONS)
    assert "checked --> approved: approved (unsimulated, why is said)" in drawn
    assert "simulated --> live: published (no approval awaited)" in drawn
    assert "withdrawn --> [*]" in drawn


@pytest.mark.parametrize(
    ("text", "actor"),
    [
        ("ann", Actor("platform", "ann")),
        ("platform/ann", Actor("platform", "ann")),
        ("small_inn/Mei Li", Actor("small_inn", "Mei Li")),
        ("小美", Actor("platform", "小美")),
    ],
)
def test_who_speaks_is_read_from_one_word(text, actor):
    assert parse_actor(text) == actor
    assert parse_actor(str(actor)) == actor


@pytest.mark.parametrize("text", ["", "/", "inn/", "/mei", "a/b/c", "INN/mei", "a b/mei", "x\ny"])
def test_who_cannot_be_read_is_bad_input(text):
    with pytest.raises(InputError, match="--as is"):
        parse_actor(text)


PROPOSERS = {
    "platform": {ANN, BEN, SELLER, LEAD, DOCTOR},
    "travel": {ANN, BEN, LEAD, INNKEEPER},
    "health": {ANN, BEN, DOCTOR},
    "big_hotels": {ANN, BEN, LEAD},
    "small_inn": {ANN, BEN, INNKEEPER},
    "small_inn.hotel": {ANN, BEN, INNKEEPER},
    "good_clinics": {ANN, BEN, DOCTOR},
    "kiosk": {ANN, BEN, SELLER},
}
PUBLISHERS = PROPOSERS | {"platform": {ANN, BEN}, "travel": {ANN, BEN, LEAD}}


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.name)
def test_a_partner_proposes_its_own_and_to_the_layer_above_alone(head):
    assert {actor for actor in SOMEBODY if not may_propose(actor, head, LIVE)} == (
        PROPOSERS[head.name]
    )
    assert {actor for actor in SOMEBODY if not may_publish(actor, head, LIVE)} == (
        PUBLISHERS[head.name]
    )
    assert may_propose(STRANGER, head, LIVE).code == FORBIDDEN


def test_a_lead_that_a_document_gives_itself_leads_nothing():
    coup = Head("industry", "health", "2", parent="platform", lead="big_hotels")
    assert may_propose(LEAD, coup, LIVE)
    new = Head("industry", "sport", "1", parent="platform", lead="big_hotels")
    assert may_propose(LEAD, new, LIVE) is None
    assert wanted(LEAD, new, LIVE) == Wanted(("lead",), by_platform=True)
    assert may_publish(LEAD, new, LIVE)
    assert may_propose(INNKEEPER, new, LIVE)


@pytest.mark.parametrize("layer", ["partner", "scene"])
def test_a_name_keeps_its_layer(layer):
    taken = Head(layer, "travel", "2", parent="travel")
    refused = may_propose(Actor("travel", "x"), taken, LIVE)
    assert "travel is a document of layer industry" in refused.problem
    assert may_propose(ANN, taken, LIVE)


@pytest.mark.parametrize(
    ("actor", "head", "awaiting", "needed"),
    [
        (ANN, PLATFORM, (), Wanted(WHOLE, by_platform=True)),
        (SELLER, PLATFORM, (), Wanted(WHOLE, by_platform=True)),
        (LEAD, TRAVEL, (), None),
        (ANN, TRAVEL, (), None),
        (INNKEEPER, TRAVEL, (), Wanted(WHOLE, by_platform=False, lead="big_hotels")),
        (INNKEEPER, TRAVEL, ("loan.price",), Wanted(("loan.price",), by_platform=True)),
        (LEAD, TRAVEL, ("loan.price",), Wanted(("loan.price",), by_platform=True)),
        (INNKEEPER, INN, (), None),
        (INNKEEPER, INN_ROOMS, (), None),
        (INNKEEPER, INN, ("first_loss_minor",), Wanted(("first_loss_minor",), by_platform=True)),
        (ANN, INN, ("first_loss_minor",), Wanted(("first_loss_minor",), by_platform=True)),
        (ANN, INN, (), None),
    ],
)
def test_what_needs_approval_says_of_what_and_by_whom(actor, head, awaiting, needed):
    assert wanted(actor, head, LIVE, awaiting) == needed


def test_another_parent_or_lead_is_the_platforms_to_approve():
    leaves = Head("partner", "small_inn", "2", parent="platform")
    assert wanted(INNKEEPER, leaves, LIVE) == Wanted(("parent",), by_platform=True)
    hands_over = Head("industry", "travel", "2", parent="platform", lead="small_inn")
    assert wanted(LEAD, hands_over, LIVE) == Wanted(("lead",), by_platform=True)
    assert wanted(ANN, hands_over, LIVE) is None


@given(st.sampled_from(HEADS), st.sampled_from(SOMEBODY), st.booleans())
def test_nobody_approves_their_own(head, actor, by_platform):
    needed = Wanted(("x",), by_platform=by_platform)
    for author in (actor, Actor("kiosk", actor.person.upper())):
        assert may_approve(actor, author, head, LIVE, needed).code in {OWN_WORK, FORBIDDEN}


def test_the_platform_approves_and_a_lead_where_nothing_awaits_the_platform():
    to_industry = Wanted(WHOLE, by_platform=False, lead="big_hotels")
    to_platform = Wanted(("first_loss_minor",), by_platform=True)
    assert may_approve(ANN, INNKEEPER, TRAVEL, LIVE, to_industry) is None
    assert may_approve(LEAD, INNKEEPER, TRAVEL, LIVE, to_industry) is None
    assert may_approve(LEAD, INNKEEPER, TRAVEL, LIVE, to_platform).code == FORBIDDEN
    assert may_approve(DOCTOR, INNKEEPER, TRAVEL, LIVE, to_industry).code == FORBIDDEN
    assert may_approve(LEAD, INNKEEPER, INN, LIVE, to_platform).code == FORBIDDEN
    assert may_approve(BEN, ANN, PLATFORM, LIVE, to_platform) is None
    assert may_approve(ANN, INNKEEPER, INN, LIVE, None).code == NOT_AWAITED


def test_an_author_may_take_back_and_a_rival_may_not():
    assert may_withdraw(INNKEEPER, INNKEEPER, TRAVEL, LIVE) is None
    assert may_withdraw(LEAD, INNKEEPER, TRAVEL, LIVE) is None
    assert may_withdraw(SELLER, INNKEEPER, TRAVEL, LIVE).code == FORBIDDEN


def test_a_partner_stops_itself_alone_and_never_lets_go_of_the_platforms_switch():
    assert may_switch(ANN, "") is None
    assert may_switch(INNKEEPER, "small_inn") is None
    assert may_switch(INNKEEPER, "").code == FORBIDDEN
    assert may_switch(INNKEEPER, "kiosk").code == FORBIDDEN
    assert may_switch(INNKEEPER, "small_inn", put_by=Actor("small_inn", "other")) is None
    assert may_switch(INNKEEPER, "small_inn", put_by=ANN).code == FORBIDDEN
    assert may_switch(ANN, "small_inn", put_by=INNKEEPER) is None
