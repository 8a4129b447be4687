"""What is online of one entity, value by value: the instant each describes, its age, its trust."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from console.output import on_one_line
from credit.policy.evidence import Evidence, Freshness, Value


@dataclass(frozen=True, slots=True)
class FeatureValue:
    """One feature as it is online."""

    name: str
    value: Value
    event_time: datetime
    age_seconds: float
    stale: bool

    def line(self) -> str:
        """The value as a person reads it."""
        told = "-" if self.value is None else on_one_line(str(self.value))
        age = _age(timedelta(seconds=self.age_seconds))
        stale = "  stale" if self.stale else ""
        return f"  {self.name:<34} {told:<22} {self.event_time:%Y-%m-%d %H:%M:%S}  {age}{stale}"


@dataclass(frozen=True, slots=True)
class FeatureReading:
    """Every feature of one entity; `detail` says why they are not fresh.

    What begins with `fresh_` is about those that came in since the published day.
    """

    entity: str
    entity_id: str
    freshness: str
    as_of: datetime | None
    detail: str
    fresh_freshness: str | None
    fresh_as_of: datetime | None
    fresh_detail: str
    features: tuple[FeatureValue, ...]

    def to_json(self) -> dict[str, Any]:
        """The reading for machines: also `values`, from name to value."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return said | {"values": {feature.name: feature.value for feature in self.features}}

    def lines(self) -> Iterator[str]:
        """The reading for people."""
        detail = f" ({self.detail})" if self.detail else ""
        as_of = "" if self.as_of is None else f", as of {self.as_of:%Y-%m-%d %H:%M}"
        yield f"{self.entity} {on_one_line(self.entity_id)}: {self.freshness}{as_of}{detail}"
        if self.fresh_as_of is not None:
            detail = f" ({self.fresh_detail})" if self.fresh_detail else ""
            yield f"since then: {self.fresh_freshness}, read {self.fresh_as_of:%F %T}{detail}"
        if self.features:
            yield f"  {'feature':<34} {'value':<22} {'event time (UTC)':<19}  age"
        yield from (feature.line() for feature in self.features)


def reading_of(entity: str, entity_id: str, evidence: Evidence, *, now: datetime) -> FeatureReading:
    """`evidence` of an entity, told feature by feature."""
    fresh = evidence.fresh
    features = _values(evidence.values, evidence.as_of, evidence.freshness, now)
    if fresh is not None:
        features += _values(fresh.values, fresh.as_of, fresh.freshness, now)
    return FeatureReading(
        entity=entity,
        entity_id=entity_id,
        freshness=evidence.freshness.value,
        as_of=evidence.as_of,
        detail=evidence.detail,
        fresh_freshness=fresh.freshness.value if fresh else None,
        fresh_as_of=fresh.as_of if fresh else None,
        fresh_detail=fresh.detail if fresh else "",
        features=features,
    )


def _values(
    values: Mapping[str, Value], event_time: datetime | None, freshness: Freshness, now: datetime
) -> tuple[FeatureValue, ...]:
    if event_time is None:
        return ()
    age, stale = (now - event_time).total_seconds(), freshness is Freshness.STALE
    return tuple(
        FeatureValue(name, value, event_time, age, stale) for name, value in values.items()
    )


def _age(age: timedelta) -> str:
    hours, rest = divmod(int(age.total_seconds()), 3_600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
