"""Races over HTTP: many clients, two processes, one line or one hold: never more than there is."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from tests.stand.books import Books
from tests.stand.branch import Branch
from tests.stand.client import Answer, Client, Ledger, Request, crowd
from tests.stand.orders import capture, line, order, release

CLIENTS = 64
DEPOSIT_MINOR = 5_000
ROOM_FOR = 100
DUE_EVERY_S = 1 / 75  # about as fast as two busy processes answer the rivals for one
CAPTURED_MINOR = 2_000
HOLDS_OF_ONE = 10
TERMINAL = {"capture", "release", "expire"}


def test_a_line_with_room_for_a_hundred_holds_takes_exactly_a_hundred(
    two_branches: list[Branch],
    books: Callable[[], AbstractContextManager[Books]],
    runs: Callable[..., int],
) -> None:
    attempts, ledger = runs(full=5_000, short=1_000), Ledger()
    ports = [branch.port for branch in two_branches]
    with Client(ports, ledger) as bank:
        bank.insist(line("crowded", limit_minor=ROOM_FOR * DEPOSIT_MINOR))

    def ask(client: Client, number: int) -> Answer:
        return client.insist(order(f"o{number}", user="crowded", deposit_minor=DEPOSIT_MINOR))

    answers = crowd(CLIENTS, ports, ledger, range(attempts))(ask)
    assert Counter(answer.status for answer in answers) == {200: attempts}
    told = [answer.told for answer in answers]
    waived = [one for one in told if one["hold"]]
    asked_for = [one for one in told if not one["hold"]]
    assert len(waived) == ROOM_FOR
    assert {(one["outcome"], one["deposit_due_minor"]) for one in waived} == {("approve", 0)}
    assert {one["deposit_due_minor"] for one in asked_for} == {DEPOSIT_MINOR}
    assert all(one["outcome"] != "approve" for one in asked_for)
    with books() as kept:
        assert kept.used_minor("crowded") == ROOM_FOR * DEPOSIT_MINOR
        kept.assert_settled(ledger)


def test_capture_release_and_expiry_race_for_a_hold_and_one_of_them_ends_it(
    two_branches: list[Branch],
    books: Callable[[], AbstractContextManager[Books]],
    runs: Callable[..., int],
    figures: Callable[[str], None],
) -> None:
    many, ledger = runs(full=1_000, short=150), Ledger()
    ports = [branch.port for branch in two_branches]
    opened = _open_holds(many, ports, ledger, first_due_in=timedelta(seconds=3 + many / 100))
    answers = crowd(CLIENTS, ports, ledger, _jobs(opened))(_when_it_is_time)
    won = {request.path.split("/")[3] for request, answer in answers if answer.status == 200}
    assert {answer.status for _, answer in answers} <= {200, 409}
    with books() as kept:
        _wait_until_nothing_is_due(kept)
        done = kept.moves()
        _assert_conserved(kept, done)
        kept.assert_settled(ledger)
    assert all(first == "authorize" and last in TERMINAL for first, last in done.values())
    assert won == {auth_no for auth_no, (_, last) in done.items() if last != "expire"}
    assert len(ledger.acknowledged) == many + len(won)
    ended_by = Counter(last for _, last in done.values())
    figures(f"{many} holds ended by {dict(ended_by)}")
    assert set(ended_by) == TERMINAL, "the race had no rivals"


def _open_holds(
    many: int, ports: list[int], ledger: Ledger, *, first_due_in: timedelta
) -> dict[str, datetime]:
    """Holds that fall due one after the other; when each does, by its number."""
    first_due = datetime.now(UTC) + first_due_in

    def open_one(client: Client, number: int) -> tuple[str, datetime]:
        due_at = first_due + timedelta(seconds=number * DUE_EVERY_S)
        asked = order(f"o{number}", user=f"u{number // HOLDS_OF_ONE}", due_at=due_at)
        return client.insist(asked).told["hold"]["auth_no"], due_at

    opened = dict(crowd(16, ports, ledger, range(many))(open_one))
    assert datetime.now(UTC) < first_due, "too slow to open holds before they fall due"
    return opened


def _jobs(opened: dict[str, datetime]) -> list[tuple[float, Request]]:
    """Two captures and two releases of each hold, around the instant when it falls due."""
    offset = time.monotonic() - time.time()
    jobs = []
    for number, (auth_no, due_at) in enumerate(opened.items()):
        at = due_at.timestamp() + offset + (number % 9 - 6) / 10
        for rival in range(2):
            key = f"{rival}-{auth_no}"
            amount_minor = CAPTURED_MINOR
            jobs += [
                (at, capture(auth_no, f"c{key}", amount_minor=amount_minor, complete=True)),
                (at, release(auth_no, f"r{key}")),
            ]
    return sorted(jobs, key=lambda job: job[0])


def _when_it_is_time(client: Client, job: tuple[float, Request]) -> tuple[Request, Answer]:
    at, request = job
    time.sleep(max(0.0, at - time.monotonic()))
    return request, client.insist(request)


def _wait_until_nothing_is_due(books: Books) -> None:
    deadline = time.monotonic() + 20
    while any(hold["state"] == "AUTHORIZED" for hold in books.holds()):
        assert time.monotonic() < deadline, "upkeep expires nothing"
        threading.Event().wait(0.1)


def _assert_conserved(books: Books, done: dict[str, list[str]]) -> None:
    """Nothing rests; what was captured is owed, and is all that is left of the exposure."""
    owed: Counter[str] = Counter()
    for hold in books.holds():
        captured = CAPTURED_MINOR if done[hold["auth_no"]][1] == "capture" else 0
        assert hold["captured_minor"] == captured
        assert hold["released_minor"] == DEPOSIT_MINOR - captured
        assert hold["state"] == ("FINISHED" if captured else "CLOSED")
        number = int(hold["out_order_no"].removeprefix("o"))
        owed[f"u{number // HOLDS_OF_ONE}"] += captured
    for user_id, captured in owed.items():
        assert books.used_minor(user_id) == captured
