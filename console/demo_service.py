"""The demo's service: a child process that is there for the calls and gone after them."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from console.demo_requests import Request
from credit.errors import InputError
from serving.settings import Settings

HOST = "127.0.0.1"
SECONDS_TO_START = 90


@contextmanager
def running_service(settings: Settings, *, port: int) -> Iterator[int]:
    """A service that answers on the port; it ends with the block."""
    log = settings.home / "demo" / "service.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "console.main", "serve", "--port", str(port)]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as child:
        try:
            _wait_until_ready(port, child, f"see {log}")
            yield port
        finally:
            child.terminate()


def ask(port: int, request: Request) -> tuple[dict[str, object], float]:
    """The answer to a request and the milliseconds it took; InputError where it is refused."""
    body = json.dumps(request.body)
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"demo-{time.time_ns()}"}
    with closing(HTTPConnection(HOST, port, timeout=10)) as connection:
        connection.connect()
        start = time.perf_counter()
        connection.request("POST", request.path, body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        milliseconds = (time.perf_counter() - start) * 1000
    if response.status != HTTPStatus.OK:
        raise InputError(f"{request.path} answered {response.status}", str(answer.get("detail")))
    return answer, milliseconds


def _wait_until_ready(port: int, child: subprocess.Popen[bytes], mend: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise InputError(f"the service ended with code {child.returncode}", mend)
        if _ready(port):
            return
        time.sleep(0.2)
    raise InputError(f"the service did not answer within {SECONDS_TO_START} s", mend)


def _ready(port: int) -> bool:
    with closing(HTTPConnection(HOST, port, timeout=2)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
