"""Reading of answers in a confined process: apart from that of uploads, and of list files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tutela.content.confinement.fault import Lost
from tutela.content.confinement.frame import Most, Nonsense, whole
from tutela.content.confinement.pool import Allowance
from tutela.errors import Unavailable
from tutela.exchange.answers import LONGEST, MOST_CODE, Answered, unreadable
from tutela.storage.text import storable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tutela.content.confinement.frame import Frame
    from tutela.content.confinement.pool import Pool

WORKER = "tutela.exchange.answer_worker"
_ALLOWED = Allowance(seconds=30.0, cpu_seconds=10.0, most=Most(words=1 << 16))


class ConfinedAnswers:
    """Hands answers to processes that run `WORKER`, and checks what those say."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def xml(self, body: bytes) -> Answered:
        """Read an answer of the CyberTipline. Raises `CounterpartyFailed`."""
        try:
            told = self._pool.run({"job": "xml"}, body, _ALLOWED, _answered)
        except (Lost, Unavailable) as problem:
            raise unreadable() from problem
        if told is None:
            raise unreadable()
        return told

    def named(self, body: bytes, places: Mapping[str, str]) -> dict[str, str] | None:
        """Return what JSON says at the places of these names, as text; None: it is no object.

        Raises `CounterpartyFailed` when no process is free.
        """
        words = {"job": "named", "places": dict(places)}
        try:
            return self._pool.run(words, body, _ALLOWED, partial(_named, places=places))
        except Lost:
            return None
        except Unavailable as problem:
            raise unreadable() from problem

    def faults(self, schema: bytes, document: bytes) -> str | None:
        """Return what is wrong with a document under a schema, or with the schema; or None."""
        words = {"job": "faults", "schema": len(schema)}
        try:
            return self._pool.run(words, schema + document, _ALLOWED, _faults)
        except Lost as lost:
            return f"it cannot be read ({lost.fault.value})"


def _answered(answer: Frame) -> Answered | None:
    if answer.words.get("unreadable") is True:
        return None
    code = whole(answer.words["code"], -MOST_CODE, MOST_CODE)
    return Answered(code, *(_text(answer.words.get(one)) for one in ("report", "file", "hash")))


def _named(answer: Frame, places: Mapping[str, str]) -> dict[str, str] | None:
    found = answer.words["said"]
    if found is None:
        return None
    told = {name: _text(found.get(name)) for name in places}
    return {name: one for name, one in told.items() if one is not None}


def _faults(answer: Frame) -> str | None:
    return _text(answer.words["faults"])


def _text(said: Any) -> str | None:
    """Return a text as short as may come. Raises `Nonsense` for anything else that was said."""
    if said is None:
        return None
    if not isinstance(said, str) or len(said) > LONGEST or not storable(said):
        raise Nonsense
    return said
