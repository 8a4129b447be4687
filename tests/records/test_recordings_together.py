"""Recordings of one group are made together: fewer statements, and the same outcomes."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from records import lines
from records.decisions import Asked, Claim, Conflict, NoRoom, Recorded, Recording, record_all
from records.group_commit import GroupCommit
from records.holds import Opening

UNTIL = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def a_recording(an_entry):
    """`a_recording(user, key, order, content)`: a hold of 100 under a ceiling of 250."""

    def made(user="u1", *, key=None, order=None, content="c", amount_minor=100):
        name = uuid.uuid4().hex
        key, order = key or f"k{name}", order or f"o{name}"
        entry = an_entry(
            decision_id=f"d{name}",
            product="deposit-waiver",
            entity_id=user,
            reference_id=f"a{name}",
            order_no=order,
            decision={"outcome": "approve", "credit_minor": amount_minor, "by": name},
        )
        takes = Opening(
            auth_no=f"a{name}",
            out_order_no=order,
            decision_id=f"d{name}",
            scene="hotel",
            deposit_minor=amount_minor,
            authorized_minor=amount_minor,
            expires_at=UNTIL + timedelta(days=1),
        )
        asked = Asked(
            partner="local",
            product="deposit-waiver",
            entity_id=user,
            order_no=order,
            key=key,
            content_sha256=content,
        )
        claim = Claim(takes=takes, ceiling_minor=250)
        return Recording(asked=asked, entry=entry, claim=claim)

    return made


def together(records, recordings):
    with records.writing() as transaction:
        return record_all(transaction, recordings)


def used_minor(records, user):
    with records.reading() as connection:
        [line] = lines.read(connection, kind="user", entity_ids=[user])
    return line.used_minor


def test_a_key_that_comes_twice_in_a_group_has_one_effect_and_one_answer(records, a_recording):
    first, again = together(records, [a_recording(key="k", order="o"), a_recording(key="k")])
    assert first.new
    assert again == Recorded(first.answer, new=False)
    assert used_minor(records, "u1") == 100


def test_an_order_that_comes_twice_in_a_group_is_decided_once(records, a_recording):
    first, again, other = together(
        records,
        [a_recording(order="o"), a_recording(order="o"), a_recording(order="o", content="other")],
    )
    assert again == Recorded(first.answer, new=False)
    assert other is Conflict.REFERENCE
    assert used_minor(records, "u1") == 100


def test_a_key_with_other_content_in_a_group_is_a_conflict(records, a_recording):
    _, other = together(records, [a_recording(key="k"), a_recording(key="k", content="other")])
    assert other is Conflict.KEY


def test_the_first_of_a_group_get_the_room_and_only_who_found_none_is_refused(records, a_recording):
    asked = [a_recording(user) for user in ("u1", "u2", "u1", "u1", "u3", "u1")]
    answers = together(records, asked)
    assert [type(told) for told in answers] == [Recorded] * 3 + [NoRoom, Recorded, NoRoom]
    assert answers[3].line.used_minor == 200
    assert {user: used_minor(records, user) for user in ("u1", "u2", "u3")} == {
        "u1": 200,
        "u2": 100,
        "u3": 100,
    }


def test_a_line_cut_below_its_use_refuses_the_whole_group_of_its_user(records, a_recording):
    with records.writing() as transaction:
        lines.put(
            transaction,
            partner="local",
            kind="user",
            entity_id="u1",
            limit_minor=50,
            source="bank",
            valid_until=None,
        )
    answers = together(records, [a_recording("u1"), a_recording("u2"), a_recording("u1")])
    assert [type(told) for told in answers] == [NoRoom, Recorded, NoRoom]
    assert used_minor(records, "u1") == 0


def test_statements_do_not_grow_with_the_group(records, a_recording):
    def statements(size):
        seen = []

        def note(_connection, _cursor, statement, *_):
            seen.append(statement)

        event.listen(records.database.engine, "before_cursor_execute", note)
        together(records, [a_recording(f"u{uuid.uuid4().hex}") for _ in range(size)])
        event.remove(records.database.engine, "before_cursor_execute", note)
        return len(seen)

    assert statements(40) == statements(2)


def test_group_commit_makes_recordings_together_and_other_works_in_their_turn(
    records, a_recording, monkeypatch
):
    commit, sizes, seen = GroupCommit(records), [], []
    plain = Recording.together

    def counted(transaction, works):
        sizes.append(len(works))
        return plain(transaction, works)

    monkeypatch.setattr(Recording, "together", staticmethod(counted))
    with records.writing():  # the writer waits for us, and the works for the writer
        first = commit.hand_in(lambda _: "first")
        answers = [commit.hand_in(a_recording(f"u{n}")) for n in range(5)]
        between = commit.hand_in(lambda _: seen.append("between"))
        answers += [commit.hand_in(a_recording(f"u{n}")) for n in range(5, 9)]
    commit.close()
    assert first.result() == "first"
    assert between.done()
    assert seen == ["between"]
    assert all(answer.result().new for answer in answers)
    assert sum(sizes) == 9
    assert len(sizes) <= 3  # two sides of what came between, one cut where a group ended


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.integers(0, 4), st.integers(0, 4), st.sampled_from(("c", "other"))
        ),
        max_size=12,
    )
)
def test_together_they_come_to_what_they_would_come_to_one_by_one(records, a_recording, asked):
    def works(run):
        return [
            a_recording(f"u{user}-{run}", key=f"k{key}-{run}", order=f"o{order}-{run}", content=it)
            for user, key, order, it in asked
        ]

    def told(recordings, answers):
        """Whose answer each got: the place of the recording that made it."""
        by = [recording.entry["decision"]["by"].encode() for recording in recordings]
        return [
            (answer.new, next(n for n, name in enumerate(by) if name in answer.answer))
            if isinstance(answer, Recorded)
            else answer
            if isinstance(answer, Conflict)
            else NoRoom
            for answer in answers
        ]

    grouped, alone = works(uuid.uuid4().hex), works(uuid.uuid4().hex)
    one_by_one = [together(records, [recording])[0] for recording in alone]
    assert told(grouped, together(records, grouped)) == told(alone, one_by_one)
