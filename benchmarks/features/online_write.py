"""The process that `benchmarks.features.online` measures: one materialize, and what it said."""

import json
import sys
from datetime import datetime
from pathlib import Path

import feast  # noqa: F401 - its import is not what is measured

from console.priority import give_way
from features.store import materialize


def main() -> None:
    """Brings the latest day online."""
    home, store, now = sys.argv[1:]
    give_way()  # as the command does
    summary = materialize(Path(home), now=datetime.fromisoformat(now), online_store=store)
    [done] = summary.done
    print(json.dumps({"seconds": round(summary.seconds, 1), "rows": done.rows, "note": done.note}))


if __name__ == "__main__":
    main()
