"""What partners and industries have open is counted always, and capped where a share says so."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, update

from credit.ledger.hold import HoldMove
from credit.ledger.loan import LoanMove
from records import counters, holds, lines, loans
from records.counters import INDUSTRY, PARTNER, Share
from records.decisions import Asked, Claim, NoRoom, Recorded, Recording, record_all
from records.expiry import expire_due
from records.holds import Opening
from records.loans import Reservation
from records.store import open_records
from records.tables import CONCENTRATIONS, HOLDS, LOANS
from records.verification.verify import verify

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
WAIVER, LOAN = "deposit-waiver", "merchant-loan"
AMPLE_MINOR = 10**9
BIKES, HOTELS = (WAIVER, PARTNER, "bikes"), (WAIVER, PARTNER, "hotels")
MOBILITY = (WAIVER, INDUSTRY, "mobility")
LENT, LENT_MOBILITY = (LOAN, PARTNER, "bikes"), (LOAN, INDUSTRY, "mobility")
EVERY = (BIKES, HOTELS, MOBILITY, LENT, LENT_MOBILITY)


@pytest.fixture
def moment():
    """What the records take for the present, in a list of one."""
    return [NOW]


@pytest.fixture
def records(records_url, moment):
    opened = open_records(records_url, fixed_now=lambda: moment[0])
    yield opened
    opened.close()


@pytest.fixture
def a_waiver(an_entry):
    """`a_waiver(user, amount_minor, partner=, industry=, shares=, name=)`: takes a hold."""

    def made(user="u1", amount_minor=100, *, partner="bikes", name=None, **claimed):
        name = name or uuid.uuid4().hex
        takes = Opening(
            auth_no=name,
            out_order_no=name,
            decision_id=name,
            scene="bike",
            deposit_minor=amount_minor,
            authorized_minor=amount_minor,
            expires_at=NOW + timedelta(days=1),
            industry=claimed.pop("industry", None),
        )
        decision = {"outcome": "approve", "credit_minor": amount_minor}
        return recording(an_entry, WAIVER, partner, user, name, decision, takes, **claimed)

    return made


@pytest.fixture
def a_loan(an_entry):
    """`a_loan(merchant, amount_minor, industry=, name=)`: an approval that reserves."""

    def made(merchant="m1", amount_minor=1_000, *, name, **claimed):
        takes = Reservation(
            decision_id=name,
            amount_minor=amount_minor,
            expires_at=NOW + timedelta(days=1),
            industry=claimed.pop("industry", None),
        )
        decision = {"outcome": "approve"}
        return recording(an_entry, LOAN, "bikes", merchant, name, decision, takes, **claimed)

    return made


def recording(an_entry, product, partner, entity, name, decision, takes, shares=()):
    asked = Asked(
        partner=partner,
        product=product,
        entity_id=entity,
        order_no=name,
        key=name,
        content_sha256="c",
    )
    entry = an_entry(
        decision_id=name,
        partner=partner,
        product=product,
        entity_id=entity,
        reference_id=name,
        order_no=name,
        decision=decision,
    )
    claim = Claim(takes=takes, ceiling_minor=AMPLE_MINOR, shares=tuple(shares))
    return Recording(asked=asked, entry=entry, claim=claim)


def cap(counter, ceiling_minor):
    product, kind, name = counter
    return Share(product=product, kind=kind, name=name, ceiling_minor=ceiling_minor)


def together(records, recordings):
    with records.writing() as transaction:
        return record_all(transaction, recordings)


def counted(records, *names):
    with records.reading() as connection:
        return [counters.read(connection, EVERY)[name] for name in names]


def used_minor(records, user):
    with records.reading() as connection:
        [line] = lines.read(connection, kind="user", entity_ids=[user])
    return line.used_minor


def operated(records, name, move, **how):
    with records.writing() as transaction:
        return holds.operate(transaction, move, partner="bikes", auth_no=name, **how)


def test_what_is_open_is_counted_by_partner_and_industry_without_any_cap(records, a_waiver):
    together(
        records,
        [
            a_waiver("u1", 100, industry="mobility"),
            a_waiver("u2", 30),
            a_waiver("u1", 7, partner="hotels", industry="mobility"),
        ],
    )
    assert counted(records, BIKES, HOTELS, MOBILITY, LENT) == [130, 7, 107, 0]


def test_a_share_is_never_taken_beyond_its_ceiling_and_a_refusal_takes_nothing(records, a_waiver):
    asked = [a_waiver(f"u{n}", 40, shares=[cap(BIKES, 100)]) for n in range(4)]
    answers = together(records, asked)
    assert [type(told) for told in answers] == [Recorded, Recorded, NoRoom, NoRoom]
    assert answers[2].shares == {BIKES: 80}
    assert answers[2].line.used_minor == 0
    assert counted(records, BIKES) == [80]
    assert [used_minor(records, f"u{n}") for n in range(4)] == [40, 40, 0, 0]
    assert verify(records).holds


def test_who_asks_for_less_still_gets_what_is_left(records, a_waiver):
    amounts = [60, 50, 40, 1]
    asked = [a_waiver(f"u{n}", it, shares=[cap(BIKES, 100)]) for n, it in enumerate(amounts)]
    answers = together(records, asked)
    assert [type(told) for told in answers] == [Recorded, NoRoom, Recorded, NoRoom]
    assert counted(records, BIKES) == [100]


def test_a_full_industry_refuses_every_partner_in_it_and_no_other(records, a_waiver):
    shares = [cap(MOBILITY, 100)]
    asked = [
        a_waiver("u1", 100, industry="mobility", shares=shares),
        a_waiver("u2", 1, partner="hotels", industry="mobility", shares=shares),
        a_waiver("u3", 500, partner="hotels"),
    ]
    answers = together(records, asked)
    assert [type(told) for told in answers] == [Recorded, NoRoom, Recorded]
    assert answers[1].shares == {HOTELS: 500, MOBILITY: 100}
    assert counted(records, BIKES, HOTELS, MOBILITY) == [100, 500, 100]


def test_a_first_claim_larger_than_its_ceiling_is_refused_too(records, a_waiver):
    [told] = together(records, [a_waiver("u1", 101, shares=[cap(BIKES, 100)])])
    assert isinstance(told, NoRoom)
    assert told.shares == {BIKES: 0}


def test_a_cap_that_comes_later_counts_what_was_there_before_it(records, a_waiver):
    together(records, [a_waiver("u1", 90)])
    answers = together(records, [a_waiver("u2", 20, shares=[cap(BIKES, 100)])])
    assert [type(told) for told in answers] == [NoRoom]
    assert answers[0].shares == {BIKES: 90}


def test_a_cap_below_what_is_open_binds_new_authorisations_alone(records, a_waiver):
    together(records, [a_waiver("u1", 90, name="first")])
    [told] = together(records, [a_waiver("u1", 1, shares=[cap(BIKES, 10)])])
    assert isinstance(told, NoRoom)
    operated(records, "first", HoldMove.RELEASE, amount_minor=30)
    assert counted(records, BIKES) == [60]


def test_counters_follow_a_hold_to_its_end(records, a_waiver):
    together(records, [a_waiver("u1", 100, industry="mobility", name="h")])
    steps = [
        (HoldMove.RELEASE, {"amount_minor": 10}, 90),
        (HoldMove.CAPTURE, {"amount_minor": 50}, 90),
        (HoldMove.SETTLE, {"amount_minor": 20}, 70),
        (HoldMove.CAPTURE, {"amount_minor": 15, "complete": True}, 45),
        (HoldMove.SETTLE, {}, 0),
    ]
    for move, how, left in steps:
        operated(records, "h", move, **how)
        assert counted(records, BIKES, MOBILITY) == [left, left]
        assert used_minor(records, "u1") == left
    assert verify(records).holds


def test_counters_follow_a_loan_to_its_end(records, a_loan):
    together(records, [a_loan(amount_minor=1_000, industry="mobility", name="l")])
    assert counted(records, LENT, LENT_MOBILITY, BIKES) == [1_000, 1_000, 0]
    terms = {"amount_minor": 800, "term_days": 30, "apr": 0.1}
    with records.writing() as transaction:
        kept = loans.find_approval(transaction.connection, partner="bikes", decision_id="l")
        loans.accept(transaction, kept, loan_no="n", terms=terms)
    assert counted(records, LENT) == [800]
    happens = [
        (LoanMove.DISBURSED, 800, 800),
        (LoanMove.REPAID, 300, 500),
        (LoanMove.WRITTEN_OFF, None, 0),
    ]
    for what, amount_minor, left in happens:
        with records.writing() as transaction:
            kept = loans.find(transaction.connection, partner="bikes", loan_no="n")
            how = {"amount_minor": amount_minor, "occurred_at": NOW}
            loans.happened(transaction, kept, what, **how)
        assert counted(records, LENT, LENT_MOBILITY) == [left, left]
    assert verify(records).holds


def test_what_expires_is_counted_no_more(records, moment, a_waiver, a_loan):
    claimed = {"industry": "mobility"}
    together(records, [a_waiver(**claimed), a_loan(name="l", **claimed)])
    moment[0] = NOW + timedelta(days=2)
    with records.writing() as transaction:
        assert expire_due(transaction) == 2
    assert counted(records, BIKES, MOBILITY, LENT, LENT_MOBILITY) == [0, 0, 0, 0]
    assert verify(records).holds


def test_a_share_of_somebody_else_is_a_defect_and_takes_nothing(records, a_waiver):
    with pytest.raises(ValueError, match="caps nothing that the claim takes"):
        together(records, [a_waiver("u1", 1, shares=[cap(HOTELS, 100)])])
    assert used_minor(records, "u1") == 0


def test_the_industry_is_the_platforms_own_note_and_no_answer_tells_it(records, a_waiver):
    [told] = together(records, [a_waiver("u1", 100, industry="mobility", name="h")])
    assert b"mobility" not in told.answer
    with records.reading() as connection:
        kept = holds.find(connection, partner="bikes", auth_no="h")
        assert kept.industry == "mobility"
        assert "mobility" not in str(holds.read(connection, kept))


def test_counting_costs_one_statement_for_a_whole_group(records, a_waiver):
    def statements(size, **claimed):
        seen = []

        def note(_connection, _cursor, statement, *_):
            seen.append(statement)

        event.listen(records.database.engine, "before_cursor_execute", note)
        together(records, [a_waiver(f"u{uuid.uuid4().hex}", **claimed) for _ in range(size)])
        event.remove(records.database.engine, "before_cursor_execute", note)
        return sum("concentrations" in statement for statement in seen)

    assert statements(50) == 1
    assert statements(50, industry="mobility", shares=[cap(BIKES, AMPLE_MINOR)]) == 1


def test_one_who_finds_no_room_does_not_make_every_other_go_alone(records, a_waiver):
    seen = []
    event.listen(
        records.database.engine, "before_cursor_execute", lambda _c, _k, sql, *_: seen.append(sql)
    )
    asked = [a_waiver(f"u{n}", 1, shares=[cap(BIKES, 1_000)]) for n in range(128)]
    asked[77] = a_waiver("u77", 2_000, shares=[cap(BIKES, 1_000)])
    answers = together(records, asked)
    assert [n for n, told in enumerate(answers) if isinstance(told, NoRoom)] == [77]
    assert sum("UPDATE lines" in sql for sql in seen) <= 2 * 7 + 2  # halves, and what goes back


@pytest.mark.parametrize("by_minor", [1, -1])
@pytest.mark.parametrize("name", [BIKES, MOBILITY])
def test_a_counter_that_was_changed_is_found(records, a_waiver, name, by_minor):
    together(records, [a_waiver("u1", 100, industry="mobility")])
    product, kind, whose = name
    with records.writing() as transaction:
        c = CONCENTRATIONS.c
        query = update(CONCENTRATIONS).where(c.kind == kind, c.name == whose)
        transaction.connection.execute(query.values(used_minor=c.used_minor + by_minor))
    faults = [fault for check in verify(records).checks for fault in check.faults]
    should = f"used_minor is {100 + by_minor}, should be 100"
    assert faults == [f"{product} of {kind} {whose}: {should}"]


def test_of_several_ceilings_each_binds_who_came_with_it(records, a_waiver):
    ceilings = [200, 50, 200]
    asked = [a_waiver(f"u{n}", 40, shares=[cap(BIKES, it)]) for n, it in enumerate(ceilings)]
    answers = together(records, asked)
    assert [type(told) for told in answers] == [Recorded, NoRoom, Recorded]
    assert counted(records, BIKES) == [80]


@pytest.mark.parametrize("table", [HOLDS, LOANS], ids=["hold", "loan"])
def test_exposure_moved_to_another_industry_is_found_also_where_the_counters_were_made_to_fit(
    records, a_waiver, a_loan, table
):
    together(
        records, [a_waiver(industry="mobility", name="h"), a_loan(industry="mobility", name="l")]
    )
    with records.writing() as transaction:
        connection, product = transaction.connection, WAIVER if table is HOLDS else LOAN
        connection.execute(update(table).values(industry="lodging"))
        c = CONCENTRATIONS.c
        moved = update(CONCENTRATIONS).where(c.kind == INDUSTRY, c.product == product)
        connection.execute(moved.values(name="lodging"))
    [fault] = [fault for check in verify(records).checks for fault in check.faults]
    assert fault.endswith("industry is 'lodging', should be 'mobility'")


@pytest.mark.parametrize("full", [BIKES, MOBILITY], ids=["partner", "industry"])
def test_who_comes_alone_and_is_refused_by_either_share_has_taken_nothing(records, a_waiver, full):
    shares = [cap(name, 99 if name == full else AMPLE_MINOR) for name in (BIKES, MOBILITY)]
    [told] = together(records, [a_waiver("u1", 100, industry="mobility", shares=shares)])
    assert isinstance(told, NoRoom)
    assert counted(records, BIKES, MOBILITY) == [0, 0]
    assert used_minor(records, "u1") == 0
