"""What authorities answer, read: XML of the CyberTipline, JSON by a mapping's places, schemas.

These read bytes that others chose. An instance has them run in a confined process
(`confined_answers`); nothing here knows which it is in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from lxml import etree

from tutela.errors import CounterpartyFailed
from tutela.storage.text import storable

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 1000
"""The most characters that are taken of a number or a code."""
MOST_CODE = 10**9


@dataclass(frozen=True, slots=True)
class Answered:
    """What a CyberTipline answer says."""

    code: int
    report_id: str | None = None
    file_id: str | None = None
    hash: str | None = None


class Answers(Protocol):
    """Who reads answers."""

    def xml(self, body: bytes) -> Answered:
        """Read an answer of the CyberTipline. Raises `CounterpartyFailed`."""
        ...

    def named(self, body: bytes, places: Mapping[str, str]) -> dict[str, str] | None:
        """Return what JSON says at the places of these names, as text; None: it is no object."""
        ...

    def faults(self, schema: bytes, document: bytes) -> str | None:
        """Return what is wrong with a document under a schema, or with the schema; or None."""
        ...


class AnswersHere:
    """Reads in this process."""

    def xml(self, body: bytes) -> Answered:
        """Read an answer; no DTD, no entities."""
        try:
            root = etree.fromstring(body, _parser())
            if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
                raise ValueError("a document type")
            code = int(_of(root, "responseCode") or "")
            if abs(code) > MOST_CODE:
                raise ValueError("no code")
        except (etree.XMLSyntaxError, ValueError) as problem:
            raise unreadable() from problem
        return Answered(code, _of(root, "reportId"), _of(root, "fileId"), _of(root, "hash"))

    def named(self, body: bytes, places: Mapping[str, str]) -> dict[str, str] | None:
        """Follow the names of each place, parted by dots."""
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(said, dict):
            return None
        found = {name: _at(said, place) for name, place in places.items()}
        return {name: one for name, one in found.items() if one is not None}

    def faults(self, schema: bytes, document: bytes) -> str | None:
        """Hold a document against a schema."""
        try:
            rules = etree.XMLSchema(etree.fromstring(schema, _parser()))
            if rules.validate(etree.fromstring(document, _parser())):
                return None
            return str(rules.error_log)[:LONGEST]
        except (etree.XMLSyntaxError, etree.XMLSchemaParseError, ValueError) as problem:
            return str(problem)[:LONGEST] or "it cannot be read"


HERE = AnswersHere()


def unreadable() -> CounterpartyFailed:
    """Return the error of an answer that says nothing."""
    return CounterpartyFailed(
        "The authority's answer cannot be read.", "It is tried again; ask the authority."
    )


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _of(root: etree._Element, name: str) -> str | None:
    found = root.find(name)
    return found.text.strip()[:LONGEST] if found is not None and found.text else None


def _at(said: Any, place: str) -> str | None:
    for part in place.split("."):
        said = said.get(part) if isinstance(said, dict) else None
    text = str(said)[:LONGEST] if isinstance(said, (str, int)) else None
    return text if text is None or storable(text) else None
