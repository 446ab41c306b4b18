"""A TCP proxy on loopback that passes, stalls or cuts what goes through it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

Upstream: TypeAlias = "tuple[str, int] | str"
"""Host and port, or the path of a socket."""
_CHUNK = 1 << 16


class Proxy:
    """Connections go to the first upstream, taken in turn, that accepts."""

    def __init__(self, upstreams: Sequence[Upstream]) -> None:
        self._upstreams = list(upstreams)
        self._turn = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._passing.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._wait(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        """The address as of a web server."""
        return f"http://127.0.0.1:{self.port}"

    def stall(self) -> None:
        """Let nothing through, and break nothing."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def cut(self) -> None:
        """Break what is open, and close the door."""
        self._loop.call_soon_threadsafe(self._cut)

    def mend(self) -> None:
        """Pass again."""
        self._closed = False
        self._loop.call_soon_threadsafe(self._passing.set)

    def close(self) -> None:
        """End for good."""
        self._loop.call_soon_threadsafe(self._cut)
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _cut(self) -> None:
        self._closed = True
        for writer in self._open:
            # A reset, not a polite end.
            writer.transport.abort()

    def _wait(self, work: Coroutine[object, object, asyncio.Server]) -> asyncio.Server:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = None if self._closed else await self._connected()
        if found is None:
            writer.transport.abort()
            return
        self._open |= {writer, found[1]}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, found[1]))
                both.create_task(self._pump(found[0], writer))
        except* OSError:
            pass
        finally:
            for one in (writer, found[1]):
                self._open.discard(one)
                one.transport.abort()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self._upstreams:
            self._turn = (self._turn + 1) % len(self._upstreams)
            where = self._upstreams[self._turn]
            with contextlib.suppress(OSError):
                if isinstance(where, str):
                    return await asyncio.open_unix_connection(where)
                return await asyncio.open_connection(*where)
        return None

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while part := await source.read(_CHUNK):
            await self._passing.wait()
            sink.write(part)
            await sink.drain()
        await self._passing.wait()
        if sink.can_write_eof():
            with contextlib.suppress(OSError):
                sink.write_eof()
