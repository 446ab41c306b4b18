"""Signed orders to the host platform (docs/reference/webhooks.md)."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import TYPE_CHECKING

from tutela.errors import CounterpartyFailed, CounterpartyRefused
from tutela.exchange.http import Outbound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.content.holds import HostOrder
    from tutela.exchange.address import Network
    from tutela.storage.clock import Clock

_OBEYED = range(200, 300)
_NOT_HEARD = frozenset({400, 401, 403})
"""A stale timestamp or a wrong signature says nothing about the order: it stays owed."""


class HostWebhook:
    """Posts each order with its id, the time and an HMAC-SHA256 over both and the body."""

    def __init__(
        self, address: str, secret: bytes, clock: Clock, private: Sequence[Network] = ()
    ) -> None:
        self._outbound = Outbound(address, private=private)
        self._secret = secret
        self._clock = clock

    def carry_out(self, order: HostOrder) -> None:
        """Deliver one order. Raises `CounterpartyFailed`, `CounterpartyRefused`."""
        told = {
            "id": order.id,
            "verb": order.verb.value,
            "external_id": order.external_id,
            "item_id": order.item_id,
            "at": order.ordered_at.isoformat(),
            **({"wanted": order.wanted} if order.wanted else {}),
            **({"appeal": order.appeal, "answer": order.answer} if order.answer else {}),
        }
        body = json.dumps(told, sort_keys=True).encode()
        stamp = str(int(self._clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Tutela-Webhook-Id": order.id,
            "Tutela-Webhook-Timestamp": stamp,
            "Tutela-Webhook-Signature": signature(self._secret, order.id, stamp, body),
        }
        answer = self._outbound.post("", content=body, headers=headers)
        if answer.status in _NOT_HEARD:
            raise CounterpartyFailed(
                f"The host platform did not accept the call, with status {answer.status}.",
                "It is tried again; check this machine's clock and the shared secret.",
            )
        if answer.status not in _OBEYED:
            raise CounterpartyRefused(
                f"The host platform refused an order with status {answer.status}.",
                "See why there, mend it, and decide the case again.",
            )


def signature(secret: bytes, order_id: str, stamp: str, body: bytes) -> str:
    """Return `v1=` and the hex HMAC-SHA256 over id, timestamp and body, joined by dots."""
    signed = b".".join((order_id.encode(), stamp.encode(), body))
    return f"v1={hmac.new(secret, signed, sha256).hexdigest()}"
