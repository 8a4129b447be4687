"""Settings: the one place that reads the environment (`VOUCH_*`)."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from credit.errors import InputError

ENGINES = ("duckdb", "spark")


@dataclass(frozen=True, slots=True)
class Settings:
    """How this Vouch runs; every value has an embedded default.

    `fixed_now` is set by `VOUCH_NOW` alone: what every command and the service take as now.
    """

    home: Path
    database_url: str = field(repr=False)  # the two may hold a password
    online_store: str = field(repr=False)
    engine: str
    policies: Path | None
    partner: str
    fixed_now: datetime | None
    utc_offset_minutes: int
    features_max_age_hours: int

    @property
    def anchors(self) -> Path:
        """Where the journal's end is noted outside the database."""
        return self.home / "anchors.jsonl"

    @property
    def inbox(self) -> Path:
        """Where rows that were accepted over HTTP are exported, as tables of the contract."""
        return self.home / "inbox"

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return self.fixed_now or datetime.now(UTC)

    def environment(self) -> dict[str, str]:
        """The variables from which a child process reads these same settings."""
        variables = {
            "VOUCH_HOME": str(self.home),
            "VOUCH_DATABASE_URL": self.database_url,
            "VOUCH_ONLINE_STORE": self.online_store,
            "VOUCH_ENGINE": self.engine,
            "VOUCH_PARTNER": self.partner,
            "VOUCH_UTC_OFFSET_MINUTES": str(self.utc_offset_minutes),
            "VOUCH_FEATURES_MAX_AGE_HOURS": str(self.features_max_age_hours),
        }
        if self.policies:
            variables["VOUCH_POLICIES"] = str(self.policies)
        if self.fixed_now:
            variables["VOUCH_NOW"] = self.fixed_now.isoformat()
        return variables


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `VOUCH_*`; InputError names a variable that cannot be used."""
    home = Path(environment.get("VOUCH_HOME", ".vouch")).absolute()
    policies = environment.get("VOUCH_POLICIES")
    return Settings(
        home=home,
        database_url=environment.get("VOUCH_DATABASE_URL", f"sqlite:///{home}/records.db"),
        online_store=_online_store(environment),
        engine=_choice(environment, "VOUCH_ENGINE", ENGINES),
        policies=Path(policies).absolute() if policies else None,
        partner=environment.get("VOUCH_PARTNER", "local"),
        fixed_now=_instant(environment, "VOUCH_NOW"),
        utc_offset_minutes=_whole(environment, "VOUCH_UTC_OFFSET_MINUTES", 480, -840, 840),
        features_max_age_hours=_whole(environment, "VOUCH_FEATURES_MAX_AGE_HOURS", 48, 1, 8760),
    )


def with_engine(settings: Settings, engine: str | None) -> Settings:
    """`settings` with the engine that a command was told to use; as they are where it was not."""
    if engine is None:
        return settings
    return replace(settings, engine=_choice({"--engine": engine}, "--engine", ENGINES))


def _choice(environment: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = environment.get(name, choices[0])
    if value not in choices:
        raise InputError(f"{name} is {value!r}", f"use one of {', '.join(choices)}")
    return value


def _online_store(environment: Mapping[str, str]) -> str:
    """`sqlite`, or a Redis URL; what is wrong is told without its password."""
    value = environment.get("VOUCH_ONLINE_STORE", "sqlite")
    if value == "sqlite":
        return value
    try:
        url = urlsplit(value)
        well_formed = url.scheme in {"redis", "rediss"} and bool(url.hostname) and url.port != 0
    except ValueError:
        well_formed = False
    if not well_formed or not re.fullmatch(r"(/\d{0,3})?", url.path) or url.query or url.fragment:
        told = re.sub(r"//.*@", "//***@", value)
        mend = "use sqlite, or redis://host:port/db, with user:password@ where it asks for one"
        raise InputError(f"VOUCH_ONLINE_STORE is {told!r}", mend)
    return value


def _whole(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name, str(default))
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise InputError(f"{name} is {text!r}", f"use a whole number from {least} to {most}")
    return value


def _instant(environment: Mapping[str, str], name: str) -> datetime | None:
    text = environment.get(name)
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{name} is {text!r}", "use a date or time such as 2026-06-30") from None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
