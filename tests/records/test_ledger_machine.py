"""Random lives of lines, holds and loans on real records, against the ledger kept on paper.

Every step is a request (or several in one transaction, one that dies before its commit, one sent
again, one garbled under an old key); after every step all that stands must be as the model says.
"""

import itertools
import os
from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, union_all

from records import counters, lines
from records.expiry import expire_due
from records.group_commit import GroupCommit
from records.store import open_records
from records.tables import (
    BATCHES,
    DECISIONS,
    HEAD,
    HOLDS,
    LOANS,
    OPERATIONS,
    OUTBOX,
)
from records.verification.verify import verify
from tests.records.ledger_at_work import Gate, in_words, instant, said, work_of
from tests.records.ledger_model import (
    Accept,
    Authorise,
    Expire,
    Happen,
    Model,
    Move,
    Put,
    Reserve,
)
from tests.records.ledger_sketches import (
    ANY,
    DOUBLED,
    GROUPS,
    REQUESTS,
    is_one_in,
)

RUNS = itertools.count()


class DiedError(Exception):
    """The process that wrote is gone before its commit."""


class LedgerMachine(RuleBasedStateMachine):
    """One run on records that earlier runs have used, with names of its own."""

    records = None
    group_commit = None
    seconds = 0  # what the records take for the present

    def __init__(self):
        super().__init__()
        self.run, self.fresh = next(RUNS), itertools.count()
        self.model, self.sent, self.bytes_of = Model(), [], {}
        self.model.now = self._set_clock(by=100)
        with self.records.writing() as transaction:
            expire_due(transaction, limit=10**6)  # what a run that failed has left
        with self.records.reading() as connection:
            self.seq = self.first_seq = connection.execute(select(HEAD.c.seq)).scalar_one()

    @initialize()
    def something_to_work_on(self):
        """A hold and a running loan of each partner, so that every move has what it may move."""
        for partner in (0, 1):
            self._alone(*self._made(Authorise(partner, 0, 1, 20, 16, 120, 30), 1))
            self._alone(*self._made(Reserve(partner, 0, 1, 20, 120, 30), 1))
            self._alone(*self._made(Accept(1, 4, 0, 18), 1))
            self._alone(*self._made(Happen(1, 4, "disbursed", None), 1))

    @rule(sketch=REQUESTS, key=ANY)
    def one(self, sketch, key):
        self._alone(*self._made(sketch, key))

    @rule(sketches=GROUPS)
    def several_at_once(self, sketches):
        group, seen = [], set()
        for sketch in sketches:
            request, key = self._made(*sketch)
            names = {key, getattr(request, "order", key)}
            if seen.isdisjoint(names):  # of two that contradict each other, either may come first
                group.append((request, key))
            seen |= names
        self._together(group)

    @rule(sketch=DOUBLED, times=st.integers(2, 3), key=ANY)
    def the_same_several_times_at_once(self, sketch, times, key):
        self._together([self._made(sketch, key)] * times)

    @precondition(lambda self: self.sent)
    @rule(one=ANY)
    def again(self, one):
        self._alone(*self.sent[one % len(self.sent)])

    @precondition(lambda self: self.sent)
    @rule(one=ANY, by=st.integers(1, 3))
    def something_else_under_an_old_key(self, one, by):
        request, key = self.sent[one % len(self.sent)]
        field = "deposit" if isinstance(request, Authorise) else "partner"
        if hasattr(request, "amount") and request.amount is not None:
            field = "amount"
        if field != "partner":
            self._alone(replace(request, **{field: getattr(request, field) + by}), key)

    @precondition(lambda self: self.sent)
    @rule(one=ANY)
    def the_same_under_a_new_key(self, one):
        request, _ = self.sent[one % len(self.sent)]
        self._alone(request, self._name("k", next(self.fresh)))

    @rule(sketch=REQUESTS, key=ANY)
    def one_that_dies(self, sketch, key):
        work, _ = self._work(*self._made(sketch, key))
        with pytest.raises(DiedError):
            self._dies(work)

    @rule(by=st.sampled_from([-2, 0, 1, 3, 10]), expire=st.booleans())
    def time_passes(self, by, expire):
        self.model.now = self._set_clock(by=by)
        if expire:
            self._alone(Expire(), None)

    @invariant()
    def all_stands_as_on_paper(self):
        with self.records.reading() as connection:
            self._check_holds(connection)
            self._check_loans(connection)
            self._check_lines(connection)
            self._check_counters(connection)
            self._check_journal(connection)

    def teardown(self):
        """Ends what would come due in a later run."""
        self.model.now = self._set_clock(by=100)
        self._alone(Expire(), None)
        self.all_stands_as_on_paper()

    def _alone(self, request, key):
        work, fresh = self._work(request, key)
        expected = self.model.apply(request, key, fresh)
        with self.records.writing() as transaction:
            outcome = work(transaction)
        self._is_as_expected(request, expected, outcome)

    def _dies(self, work):
        with self.records.writing() as transaction:
            work(transaction)
            transaction.close()
            raise DiedError

    def _together(self, asked):
        works = [self._work(*one) for one in asked]
        expected = [
            self.model.apply(request, key, fresh)
            for (request, key), (_, fresh) in zip(asked, works, strict=True)
        ]
        outcomes = Gate().hold(self.group_commit, [work for work, _ in works])
        for (request, _), came, outcome in zip(asked, expected, outcomes, strict=True):
            self._is_as_expected(request, came, outcome)

    def _is_as_expected(self, request, expected, outcome):
        found = in_words(outcome)
        if expected[0] == "no room":  # the line as it is when all that came together have taken
            assert found[0] == "no room", (request, expected, found)
            assert found[1] >= expected[1], request
            assert found[2].keys() == expected[2].keys(), request
            assert all(found[2][name] >= used for name, used in expected[2].items()), request
            return
        if expected[0] != "answer":
            assert found == expected, request
            return
        assert found[0] == "answer", (request, expected, found)
        _, number, must_say = expected
        assert self.bytes_of.setdefault(number, found[1]) == found[1], "an answer has changed"
        told = said(found[1])
        if must_say.get("hold"):
            must_say, told = must_say["hold"], told["hold"]
        assert {name: told[name] for name in must_say} == must_say, request

    def _work(self, request, key):
        fresh = self._name("n", next(self.fresh))
        return work_of(request, key, fresh, self.model.now), fresh

    def _made(self, sketch, key):
        """A request of this run from a sketch of one; kept, so that it can be sent again."""
        if self.sent and is_one_in(8, key):
            _, key = self.sent[key % len(self.sent)]
        else:
            key = self._name("k", next(self.fresh))
        made = replace(sketch, **self._named(sketch))
        if not isinstance(made, Put):
            self.sent.append((made, key))
        return made, key

    def _named(self, sketch):
        match sketch:
            case Authorise():
                part = min(sketch.authorized, sketch.deposit)
                user = self._name("u", sketch.user)
                return self._order(sketch) | {"user": user, "authorized": part}
            case Reserve():
                return self._order(sketch) | {"merchant": self._name("m", sketch.merchant)}
            case Move():
                auth_no, hold = self._pick(self.model.holds, sketch.auth_no)
                return {"auth_no": auth_no, "partner": self._partner(sketch, hold)}
            case Accept():
                number, loan = self._pick(self.model.loans, sketch.decision_id)
                loan_no = f"{number}-{sketch.loan_no}"
                partner = self._partner(sketch, loan)
                return {"decision_id": number, "loan_no": loan_no, "partner": partner}
            case Happen():
                accepted = {it.loan_no: it for it in self.model.loans.values() if it.loan_no}
                loan_no, loan = self._pick(accepted, sketch.loan_no)
                return {"loan_no": loan_no, "partner": self._partner(sketch, loan)}
            case Put():
                name = self._name(sketch.kind[0], sketch.name)
                return {"name": name, "partner": self._name("p", sketch.partner)}

    def _order(self, sketch):
        order = sketch.order % 3 if is_one_in(8, sketch.order) else 1_000 + next(self.fresh)
        industry = None if sketch.industry is None else self._name("i", sketch.industry)
        partner = self._name("p", sketch.partner)
        return {"partner": partner, "order": self._name("o", order), "industry": industry}

    def _partner(self, sketch, owned):
        if owned is None or is_one_in(12, sketch.partner):
            return self._name("p", sketch.partner % 2)
        return owned.partner

    def _pick(self, among, one):
        """One of those that are there, the latest more often; now and then one that is not."""
        names = list(among)
        if not names or is_one_in(12, one):
            return self._name("x", one), None
        name = names[-1 - one % min(4, len(names))]
        return name, among[name]

    def _name(self, kind, number):
        return f"{kind}{number}-{self.run}"

    @classmethod
    def _set_clock(cls, *, by):
        LedgerMachine.seconds += by
        return LedgerMachine.seconds

    def _partners(self):
        return [self._name("p", 0), self._name("p", 1)]

    def _check_holds(self, connection):
        c = HOLDS.c
        query = select(
            c.auth_no,
            c.authorized_minor,
            c.captured_minor,
            c.released_minor,
            c.settled_minor,
            c.state,
        ).where(c.partner.in_(self._partners()))
        found = {number: tuple(rest) for number, *rest in connection.execute(query)}
        assert found == {number: it.amounts() for number, it in self.model.holds.items()}
        for authorized, captured, released, settled, state in found.values():
            assert 0 <= settled <= captured
            assert authorized - captured - released >= (1 if state == "AUTHORIZED" else 0)

    def _check_loans(self, connection):
        c = LOANS.c
        query = select(
            c.decision_id,
            c.principal_minor,
            c.repaid_minor,
            c.released_minor,
            c.written_off_minor,
            c.state,
        ).where(c.partner.in_(self._partners()))
        found = {number: tuple(rest) for number, *rest in connection.execute(query)}
        assert found == {number: it.amounts() for number, it in self.model.loans.items()}

    def _check_lines(self, connection):
        for kind in ("user", "merchant"):
            names = [self._name(kind[0], number) for number in (0, 1)]
            found = lines.read(connection, kind=kind, entity_ids=names)
            for name, line in zip(names, found, strict=True):
                on_paper = self.model.lines.get((kind, name))
                limit, until = (on_paper.limit, on_paper.valid_until) if on_paper else (None, None)
                assert line.used_minor == self.model.used(kind, name)
                assert line.limit_minor == limit
                assert line.valid_until == (None if until is None else instant(until))

    def _check_counters(self, connection):
        """What is counted of each partner and industry is what is open of its holds, its loans."""
        for product, among in (
            ("deposit-waiver", self.model.holds),
            ("merchant-loan", self.model.loans),
        ):
            expected = {}
            for number in (0, 1):
                named = self._name("p", number), self._name("i", number)
                expected |= self.model.counted(among, *named)
            found = counters.read(connection, [(product, *name) for name in expected])
            assert {name[1:]: used for name, used in found.items()} == expected

    def _check_journal(self, connection):
        """One numbering without gaps, one event a row, and as many rows as there were effects."""
        head = connection.execute(select(HEAD.c.seq, HEAD.c.batch)).one()
        rows = union_all(
            select(DECISIONS.c.seq).where(DECISIONS.c.seq > self.seq),
            select(OPERATIONS.c.seq).where(OPERATIONS.c.seq > self.seq),
        )
        expected = list(range(self.seq + 1, head.seq + 1))
        assert sorted(connection.execute(rows).scalars()) == expected
        told = select(OUTBOX.c.seq).where(OUTBOX.c.seq > self.seq).order_by(OUTBOX.c.seq)
        assert list(connection.execute(told).scalars()) == expected
        last = select(BATCHES.c.last_seq).where(BATCHES.c.batch == head.batch)
        assert connection.execute(last).scalar_one_or_none() == (head.seq or None)
        assert head.seq - self.first_seq == self.model.rows
        self.seq = head.seq


@pytest.fixture
def machine(records_url):
    """The machine on records that are opened once for all its runs."""
    records = open_records(records_url, fixed_now=lambda: instant(LedgerMachine.seconds))
    group_commit = GroupCommit(records)
    LedgerMachine.records, LedgerMachine.group_commit = records, group_commit
    yield LedgerMachine
    group_commit.close()
    records.close()


def test_whatever_is_asked_the_records_are_as_on_paper(machine, runs):
    long = os.environ.get("VOUCH_ACCEPTANCE") == "1"
    how = settings(
        max_examples=runs(full=2_000, short=50),
        stateful_step_count=50,
        deadline=None,
        derandomize=not long,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    run_state_machine_as_test(machine, settings=how)
    report = verify(machine.records)
    assert report.holds, report.lines()


@pytest.fixture
def book(machine):
    """A run that is led by hand; each request is held against the model all the same."""
    started = machine()
    started.something_to_work_on()
    yield started
    started.teardown()


def first_of(book):
    auth_no, hold = next(iter(book.model.holds.items()))
    return {"partner": hold.partner, "auth_no": auth_no}


def test_a_key_that_comes_twice_into_one_transaction_is_answered_twice_and_done_once(book):
    book._together([(Move(**first_of(book), move="release", amount=None, complete=False), "k")] * 3)


def test_two_captures_in_one_transaction_know_of_each_other(book):
    capture = Move(**first_of(book), move="capture", amount=3, complete=False)
    book._together([(capture, "k1"), (capture, "k2")])


def test_a_debt_paid_after_the_hold_came_due_lists_the_expiry_before_the_payment(book):
    book._alone(Move(**first_of(book), move="capture", amount=3, complete=False), "k1")
    book.time_passes(by=100, expire=False)
    book._alone(Move(**first_of(book), move="settle", amount=None, complete=False), "k2")
    done = [move for move, _ in book.model.holds[first_of(book)["auth_no"]].done]
    assert done == ["authorize", "capture", "expire", "settle"]
