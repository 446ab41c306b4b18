"""Signed messages about alarms, in the same envelope as orders (docs/reference/alarms.md)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tutela.errors import CounterpartyRefused
from tutela.exchange.host_webhook import signature
from tutela.exchange.http import Outbound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.alarms.telling import Line, Message
    from tutela.exchange.address import Network
    from tutela.storage.clock import Clock

_TAKEN = range(200, 300)


class AlarmWebhook:
    """Posts each message with its id, the time and an HMAC-SHA256 over both and the body."""

    def __init__(
        self, address: str, secret: bytes, clock: Clock, private: Sequence[Network] = ()
    ) -> None:
        self._outbound = Outbound(address, private=private)
        self._secret = secret
        self._clock = clock

    def tell(self, message: Message) -> None:
        """Deliver. Raises `CounterpartyFailed`, `CounterpartyRefused`."""
        told = {
            "id": message.id,
            "at": message.at.isoformat(),
            "alarms": [_line(one) for one in message.lines],
        }
        body = json.dumps(told, sort_keys=True).encode()
        stamp = str(int(self._clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Tutela-Webhook-Id": message.id,
            "Tutela-Webhook-Timestamp": stamp,
            "Tutela-Webhook-Signature": signature(self._secret, message.id, stamp, body),
        }
        answer = self._outbound.post("", content=body, headers=headers)
        if answer.status not in _TAKEN:
            raise CounterpartyRefused(
                f"The alarm webhook was refused with status {answer.status}.",
                "See why there; it is tried again.",
            )


def _line(line: Line) -> dict[str, object]:
    alarm = line.alarm
    return {
        "id": alarm.id,
        "state": line.state,
        "kind": alarm.kind.value,
        "severity": alarm.severity.value,
        "subject": alarm.subject,
        "title": alarm.title,
        "what": alarm.what,
        "raised_at": alarm.raised_at.isoformat(),
    }
