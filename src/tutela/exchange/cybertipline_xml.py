"""The CyberTipline API's documents: elements in their order, limits enforced before sending.

Source: NCMEC CyberTipline Reporting API Technical Documentation, `<report>` and `<fileDetails>`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.content.notice import Circumstance, Harm
from tutela.content.person import NOBODY, Email, Person, Phone
from tutela.decisions.labels import Feature, Subject
from tutela.exchange import cybertipline_people as people
from tutela.exchange.cybertipline_element import Element, unfit
from tutela.exchange.cybertipline_places import place

if TYPE_CHECKING:
    from tutela.content.surroundings import LawEnforcement
    from tutela.referrals.draft import FileStatement, ReferralDraft, ReporterFacts

_CLASSES = frozenset({"A1", "A2", "B1", "B2"})
_VIRAL = "VIRAL_POTENTIAL_MEME"
INCIDENT_TYPES = {
    Harm.DEPICTION: "Child Pornography (possession, manufacture, and distribution)",
    Harm.TRAFFICKING: "Child Sex Trafficking",
    Harm.TOURISM: "Child Sex Tourism",
    Harm.MOLESTATION: "Child Sexual Molestation",
    Harm.MISLEADING_DOMAIN: "Misleading Domain Name",
    Harm.MISLEADING_WORDS: "Misleading Words or Digital Images on the Internet",
    Harm.ENTICEMENT: "Online Enticement of Children for Sexual Acts",
    Harm.UNSOLICITED: "Unsolicited Obscene Material Sent to a Child",
}
_ANNOTATIONS = {
    Circumstance.SEXTORTION: "sextortion",
    Circumstance.SOLICITATION: "csamSolicitation",
    Circumstance.BETWEEN_MINORS: "minorToMinorInteraction",
    Circumstance.SPAM: "spam",
    Circumstance.SADISTIC: "sadisticOnlineExploitation",
    Circumstance.INFORMATIONAL: "informational",
}
_MEME = "potentialMeme"


def report(draft: ReferralDraft) -> bytes:
    """Return the `<report>` document. Raises `InvalidInput` naming the field that does not fit."""
    root = Element.root("report")
    if draft.batched:
        root.child("batchedReport", reason=_VIRAL)
    _summary(root, draft)
    for one in draft.places:
        place(root, one)
    if draft.law_enforcement is not None:
        _law_enforcement(root, draft.law_enforcement)
    _reporter(root, draft.reporter)
    people.reported(root, draft.subject, draft.prior_receipts)
    for account in draft.recipients:
        people.recipient(root, account)
    for account in draft.victims:
        people.victim(root, account)
    root.text("additionalInfo", draft.remark)
    return root.document()


def file_details(number: str, file_id: str, statement: FileStatement) -> bytes:
    """Return the `<fileDetails>` document of one sent file. Raises `InvalidInput` as `report`."""
    root = Element.root("fileDetails")
    root.text("reportId", number)
    root.text("fileId", file_id)
    root.text("originalFileName", statement.original_name, 2056)
    root.instant("uploadedToEspTimestamp", statement.uploaded_at)
    root.text("locationOfFile", statement.location, 2083)
    root.truth("fileViewedByEsp", statement.viewed)
    root.truth("publiclyAvailable", statement.publicly_available)
    root.text("fileRelevance", "Supplemental Reported" if statement.supplemental else "Reported")
    _annotations(root, "fileAnnotations", _file_annotations(statement))
    if not statement.supplemental:
        if statement.classification is not None and statement.classification not in _CLASSES:
            raise unfit("industryClassification", "is not A1, A2, B1 or B2")
        root.text("industryClassification", statement.classification)
    for kind, value in statement.hashes:
        root.text("originalFileHash", value, hashType=kind)
    if statement.connection is not None:
        people.connection(root, statement.connection)
    if statement.device is not None:
        people.device(root, statement.device)
    if statement.exif:
        details = root.child("details")
        for name, value in statement.exif:
            pair = details.child("nameValuePair", type="EXIF")
            pair.text("name", name, 64)
            pair.text("value", value)
    root.text("additionalInfo", statement.remark)
    return root.document()


def _summary(root: Element, draft: ReferralDraft) -> None:
    summary = root.child("incidentSummary")
    summary.text("incidentType", INCIDENT_TYPES[draft.harm])
    summary.text("platform", draft.reporter.service, 256)
    summary.text("escalateToHighPriority", draft.urgent_reason, 3000)
    said = set(draft.circumstances)
    words = [word for one, word in _ANNOTATIONS.items() if one in said]
    _annotations(summary, "reportAnnotations", words)
    summary.instant("incidentDateTime", draft.occurred_at)
    summary.text("incidentDateTimeDescription", draft.occurred_at_remark, 3000)


def _annotations(parent: Element, name: str, said: list[str]) -> None:
    if said:
        inner = parent.child(name)
        for one in said:
            inner.child(one)


def _file_annotations(statement: FileStatement) -> list[str]:
    """Return what is annotated, in the schema's order. A supplemental file is no meme."""
    features = set(statement.features)
    said = {
        "animeDrawingVirtualHentai": statement.depicts is Subject.DRAWN,
        _MEME: Feature.MEME in features and not statement.supplemental,
        "viral": statement.viral,
        "possibleSelfProduction": Feature.SELF_PRODUCED in features,
        "physicalHarm": Feature.PHYSICAL_HARM in features,
        "violenceGore": Feature.VIOLENCE in features,
        "bestiality": Feature.ANIMAL in features,
        "liveStreaming": Feature.LIVE_STREAM in features,
        "infant": Feature.INFANT in features,
        "generativeAi": statement.depicts is Subject.GENERATED,
    }
    return [name for name, so in said.items() if so]


def _law_enforcement(root: Element, told: LawEnforcement) -> None:
    inner = root.child("lawEnforcement", fleaCountry=told.country)
    inner.text("agencyName", told.agency, 255)
    inner.text("caseNumber", told.case_number, 100)
    if told.officer is not None:
        people.contact(inner.child("officerContact"), told.officer)
    inner.truth("reportedToLe", told.told)
    inner.truth("servedLegalProcessDomestic", told.served_domestic)
    inner.truth("servedLegalProcessInternational", told.served_international)


def _reporter(root: Element, told: ReporterFacts) -> None:
    reporter = root.child("reporter")
    people.contact(
        reporter.child("reportingPerson"),
        _spoken(told.first_name, told.last_name, told.phone, told.email),
    )
    contact = _spoken(
        told.contact_first_name, told.contact_last_name, told.contact_phone, told.contact_email
    )
    if contact != NOBODY:
        people.contact(reporter.child("contactPerson"), contact)
    reporter.text("companyTemplate", told.company)
    reporter.text("termsOfService", told.terms_url)
    reporter.text("legalURL", told.legal_url, 2083)


def _spoken(first_name: str, last_name: str, phone: str, email: str) -> Person:
    return Person(
        first_name or None,
        last_name or None,
        (Phone(phone),) if phone else (),
        (Email(email),) if email else (),
    )
