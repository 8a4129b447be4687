"""Publishing on record: of rivals one hears of the other, and a proof counts while it is true."""

import threading
from pathlib import Path

import pytest

from credit.ledger.lifecycle import Refused
from credit.policy.documents import read_document
from credit.policy.powers import parse_actor
from credit.policy.reading import TermsError
from records import policies, policy_moves, publishing
from records.policy_versions import draft_of, history, versions
from records.rehearsal import rehearsed, rehearsed_rollback, rehearsed_version
from records.store import open_records

PLATFORM = (Path(__file__).resolve().parents[2] / "partners" / "platform.toml").read_text()
ANN, MEI, LI = map(parse_actor, ("ann", "small_inn/mei", "big_hotels/li"))


def travel(version=1, most=40_000_000):
    return read_document(
        f'layer = "industry"\nname = "travel"\nparent = "platform"\nversion = "{version}"\n'
        f'lead = "big_hotels"\n[loan]\namount_max_minor = {most}\n'
    )


def inn(version=1, most=30_000_000):
    return read_document(
        f'layer = "partner"\nname = "small_inn"\nparent = "travel"\nversion = "{version}"\n'
        f"[loan]\namount_max_minor = {most}\n"
    )


@pytest.fixture
def records(records_url):
    opened = open_records(records_url)
    drafts = [draft_of(one) for one in (read_document(PLATFORM), travel(), inn())]
    with opened.writing() as transaction:
        policy_moves.seed_all(transaction, drafts, by="shipped")
    yield opened
    opened.close()


def proposed(records, document, *, by):
    with records.writing() as transaction:
        rehearsal = rehearsed(records, document)
        return publishing.propose(transaction, document, by=by, rehearsal=rehearsal)


def published(records, document, *, by, rehearsal):
    head = document.head
    with records.writing() as transaction:
        return publishing.publish(
            transaction, name=head.name, version=head.version, by=by, rehearsal=rehearsal
        )


def live(records, name):
    with records.reading() as connection:
        return policies.live_sha256(connection, name)


def test_of_two_who_looked_at_the_same_one_wins_and_the_other_hears_of_it(records):
    rivals = [inn(2), inn(3)]
    for rival in rivals:
        proposed(records, rival, by=MEI)
    looks = [rehearsed_version(records, "small_inn", rival.head.version) for rival in rivals]
    told, start = {}, threading.Barrier(2)

    def race(place):
        start.wait()
        told[place] = published(records, rivals[place], by=MEI, rehearsal=looks[place])

    racers = [threading.Thread(target=race, args=(place,)) for place in (0, 1)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    [lost] = [place for place, one in told.items() if isinstance(one, Refused)]
    assert told[lost].code == publishing.CHANGED_MEANWHILE
    assert live(records, "small_inn") == rivals[1 - lost].sha256


def test_a_proof_that_the_layer_above_overtook_does_not_count(records):
    candidate = inn(2, most=39_000_000)
    proposed(records, candidate, by=MEI)
    look = rehearsed_version(records, "small_inn", "2")
    tighter = travel(2, most=35_000_000)
    proposed(records, tighter, by=LI)
    published(records, tighter, by=LI, rehearsal=rehearsed(records, tighter))
    with pytest.raises(TermsError, match="39000000, travel allows at most 35000000"):
        published(records, candidate, by=MEI, rehearsal=look)
    assert live(records, "small_inn") == inn().sha256


def test_what_was_rehearsed_is_not_proven_again_under_the_lock(records, monkeypatch):
    proposed(records, inn(2), by=MEI)
    look = rehearsed_version(records, "small_inn", "2")
    monkeypatch.setattr("records.rehearsal.weighed", lambda *_: pytest.fail("proven again"))
    assert published(records, inn(2), by=MEI, rehearsal=look).version.ref == "small_inn@2"


def test_what_is_rolled_back_to_is_held_to_what_stands_above_it_now(records):
    for document, by in ((inn(2, most=10_000_000), MEI), (travel(2, most=20_000_000), LI)):
        proposed(records, document, by=by)
        published(records, document, by=by, rehearsal=rehearsed(records, document))
    with records.writing() as transaction:
        told = publishing.roll_back(
            transaction,
            name="small_inn",
            by=MEI,
            rehearsal=rehearsed_rollback(records, "small_inn"),
        )
    assert [one.problem for one in told.bounded] == [
        "small_inn: loan.amount_max_minor is 30000000, travel allows at most 20000000"
    ]


def test_a_live_text_that_this_vouch_cannot_read_is_mended_by_publishing(records_url):
    records = open_records(records_url)
    with records.writing() as transaction:
        connection, at = transaction.connection, transaction.at
        policies.seed(connection, 'name = "platform"', by="an earlier Vouch", at=at)
    document = read_document(PLATFORM)
    assert proposed(records, document, by=ANN).wanted
    with records.writing() as transaction:
        publishing.approve(
            transaction,
            name="platform",
            version=document.head.version,
            by=parse_actor("ben"),
            rehearsal=rehearsed(records, document),
            unsimulated="the old one decides nothing",
        )
    published(records, document, by=ANN, rehearsal=rehearsed(records, document))
    assert live(records, "platform") == document.sha256
    records.close()


def test_a_refusal_leaves_nothing_behind(records):
    with records.reading() as connection:
        before = versions(connection), history(connection)
    for document, by in (
        (inn(2), LI),
        (travel(2), parse_actor("stranger/x")),
        (inn(1, 25_000_000), MEI),
    ):
        assert isinstance(proposed(records, document, by=by), Refused)
    with records.reading() as connection:
        assert (versions(connection), history(connection)) == before
