"""Whether somebody signed in just now: a session found open must not be made into a way in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.access.sessions import FRESH
from tutela.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.console.pages import Asker


def is_fresh(asker: Asker, now: datetime) -> bool:
    """Say whether the person showed their proofs within the last minutes."""
    return now < asker.session.started_at + FRESH


def require_fresh(asker: Asker, now: datetime) -> None:
    """Raise `Refused` where the sign-in is too old to change what lets people in."""
    if not is_fresh(asker, now):
        raise Refused(
            "Your sign-in is too old to change what proves you.",
            "Sign out, sign in, and do this within ten minutes.",
        )
