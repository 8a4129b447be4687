"""Writes the catalogue's page from the snapshots that are published."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from credit.contract import ENTITY_OF, PRODUCTS
from credit.errors import InputError
from credit.progress import Progress
from features.catalogue import ENTITY_FEATURES, FRESH_FEATURES, definitions_sha256
from features.catalogue_page.page import Seen, page
from features.catalogue_page.words import LANGUAGES, Words
from features.definition import Feature
from features.distributions import Distribution, distributions
from features.publication import Snapshot, published
from features.request import REQUEST_FEATURES


@dataclass(frozen=True, slots=True)
class Shown:
    """Of one entity: the day of the snapshot shown (None: no snapshot), its rows and features."""

    entity: str
    as_of: date | None
    rows: int
    features: int
    current: bool


@dataclass(frozen=True, slots=True)
class Written:
    """Where the page is, and what it shows."""

    file: Path
    shown: tuple[Shown, ...]

    def lines(self) -> Iterator[str]:
        """For a person."""
        for part in self.shown:
            day = "no snapshot" if part.as_of is None else f"as of {part.as_of}"
            old = "" if part.current or part.as_of is None else " (of other definitions)"
            yield f"{part.entity:<9} {day}{old}: {part.rows:,} rows x {part.features} features"
        yield f"written to {self.file}"


def write_catalogue(
    home: Path, *, out: Path, language: str, progress: Progress | None = None
) -> Written:
    """Write the page of the latest snapshots under `home` to `out`, at once.

    InputError for a language other than `en` and `zh`, where nothing is published, and for an
    `out` that cannot be written.
    """
    if language not in LANGUAGES:
        raise InputError(f"language is {language!r}", f"use {' or '.join(LANGUAGES)}")
    latest = {product: _latest(home, ENTITY_OF[product]) for product in PRODUCTS}
    if not any(latest.values()):
        raise InputError(
            f"no snapshot of features is published in {home}",
            "run vouch features build --data DIR --as-of DATE",
        )
    parts = tuple(_seen(product, latest[product], progress) for product in PRODUCTS)
    _replace(out, page(parts, Words(language)))
    return Written(out, tuple(map(_shown, parts)))


def _latest(home: Path, entity: str) -> Snapshot | None:
    snapshots = published(home, entity)
    return snapshots[-1] if snapshots else None


def _seen(product: str, snapshot: Snapshot | None, progress: Progress | None) -> Seen:
    entity = ENTITY_OF[product]
    features = ENTITY_FEATURES[entity]
    current = snapshot is not None and snapshot.definitions_sha256 == definitions_sha256(product)
    told: list[tuple[Feature, Distribution | None]] = []
    if snapshot is None:
        told += [(feature, None) for feature in features]
    else:
        for one in _distributions(snapshot):
            told.append(one)
            if progress is not None:
                progress(f"{entity} distributions", len(told) / len(features))
    told += [(it, None) for it in (*FRESH_FEATURES[entity], *REQUEST_FEATURES[product])]
    return Seen(entity, snapshot, current, tuple(told))


def _distributions(snapshot: Snapshot) -> Iterator[tuple[Feature, Distribution | None]]:
    try:
        yield from distributions(snapshot.file, ENTITY_FEATURES[snapshot.entity])
    except (OSError, pa.ArrowException) as error:
        problem = f"{snapshot.file} cannot be read ({type(error).__name__})"
        raise InputError(problem, "build the features of that day anew") from error


def _replace(out: Path, text: str) -> None:
    """Put the page where it belongs once it is whole."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        problem = f"{out} cannot be written ({error.strerror})"
        raise InputError(problem, "name another file by --out") from error


def _shown(part: Seen) -> Shown:
    snapshot = part.snapshot
    return Shown(
        entity=part.entity,
        as_of=None if snapshot is None else snapshot.as_of,
        rows=0 if snapshot is None else snapshot.rows,
        features=len(part.features),
        current=part.current,
    )
