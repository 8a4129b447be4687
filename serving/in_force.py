"""What decides now: the live policy and the champions, looked at anew each second."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from credit.errors import InputError
from credit.policy.terms import Policy, parse_policy
from models.artefact import Artefact
from records import policies
from records.store import Records, RecordsUnavailableError
from serving.desk import Model

LOOK_EVERY_SECONDS = 1.0
_log = logging.getLogger("vouch.serving")


class Register(Protocol):
    """Where champions are named."""

    def champion_stamp(self, product: str) -> str | None:
        """The identity of the champion: cheap to ask."""
        ...

    def champion(self, product: str) -> Artefact | None:
        """The champion itself, verified."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """A product's model in service, its stamp, and why the champion is not it, if so."""

    stamp: str | None
    model: Model | None
    trouble: str = ""


class InForce:
    """The policy and the models in force. What serves stays until its successor has loaded.

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
        self._policy = self._read_policy()
        self._standing = {product: Standing(None, None) for product in products}
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look_again, name="in-force", daemon=True)
        self.refresh()

    @property
    def policy(self) -> Policy:
        """The policy that is live."""
        return self._policy

    @property
    def standing(self) -> Mapping[str, Standing]:
        """What serves for each product."""
        return self._standing

    def model(self, product: str) -> Model | None:
        """The model that serves; None where there is none."""
        return self._standing[product].model

    def refresh(self) -> None:
        """Take up what was published or promoted since the last look."""
        self._refresh_policy()
        for product, before in tuple(self._standing.items()):
            self._standing[product] = self._look(product, before)

    def watch(self) -> None:
        """Refresh each second until closed."""
        self._watch.start()

    def close(self) -> None:
        """Stop looking."""
        self._over.set()
        if self._watch.is_alive():
            self._watch.join()

    def _look_again(self) -> None:
        while not self._over.wait(LOOK_EVERY_SECONDS):
            try:
                self.refresh()
            except Exception:  # noqa: BLE001 - a thread that dies would take up nothing ever after
                _log.exception("what is in force cannot be looked at; what serves stays")

    def _look(self, product: str, before: Standing) -> Standing:
        try:
            stamp = self._register.champion_stamp(product)
            if stamp == before.stamp and not before.trouble:
                return before
            artefact = self._register.champion(product)
            model = self._admit(artefact) if artefact else None
        except InputError as error:
            if str(error) != before.trouble:
                _log.error("%s: the champion cannot serve: %s", product, error)
            return Standing(before.stamp, before.model, str(error))
        _log.info("%s: %s serves", product, model.identity["version"] if model else "no model")
        return Standing(stamp, model)

    def _refresh_policy(self) -> None:
        try:
            with self._records.reading() as connection:
                live = policies.live_sha256(connection)
            if live != self._policy.sha256:
                self._policy = self._read_policy()
        except (RecordsUnavailableError, InputError) as error:
            _log.error("policy %s stays: %s", self._policy.version, error)

    def _read_policy(self) -> Policy:
        with self._records.reading() as connection:
            live = policies.live(connection)
        if live is None:
            raise InputError("no policy is live", "publish one")
        return parse_policy(live[0])
