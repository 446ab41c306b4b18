"""The simulator's schema: every documented field in its order, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
from lxml import etree
from tests.unit.simulators.documents import FULL_FILE_DETAILS, FULL_REPORT, SMALL_REPORT

from tutela.simulators.cybertipline_answers import Code, Refusal
from tutela.simulators.cybertipline_schema import Schema, as_text

SCHEMA = Schema()
DOCUMENTS = {"report": FULL_REPORT, "fileDetails": FULL_FILE_DETAILS}
_XS = "{http://www.w3.org/2001/XMLSchema}"


def refused(body: bytes, root: str = "report", schema: Schema = SCHEMA) -> Code | None:
    try:
        schema.check(body, root)
    except Refusal as refusal:
        return refusal.code
    return None


def changed(body: bytes, path: str, text: str) -> bytes:
    """Return a document with other text in the first element at a path, or in its attribute."""
    root = etree.fromstring(body)
    where, _, attribute = path.partition("@")
    element = root if not where else root.find(where.rstrip("/"))
    assert element is not None, path
    if attribute:
        element.set(attribute, text)
    else:
        element.text = text
    return etree.tostring(root)


def swaps(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the document once for each two neighbours of different name, exchanged."""
    count = len(list(etree.fromstring(body).iter("*")))
    for place in range(count):
        root = copy.deepcopy(etree.fromstring(body))
        element = list(root.iter("*"))[place]
        after = element.getnext()
        if after is not None and after.tag != element.tag:
            after.addnext(element)
            yield f"{element.tag} after {after.tag}", etree.tostring(root)


@pytest.mark.parametrize("root", DOCUMENTS)
def test_every_documented_field_is_taken(root: str) -> None:
    assert refused(DOCUMENTS[root], root) is None


def test_full_documents_hold_every_element_the_schema_declares() -> None:
    declared = {one.get("name") for one in etree.fromstring(SCHEMA.text).iter(f"{_XS}element")}
    used = {str(one.tag) for body in DOCUMENTS.values() for one in etree.fromstring(body).iter("*")}
    assert declared == used


@pytest.mark.parametrize("root", DOCUMENTS)
def test_any_two_neighbours_exchanged_are_refused(root: str) -> None:
    tried = list(swaps(DOCUMENTS[root]))
    assert len(tried) > 20
    assert [name for name, body in tried if refused(body, root) != Code.VALIDATION_FAILED] == []


@pytest.mark.parametrize(
    ("root", "path", "limit"),
    [
        ("report", "incidentSummary/platform", 256),
        ("report", "incidentSummary/escalateToHighPriority", 3000),
        ("report", "incidentSummary/incidentDateTimeDescription", 3000),
        ("report", "internetDetails/newsgroupIncident/name", 255),
        ("report", "internetDetails/chatImIncident/chatClient", 255),
        ("report", "internetDetails/chatImIncident/chatRoomName", 255),
        ("report", "lawEnforcement/agencyName", 255),
        ("report", "lawEnforcement/caseNumber", 100),
        ("report", "reporter/legalURL", 2083),
        ("report", "reporter/reportingPerson/firstName", 100),
        ("report", "reporter/reportingPerson/lastName", 100),
        ("report", "reporter/reportingPerson/phone", 50),
        ("report", "reporter/reportingPerson/email", 255),
        ("report", "reporter/reportingPerson/address/address", 255),
        ("report", "reporter/reportingPerson/address/city", 100),
        ("report", "reporter/reportingPerson/address/zipCode", 20),
        ("report", "reporter/reportingPerson/address/nonUsaState", 100),
        ("report", "personOrUserReported/vehicleDescription", 300),
        ("report", "personOrUserReported/espIdentifier", 255),
        ("report", "personOrUserReported/espService", 100),
        ("report", "personOrUserReported/screenName", 256),
        ("report", "personOrUserReported/groupIdentifier", 255),
        ("report", "personOrUserReported/deviceId/idType", 255),
        ("report", "personOrUserReported/deviceId/idValue", 2083),
        ("report", "personOrUserReported/associatedAccount/platform", 256),
        ("report", "victim/schoolName", 255),
        ("fileDetails", "originalFileName", 2056),
        ("fileDetails", "locationOfFile", 2083),
        ("fileDetails", "originalFileHash/@hashType", 64),
        ("fileDetails", "details/nameValuePair/name", 64),
    ],
)
def test_lengths_end_where_documented(root: str, path: str, limit: int) -> None:
    body = DOCUMENTS[root]
    assert refused(changed(body, path, "é" * limit), root) is None
    assert refused(changed(body, path, "é" * (limit + 1)), root) == Code.VALIDATION_FAILED


@pytest.mark.parametrize(
    ("root", "path", "good", "bad"),
    [
        ("report", "incidentSummary/incidentType", "Child Sex Tourism", "Child sex tourism"),
        (
            "report",
            "incidentSummary/incidentDateTime",
            "2026-03-01T10:00:00-05:00",
            "2026-03-01T10:00:00",
        ),
        ("report", "batchedReport/@reason", "VIRAL_POTENTIAL_MEME", "OTHER"),
        ("report", "reporter/reportingPerson/age", "150", "151"),
        ("report", "reporter/reportingPerson/age", "0", "-1"),
        ("report", "reporter/reportingPerson/phone/@type", "Recovery", "Pager"),
        ("report", "reporter/reportingPerson/phone/@countryCallingCode", "+1", "1"),
        ("report", "reporter/reportingPerson/phone/@countryCallingCode", "+123", "+1234"),
        ("report", "reporter/reportingPerson/phone/@extension", "1234567890", "12345678901"),
        ("report", "reporter/reportingPerson/email/@type", "Business", "Mobile"),
        ("report", "reporter/reportingPerson/address/@type", "Technical", "Work"),
        ("report", "personOrUserReported/ipCaptureEvent/port", "65535", "65536"),
        ("report", "personOrUserReported/ipCaptureEvent/port", "1", "0"),
        ("report", "personOrUserReported/ipCaptureEvent/eventName", "Unknown", "upload"),
        ("report", "personOrUserReported/priorCTReports", "7", "seven"),
        ("report", "personOrUserReported/compromisedAccount", "true", "yes"),
        (
            "report",
            "personOrUserReported/associatedAccount/@accountType",
            "Parent/Guardian",
            "Parent",
        ),
        ("fileDetails", "fileViewedByEsp", "false", "no"),
        ("fileDetails", "industryClassification", "A1", "C1"),
        ("fileDetails", "fileRelevance", "Reported", "Supplemental"),
        ("fileDetails", "details/nameValuePair/@type", "HASH", "OTHER"),
        ("fileDetails", "reportId", "100000002", "none"),
    ],
)
def test_vocabularies_are_closed(root: str, path: str, good: str, bad: str) -> None:
    assert refused(changed(DOCUMENTS[root], path, good), root) is None
    assert refused(changed(DOCUMENTS[root], path, bad), root) == Code.VALIDATION_FAILED


@pytest.mark.parametrize(
    ("root", "path"),
    [
        ("report", "incidentSummary"),
        ("report", "incidentSummary/incidentType"),
        ("report", "incidentSummary/incidentDateTime"),
        ("report", "reporter"),
        ("report", "reporter/reportingPerson"),
        ("report", "lawEnforcement/agencyName"),
        ("report", "victim/victimPerson"),
        ("report", "personOrUserReported/ipCaptureEvent/ipAddress"),
        ("report", "personOrUserReported/deviceId/idType"),
        ("report", "internetDetails/webPageIncident"),
        ("fileDetails", "reportId"),
        ("fileDetails", "fileId"),
        ("fileDetails", "details/nameValuePair"),
    ],
)
def test_what_is_required_may_not_lack(root: str, path: str) -> None:
    document = etree.fromstring(DOCUMENTS[root])
    element = document.find(path)
    assert element is not None
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)
    assert refused(etree.tostring(document), root) == Code.VALIDATION_FAILED


@pytest.mark.parametrize("path", ["incidentSummary", "reporter", "personOrUserReported"])
def test_what_may_be_there_once_may_not_be_there_twice(path: str) -> None:
    document = etree.fromstring(FULL_REPORT)
    element = document.find(path)
    assert element is not None
    element.addnext(copy.deepcopy(element))
    assert refused(etree.tostring(document)) == Code.VALIDATION_FAILED


def test_internet_details_hold_exactly_one_incident() -> None:
    document = etree.fromstring(FULL_REPORT)
    first, second = document.findall("internetDetails")[:2]
    first.append(second[0])
    assert refused(etree.tostring(document)) == Code.VALIDATION_FAILED


@pytest.mark.parametrize("path", ["fileAnnotations/potentialMeme", "industryClassification"])
def test_a_supplemental_file_is_not_classified(path: str) -> None:
    document = etree.fromstring(
        changed(FULL_FILE_DETAILS, "fileRelevance", "Supplemental Reported")
    )
    assert refused(etree.tostring(document), "fileDetails") == Code.VALIDATION_FAILED
    for other in {"fileAnnotations/potentialMeme", "industryClassification"} - {path}:
        element = document.find(other)
        assert element is not None
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
    assert refused(etree.tostring(document), "fileDetails") == Code.VALIDATION_FAILED
    last = document.find(path)
    assert last is not None
    parent = last.getparent()
    assert parent is not None
    parent.remove(last)
    assert refused(etree.tostring(document), "fileDetails") is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        SMALL_REPORT[:-4],
        b'<?xml version="1.0"?><!DOCTYPE report [<!ENTITY a "b">]><report>&a;</report>',
        b'<?xml version="1.0"?><!DOCTYPE report SYSTEM "file:///etc/hostname"><report/>',
    ],
)
def test_malformed_documents_and_document_types(body: bytes) -> None:
    assert refused(body) == Code.MALFORMED_XML


def test_a_document_of_the_other_kind_is_refused() -> None:
    assert refused(FULL_FILE_DETAILS, "report") == Code.VALIDATION_FAILED
    assert refused(SMALL_REPORT, "fileDetails") == Code.VALIDATION_FAILED


def test_the_order_check_can_change() -> None:
    swapped = Schema(("platform", "incidentType"))
    assert refused(SMALL_REPORT, schema=swapped) is None
    assert refused(FULL_REPORT, schema=swapped) == Code.VALIDATION_FAILED
    for pair in (("platform", "reporter"), ("platform", "'] | //*['"), ("no", "such")):
        with pytest.raises(ValueError, match=r"sequence|name"):
            Schema(pair)


def test_a_document_in_another_encoding_is_kept_readable() -> None:
    text = SMALL_REPORT.decode().replace("UTF-8", "ISO-8859-1").replace("tester", "tést")
    body = text.encode("iso-8859-1")
    kept = as_text(body, SCHEMA.check(body, "report"))
    assert "tést" in kept
    assert etree.fromstring(kept).findtext("personOrUserReported/screenName") == "<b>tést</b>"
    plain = SMALL_REPORT
    assert as_text(plain, SCHEMA.check(plain, "report")).encode() == plain
