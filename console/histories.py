"""Histories that were held against the contract before anything is built from them."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from credit.errors import ContradictionError
from credit.progress import Progress
from serving.settings import Settings

if TYPE_CHECKING:
    from features.sources import History

Result = TypeVar("Result")


def settled(work: Callable[[], Result], directory: Path, settings: Settings) -> Result:
    """What `work` gives, asked again where accepted rows had to step aside for the directory's.

    The rows are told on standard error. ContradictionError where it is not they who contradict.
    """
    from data.settling import settle

    try:
        return work()
    except ContradictionError:
        if not (aside := settle(directory, settings.inbox)):
            raise
        for each in aside:
            sys.stderr.write(f"vouch: {each.line}\n")
        return work()


def require_clean_with_inbox(
    directory: Path,
    settings: Settings,
    progress: Progress | None,
    *,
    known: Callable[[Path], bool] | None = None,
) -> None:
    """Nothing, where the directory and all that was accepted over HTTP keep the contract.

    Where both say something of one row and not the same, the directory holds.
    """
    from data.check import require_clean
    from serving.postroom import export_inbox

    export_inbox(settings)
    asked = {"now": settings.now(), "progress": progress, "known": known}
    check = partial(require_clean, directory, also=(settings.inbox,), **asked)
    settled(check, directory, settings)


def open_clean(
    directory: Path,
    settings: Settings,
    progress: Progress | None,
    *,
    known: Callable[[Path], bool] | None = None,
    with_inbox: bool = True,
) -> "History":
    """The directory's histories, and what was accepted over HTTP, exported to its last row.

    Without the inbox it is the directory alone, and says the same in every home.
    Files of payments that are `known` were clean before and are not looked into again.
    InputError with the first violation where there is one.
    """
    from data.check import require_clean
    from features.sources import SPARK, open_history
    from features.spark_session import require_spark

    if settings.engine == SPARK:
        require_spark()
    also = (settings.inbox,) if with_inbox else ()
    if with_inbox:
        require_clean_with_inbox(directory, settings, progress, known=known)
    else:
        require_clean(directory, now=settings.now(), progress=progress, known=known)
    return open_history(
        directory,
        utc_offset_minutes=settings.utc_offset_minutes,
        scratch=settings.home / "scratch",
        also=also,
        engine=settings.engine,
    )
