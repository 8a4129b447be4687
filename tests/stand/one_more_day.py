"""Incremental runs that die: each in a process of its own, forked where all is imported already.

`python -m tests.stand.one_more_day DATA HOME DAY` reads orders, one a line: `{}` lets a run end,
`{"after": 0.1}` kills it after as many seconds, `{"step": 7}` ends it at that step, of which every
rename has two: just before it, and just after. It answers with how the run ended and, where it
did, how many steps there were.
"""

import json
import os
import signal
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

from credit.contract import PRODUCTS

NOW = datetime(2026, 10, 1, tzinfo=UTC)
DIED_AT_STEP = 9


def main() -> None:
    """Obey orders until there are no more."""
    data, home, day = Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3])
    _import_all()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _run(data, home, day, order.get("step"))
        if "after" in order:
            time.sleep(order["after"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        steps = int((home / "steps").read_text()) if status == 0 else None
        print(json.dumps({"status": status, "steps": steps}), flush=True)  # noqa: T201


def _import_all() -> None:
    """What a run imports, without a thread or a connection that a fork would tear."""
    import duckdb  # noqa: F401
    import ibis.backends.duckdb  # noqa: F401
    import pandas as pd  # noqa: F401

    import features.incremental  # noqa: F401
    from features.catalogue import definitions_sha256

    for product in PRODUCTS:
        definitions_sha256(product)


def _run(data: Path, home: Path, day: date, last_step: int | None) -> None:
    from features.incremental import build_incrementally
    from features.sources import open_history

    steps = _counted(last_step)
    with open_history(data, scratch=home / "scratch") as history:
        history.connection.execute("SET threads = 1")
        build_incrementally(history, as_of=day, home=home, now=NOW)
    (home / "steps").write_text(str(len(steps)))
    os._exit(0)


def _counted(last_step: int | None) -> list[Path]:
    """The steps from now on; the process ends at the last."""
    steps: list[Path] = []
    rename = Path.replace

    def step(file: Path) -> None:
        if len(steps) == last_step:
            os._exit(DIED_AT_STEP)
        steps.append(file)

    def replace(file: Path, target: Path) -> Path:
        step(file)
        renamed = rename(file, target)
        step(file)
        return renamed

    Path.replace = replace  # type: ignore[method-assign,assignment]
    return steps


if __name__ == "__main__":
    main()
