"""The composition root: settings in, an office that answers out. Wiring, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from credit.contract import ENTITY_OF, PRODUCTS
from credit.errors import InputError
from credit.policy.terms import parse_policy
from models.artefact import Artefact
from records import policies
from records.anchors import Anchors
from records.group_commit import GroupCommit
from records.lines import CreditLines
from records.store import PATIENCE_SECONDS as RECORDS_PATIENCE_SECONDS
from records.store import Records, open_records
from serving.desk import Desk, EvidenceSource, Model
from serving.evidence import read_evidence
from serving.in_force import InForce
from serving.metrics import Metrics
from serving.office import Office
from serving.settings import Settings
from serving.sitting import Sitting
from serving.upkeep import Upkeep

PLATFORM_POLICY = "platform.toml"
# Below what a request waits for the records, so that who waits hears why.
PATIENCE_SECONDS = 1.2


def open_office(settings: Settings) -> Office:
    """An office over one home. InputError where the records or the policy cannot be used."""
    from features.request import request_values
    from features.store import OnlineFeatures
    from models.registry import Registry

    records = open_seeded_records(settings, patience_seconds=PATIENCE_SECONDS)
    in_force = InForce(records, Registry(settings.home), admit, PRODUCTS)
    max_age = timedelta(hours=settings.features_max_age_hours)
    desk = Desk(
        evidence={
            product: OnlineFeatures(settings.home, entity, max_age=max_age)
            for product, entity in ENTITY_OF.items()
        },
        request_values=request_values,
        lines=CreditLines(records),
        in_force=in_force,
        now=settings.now,
        clock="fixed" if settings.fixed_now else "real",
        partner=settings.partner,
    )
    for product, source in desk.evidence.items():
        # The first read opens the store: seconds, paid here, and not by the first who asks.
        read_evidence(product, source, [""], now=settings.now())
    scoring = replace(desk, evidence=open_evidence(settings))
    commit = GroupCommit(records)
    upkeep = Upkeep(records, commit, Anchors(settings.anchors))
    return Office(desk, in_force, records, commit, Metrics(), scoring, Sitting(desk), upkeep)


def open_evidence(settings: Settings) -> dict[str, EvidenceSource]:
    """The online features of each product's entities."""
    from features.store import OnlineFeatures

    max_age = timedelta(hours=settings.features_max_age_hours)
    return {
        product: OnlineFeatures(settings.home, entity, max_age=max_age)
        for product, entity in ENTITY_OF.items()
    }


def open_seeded_records(
    settings: Settings, *, patience_seconds: float = RECORDS_PATIENCE_SECONDS
) -> Records:
    """The records, with the shipped policy (or `VOUCH_POLICIES`) live where none was before."""
    fixed_now = settings.now if settings.fixed_now else None
    records = open_records(
        settings.database_url, fixed_now=fixed_now, patience_seconds=patience_seconds
    )
    with records.writing() as transaction:
        if policies.live_sha256(transaction.connection) is None:
            text = _first_policy(settings.policies)
            parse_policy(text)
            policies.seed(transaction.connection, text, by="shipped", at=settings.now())
    return records


def admit(artefact: Artefact) -> Model:
    """The model in an artefact, ready to score; InputError where it must not serve.

    A model made of other feature definitions than ours would be scored on values that it was
    never shown.
    """
    from features.catalogue import definitions_sha256
    from models.score import Scorer

    manifest = artefact.manifest
    ours = definitions_sha256(manifest.product)
    if manifest.definitions_sha256 != ours:
        theirs = manifest.definitions_sha256 or "none"
        raise InputError(
            f"{manifest.product}:{manifest.version} was trained on feature definitions "
            f"{theirs[:12]}, this Vouch computes {ours[:12]}",
            "train and promote a model with this version of the features",
        )
    return Model(Scorer(artefact), artefact.identity())


def _first_policy(folder: Path | None) -> str:
    """The policy that empty records start from."""
    if folder is None:
        return files("partners").joinpath(PLATFORM_POLICY).read_text(encoding="utf-8")
    path = folder / PLATFORM_POLICY if folder.is_dir() else folder
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"VOUCH_POLICIES: {path} cannot be read ({error})",
            f"name a folder with {PLATFORM_POLICY}",
        ) from None
