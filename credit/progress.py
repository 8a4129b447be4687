"""How long work tells whoever waits how far it has come."""

from collections.abc import Callable

Progress = Callable[[str, float], None]  # what is being done, and the share of it done: 0 to 1
