"""Feast, loaded as a guest: what it does to the process around it is undone, and not waited for."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading_feast() -> Iterator[None]:
    """Around an import of Feast.

    As it loads, it turns on the warnings of every library, and has typeguard parse hundreds of its
    functions and write them anew, to check their arguments at each call: two thirds of the seconds
    that the import takes, in every process. What Vouch hands to Feast is typed before.
    """
    import typeguard

    checked = typeguard.typechecked
    with warnings.catch_warnings():
        typeguard.typechecked = lambda target: target  # type: ignore[assignment,misc]
        try:
            yield
        finally:
            typeguard.typechecked = checked
