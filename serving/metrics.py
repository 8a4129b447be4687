"""What the service tells Prometheus: requests, their latency, decisions and what degraded them.

Under several workers the values lie in files that `PROMETHEUS_MULTIPROC_DIR` names, and any
worker answers for all.
"""

import os
from collections.abc import Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

from records.journal import Entry
from records.switches import Switch
from serving.shadow import differs, who_is_beside

_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
_DIFFERS = {True: "yes", False: "no", None: "failed"}


class Metrics:
    """The service's own counters, on a registry of their own."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "vouch_requests",
            "Requests answered",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "vouch_request_seconds",
            "Seconds from the request's first byte read to its answer",
            ("route", "method"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._decisions = Counter(
            "vouch_decisions", "Decisions recorded", ("product", "outcome"), registry=self._registry
        )
        self._degraded = Counter(
            "vouch_decisions_degraded",
            "Decisions recorded without what they should rest on",
            ("product",),
            registry=self._registry,
        )

        self._shadows = Counter(
            "vouch_shadow_decisions",
            "Decisions by a policy or model in shadow, and whether they differ from the answer",
            ("product", "policy", "differs"),
            registry=self._registry,
        )
        self._rows = Counter(
            "vouch_rows", "Rows answered", ("table", "outcome"), registry=self._registry
        )
        # Each worker looks before it tells, so the most recent word is the true one.
        self._stopped = Gauge(
            "vouch_stopped",
            "1 while a kill switch is thrown for this product, partner and scene (blank: any)",
            ("product", "partner", "scene"),
            multiprocess_mode="mostrecent",
            registry=self._registry,
        )
        self._thrown: set[tuple[str, str, str]] = set()

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)

    def decided(self, entry: Entry) -> None:
        """One decision was recorded."""
        self._decisions.labels(entry["product"], entry["decision"]["outcome"]).inc()
        if entry["decision"]["degraded"]:
            self._degraded.labels(entry["product"]).inc()
        for shadow in entry["shadows"]:
            said = _DIFFERS[differs(shadow, entry["decision"])]
            self._shadows.labels(entry["product"], who_is_beside(shadow), said).inc()

    def rows_answered(self, table: str, outcome: str, count: int) -> None:
        """So many rows of a table were accepted, duplicates or refused."""
        if count:
            self._rows.labels(table, outcome).inc(count)

    def switched(self, thrown: Iterable[Switch]) -> None:
        """These switches are thrown, and no others."""
        now = {(one.product, one.partner, one.scene) for one in thrown}
        for labels in self._thrown | now:
            self._stopped.labels(*labels).set(float(labels in now))
        self._thrown |= now

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(_gathered(self._registry))


def _gathered(own: CollectorRegistry) -> CollectorRegistry:
    if values.ValueClass is values.MutexValue:  # chosen as the library loaded: one process
        return own
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone, path=os.environ["PROMETHEUS_MULTIPROC_DIR"])  # type: ignore[no-untyped-call]  # untyped library
    return everyone
