"""A wire between a client and a server that can be cut, slowed and made to swallow everything."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urlsplit

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of nought: close says RST, not FIN


class Wire:
    """Listens on `port` of the loopback and passes bytes on to `behind`, as told, from a thread."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._pause_s = 0.0
        self._passing = asyncio.Event()
        self._ends: set[asyncio.StreamWriter] = set()
        self._joined: set[asyncio.Future[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, url: str) -> str:
        """The same database, reached through this wire."""
        parts = urlsplit(url)
        return parts._replace(netloc=f"{parts.username}@127.0.0.1:{self.port}").geturl()

    def cut(self) -> None:
        """Reset every connection there is, to both sides. New ones may come."""
        self._do(self._cut())

    def blackhole(self) -> None:
        """Connections are accepted and kept; no byte, and no end, passes either way."""
        self._do(self._blackhole())

    def delay(self, seconds: float) -> None:
        """Whatever is sent arrives so much later, each way."""
        self._pause_s = seconds

    def mend(self) -> None:
        """Pass everything at once again, also what the hole has kept."""
        self._pause_s = 0.0
        self._do(self._mend())

    def close(self) -> None:
        """Reset what is open and stop listening."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _listen(self) -> asyncio.Server:
        self._passing.set()
        return await asyncio.start_server(self._welcome, "127.0.0.1", 0)

    async def _cut(self) -> None:
        for end in tuple(self._ends):
            with suppress(OSError):  # it may have ended by itself just now
                end.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
                )
            end.transport.abort()

    async def _blackhole(self) -> None:
        self._passing.clear()

    async def _mend(self) -> None:
        self._passing.set()

    async def _close(self) -> None:
        self._server.close()
        await self._cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _welcome(self, here: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        # A task of our own: asyncio complains aloud when it is the one it made that is cancelled.
        task = asyncio.ensure_future(self._join(here, answer))
        self._joined.add(task)
        task.add_done_callback(self._joined.discard)

    async def _join(self, here: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        self._ends.add(answer)
        ends = {answer}
        try:
            await self._passing.wait()
            there, onward = await asyncio.open_connection("127.0.0.1", self._behind)
            ends.add(onward)
            self._ends.add(onward)
            ways = [self._pass(here, onward), self._pass(there, answer)]
            await asyncio.wait(map(asyncio.ensure_future, ways), return_when="FIRST_COMPLETED")
        except OSError:  # nobody behind: the client hears what it would have heard there
            answer.transport.abort()
        finally:
            self._ends -= ends
            for end in ends:
                end.close()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while True:
                chunk = await source.read(65_536)
                await asyncio.sleep(self._pause_s)
                await self._passing.wait()
                if not chunk:
                    return
                target.write(chunk)
                await target.drain()
