"""An outside witness of the audit log over HTTP (c2sp.org/tlog-witness, `add-checkpoint`)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tutela.audit.witnessing import HasAnother, Signed
from tutela.errors import CounterpartyRefused
from tutela.exchange.http import Outbound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.exchange.address import Network
    from tutela.exchange.http import Answer

_SIGNED, _CONFLICT = 200, 409
_MOST_DIGITS = 19
_PATIENCE = 10.0
"""Seconds for each step: a witness has one signature to make, and holds a worker meanwhile."""


class TlogWitness:
    """Posts checkpoints to one witness. The checkpoint's own signature is what it asks for."""

    def __init__(
        self, address: str, private: Sequence[Network] = (), timeout: float = _PATIENCE
    ) -> None:
        self._outbound = Outbound(address, timeout=timeout, private=private)

    def cosign(self, old_size: int, path: Sequence[bytes], note: str) -> Signed | HasAnother:
        """Show a checkpoint. Raises `CounterpartyFailed`, `CounterpartyRefused`."""
        proof = "".join(f"{base64.b64encode(one).decode()}\n" for one in path)
        body = f"old {old_size}\n{proof}\n{note}".encode()
        return said_by(self._outbound.post("/add-checkpoint", content=body))


def said_by(answer: Answer) -> Signed | HasAnother:
    """Read an answer. Raises `CounterpartyRefused`."""
    text = answer.body.decode(errors="replace")
    if answer.status == _SIGNED:
        return Signed(text)
    size = text.strip()
    if answer.status == _CONFLICT and size.isdecimal() and len(size) <= _MOST_DIGITS:
        return HasAnother(int(size))
    raise CounterpartyRefused(
        f"The witness refused the checkpoint with status {answer.status}.",
        "Check that it knows this log's name and key (`tutela audit key`).",
    )
