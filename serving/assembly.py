"""The composition root: settings in, an office that answers out. Wiring, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from credit.contract import ENTITY_OF, PRODUCTS
from credit.errors import InputError
from models.artefact import Artefact
from records import policies, policy_moves
from records.anchors import Anchors
from records.group_commit import GroupCommit
from records.store import PATIENCE_SECONDS as RECORDS_PATIENCE_SECONDS
from records.store import Records, open_records
from serving.desk import Desk, EvidenceSource, Model
from serving.evidence import read_evidence
from serving.exposures import OpenExposures
from serving.fresh_rows import FreshRows
from serving.in_force import InForce
from serving.metrics import Metrics
from serving.office import Office
from serving.postroom import Postroom
from serving.seeding import first_policies
from serving.settings import Settings
from serving.sitting import Sitting
from serving.upkeep import Upkeep

if TYPE_CHECKING:
    from models.trial import Trials

# Below what a request waits for the records, so that who waits hears why.
PATIENCE_SECONDS = 1.2


def open_office(settings: Settings) -> Office:
    """An office over one home. InputError where the records or the policy cannot be used."""
    from features.request import request_values
    from features.store import FreshDoor
    from models.registry import Registry

    records = open_seeded_records(settings, patience_seconds=PATIENCE_SECONDS)
    registry = Registry(settings.home)
    in_force = InForce(records, registry, admitting(registry.trials), PRODUCTS)
    in_force.policy_for(settings.partner)  # composed here, and not while the first one waits
    desk = Desk(
        evidence=open_evidence(settings),
        request_values=request_values,
        ledger=OpenExposures(records),
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
    fresh = FreshRows(records, FreshDoor(settings.home, settings.online_store))
    postroom = Postroom(records, commit, settings.inbox, fresh)
    return Office(
        desk, in_force, records, commit, Metrics(), scoring, Sitting(desk), upkeep, postroom
    )


def open_evidence(settings: Settings) -> dict[str, EvidenceSource]:
    """The online features of each product's entities."""
    from features.store import OnlineFeatures

    max_age = timedelta(hours=settings.features_max_age_hours)
    return {
        product: OnlineFeatures(
            settings.home, entity, max_age=max_age, online_store=settings.online_store
        )
        for product, entity in ENTITY_OF.items()
    }


def open_seeded_records(
    settings: Settings, *, patience_seconds: float = RECORDS_PATIENCE_SECONDS
) -> Records:
    """The records, with the shipped policies (or `VOUCH_POLICIES`) live where none was before."""
    fixed_now = settings.now if settings.fixed_now else None
    records = open_records(
        settings.database_url, fixed_now=fixed_now, patience_seconds=patience_seconds
    )
    with records.reading() as connection:
        is_empty = not policies.any_live(connection)
    if is_empty:
        drafts = first_policies(settings.policies)
        with records.writing() as transaction:
            policy_moves.seed_all(transaction, drafts, by="shipped")
    return records


def admitting(trials: "Trials") -> Callable[[Artefact], Model]:
    """`admit` for models that were seen to load in a child process, now or before."""

    def admit_tried(artefact: Artefact) -> Model:
        trials.hold(artefact)
        return admit(artefact)

    return admit_tried


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
