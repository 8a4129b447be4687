"""Serving: BentoML's server around the service, on loopback, with its state under the home."""

import errno
import ipaddress
import os
import socket
from pathlib import Path

from credit.errors import InputError
from serving.assembly import open_seeded_records
from serving.rulebook import Rulebook, read_published
from serving.settings import Settings

INSTALLED_IN = Path(__file__).resolve().parents[1]


def serve(
    settings: Settings, *, host: str = "127.0.0.1", port: int = 3000, workers: int = 1
) -> None:
    """Serve until interrupted; requests under way are answered first.

    InputError where the host is not loopback, the port is taken, or the records or the policy in
    force cannot be used.
    """
    _refuse_open_host(host)
    _refuse_taken_port(host, port)
    _refuse_unusable_records(settings)
    os.environ.update(settings.environment() | _quiet_bentoml(settings.home))
    from serving.service import service

    service.config["workers"] = workers
    service.working_dir = str(
        INSTALLED_IN
    )  # never the caller's folder: it may hold a data/ of its own
    service.serve_http(host=host, port=port)


def _refuse_unusable_records(settings: Settings) -> None:
    """What is wrong with them, or with the policy in force, is said here and not by a worker."""
    records = open_seeded_records(settings)
    try:
        with records.reading() as connection:
            published = read_published(connection, records.now(connection))
        Rulebook(published, keep=lambda _policy: None)
    finally:
        records.close()


def _refuse_open_host(host: str) -> None:
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise InputError(
            f"--host {host} is not loopback, and partners have no keys yet",
            "serve on 127.0.0.1",
        )


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = "in use" if error.errno == errno.EADDRINUSE else (error.strerror or "refused")
            raise InputError(
                f"port {port} on {host} is {why}", "stop what listens there or use --port"
            ) from None


def _quiet_bentoml(home: Path) -> dict[str, str]:
    """BentoML keeps its state in our home and tells nobody of it."""
    folder = home / "bentoml"
    folder.mkdir(parents=True, exist_ok=True)
    return {"BENTOML_HOME": str(folder), "BENTOML_DO_NOT_TRACK": "True", "DO_NOT_TRACK": "1"}
