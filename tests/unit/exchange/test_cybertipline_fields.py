"""Every field of the CyberTipline's schema: said when it is known, or never, with the reason."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

from lxml import etree
from tests.unit.exchange import fullest

from tutela.exchange import cybertipline_xml as xml
from tutela.referrals.draft import ReferralDraft

_PAGE = Path(__file__).parents[3] / "docs/reference/cybertipline.md"
_XS = "{http://www.w3.org/2001/XMLSchema}"
_THROUGH = {_XS + name for name in ("sequence", "choice", "simpleContent", "extension")}

Field = tuple[str, str]


class _Schema:
    """The simulator's schema as fields of types; an unnamed type is called by its element."""

    def __init__(self) -> None:
        text = resources.files("tutela.simulators").joinpath("cybertipline.xsd").read_bytes()
        root = etree.fromstring(text)
        self.groups = {one.get("name"): one for one in root.iter(_XS + "group")}
        self.types: dict[Field, str] = {}
        for child in root:
            if child.tag == _XS + "complexType":
                self._walk(str(child.get("name")), child)
            elif child.tag == _XS + "element":
                self._walk(str(child.get("name")), child[0])

    def _walk(self, owner: str, node: etree._Element) -> None:
        for child in node:
            if child.tag == _XS + "element":
                name = str(child.get("name"))
                self.types[owner, name] = child.get("type") or name
                for inner in child.findall(_XS + "complexType"):
                    self._walk(name, inner)
            elif child.tag == _XS + "attribute":
                self.types[owner, f"@{child.get('name')!s}"] = ""
            elif child.tag == _XS + "group":
                self._walk(owner, self.groups[child.get("ref")])
            elif child.tag in _THROUGH:
                self._walk(owner, child)

    def said(self, owner: str, element: etree._Element) -> set[Field]:
        found = {(owner, "@" + str(name)) for name in element.attrib}
        for child in element:
            found.add((owner, child.tag))
            found |= self.said(self.types[owner, child.tag], child)
        return found


SCHEMA = _Schema()


def _documented() -> dict[Field, str]:
    found: dict[Field, str] = {}
    owner = ""
    for line in _PAGE.read_text().splitlines():
        if line.startswith("## "):
            owner = line.strip("# `")
        elif (row := re.fullmatch(r"\| `(\S+)` \| (.+) \|", line)) is not None:
            assert (owner, row[1]) not in found
            found[owner, row[1]] = row[2]
    return found


def _fullest() -> set[Field]:
    said = SCHEMA.said("report", etree.fromstring(xml.report(fullest.DRAFT)))
    for statement in fullest.DRAFT.files:
        body = xml.file_details("7", "f", statement)
        said |= SCHEMA.said("fileDetails", etree.fromstring(body))
    return said


def test_the_page_has_every_field_of_the_schema_and_no_other() -> None:
    assert set(_documented()) == set(SCHEMA.types)
    assert len(SCHEMA.types) > 200


def test_what_is_not_filled_says_never_and_why_and_all_else_is_filled() -> None:
    never = {field for field, when in _documented().items() if when.startswith("never: ")}
    assert set(SCHEMA.types) - _fullest() == never


def test_what_is_not_known_is_not_said() -> None:
    bare = ReferralDraft(
        fullest.DRAFT.harm,
        fullest.AT,
        None,
        None,
        fullest.DRAFT.reporter,
        type(fullest.ACCOUNT)("account-1"),
        (),
        "No files.",
    )
    root = etree.fromstring(xml.report(bare))
    assert [one.tag for one in root] == [
        "incidentSummary",
        "reporter",
        "personOrUserReported",
        "additionalInfo",
    ]
    assert [one.tag for one in root[2]] == ["espIdentifier"]


def test_a_supplemental_file_has_neither_class_nor_meme() -> None:
    body = xml.file_details("7", "f", replace(fullest.FILE, supplemental=True))
    root = etree.fromstring(body)
    assert root.findtext("fileRelevance") == "Supplemental Reported"
    assert root.find("industryClassification") is None
    assert root.find("fileAnnotations/potentialMeme") is None
    assert root.find("fileAnnotations/viral") is not None
