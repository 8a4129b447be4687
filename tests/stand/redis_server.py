"""A real Redis of our own: one folder, one loopback port, nothing kept, gone with the tests."""

import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.stand.cluster import port_nobody_uses
from tests.stand.presence import missing

READY_WITHIN_S = 20.0


@dataclass(slots=True)
class RedisServer:
    """A server that writes nothing to disk. It may be stopped and started; then it is empty."""

    folder: Path
    port: int = field(default_factory=lambda: port_nobody_uses())  # noqa: PLW0108 - as elsewhere
    _server: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it answers, as VOUCH_ONLINE_STORE has it."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Whom to signal."""
        assert self._server is not None
        return self._server.pid

    def client(self) -> Redis:
        """A client for looking behind the store's back."""
        return Redis.from_url(self.url)

    def start(self) -> None:
        """Start where it is not running; back when it answers."""
        if self._server is not None and self._server.poll() is None:
            return
        # It goes with us, even where we are killed and stop nothing.
        words = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        words += ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port)]
        words += ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Redis did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it by its own pid, and with it all that it held."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(timeout=30)
            self._server = None

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:
            return False


def need_redis() -> None:
    """End the test where Redis is not installed."""
    if shutil.which("redis-server") is None:
        missing("Redis")
