"""Reading of answers in a confined process: apart from that of uploads, and of list files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tutela.content.confinement.fault import Fault, Lost
from tutela.content.confinement.frame import Most
from tutela.content.confinement.pool import Allowance
from tutela.errors import Unavailable
from tutela.exchange.answers import LONGEST, Answered, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tutela.content.confinement.pool import Pool

WORKER = "tutela.exchange.answer_worker"
_ALLOWED = Allowance(seconds=30.0, cpu_seconds=10.0, most=Most(words=1 << 16))
_MOST_CODE = 10**9


class ConfinedAnswers:
    """Hands answers to processes that run `WORKER`, and checks what those say."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def xml(self, body: bytes) -> Answered:
        """Read an answer of the CyberTipline. Raises `CounterpartyFailed`."""
        try:
            said = self._pool.run({"job": "xml"}, body, _ALLOWED).words
            code = said.get("code")
            if not isinstance(code, int) or abs(code) > _MOST_CODE:
                raise unreadable()
            return Answered(code, *(_text(said.get(one)) for one in ("report", "file", "hash")))
        except (Lost, ValueError, Unavailable) as problem:
            raise unreadable() from problem

    def named(self, body: bytes, places: Mapping[str, str]) -> dict[str, str] | None:
        """Return what JSON says at the places of these names, as text; None: it is no object.

        Raises `CounterpartyFailed` when no process is free.
        """
        try:
            said = self._pool.run({"job": "named", "places": dict(places)}, body, _ALLOWED)
            found = said.words.get("said")
            if not isinstance(found, dict):
                return None
            told = {name: _text(found.get(name)) for name in places}
            return {name: one for name, one in told.items() if one is not None}
        except (Lost, ValueError):
            return None
        except Unavailable as problem:
            raise unreadable() from problem

    def faults(self, schema: bytes, document: bytes) -> str | None:
        """Return what is wrong with a document under a schema, or with the schema; or None."""
        words = {"job": "faults", "schema": len(schema)}
        try:
            said = self._pool.run(words, schema + document, _ALLOWED).words
            return None if said["faults"] is None else _text(said["faults"])
        except Lost as lost:
            return f"it cannot be read ({lost.fault.value})"
        except (ValueError, KeyError):
            return f"it cannot be read ({Fault.CRASHED.value})"


def _text(said: Any) -> str | None:
    """Return a text as short as may come. Raises `ValueError` for anything else that was said."""
    if said is None:
        return None
    if not isinstance(said, str) or len(said) > LONGEST:
        raise ValueError
    return said
