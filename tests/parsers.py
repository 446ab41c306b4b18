"""One pool of confined processes for all tests of a session: starting some takes a second."""

from __future__ import annotations

import atexit
from functools import cache

from tutela.content.confinement.pool import Pool, Room
from tutela.content.confinement.serving import Terms
from tutela.content.decoding import DecodeLimits
from tutela.platform.parsing import WORKER, Parsing, Patience
from tutela.settings import Decoding


class _Lasting(Pool):
    """Outlives the platforms that use it."""

    def close(self) -> None:
        """Do nothing."""

    def end(self) -> None:
        """End the processes."""
        super().close()


@cache
def shared_pool() -> Pool:
    """Return the pool of this test process, with the settings that a home has by default."""
    usual = Decoding()
    pool = _Lasting(WORKER, Terms(usual.memory, looks=True), Room(1, 64, 60))
    atexit.register(pool.end)
    return pool


def parsing(limits: DecodeLimits | None = None) -> Parsing:
    """Return what hands files to that pool."""
    return Parsing(shared_pool(), limits or DecodeLimits(), Patience())
