"""Who is champion, and who challenges: an append-only history in one JSON file, replaced whole."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from credit.errors import InputError

PROMOTE, ROLLBACK = "promote", "rollback"
CHALLENGE, WITHDRAW = "challenge", "withdraw"


@dataclass(frozen=True, slots=True)
class Reign:
    """A model in service: its product, version and the hash of its manifest."""

    product: str
    version: str
    manifest_sha256: str


class Champions:
    """The champions of one home, told by the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, product: str) -> Reign | None:
        """The model in service; None before the first promotion."""
        reigns = self.reigns(product)
        return reigns[-1] if reigns else None

    def reigns(self, product: str) -> tuple[Reign, ...]:
        """The champions that still stand, the present one last."""
        return tuple(_stack(self.history(), product))

    def before(self, product: str) -> Reign | None:
        """The model that a rollback gives the product back to; None where there is none."""
        reigns = self.reigns(product)
        return reigns[-2] if len(reigns) > 1 else None

    def challenger_of(self, product: str) -> Reign | None:
        """The model that scores beside the champion; None where none does."""
        challenger = None
        for event in self.history():
            if event["product"] != product:
                continue
            found = Reign(product, event["version"], event["manifest_sha256"])
            if event["action"] == CHALLENGE:
                challenger = found
            elif event["action"] == WITHDRAW or found == challenger:
                challenger = None
        return challenger

    def pinned(self, product: str, version: str) -> str | None:
        """The manifest hash with which `version` last came to serve; None if it never did."""
        for event in reversed(self.history()):
            if (event["product"], event["version"]) == (product, version):
                return str(event["manifest_sha256"])
        return None

    def reigned(self, product: str, version: str) -> bool:
        """Whether `version` ever was champion."""
        told = ((it["product"], it["version"], it["action"]) for it in self.history())
        return (product, version, PROMOTE) in told

    def history(self) -> tuple[Mapping[str, Any], ...]:
        """Every promotion and rollback, oldest first."""
        try:
            events = json.loads(self._path.read_bytes())["history"]
        except FileNotFoundError:
            return ()
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self._path} cannot be read ({error})", "restore it") from None
        return tuple(events)

    def promote(self, reign: Reign, *, by: str, at: datetime) -> None:
        """Writes the promotion down; promoting the present champion again changes nothing."""
        with self._alone():
            if self.of(reign.product) != reign:
                self._append(PROMOTE, reign, by=by, at=at)

    def rollback(self, product: str, *, by: str, at: datetime) -> Reign:
        """Ends the present reign; the one before it, which serves again."""
        with self._alone():
            reigns = _stack(self.history(), product)
            if len(reigns) < 2:  # noqa: PLR2004  # the present champion and the one before
                raise InputError(
                    f"{product} has no champion before the present one", "promote another model"
                )
            self._append(ROLLBACK, reigns[-2], by=by, at=at)
            return reigns[-2]

    def challenge(self, reign: Reign, *, by: str, at: datetime) -> None:
        """Lets `reign` score beside the champion, in place of who did before."""
        with self._alone():
            if self.of(reign.product) == reign:
                raise InputError(
                    f"{reign.product}:{reign.version} is champion", "challenge with another"
                )
            if self.challenger_of(reign.product) != reign:
                self._append(CHALLENGE, reign, by=by, at=at)

    def withdraw(self, product: str, *, by: str, at: datetime) -> Reign:
        """Ends the challenge; the model that made it."""
        with self._alone():
            reign = self.challenger_of(product)
            if reign is None:
                raise InputError(f"{product} has no challenger", "there is nothing to withdraw")
            self._append(WITHDRAW, reign, by=by, at=at)
            return reign

    def _append(self, action: str, reign: Reign, *, by: str, at: datetime) -> None:
        event = {"action": action, **asdict(reign), "by": by, "at": at.astimezone(UTC).isoformat()}
        text = json.dumps({"history": [*self.history(), event]}, indent=1) + "\n"
        partial = self._path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _stack(history: tuple[Mapping[str, Any], ...], product: str) -> list[Reign]:
    """The reigns still standing, oldest first: a promotion goes on top, a rollback takes it off."""
    reigns: list[Reign] = []
    for event in history:
        if event["product"] != product:
            continue
        if event["action"] == ROLLBACK:
            reigns.pop()
        elif event["action"] == PROMOTE:
            reigns.append(Reign(product, event["version"], event["manifest_sha256"]))
    return reigns
