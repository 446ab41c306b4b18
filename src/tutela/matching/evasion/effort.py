"""Hashing with as much effort as a budget pays for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tutela.content.decoding import Reason
from tutela.hashing.fingerprint import fingerprint
from tutela.hashing.look import Budget

if TYPE_CHECKING:
    from tutela.content.decoding import DecodeLimits
    from tutela.hashing.digests import Digests
    from tutela.hashing.fingerprint import Fingerprint


def looked_at(
    data: bytes, limits: DecodeLimits, budget: Budget, known: Digests | None = None
) -> Fingerprint:
    """Hash `data` exactly and take the looks that the budget pays for.

    Should they fail, the file is unscreened unless it matches without them. `known`: as in
    `fingerprint`.
    """
    printed = fingerprint(data, limits, known)
    if budget is Budget.NONE or not printed.pictures:
        return printed
    # OpenCV takes a while to import, and who takes no looks should not wait for it.
    from tutela.matching.evasion.looking import looked

    try:
        return replace(printed, looks=looked(data, limits, budget))
    except Exception as problem:  # noqa: BLE001 - what could not be looked at must be held
        # Slow to import, and every hashing process would wait for it.
        import structlog

        structlog.get_logger().error("looks.failed", problem=type(problem).__name__)
        return replace(printed, unscreened=printed.unscreened or Reason.LOOKS_FAILED)
