"""Connections that must say what they want in time: a head that drips in holds a place for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

HEAD_SECONDS = 15.0
"""From the first byte of a connection, or of its next request, until its head is whole."""


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 on h11, with an end to waiting for a request's head."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """End waiting."""
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
