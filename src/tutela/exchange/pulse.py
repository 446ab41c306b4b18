"""The sign of life to a service outside that calls people when it stays away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.errors import CounterpartyRefused
from tutela.exchange.http import Outbound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.exchange.address import Network

_TAKEN = range(200, 300)


class HttpPulse:
    """Posts nothing to an address, once a minute. The address is all that it says."""

    def __init__(self, address: str, private: Sequence[Network] = ()) -> None:
        self._outbound = Outbound(address, private=private)

    def beat(self) -> None:
        """Send it. Raises `CounterpartyFailed`, `CounterpartyRefused`."""
        answer = self._outbound.post("", content=b"")
        if answer.status not in _TAKEN:
            raise CounterpartyRefused(
                f"The sign of life was refused with status {answer.status}.",
                "Check alarms.pulse_url in the settings.",
            )
