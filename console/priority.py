"""Who goes first on a machine that does two things at once."""

import os

NICENESS = 10


def give_way() -> None:
    """Let services on this machine go first for the rest of the process: decisions wait for them.

    What waits for a processor in milliseconds would else stand behind work of minutes.
    """
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, NICENESS))
