"""Clients who ask without a break while something goes wrong, and what they were told meanwhile."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from tests.stand.books import open_books
from tests.stand.branch import Branch
from tests.stand.client import OK, UNAVAILABLE, Answer, Client, Ledger, Request
from tests.stand.orders import capture, order, release

ANSWERED_WITHIN_S = 2.0
ORDERS_OF_ONE = 50
VERDICT_WITHIN_S = 60.0


class Weather(Ledger):
    """A ledger that also keeps what every single try was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: Counter[int] = Counter()
        self.ill_told: list[str] = []

    def note(self, request: Request, answer: Answer) -> None:
        """Note an answer: one that has nothing must say when to come again."""
        self.statuses[answer.status] += 1
        if answer.status == UNAVAILABLE:
            told = answer.code == "UNAVAILABLE" and answer.headers.get("retry-after") == "1"
            if not told:
                self.ill_told.append(f"{answer.headers} {answer.body!r}")
        super().note(request, answer)

    def served_again(self, *, within: float) -> float:
        """Wait until three more requests are acknowledged; how many seconds that took."""
        started, before = time.monotonic(), self.statuses[OK]
        while self.statuses[OK] < before + 3:
            if time.monotonic() - started > within:
                raise TimeoutError(f"nobody is served: {dict(self.statuses)}")
            time.sleep(0.01)
        return time.monotonic() - started

    def summary(self) -> str:
        """What it was like, in a line."""
        return f"{dict(self.statuses)}, slowest {self.slowest_s:.2f} s"


def assert_weathered(weather: Weather, branch: Branch) -> None:
    """Everybody was answered in time, and what they were told is what there is."""
    assert weather.slowest_s < ANSWERED_WITHIN_S
    assert not weather.ill_told
    assert not weather.refused
    assert weather.statuses.keys() <= {OK, UNAVAILABLE}
    with open_books(branch.plan.url, branch.plan.anchors) as books:
        books.assert_nothing_lost_or_doubled(weather)
        books.assert_whole()


@contextmanager
def storm(ports: Sequence[int], *, clients: int = 4) -> Iterator[Weather]:
    """So many clients order, capture and release until the block ends; then all have verdicts."""
    weather, over, numbers = Weather(), threading.Event(), count()
    threads = [
        threading.Thread(target=_ask_on, args=(ports, weather, over, numbers))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield weather
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _ask_on(
    ports: Sequence[int], weather: Weather, over: threading.Event, numbers: "count[int]"
) -> None:
    with Client(ports, weather) as client:
        while not over.is_set():
            number = next(numbers)
            user = f"u{number // ORDERS_OF_ONE}"
            told = client.insist(order(f"o{number}", user=user), within=VERDICT_WITHIN_S).told
            auth_no = told["hold"]["auth_no"]
            charged = capture(auth_no, f"capture-{number}", amount_minor=1_000)
            client.insist(charged, within=VERDICT_WITHIN_S)
            client.insist(release(auth_no, f"release-{number}"), within=VERDICT_WITHIN_S)
