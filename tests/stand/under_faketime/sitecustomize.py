"""Lets `time.sleep` work under libfaketime 0.9.10 with a true monotonic clock.

Python from 3.11 on sleeps until a monotonic instant, which that version takes for a wall clock's:
`OSError: Invalid argument` (github.com/wolfcw/libfaketime/issues/426). Waiting in select is not
touched. A Python that has this folder on its path reads this file as it starts.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
