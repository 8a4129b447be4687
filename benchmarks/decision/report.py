"""What the rounds say: medians, tails, and ratios taken round by round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one arm."""

    arm: str
    requests: int
    refused: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float

    @classmethod
    def of(cls, arm: str, told: Mapping[str, Any], cpu_seconds: float) -> "Round":
        """From what the load client printed, and the server's processor time meanwhile."""
        latencies = told["latencies"]
        return cls(
            arm,
            told["requests"],
            told["refused"],
            round(told["requests"] / told["seconds"], 1),
            round(latencies[len(latencies) // 2], 2),
            round(latencies[int(len(latencies) * 0.99)], 2),
            round(cpu_seconds / told["requests"] * 1_000, 3),
        )

    def line(self) -> str:
        """For a person who waits."""
        return (
            f"{self.arm:8} {self.per_second:8.0f}/s  p50 {self.p50_ms:6.2f} ms  "
            f"p99 {self.p99_ms:6.2f} ms  cpu {self.cpu_ms:5.2f} ms"
        )


def summary(rounds: Sequence[Round], seconds: float, machine: Mapping[str, Any]) -> dict[str, Any]:
    """Figures by arm (medians over rounds) and ratios (medians of each round's ratio)."""
    by_arm: dict[str, list[Round]] = {}
    for one in rounds:
        by_arm.setdefault(one.arm, []).append(one)
    return {
        "connections": 8,
        "rounds": len(by_arm["vouch"]),
        "seconds_a_round": seconds,
        "machine": dict(machine),
        "arms": {arm: _figures(these) for arm, these in by_arm.items()},
        "ratios": {
            "vouch_to_naive_b": _ratio(by_arm["vouch"], by_arm["naive-b"]),
            "vouch_to_trivial": _ratio(by_arm["vouch"], by_arm["trivial"]),
        },
    }


def _figures(rounds: Sequence[Round]) -> dict[str, Any]:
    return {
        "per_second": median(one.per_second for one in rounds),
        "p50_ms": median(one.p50_ms for one in rounds),
        "p99_ms": median(one.p99_ms for one in rounds),
        "cpu_ms": median(one.cpu_ms for one in rounds),
        "per_second_by_round": [one.per_second for one in rounds],
        "requests": sum(one.requests for one in rounds),
    }


def _ratio(ours: Sequence[Round], theirs: Sequence[Round]) -> dict[str, float]:
    ratios = [a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)]
    return {
        "median": round(median(ratios), 2),
        "least": round(min(ratios), 2),
        "most": round(max(ratios), 2),
    }


def text(found: Mapping[str, Any]) -> str:
    """The page: method beside figures."""
    arms = "\n".join(
        f"| {arm} | {it['per_second']:,.0f} | {it['p50_ms']:.2f} | {it['p99_ms']:.2f} "
        f"| {it['cpu_ms']:.2f} |"
        for arm, it in found["arms"].items()
    )
    machine, ratios = found["machine"], found["ratios"]
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    naive, trivial = ratios["vouch_to_naive_b"], ratios["vouch_to_trivial"]
    return f"""# Decisions over HTTP

`python -m benchmarks.decision.run` (or `make bench`); the figures are in `decision.json`.

| arm | requests/s | p50 ms | p99 ms | processor ms a request |
|---|---|---|---|---|
{arms}

**Vouch to naive-B: {naive["median"]} times the throughput** ({naive["least"]} to \
{naive["most"]} by round); to the trivial route of its own server: {trivial["median"]}.

## Method

- {found["connections"]} connections that each ask again when answered, from one client process \
(plain sockets) on the same machine; {found["rounds"]} rounds of {found["seconds_a_round"]:g} s \
an arm, in turn (A B C A B C ...), after 2 s of warming. Medians over rounds; ratios are medians \
of each round's own ratio, so that a change of the machine's load hits both sides.
- **vouch**: `POST /v1/merchant-loans/decisions`, a new application and Idempotency-Key each time, \
any of 2,000 merchants: online features through Feast, up to nine candidates scored, policy, \
offers with schedules, the journal entry and the idempotent answer synced to disk (SQLite, WAL, \
synchronous=FULL, group commit) before the answer.
- **trivial**: `GET /healthz` of the same server: what HTTP alone costs here.
- **naive-b**: the same online store and champion, `get_online_features(...).to_df()`, a pandas \
frame and `Booster.predict` in a synchronous native BentoML endpoint with BentoML's defaults; no \
policy, no offers, no journal. It reads Vouch's own row-wise online store, which is faster than \
the one that Feast ships.
- One worker each. Both servers are up all the time; only one is asked. Trust ratios, not \
absolutes: the machine has {machine["cores"]} cores and the client shares them \
(load before the run: {machine["load_before"]}).
- {machine["system"]}, Python {machine["python"]}, {libraries}.
"""
