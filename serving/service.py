"""The BentoML service: Vouch's application, served by BentoML's workers and built into Bentos."""

import ctypes
import logging
import signal
import sys
from typing import Any

import bentoml

from serving.app import application
from serving.assembly import open_office
from serving.office import Office
from serving.problems import RequestError, problem_response
from serving.settings import read_settings

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _open() -> Office:
    """The office of a worker, whose log goes where BentoML's own goes."""
    logging.getLogger("vouch").setLevel(logging.INFO)
    _end_with_supervisor()
    return open_office(read_settings())


def _end_with_supervisor() -> None:
    """A worker whose supervisor was killed would hold the port and answer for nobody (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


app = application(_open)


def _is_loopback(client: tuple[str, int] | None) -> bool:
    return client is not None and (client[0].startswith("127.") or client[0] == "::1")


async def _refuse_stranger(scope: Any, receive: Any, send: Any) -> None:
    """However the server was started, nobody from outside is answered before keys exist."""
    told = "this service answers its own machine only, until partners have keys"
    refusal = problem_response(RequestError("LOOPBACK_ONLY", told, "ask from 127.0.0.1"))
    await refusal(scope, receive, send)


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
            if scope["type"] == "lifespan":
                await lifecycle(scope, receive, send)
            elif _is_loopback(scope["client"]):
                await app(scope, receive, send)
            else:
                await _refuse_stranger(scope, receive, send)

        return front


@bentoml.asgi_app(app, path="/", name="vouch")
class Vouch:
    """Credit decisions from payment histories."""


service: Any = bentoml.service(
    name="vouch",
    service_class=Front,
    workers=1,
    http={"host": "127.0.0.1", "port": 3000},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)(Vouch)
