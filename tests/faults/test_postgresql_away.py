"""PostgreSQL away, slow, silent or restarted: an answer in time, nothing lost, nothing doubled."""

import signal
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import count, cycle

import psycopg
import pytest
from sqlalchemy import event, func, select

from records.anchors import Anchors
from records.group_commit import GroupCommit
from records.store import RecordsUnavailableError, open_records
from records.tables import HOLDS
from records.verification.verify import verify
from serving.assembly import PATIENCE_SECONDS
from serving.upkeep import Upkeep
from tests.stand.branch import Branch
from tests.stand.client import Client, Ledger, crowd
from tests.stand.lived import WAIVER, decide, hold_claim
from tests.stand.orders import order
from tests.stand.storm import ANSWERED_WITHIN_S, assert_weathered, storm

PATIENCE_S = 0.4
CONNECT_S = 2.0  # libpq's least
SERVED_WITHIN_S = 15.0


@pytest.fixture
def url(postgres):
    postgres.start()
    made = postgres.new_database()
    yield made
    postgres.start()
    postgres.drop(made)


@pytest.fixture
def open_at():
    """Opens records with little patience, and closes them."""
    opened = []

    def at(url):
        opened.append(open_records(url, patience_seconds=PATIENCE_S))
        return opened[-1]

    yield at
    for records in opened:
        records.close()


@pytest.fixture
def serve(url, tmp_path):
    """A process that serves the records, reached directly or through a wire."""
    made = []

    def start(wire=None):
        made.append(Branch(url=wire.url(url) if wire else url, folder=tmp_path))
        made[-1].fork()
        return made[-1]

    yield start
    for branch in made:
        branch.end(signal.SIGKILL)


def test_who_waits_on_a_line_that_swallows_everything_is_freed(wire, url, open_at):
    records = open_at(wire.url(url))
    waive(records, 1)
    wire.blackhole()
    assert refused_after(records, 2) < PATIENCE_S + 0.5  # on a connection that was there
    assert refused_after(records, 2) < CONNECT_S + 0.5  # on a new one
    wire.mend()
    waive(records, 2)
    assert verified(records) == 2


def test_who_reads_from_a_line_that_swallows_everything_is_freed(wire, url, open_at):
    records = open_at(wire.url(url))
    holds_of(records)
    wire.blackhole()
    before = time.monotonic()
    with pytest.raises(RecordsUnavailableError):
        holds_of(records)
    assert time.monotonic() - before < PATIENCE_S + 0.5


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_after_a_restart_the_first_caller_is_served(postgres, url, open_at, mode):
    records = open_at(url)
    waive(records, 1)
    postgres.restart(mode)
    waive(records, 2)
    assert verified(records) == 2


def test_a_line_that_breaks_before_any_statement_leaves_all_or_nothing(url, open_at):
    records = open_at(url)
    with broken_before(records, 10**6) as statements:
        waive(records, 0)
    last = next(statements) - 1
    for place in range(1, last + 1):
        with broken_before(records, place), pytest.raises(RecordsUnavailableError):
            waive(records, place)
        assert holds_of(records) == place
        waive(records, place)
    assert verified(records) == last + 1


def test_a_server_that_only_reads_is_waited_for(url, open_at):
    records = open_at(url)
    may_write(url, "off")
    records.database.engine.dispose()  # as after a failover: sessions are new
    for _ in range(2):
        with pytest.raises(RecordsUnavailableError):
            waive(records, 1)
    may_write(url, "on")
    waive(records, 1)
    assert verified(records) == 1


def test_over_a_slow_line_a_pile_of_what_is_due_is_worked_off(wire, url, tmp_path):
    records = open_records(wire.url(url), patience_seconds=PATIENCE_SECONDS)
    with records.writing() as transaction:
        due = transaction.now - timedelta(seconds=1)
        for number in range(80):
            decide(transaction, number, WAIVER, hold_claim(number, due))
    commit = GroupCommit(records)
    wire.delay(0.003)
    Upkeep(records, commit, Anchors(tmp_path / "anchors.jsonl")).look()
    wire.mend()
    commit.close()
    with records.reading() as connection:
        assert set(connection.scalars(select(HOLDS.c.state))) == {"CLOSED"}
    assert verified(records) == 80
    records.close()


def test_restarted_again_and_again_under_load_it_loses_and_doubles_nothing(postgres, serve, runs):
    branch, recovered = serve(), []
    with storm([branch.port]) as weather:
        for mode, _ in zip(cycle(["fast", "immediate"]), range(runs(full=20, short=3))):
            weather.served_again(within=SERVED_WITHIN_S)
            postgres.restart(mode)
            recovered.append(weather.served_again(within=SERVED_WITHIN_S))
    tell("restarts", weather, recovered)
    assert_weathered(weather, branch)


def test_a_line_cut_silent_or_slow_in_turns_loses_and_doubles_nothing(wire, serve, runs):
    branch, recovered = serve(wire), []
    wrongs = [
        (wire.cut, 0.2),
        (wire.blackhole, 2),
        (partial(wire.delay, 0.3), 1),
        (partial(wire.delay, 3), 2),
    ]
    with storm([branch.port]) as weather:
        for wrong, seconds in wrongs * runs(full=5, short=1):
            weather.served_again(within=SERVED_WITHIN_S)
            wrong()
            time.sleep(seconds)
            wire.mend()
            recovered.append(weather.served_again(within=SERVED_WITHIN_S))
    tell("broken lines", weather, recovered)
    assert_weathered(weather, branch)


def test_while_it_is_away_the_service_says_so_in_time(postgres, serve):
    branch = serve()
    postgres.stop()
    assert asked_everything(branch.port) == {503}
    postgres.start()
    assert within(SERVED_WITHIN_S, branch.ready)
    assert asked_everything(branch.port) == {200, 404}


def test_while_the_line_swallows_everything_the_service_says_so_in_time(wire, serve):
    branch = serve(wire)
    wire.blackhole()
    for _ in range(2):  # on connections that were there, then on new ones
        assert asked_everything(branch.port) == {503}
    wire.mend()
    assert within(SERVED_WITHIN_S, branch.ready)


def test_a_crowd_that_reads_while_nothing_answers_is_told_so_in_time(wire, serve):
    branch = serve(wire)
    wire.blackhole()
    asked = crowd(64, [branch.port], Ledger(), range(64))
    answers = asked(lambda client, number: client.read(f"/v1/deposit-waivers/a{number}"))
    assert {answer.status for answer in answers} == {503}
    assert max(answer.seconds for answer in answers) < ANSWERED_WITHIN_S
    with Client([branch.port]) as client:
        for path in ("/healthz", "/metrics"):
            answer = client.read(path)
            assert (answer.status, answer.seconds < 0.5) == (200, True)


def test_where_every_commit_takes_400_ms_everybody_is_served(url, serve):
    branch = serve()
    slow_down_commits(url, 0.4)
    with storm([branch.port], clients=8) as weather:
        time.sleep(1.5)
    tell("slow commits", weather)
    assert set(weather.statuses) == {200}
    assert_weathered(weather, branch)


def waive(records, number):
    """A hold of its own order, or None where the order stands."""
    with records.writing() as transaction:
        expires_at = transaction.now + timedelta(days=30)
        return decide(transaction, number, WAIVER, hold_claim(number, expires_at))


def refused_after(records, number):
    """How many seconds it takes to hear that nothing can be written."""
    before = time.monotonic()
    with pytest.raises(RecordsUnavailableError):
        waive(records, number)
    return time.monotonic() - before


def holds_of(records):
    with records.reading() as connection:
        return connection.scalar(select(func.count()).select_from(HOLDS))


def verified(records):
    """How many holds there are, in a ledger that adds up."""
    told = verify(records)
    assert told.holds, told.lines()
    return holds_of(records)


@contextmanager
def broken_before(records, place):
    """The line breaks before the `place`-th statement (or commit). Yields how many there were."""
    passed = count(1)

    def pass_by(connection, *_):
        if next(passed) == place:
            records.database.break_off(connection.connection.driver_connection)

    engine = records.database.engine
    for name in ("before_cursor_execute", "commit"):
        event.listen(engine, name, pass_by)
    yield passed
    for name in ("before_cursor_execute", "commit"):
        event.remove(engine, name, pass_by)


def asked_everything(port):
    """A change, a question and a look at readiness at once: each answered in time."""
    asks = [
        lambda client: client.ask(order("o1", user="u1")),
        lambda client: client.read("/v1/deposit-waivers/none"),
        lambda client: client.read("/readyz"),
    ]
    answers = crowd(len(asks), [port], Ledger(), asks)(lambda client, ask: ask(client))
    assert all(answer.seconds < ANSWERED_WITHIN_S for answer in answers), answers
    return {answer.status for answer in answers}


def tell(what, weather, recovered=()):
    back = ", ".join(f"{seconds:.1f}" for seconds in recovered) or "-"
    print(f"{what}: {weather.summary()}, back in {back} s")  # noqa: T201


def may_write(url, switch):
    """Whether sessions that begin from now on may write: `on` or `off`."""
    read_only = {"on": "off", "off": "on"}[switch]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        database = connection.info.dbname
        connection.execute(
            f'ALTER DATABASE "{database}" SET default_transaction_read_only = {read_only}'
        )


def slow_down_commits(url, seconds):
    """From now on whoever has journalled anything waits so long in COMMIT."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION wait_a_while() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END $$"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON batches "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_a_while()"
        )


def within(seconds, condition):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False
