"""Requests sent twice, or ten times, to two processes: one effect, and the same bytes for all."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from math import ceil

from tests.stand.books import Books
from tests.stand.branch import Branch
from tests.stand.client import Answer, Client, Ledger, Request, crowd, send_and_drop
from tests.stand.orders import capture, order, release

CLIENTS = 40
DUPLICATES = 10
HOLDS_OF_ONE = 50
DEPOSIT_MINOR = 5_000


def test_ten_duplicates_at_once_have_one_effect_and_one_answer(
    two_branches: list[Branch],
    books: Callable[[], AbstractContextManager[Books]],
    runs: Callable[..., int],
    figures: Callable[[str], None],
) -> None:
    keys, ledger = runs(full=2_000, short=150), Ledger()
    ports = [branch.port for branch in two_branches]
    orders = [_order(number) for number in range(ceil(keys / 3))]
    answers = _send_all_tenfold(orders, ports, ledger)
    opened = [ledger.told(asked.key)["hold"]["auth_no"] for asked in orders]
    changes = [change for auth_no in opened for change in _changes(auth_no)][: keys - len(orders)]
    answers += _send_all_tenfold(changes, ports, ledger)
    assert Counter(answer.status for answer in answers) == {200: keys * DUPLICATES}
    assert not ledger.contradictions, "the duplicates of a key were answered with other bytes"
    with books() as kept:
        assert kept.effects().total() == keys
        kept.assert_settled(ledger)
    figures(f"{keys} keys x {DUPLICATES}: {ledger.in_flight} times 409 IDEMPOTENCY_IN_FLIGHT")


def test_an_answer_lost_after_its_commit_is_found_again_by_its_key(
    two_branches: list[Branch],
    books: Callable[[], AbstractContextManager[Books]],
    runs: Callable[..., int],
) -> None:
    lost, ledger = runs(full=500, short=60), Ledger()
    ports = [branch.port for branch in two_branches]
    orders = [_order(number) for number in range(lost // 3)]
    _send_and_lose(orders, ports)
    crowd(CLIENTS, ports, ledger, orders)(Client.insist)
    opened = [ledger.told(asked.key)["hold"]["auth_no"] for asked in orders]
    changes = [change for auth_no in opened for change in _changes(auth_no)][: lost - len(orders)]
    _send_and_lose(changes, ports)
    with books() as kept:
        committed = kept.effects().total()
    crowd(CLIENTS, ports, ledger, changes)(Client.insist)
    assert committed >= len(orders) + len(changes) // 2, "answers were lost before their commit"
    assert len(ledger.acknowledged) == len(orders) + len(changes)
    with books() as kept:
        kept.assert_settled(ledger)


def _order(number: int) -> Request:
    return order(f"o{number}", user=f"u{number // HOLDS_OF_ONE}", deposit_minor=DEPOSIT_MINOR)


def _changes(auth_no: str) -> list[Request]:
    """Two that would go well a second time, too: only their key keeps them from it."""
    return [
        capture(auth_no, f"capture-{auth_no}", amount_minor=700),
        release(auth_no, f"release-{auth_no}", amount_minor=300),
    ]


def _send_all_tenfold(requests: list[Request], ports: list[int], ledger: Ledger) -> list[Answer]:
    """Each request ten times at about the same time, from clients of both processes."""
    chance = random.Random(7)  # noqa: S311 - an order, not a secret
    tenfold = []
    for start in range(0, len(requests), CLIENTS // DUPLICATES):
        together = requests[start : start + CLIENTS // DUPLICATES] * DUPLICATES
        chance.shuffle(together)
        tenfold += together
    return crowd(CLIENTS, ports, ledger, tenfold)(Client.insist)


def _send_and_lose(requests: list[Request], ports: list[int]) -> None:
    """The line is cut for half of them when the answer has come, for half before."""
    turns = list(enumerate(requests))

    def lose(_client: Client, turn: tuple[int, Request]) -> None:
        number, request = turn
        send_and_drop(request, ports[number % 4 // 2], when_answered=number % 2 == 0)

    crowd(CLIENTS, ports, Ledger(), turns)(lose)
