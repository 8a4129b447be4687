"""What decides now: the policies and switches in force, and the champions, looked at anew."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from credit.errors import InputError
from credit.policy.layers import stack_text
from credit.policy.terms import Policy
from models.artefact import Artefact
from records import policies
from records.store import Records, RecordsUnavailableError
from records.switches import Switch
from serving.desk import Model
from serving.rulebook import Rulebook, read_published
from serving.rules import Rules

LOOK_EVERY_SECONDS = 0.25
LOOKS_PER_REGISTER = 4
# A switch is obeyed within a second: rules that were not looked at for this long are looked at
# before anybody is decided by them.
LATE_AFTER_SECONDS = 0.75
_log = logging.getLogger("vouch.serving")


class Register(Protocol):
    """Where champions are named."""

    def champion_stamp(self, product: str) -> str | None:
        """The identity of the champion: cheap to ask."""
        ...

    def champion(self, product: str) -> Artefact | None:
        """The champion itself, verified."""
        ...

    def challenger_stamp(self, product: str) -> str | None:
        """The same of the model that scores beside it."""
        ...

    def challenger(self, product: str) -> Artefact | None:
        """That model itself, verified."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """A product's model in service, its stamp, and why the champion is not it, if so."""

    stamp: str | None
    model: Model | None
    trouble: str = ""


class InForce:
    """The policies, switches and models in force. What serves stays until its successor has loaded.

    `admit` makes a model of an artefact, or raises InputError where it must not serve.
    """

    def __init__(
        self,
        records: Records,
        register: Register,
        admit: Callable[[Artefact], Model],
        products: Iterable[str],
    ) -> None:
        self._records = records
        self._register = register
        self._admit = admit
        self._looking = threading.Lock()
        self._book = self._opened(None)
        self._standing = {product: Standing(None, None) for product in products}
        self._challenging = dict(self._standing)
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look_again, name="in-force", daemon=True)
        self._look_at_register()

    @property
    def standing(self) -> Mapping[str, Standing]:
        """What serves for each product."""
        return self._standing

    @property
    def switches(self) -> tuple[Switch, ...]:
        """The switches that are thrown."""
        return self._book.published.switches

    @property
    def troubles(self) -> tuple[str, ...]:
        """Policies in force that cannot be used: what they would decide is referred."""
        return self._book.troubles

    def model(self, product: str) -> Model | None:
        """The model that serves; None where there is none."""
        return self._standing[product].model

    def challenger(self, product: str) -> Model | None:
        """The model that scores beside it; None where none does."""
        return self._challenging[product].model

    def policy_for(self, partner: str, scene: str | None = None) -> Policy:
        """The policy in force for a partner, in a scene where that has its own."""
        return self._book.rules(partner, scene).policy

    def rules_for(self, *, product: str, partner: str, scene: str | None) -> Rules:
        """What decides a case: the policy, those in shadow, and what stops decisions."""
        return self._book.rules_for(product=product, partner=partner, scene=scene)

    def refresh(self) -> None:
        """Take up what was published, thrown or promoted since the last look."""
        self.look()
        self._look_at_register()

    def look(self) -> None:
        """Take up policies and switches. RecordsUnavailableError where they cannot be known."""
        with self._looking:
            at = time.monotonic()
            with self._records.reading() as connection:
                stamp, now = policies.stamp(connection), self._records.now(connection)
            if self._book.published.is_over(stamp, now):
                self._book = self._opened(self._book)
            self._looked_at = at

    def look_if_late(self) -> None:
        """The same where the last look was too long ago to know what is stopped by now."""
        if time.monotonic() - self._looked_at > LATE_AFTER_SECONDS:
            self.look()

    def watch(self) -> None:
        """Look every quarter of a second until closed."""
        self._watch.start()

    def close(self) -> None:
        """Stop looking."""
        self._over.set()
        if self._watch.is_alive():
            self._watch.join()

    def _look_again(self) -> None:
        looks = 0
        while not self._over.wait(LOOK_EVERY_SECONDS):
            looks += 1
            try:
                self.look()
                if looks % LOOKS_PER_REGISTER == 0:
                    self._look_at_register()
            except RecordsUnavailableError as error:
                _log.warning("what is in force cannot be looked at: %s", error)
            except Exception:  # noqa: BLE001 - a thread that dies would take up nothing ever after
                _log.exception("what is in force cannot be looked at; what serves stays")

    def _opened(self, before: Rulebook | None) -> Rulebook:
        """The rulebook as it is now; what was asked for before is composed before it is used."""
        self._looked_at = time.monotonic()
        last = before.published if before else None
        with self._records.reading() as connection:
            published = read_published(connection, self._records.now(connection), last)
        if before and before.published.says_the_same(published):
            return before.under(published)
        book = Rulebook(published, self._keep, before.platform if before else None)
        for partner, scene in before.asked if before else ():
            book.rules(partner, scene)
        for trouble in book.troubles:
            _log.error("%s", trouble)
        return book

    def _keep(self, policy: Policy) -> None:
        """Put a stack on record by the hash that decisions name; a document is there already."""
        if len(policy.layers) == 1:
            return
        with self._records.reading() as connection:
            kept = policies.read(connection, policy.sha256) is not None
        if not kept:
            with self._records.writing() as transaction:
                text = stack_text(policy.layers)
                policies.keep(transaction, text, name=policy.name, by="serving")

    def _look_at_register(self) -> None:
        here = self._register
        for product, before in tuple(self._standing.items()):
            self._standing[product] = self._look(
                product, before, here.champion_stamp, here.champion, "champion"
            )
        for product, before in tuple(self._challenging.items()):
            self._challenging[product] = self._look(
                product, before, here.challenger_stamp, here.challenger, "challenger"
            )

    def _look(
        self,
        product: str,
        before: Standing,
        stamp_of: Callable[[str], str | None],
        artefact_of: Callable[[str], Artefact | None],
        role: str,
    ) -> Standing:
        try:
            stamp = stamp_of(product)
            if stamp == before.stamp and not before.trouble:
                return before
            artefact = artefact_of(product)
            model = self._admit(artefact) if artefact else None
        except InputError as error:
            if str(error) != before.trouble:
                _log.error("%s: the %s cannot serve: %s", product, role, error)
            return Standing(before.stamp, before.model, str(error))
        version = model.identity["version"] if model else "no model"
        _log.info("%s: %s serves as %s", product, version, role)
        return Standing(stamp, model)
