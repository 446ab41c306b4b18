"""The CyberTipline API's XML: elements in their order, limits enforced before sending.

Source: NCMEC CyberTipline Reporting API Technical Documentation, `<report>` and `<fileDetails>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from tutela.errors import CounterpartyFailed, InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.referrals.draft import FileStatement, ReferralDraft, ReporterFacts, SubjectFacts

_CLASSES = frozenset({"A1", "A2", "B1", "B2"})
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PORTS = range(1, 65536)
_Element = etree._Element


@dataclass(frozen=True, slots=True)
class Answered:
    """What a `reportResponse` or `reportDoneResponse` says."""

    code: int
    report_id: str | None
    file_id: str | None
    hash: str | None


def report(draft: ReferralDraft) -> bytes:
    """Return the `<report>` document. Raises `InvalidInput` naming the field that does not fit."""
    root = etree.Element("report")
    summary = etree.SubElement(root, "incidentSummary")
    _text(summary, "incidentType", draft.incident_type, 255)
    _text(summary, "platform", draft.reporter.service or None, 256)
    _text(summary, "escalateToHighPriority", draft.urgent_reason, 3000)
    _text(summary, "incidentDateTime", _instant(draft.occurred_at), 64)
    _text(summary, "incidentDateTimeDescription", draft.occurred_at_remark, 3000)
    if draft.urls:
        page = etree.SubElement(etree.SubElement(root, "internetDetails"), "webPageIncident")
        for url in draft.urls:
            _text(page, "url", url, 2083)
    _reporter(root, draft.reporter)
    _subject(root, draft.subject, draft.occurred_at)
    _text(root, "additionalInfo", draft.remark, None)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def file_details(number: str, file_id: str, statement: FileStatement) -> bytes:
    """Return the `<fileDetails>` document of one sent file."""
    root = etree.Element("fileDetails")
    _text(root, "reportId", number, None)
    _text(root, "fileId", file_id, None)
    _text(root, "originalFileName", statement.original_name, 2056)
    uploaded = _instant(statement.uploaded_at) if statement.uploaded_at else None
    _text(root, "uploadedToEspTimestamp", uploaded, None)
    _text(root, "locationOfFile", statement.location, 2083)
    _text(root, "fileViewedByEsp", _truth(statement.viewed), None)
    if statement.publicly_available is not None:
        _text(root, "publiclyAvailable", _truth(statement.publicly_available), None)
    _text(root, "fileRelevance", "Reported", None)
    if statement.classification is not None and statement.classification not in _CLASSES:
        raise _unfit("industryClassification", "is not A1, A2, B1 or B2")
    _text(root, "industryClassification", statement.classification, None)
    for kind, value in statement.hashes:
        _text(root, "originalFileHash", value, None).set("hashType", kind)
    _text(root, "additionalInfo", statement.remark, None)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def read(body: bytes) -> Answered:
    """Read an answer; no DTD, no entities. Raises `CounterpartyFailed` on anything else."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
        if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
            raise ValueError("a document type")
        code = int(_of(root, "responseCode") or "")
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise CounterpartyFailed(
            "The authority's answer cannot be read.", "It is tried again; ask the authority."
        ) from problem
    return Answered(code, _of(root, "reportId"), _of(root, "fileId"), _of(root, "hash"))


def _reporter(root: _Element, told: ReporterFacts) -> None:
    reporter = etree.SubElement(root, "reporter")
    person = etree.SubElement(reporter, "reportingPerson")
    _text(person, "firstName", told.first_name or None, 100)
    _text(person, "lastName", told.last_name or None, 100)
    _text(person, "phone", told.phone or None, 50)
    _text(person, "email", told.email or None, 255)
    _text(reporter, "companyTemplate", told.company or None, None)
    _text(reporter, "termsOfService", told.terms_url, None)
    _text(reporter, "legalURL", told.legal_url, 2083)


def _subject(root: _Element, subject: SubjectFacts, when: datetime) -> None:
    reported = etree.SubElement(root, "personOrUserReported")
    if subject.phone or subject.email:
        person = etree.SubElement(reported, "personOrUserReportedPerson")
        _text(person, "phone", subject.phone, 50)
        _text(person, "email", subject.email, 255)
    _text(reported, "espIdentifier", subject.account_id, 255)
    _text(reported, "screenName", subject.screen_name, 256)
    _text(reported, "displayName", subject.display_name, None)
    _text(reported, "profileUrl", subject.profile_url, 2083)
    if subject.ip is not None:
        capture = etree.SubElement(reported, "ipCaptureEvent")
        _text(capture, "ipAddress", subject.ip, None)
        _text(capture, "eventName", "Upload", None)
        _text(capture, "dateTime", _instant(subject.ip_at or when), None)
        if subject.port is not None:
            if subject.port not in _PORTS:
                raise _unfit("port", "is not between 1 and 65535")
            _text(capture, "port", str(subject.port), None)
    if subject.device_id is not None:
        device = etree.SubElement(reported, "deviceId")
        _text(device, "idType", "device", 255)
        _text(device, "idValue", subject.device_id, 2083)
    for number in subject.prior_referrals:
        _text(reported, "priorCTReports", number, None)


def _text(parent: _Element, name: str, value: str | None, longest: int | None) -> _Element:
    """Add an element, or nothing for no value. What XML cannot carry becomes U+FFFD."""
    if value is None:
        return parent
    if longest is not None and len(value) > longest:
        raise _unfit(name, f"is longer than {longest} characters")
    element = etree.SubElement(parent, name)
    element.text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value)
    return element


def _unfit(name: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"The referral's field {name} {why}.", "Mend it at its source, then approve again."
    )


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _truth(said: bool) -> str:
    return "true" if said else "false"


def _of(root: _Element, name: str) -> str | None:
    found = root.find(name)
    return found.text.strip() if found is not None and found.text else None
