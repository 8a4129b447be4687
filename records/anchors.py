"""The journal's end, noted outside the database: what was cut off cannot be made unseen there."""

import fcntl
import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, select

from credit.errors import InputError
from records.chain import Head
from records.instants import instant_text
from records.tables import HEAD

_LINE_MAX = 4_096
_HEAD = select(HEAD.c.batch, HEAD.c.seq, HEAD.c.sealed_at, HEAD.c.sha256)


def head(connection: Connection) -> Head:
    """Where the journal ends now."""
    return Head(*connection.execute(_HEAD).one())


@dataclass(slots=True)
class Anchors:
    """An append-only file of heads, each on disk before `note` returns.

    Keep it, or a copy, where whoever may change the database may not write: then not even a
    journal that was cut and sealed anew passes for whole. A head that contradicts earlier ones is
    noted beside them.
    """

    path: Path
    _noted: Head | None = None

    def note(self, head: Head) -> bool:
        """Append the journal's end; False where it has not moved since."""
        if self._noted is None:
            self._noted = next(iter(deque(self.read(), maxlen=1)), None)
        if head == self._noted:
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _drop_what_was_cut_short(file)
            line = asdict(head) | {"noted_at": instant_text(datetime.now(UTC))}
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._noted = head
        return True

    def read(self) -> Iterator[Head]:
        """Every head that was noted, in order; none where there is no file.

        A last line that a crash cut short is passed over: its `note` never returned. InputError
        where another line is no head.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.endswith(b"\n"):
                    yield self._head_of(line, number)

    def set_aside(self, at: datetime) -> Path | None:
        """Rename the file and begin anew: it tells of other records than there are now."""
        if not self.path.exists():
            return None
        aside = self.path.with_name(f"{self.path.stem}-until-{at:%Y%m%dT%H%M%S}.jsonl")
        self.path.rename(aside)
        self._noted = None
        return aside

    def _head_of(self, line: bytes, number: int) -> Head:
        try:
            told = json.loads(line)
            return Head(told["batch"], told["seq"], told["sealed_at"], told["sha256"])
        except (ValueError, LookupError, TypeError):
            raise InputError(
                f"{self.path}, line {number} is no anchor: {line[:60]!r}",
                "the file was changed: put a copy of it in its place",
            ) from None


def _drop_what_was_cut_short(file: IO[bytes]) -> None:
    """Drop the end of a line whose writer died."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _LINE_MAX))
    tail = file.read()
    if tail and not tail.endswith(b"\n"):
        file.truncate(end - len(tail) + tail.rfind(b"\n") + 1)
