"""The reader of `benchmarks.features.online`: one user after another, at a steady rate."""

import json
import random
import select
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from features.store import OnlineFeatures


def main() -> None:
    """Reads until standard input closes; then says how long the reads took."""
    home, store, day, rate = sys.argv[1:]
    online = OnlineFeatures(Path(home), "user", max_age=timedelta(days=9), online_store=store)
    now = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    entities = json.loads((Path(home) / "entities.json").read_text())
    rng = random.Random(0)  # noqa: S311 - whom to read
    for _ in range(200):
        online.read([f"u{rng.randrange(entities):07}"], now=now)
    print("reads", flush=True)
    took, due, every = [], time.perf_counter(), 1 / float(rate)
    while not select.select([sys.stdin], [], [], max(due - time.perf_counter(), 0))[0]:
        started = time.perf_counter()
        [evidence] = online.read([f"u{rng.randrange(entities):07}"], now=now)
        took.append(time.perf_counter() - started)
        assert len(evidence.values) > 40, evidence
        due = max(due + every, started)
    p50, p99 = np.percentile(np.array(took) * 1e3, [50, 99])
    print(json.dumps({"p50": round(p50, 3), "p99": round(p99, 3), "reads": len(took)}))


if __name__ == "__main__":
    main()
