"""Somebody moves a clock while the service runs: nothing expires early, and order stays order.

Whose clock counts: an embedded database has none, so the service carries on by the machine's
monotonic clock from where the wall clock stood when it opened the records. PostgreSQL has its own,
whatever the service's machine shows. If PostgreSQL's own clock is moved there is no second one to
hold it against: what falls due by it expires, and only the order of the journal stays.
"""

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from records.decisions import Claim
from records.instants import instant_text
from records.loans import Reservation
from records.tables import BATCHES, HOLDS, LOANS, OPERATIONS
from tests.stand.books import open_books
from tests.stand.branch import Branch
from tests.stand.client import Client
from tests.stand.lived import AMPLE_MINOR, LOAN, WAIVER, decide, hold_claim
from tests.stand.orders import capture, order

AHEAD_S, BEHIND_S = 3_600, -5
TURNS = [(AHEAD_S, BEHIND_S), (BEHIND_S, AHEAD_S)]
LATER, SOON = timedelta(minutes=30), timedelta(seconds=2)
BY_AND_BY = 10  # the number of a hold that is due later; its approval has the next
LOOKED_S = 1.3  # upkeep looks every second
EXPIRED_WITHIN_S = 5.0
OPEN, EXPIRED = {"AUTHORIZED", "RESERVED"}, {"CLOSED", "EXPIRED"}


@pytest.fixture
def serve(tmp_path):
    """A process that serves the records at a URL, and the books of them."""
    made = []

    def start(url, environ=None):
        branch = Branch(url=url, folder=tmp_path)
        made.append(branch)
        branch.launch(environ=environ)
        return branch, open_books(url, branch.plan.anchors)

    yield start
    for branch in made:
        branch.end()


def test_the_service_s_clock_moves_and_nothing_expires_but_what_is_due(
    records_url, faketime, serve, runs
):
    branch, opened = serve(records_url, faketime.environ)
    with opened as books, Client([branch.port]) as client:
        reserve(books, BY_AND_BY, LATER)
        for number, (first, then) in enumerate(TURNS[: runs(full=2, short=1)]):
            faketime.move(first)
            soon = reserve(books, 20 + number * 2, SOON)
            assert client.insist(order(f"first-{number}", user="u1")).status == 200
            sleep_until(soon - timedelta(seconds=0.4))
            assert states(books, 20 + number * 2) == OPEN
            faketime.move(then)
            await_expiry(books, 20 + number * 2)
            assert max(expired_at(books)) >= instant_text(soon)
            assert client.insist(order(f"then-{number}", user="u1")).status == 200
        assert states(books, BY_AND_BY) == OPEN
        assert client.insist(capture(f"auth-{BY_AND_BY}", "c1", amount_minor=100)).status == 200
        assert_in_order(books)


def test_postgresql_s_own_clock_moves_and_the_journal_stays_in_order(new_cluster, faketime, serve):
    cluster = new_cluster(environ=faketime.environ)
    branch, opened = serve(cluster.new_database())
    with opened as books, Client([branch.port]) as client:
        faketime.move(BEHIND_S)
        reserve(books, BY_AND_BY, LATER)
        time.sleep(LOOKED_S)
        assert states(books, BY_AND_BY) == OPEN
        faketime.move(AHEAD_S)  # half an hour is over: this clock is the one that counts
        await_expiry(books, BY_AND_BY)
        for number, moved in enumerate((AHEAD_S, BEHIND_S, 0)):
            faketime.move(moved)
            assert client.insist(order(f"o{number}", user="u1")).status == 200
        assert_in_order(books)


def reserve(books, number, lasts):
    """A hold and an approval of that number, which fall due after so long; when that is."""
    with books.records.writing() as transaction:
        due = datetime.now(UTC) + lasts
        decide(transaction, number, WAIVER, hold_claim(number, due))
        name = f"decision-{number + 1}"
        takes = Reservation(decision_id=name, amount_minor=5_000, expires_at=due)
        decide(transaction, number + 1, LOAN, Claim(takes=takes, ceiling_minor=AMPLE_MINOR))
    return due


def await_expiry(books, number):
    deadline = time.monotonic() + EXPIRED_WITHIN_S
    while states(books, number) != EXPIRED:
        assert time.monotonic() < deadline, "what is due stays open"
        time.sleep(0.1)


def sleep_until(instant):
    time.sleep(max(0.0, (instant - datetime.now(UTC)).total_seconds()))


def states(books, number):
    """How the hold and the approval of that number stand."""
    with books.records.reading() as connection:
        hold = select(HOLDS.c.state).where(HOLDS.c.auth_no == f"auth-{number}")
        loan = select(LOANS.c.state).where(LOANS.c.decision_id == f"decision-{number + 1}")
        return {connection.scalar(hold), connection.scalar(loan)}


def expired_at(books):
    with books.records.reading() as connection:
        query = select(OPERATIONS.c.at).where(OPERATIONS.c.move == "expire")
        return connection.execute(query).scalars().all()


def assert_in_order(books):
    """The journal's times run one way, and all of it adds up."""
    with books.records.reading() as connection:
        sealed = connection.execute(select(BATCHES.c.sealed_at).order_by(BATCHES.c.batch))
        done = connection.execute(select(OPERATIONS.c.at).order_by(OPERATIONS.c.seq))
        for instants in (sealed.scalars().all(), done.scalars().all()):
            assert all(before <= after for before, after in pairwise(instants))
    books.assert_whole()
