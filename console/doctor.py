"""`vouch doctor`: is everything here, and if not, what mends it."""

import importlib.metadata
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from console.output import Json, refuse, show
from credit.contract import ENTITY_OF, PRODUCTS
from credit.errors import InputError
from serving.settings import Settings, read_settings

OK, WARN, FAIL = "ok", "warn", "fail"
LIBRARIES = ("feast", "bentoml", "evidently", "lightgbm", "duckdb", "pyarrow", "sqlalchemy")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: what was looked at, how it is, and the mend where it is not well."""

    what: str
    state: str
    detail: str
    mend: str = ""

    def line(self) -> str:
        """The finding as a person reads it."""
        mend = f" -> {self.mend}" if self.mend else ""
        return f"{self.state:<5} {self.what:<28} {self.detail}{mend}"


def doctor(*, as_json: Json = False) -> None:
    """Versions, stores, models, freshness; each ok, warn or fail with the mend."""
    settings = read_settings()
    findings = [finding for look in LOOKS for finding in look(settings)]
    show(findings, [finding.line() for finding in findings], as_json=as_json)
    refuse(found_wanting=any(finding.state == FAIL for finding in findings))


def _versions(_: Settings) -> Iterator[Finding]:
    yield Finding("python", OK, sys.version.split()[0])
    for name in LIBRARIES:
        yield Finding(name, OK, importlib.metadata.version(name))


def _home(settings: Settings) -> Iterator[Finding]:
    if settings.home.is_dir():
        yield Finding("home", OK, str(settings.home))
    else:
        yield Finding("home", WARN, f"{settings.home} is not there yet", "vouch demo makes it")


def _records(settings: Settings) -> Iterator[Finding]:
    from records.sqlite import sqlite_version
    from records.store import open_records

    yield Finding("sqlite", OK, sqlite_version())
    if not settings.home.is_dir():
        return
    try:
        open_records(settings.database_url).close()
    except InputError as error:
        yield Finding("records", FAIL, error.problem, error.mend)
    else:
        yield Finding("records", OK, settings.database_url.rsplit("@", maxsplit=1)[-1])


def _models(settings: Settings) -> Iterator[Finding]:
    from models.registry import Registry

    registry = Registry(settings.home)
    for product in PRODUCTS:
        try:
            artefact = registry.champion(product)
        except InputError as error:
            yield Finding(f"champion {product}", FAIL, error.problem, error.mend)
            continue
        if artefact is None:
            mend = f"vouch train {product} --data DIR, then vouch models promote"
            yield Finding(f"champion {product}", WARN, "none", mend)
        else:
            yield Finding(f"champion {product}", OK, artefact.manifest.version)


def _online_store(settings: Settings) -> Iterator[Finding]:
    from features.online_ping import trouble_of

    if not settings.home.is_dir():
        return
    where = settings.online_store.rsplit("@", maxsplit=1)[-1]
    trouble = trouble_of(settings.home, settings.online_store)
    if not trouble:
        yield Finding("online store", OK, where)
    elif settings.online_store == "sqlite":
        yield Finding("online store", WARN, trouble, "vouch features materialize makes it")
    else:
        yield Finding("online store", FAIL, trouble, f"see to {where}, or VOUCH_ONLINE_STORE")


def _freshness(settings: Settings) -> Iterator[Finding]:
    from features.publication import read_online

    limit = timedelta(hours=settings.features_max_age_hours)
    online = read_online(settings.home)
    for entity in ENTITY_OF.values():
        what = f"features {entity}"
        if entity not in online:
            mend = "vouch features build --data DIR --as-of DATE, then materialize"
            yield Finding(what, WARN, "nothing is online", mend)
        elif settings.now() - online[entity].event_time > limit:
            detail = f"as of {online[entity].event_time}, older than {limit}"
            yield Finding(what, WARN, detail, "build and materialize a later day")
        else:
            yield Finding(what, OK, f"as of {online[entity].event_time}")


LOOKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _versions,
    _home,
    _records,
    _models,
    _online_store,
    _freshness,
)
