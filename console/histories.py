"""Histories that were held against the contract before anything is built from them."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from credit.errors import ContradictionError, InputError
from credit.progress import Progress
from serving.settings import Settings

if TYPE_CHECKING:
    from data.settling import SetAside
    from features.sources import History

Result = TypeVar("Result")


def settled(work: Callable[[], Result], directory: Path, settings: Settings) -> Result:
    """What `work` gives, asked again where accepted rows had to step aside for the directory's.

    The rows are told on standard error. ContradictionError where it is not they who contradict.
    """
    try:
        return work()
    except ContradictionError:
        if not (aside := _set_aside(directory, settings.inbox)):
            raise
        for each in aside:
            sys.stderr.write(f"vouch: {each.line}\n")
        return work()


def _set_aside(directory: Path, inbox: Path) -> "tuple[SetAside, ...]":
    from data.settling import settle

    try:
        return settle(directory, inbox)
    except OSError as error:
        what = f"{error.filename or inbox} cannot be written ({error.strerror})"
        raise InputError(what, "run as the user to whom VOUCH_HOME belongs") from error


def require_clean_with_inbox(
    directory: Path,
    settings: Settings,
    progress: Progress | None,
) -> None:
    """Nothing, where the directory and all that was accepted over HTTP keep the contract.

    Where both say something of one row and not the same, the directory holds.
    """
    open_clean(directory, settings, progress).close()


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
    from serving.postroom import export_inbox

    if settings.engine == SPARK:
        require_spark()
    if with_inbox:
        export_inbox(settings)
    also = (settings.inbox,) if with_inbox else ()
    asked = {"now": settings.now(), "progress": progress, "known": known, "also": also}
    history = open_history(
        directory,
        utc_offset_minutes=settings.utc_offset_minutes,
        scratch=settings.home / "scratch",
        also=also,
        engine=settings.engine,
    )
    try:  # the very files that are read, though others come meanwhile
        check = partial(require_clean, directory, found=history.sources, **asked)
        settled(check, directory, settings) if with_inbox else check()
    except BaseException:
        history.close()
        raise
    return history
