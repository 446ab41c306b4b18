"""Connections that must say what they want in time: a head that drips in holds a place for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from tutela.crowd import Crowd

HEAD_SECONDS = 15.0
"""From the first byte of a connection, or of its next request, until its head is whole."""


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 on h11, with an end to waiting for a request's head, and to crowds."""

    crowd: ClassVar[Crowd | None] = None
    _waiting: asyncio.TimerHandle | None = None
    _counted: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait, or hang up where one address holds too many connections already."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        if self.crowd is not None and isinstance(peer, tuple):
            self._counted = self.crowd.enter(str(peer[0]))
            if self._counted is None:
                transport.abort()
                return
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """End waiting."""
        if self.crowd is not None and self._counted is not None:
            self.crowd.leave(self._counted)
            self._counted = None
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; go on waiting unless a request has begun with them."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._end()
        elif self._waiting is None and self.cycle.response_complete:
            self._begin()

    def _begin(self) -> None:
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _end(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()


def patient(crowd: Crowd) -> type[PatientProtocol]:
    """Return the protocol of one server, which counts its own connections."""
    return type("CountingProtocol", (PatientProtocol,), {"crowd": crowd})
