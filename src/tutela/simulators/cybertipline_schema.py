"""Validation of `<report>` and `<fileDetails>` by the simulator's own schema."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree

from tutela.simulators.cybertipline_answers import Code, Refusal

_FILE = Path(__file__).with_name("cybertipline.xsd")
_XS = {"xs": "http://www.w3.org/2001/XMLSchema"}
_NAME = re.compile(r"[A-Za-z0-9]+")
_SUPPLEMENTAL = "Supplemental Reported"


class Schema:
    """The schema in force. `swapped` names two neighbours whose order has been changed."""

    def __init__(self, swapped: tuple[str, str] | None = None) -> None:
        self._tree = etree.parse(_FILE)
        if swapped is not None:
            _swap(self._tree, *swapped)
        self._validator = etree.XMLSchema(self._tree)
        self.text = etree.tostring(self._tree, xml_declaration=True, encoding="UTF-8")

    def check(self, body: bytes, root_name: str) -> etree._Element:
        """Return the document. Raises `Refusal` 4110 if it is no XML, 4100 if it is not valid."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(body, parser)
        except etree.XMLSyntaxError as problem:
            raise Refusal(Code.MALFORMED_XML, _line(problem)) from problem
        if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
            raise Refusal(Code.MALFORMED_XML, "a document type is not accepted")
        if root.tag != root_name:
            raise Refusal(Code.VALIDATION_FAILED, f"the document is not a <{root_name}>")
        if not self._validator.validate(root):
            raise Refusal(Code.VALIDATION_FAILED, _first(self._validator))
        _check_relevance(root)
        return root


def as_text(body: bytes, root: etree._Element) -> str:
    """Return a checked document as sent; one in another encoding than UTF-8 is written anew."""
    if root.getroottree().docinfo.encoding in {None, "UTF-8", "utf-8", "ASCII", "US-ASCII"}:
        return body.decode("utf-8", "replace")
    return etree.tostring(root, encoding="unicode")


def _check_relevance(root: etree._Element) -> None:
    """Refuse what a supplemental file may not carry; the schema language cannot say it."""
    if root.findtext("fileRelevance") != _SUPPLEMENTAL:
        return
    for path in ("fileAnnotations/potentialMeme", "industryClassification"):
        if root.find(path) is not None:
            name = path.rpartition("/")[2]
            raise Refusal(Code.VALIDATION_FAILED, f"a supplemental file carries no {name}")


def _swap(tree: etree._ElementTree, one: str, other: str) -> None:
    """Change places of two elements of one sequence. Raises `ValueError` if there is none."""
    for name in (one, other):
        if not _NAME.fullmatch(name):
            raise ValueError("an element's name is expected")
    for sequence in tree.getroot().iterfind(".//xs:sequence", _XS):
        named = {child.get("name"): place for place, child in enumerate(sequence)}
        if one in named and other in named:
            first, second = sorted((named[one], named[other]))
            children = list(sequence)
            children[first], children[second] = children[second], children[first]
            sequence[:] = children
            return
    raise ValueError(f"no sequence has both {one} and {other}")


def _line(problem: etree.XMLSyntaxError) -> str:
    return f"line {problem.lineno}" if problem.lineno else "no document"


def _first(validator: etree.XMLSchema) -> str:
    """Return the first complaint: where, and what."""
    where, _, what = str(validator.error_log).partition("\n")[0].partition(": ")
    return f"line {where.split(':')[1]}: {what}" if what else where
