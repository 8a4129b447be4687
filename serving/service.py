"""The BentoML service: Vouch's application, served by BentoML's workers and built into Bentos."""

import logging
from typing import Any

import bentoml

from serving.app import application
from serving.assembly import open_office
from serving.office import Office
from serving.settings import read_settings


def _open() -> Office:
    """The office of a worker, which writes its log where BentoML writes its own."""
    log = logging.getLogger("vouch")
    log.setLevel(logging.INFO)
    log.handlers = [logging.StreamHandler()]
    log.handlers[0].setFormatter(logging.Formatter("%(asctime)s [%(levelname)s] %(message)s"))
    return open_office(read_settings())


app = application(_open)


class Front(bentoml.Service[Any]):  # type: ignore[misc]  # BentoML loads its names lazily: Any
    """A BentoML service that answers with the mounted application alone.

    BentoML starts and stops it; requests go past BentoML's own routes (/schema.json, /docs.json,
    a /readyz of its own) and its tracing, timeout and context layers, which cost more than a
    decision and answer in another form than ours.
    """

    def to_asgi(self, is_main: bool = True) -> Any:  # noqa: FBT001, FBT002 - BentoML's signature
        """BentoML's application for its life, ours for every request."""
        lifecycle = super().to_asgi(is_main)

        async def front(scope: Any, receive: Any, send: Any) -> None:
            inside = lifecycle if scope["type"] == "lifespan" else app
            await inside(scope, receive, send)

        return front


@bentoml.asgi_app(app, path="/", name="vouch")
class Vouch:
    """Credit decisions from payment histories."""


service: Any = bentoml.service(
    name="vouch",
    service_class=Front,
    workers=1,
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)(Vouch)
