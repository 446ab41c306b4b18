"""Hashing with as much effort as a budget pays for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tutela.hashing.fingerprint import fingerprint
from tutela.hashing.look import Budget

if TYPE_CHECKING:
    from tutela.content.decoding import DecodeLimits
    from tutela.hashing.fingerprint import Fingerprint


def looked_at(data: bytes, limits: DecodeLimits, budget: Budget) -> Fingerprint:
    """Hash `data` exactly and take the looks that the budget pays for."""
    printed = fingerprint(data, limits)
    if budget is Budget.NONE or not printed.pictures:
        return printed
    # OpenCV takes a while to import, and who takes no looks should not wait for it.
    from tutela.matching.evasion.looking import looked

    return replace(printed, looks=looked(data, limits, budget))
