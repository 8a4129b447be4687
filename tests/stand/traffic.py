"""Load: clients who open holds and move them, until their line breaks or they are told to stop."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from zlib import crc32

from tests.stand.client import OK, Client, Ledger, NoAnswerError
from tests.stand.orders import IN_PART, capture, order, release

CLIENTS = 8
USERS = tuple(f"u{number}" for number in range(40))
SOON = timedelta(milliseconds=150)
DAYS = timedelta(days=2)
CAPTURED_MINOR, RELEASED_MINOR = 70, 30
DEPOSIT_MINOR = 2_000  # half of it is the least that is waived


@contextmanager
def trading(
    port: int,
    ledger: Ledger,
    name: str,
    *,
    clients: int = CLIENTS,
    users: Sequence[str] = USERS,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[None]:
    """Clients trade while the block runs; back when each has had its last answer, or none.

    `name` sets this traffic's orders and keys apart. One order of three falls due soon after `now`.
    """
    over = threading.Event()

    def trade(own_name: str) -> None:
        with Client([port], ledger) as client, suppress(NoAnswerError):
            for number in count():
                if over.is_set():
                    return
                due_at = now() + (SOON if number % 3 == 0 else DAYS)
                order_no = f"{own_name}-{number}"
                user = users[crc32(order_no.encode()) % len(users)]
                _one_order(client, order_no, user=user, due_at=due_at)

    threads = [
        threading.Thread(target=trade, args=(f"{name}-{one}",), daemon=True)
        for one in range(clients)
    ]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        over.set()
        for each in threads:
            each.join()


def _one_order(client: Client, name: str, *, user: str, due_at: datetime) -> None:
    asked = order(name, user=user, deposit_minor=DEPOSIT_MINOR, scene=IN_PART, due_at=due_at)
    told = client.ask(asked)
    hold = told.told["hold"] if told.status == OK else None
    if hold:
        auth_no = hold["auth_no"]
        client.ask(capture(auth_no, f"capture-{name}", amount_minor=CAPTURED_MINOR))
        client.ask(release(auth_no, f"release-{name}", amount_minor=RELEASED_MINOR))
