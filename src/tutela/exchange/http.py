"""The one outbound client: one origin each, no redirects, limits on place, time and size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpcore
import httpx

from tutela.errors import CounterpartyFailed, CounterpartyRefused
from tutela.exchange.address import Destination
from tutela.exchange.connecting import CheckedBackend, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tutela.exchange.address import Network
    from tutela.exchange.connecting import Resolve

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_SERVER_ERRORS = 500
_REDIRECTS = range(300, 400)
_BUSY = frozenset({408, 425, 429})
MOST_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status and at most 1 MiB of body."""

    status: int
    body: bytes
    request_id: str | None


class Outbound:
    """A client for one address below which everything goes. Raises only errors of the tree.

    `private`: our own networks in which the other side may lie. Without one it lies outside, or
    where the address says as a number, or at localhost (docs/reference/hostile-input.md).
    """

    def __init__(
        self,
        address: str,
        auth: tuple[str, str] | None = None,
        bearer: str | None = None,
        timeout: float | None = None,
        private: Sequence[Network] = (),
        resolve: Resolve = resolved,
    ) -> None:
        """`timeout`: seconds for each step of a call; none: 30, and 10 to connect."""
        self._there = Destination.of(address, private)
        self._address = address.rstrip("/")
        self._client = httpx.Client(
            transport=_Checked(CheckedBackend(self._there, resolve)),
            timeout=_TIMEOUT if timeout is None else httpx.Timeout(timeout),
            follow_redirects=False,
            trust_env=False,
            auth=auth,
            headers={
                # An answer that unfolds to far more than was sent is not wanted.
                "Accept-Encoding": "identity",
                **({"Authorization": f"Bearer {bearer}"} if bearer else {}),
            },
        )

    def post(
        self,
        path: str,
        *,
        content: bytes | Iterator[bytes] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post and return the answer. As `send`."""
        return self.send("POST", path, content=content, data=data, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        content: bytes | Iterator[bytes] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send and return the answer, whatever its status below 500.

        Raises `CounterpartyFailed` on network errors, 5xx, redirects and "later" statuses.
        """
        try:
            url = httpx.URL(self._address + path)
            if not self._there.covers(url):
                raise CounterpartyRefused(
                    "A call would have gone to another place than the settings name.",
                    "This is a defect in Tutela, or the other side's answer is hostile: report it.",
                )
            with self._client.stream(
                method,
                url,
                content=content,
                data=data,
                headers=headers,
            ) as response:
                return _read(response)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as problem:
            raise CounterpartyFailed(
                f"The other side did not answer ({type(problem).__name__}).",
                "It is tried again; check the address and the network if it lasts.",
            ) from None

    def close(self) -> None:
        """Let go of the client."""
        self._client.close()


class _Checked(httpx.HTTPTransport):
    """The transport that goes only where `Destination` lets it."""

    def __init__(self, backend: CheckedBackend) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._pool.close()
        # No connection is kept: a second answer left on one would be read as the next call's.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_keepalive_connections=0,
            network_backend=backend,
        )


def _read(response: httpx.Response) -> Answer:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise CounterpartyFailed(
            "The other side's answer is packed in a way that was not asked for.",
            "It is tried again; ask the other side.",
        )
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MOST_ANSWER_BYTES:
            raise CounterpartyFailed(
                "The other side's answer is far too long.", "It is tried again; ask the other side."
            )
    status = response.status_code
    if status in _REDIRECTS:
        raise CounterpartyRefused(
            "The other side redirects elsewhere; Tutela does not follow.",
            "Put the final address into the settings if you trust it.",
        )
    if status >= _SERVER_ERRORS or status in _BUSY:
        raise CounterpartyFailed(
            f"The other side answered with status {status}.", "It is tried again."
        )
    return Answer(status, bytes(body), response.headers.get("Request-ID"))
