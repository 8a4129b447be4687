"""What a build moves between tasks on Spark, by Spark's own event log: bytes, records, seconds."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.features.child import Watch
from benchmarks.features.works import NOW

SETTINGS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "4g",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "false",
    "spark.eventLog.rolling.enabled": "false",
}


def built_on_spark(watch: Watch, place: str, folder: str, day: str) -> None:
    """A build of `day` on Spark inside this machine, and what its tasks wrote for one another."""
    home, log = Path(folder), Path(folder) / "events"
    _configure(home / "conf", log)
    from features.snapshot import build
    from features.sources import open_history
    from features.spark_session import spark_session

    session = spark_session()
    with (
        watch.on("work"),
        open_history(Path(place), scratch=home / "scratch", engine="spark") as opened,
    ):
        build(opened, as_of=date.fromisoformat(day), home=home, now=NOW)
    session.stop()
    (file,) = log.iterdir()
    with file.open(encoding="utf-8") as lines:
        watch.told |= moved(map(json.loads, lines))


def _configure(folder: Path, log: Path) -> None:
    """Settings where Spark looks for them."""
    folder.mkdir(parents=True)
    log.mkdir()
    lines = [f"{name} {value}\n" for name, value in SETTINGS.items()]
    lines.append(f"spark.eventLog.dir {log.as_uri()}\n")
    (folder / "spark-defaults.conf").write_text("".join(lines), encoding="ascii")
    os.environ["SPARK_CONF_DIR"] = str(folder)


def moved(events: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Sums over all tasks."""
    sums: Counter[str] = Counter()
    for event in events:
        sums["jobs"] += event["Event"] == "SparkListenerJobStart"
        sums["jobs_ended"] += event["Event"] == "SparkListenerJobEnd"
        if event["Event"] != "SparkListenerTaskEnd" or "Task Metrics" not in event:
            continue
        metrics = event["Task Metrics"]
        written = metrics["Shuffle Write Metrics"]
        sums["shuffle_bytes"] += written["Shuffle Bytes Written"]
        sums["shuffle_records"] += written["Shuffle Records Written"]
        sums["spilled_bytes"] += metrics["Disk Bytes Spilled"]
        sums["task_processor_seconds"] += metrics["Executor CPU Time"] / 1e9
        sums["tasks"] += 1
    return dict(sums)
