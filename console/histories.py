"""Histories that were held against the contract before anything is built from them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from serving.settings import Settings

if TYPE_CHECKING:
    from features.sources import History


def open_clean(
    directory: Path,
    settings: Settings,
    progress: Callable[[str, float], None] | None,
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
    also = (settings.inbox,) if with_inbox else ()
    if with_inbox:
        export_inbox(settings)
    require_clean(directory, now=settings.now(), progress=progress, also=also, known=known)
    return open_history(
        directory,
        utc_offset_minutes=settings.utc_offset_minutes,
        scratch=settings.home / "scratch",
        also=also,
        engine=settings.engine,
    )
