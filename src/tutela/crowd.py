"""How many connections each address holds at once: a crowd from one leaves room for others.

One event loop asks, so nothing is locked. Proxies that the settings trust are not counted: behind
theirs are everybody's.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from tutela.access.rates import client_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class Crowd:
    """Counts connections by address. `each`: so many at most; 0: no limit."""

    def __init__(self, each: int, proxies: Iterable[str] = ()) -> None:
        self._each = each
        self._proxies = tuple(proxies)
        self._held: Counter[str] = Counter()

    def enter(self, address: str) -> str | None:
        """Count a connection and return under what, or None where there are too many."""
        client = client_of(address)
        if self._each and self._held[client] >= self._each and not self._is_proxy(address):
            return None
        self._held[client] += 1
        return client

    def leave(self, client: str) -> None:
        """Count one less."""
        self._held[client] -= 1
        if self._held[client] <= 0:
            del self._held[client]

    def _is_proxy(self, address: str) -> bool:
        return any(_covers(one, address) for one in self._proxies)


def _covers(proxy: str, address: str) -> bool:
    if proxy in {"*", address}:
        return True
    try:
        return ip_address(address) in ip_network(proxy, strict=False)
    except ValueError:
        return False
