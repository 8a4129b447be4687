"""How results reach a person or a machine: lines of text, or JSON with `--json`."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from credit.progress import Progress

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


def plain(value: object) -> Any:
    """A result as what JSON can say: dataclasses become objects, times ISO 8601."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(_fields(value))
    return _word(value)


def _fields(value: Any) -> Mapping[str, Any]:
    own = value.to_json() if hasattr(value, "to_json") else None
    if isinstance(own, Mapping):
        return own
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _word(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def show(result: object, lines: Iterable[str], *, as_json: bool) -> None:
    """The result on standard output: as JSON, or as the given lines."""
    if as_json:
        sys.stdout.write(json.dumps(plain(result), ensure_ascii=False, indent=2) + "\n")
        return
    for line in lines:
        sys.stdout.write(line + "\n")


def on_one_line(text: str) -> str:
    """Free text as part of a line: no breaks, no controls, nothing that looks like columns."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Progress | None]:
    """A callback that draws a bar, or None where nobody watches: not a terminal, or `--json`."""
    if quiet or not sys.stdout.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda stage, done: bar.update(task, description=stage, completed=done)


def refuse(*, found_wanting: bool) -> None:
    """Ends with exit code 1 where a check was carried out and found something wanting."""
    if found_wanting:
        raise typer.Exit(1)
