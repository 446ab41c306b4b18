"""Connections of the outbound client: a name is resolved once, checked, and connected to so.

The number that was checked is the number that is connected to, so a name whose answer changes in
between (DNS rebinding) gains nothing. `Host` and the TLS name stay those of the settings.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Sequence

    from tutela.exchange.address import Destination

    Resolve = Callable[[str, int], Sequence[str]]

ANSWER_SECONDS = 120.0
"""An answer is there so long after our last word, however slowly it drips."""


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a name, in the system's order. Raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class CheckedBackend(httpcore.NetworkBackend):
    """Opens connections to one destination. Raises `AddressRefused` where its name leads astray."""

    def __init__(self, there: Destination, resolve: Resolve = resolved) -> None:
        self._there = there
        self._resolve = resolve
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the checked addresses that answers."""
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as problem:
            raise httpcore.ConnectError("the name is not known") from problem
        *others, last = self._there.checked(found)
        for address in others:
            try:
                return _Timed(
                    self._plain.connect_tcp(
                        str(address), port, timeout, local_address, socket_options
                    )
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return _Timed(
            self._plain.connect_tcp(str(last), port, timeout, local_address, socket_options)
        )


class _Timed(httpcore.NetworkStream):
    """A stream whose whole answer has a deadline, beside that of each read."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._until: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        now = time.monotonic()
        if self._until is None:
            self._until = now + ANSWER_SECONDS
        left = self._until - now
        if left <= 0:
            raise httpcore.ReadTimeout("the answer drips")
        return self._stream.read(max_bytes, left if timeout is None else min(timeout, left))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._until = None
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
