"""Load: clients who open holds and move them, until their line breaks or they are told to stop."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.stand.client import OK, Client, Ledger, NoAnswerError
from tests.stand.orders import capture, order, release

CLIENTS = 8
USERS = 40
SOON = timedelta(milliseconds=150)
DAYS = timedelta(days=2)
CAPTURED_MINOR, RELEASED_MINOR = 70, 30
DEPOSIT_MINOR = 1_000


@contextmanager
def trading(port: int, ledger: Ledger, name: str, *, clients: int = CLIENTS) -> Iterator[None]:
    """Clients trade while the block runs; back when each has had its last answer, or none.

    `name` sets this traffic's orders and keys apart. One order of three falls due soon.
    """
    over = threading.Event()
    threads = [
        threading.Thread(target=_trade, args=(port, ledger, f"{name}-{one}", over))
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


def _trade(port: int, ledger: Ledger, name: str, over: threading.Event) -> None:
    with Client([port], ledger) as client:
        for number in count():
            try:
                _one_order(client, f"{name}-{number}", number)
            except NoAnswerError:
                return
            if over.is_set():
                return


def _one_order(client: Client, name: str, number: int) -> None:
    due_at = datetime.now(UTC) + (SOON if number % 3 == 0 else DAYS)
    user = f"u{number % USERS}"
    told = client.ask(order(name, user=user, deposit_minor=DEPOSIT_MINOR, due_at=due_at))
    hold = told.told["hold"] if told.status == OK else None
    if hold:
        auth_no = hold["auth_no"]
        client.ask(capture(auth_no, f"capture-{name}", amount_minor=CAPTURED_MINOR))
        client.ask(release(auth_no, f"release-{name}", amount_minor=RELEASED_MINOR))
