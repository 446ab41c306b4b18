"""Token buckets: how often each caller may come, in a structure that cannot grow without end.

A bucket holds up to `burst` and gains `rate` a second; each request takes one. Full buckets are the
same as none, so they are forgotten first; when all are in use, the one that waited longest goes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second in the long run, and so many at once after a pause. 0 a second: no limit."""

    a_second: float
    burst: int


@dataclass(slots=True)
class _Bucket:
    held: float
    at: float


class Buckets:
    """One bucket for each caller. Any thread may take; nothing waits."""

    def __init__(self, rate: Rate, most: int = 10_000) -> None:
        self._rate = rate
        self._most = most
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, caller: str, now: float) -> float:
        """Take one and return 0.0, or take nothing and return the seconds to wait.

        `now`: seconds of a clock that never goes back.
        """
        return self._taken(caller, now, 1.0)

    def wait(self, caller: str, now: float) -> float:
        """Return the seconds that `take` would ask to wait."""
        return self._taken(caller, now, 0.0)

    def knows(self, caller: str) -> bool:
        """Say whether the caller has a bucket."""
        return caller in self._buckets

    def _taken(self, caller: str, now: float, some: float) -> float:
        rate = self._rate
        if not rate.a_second:
            if some:
                self._keep(caller, _Bucket(rate.burst, now))
            return 0.0
        with self._lock:
            bucket = self._buckets.get(caller)
            held = float(rate.burst)
            if bucket is not None:
                held = min(held, bucket.held + max(0.0, now - bucket.at) * rate.a_second)
            if held < 1:
                return (1 - held) / rate.a_second
            if some:
                self._put(caller, _Bucket(held - some, now))
            return 0.0

    def _keep(self, caller: str, bucket: _Bucket) -> None:
        with self._lock:
            self._put(caller, bucket)

    def _put(self, caller: str, bucket: _Bucket) -> None:
        self._buckets[caller] = bucket
        self._buckets.move_to_end(caller)
        while len(self._buckets) > self._most:
            # Who came longest ago has gained most since: full, or nearest to it.
            self._buckets.popitem(last=False)


def client_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        number = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if not isinstance(number, IPv6Address):
        return str(number)
    if number.ipv4_mapped:
        return str(number.ipv4_mapped)
    return str(ip_network((int(number), 64), strict=False).network_address)
