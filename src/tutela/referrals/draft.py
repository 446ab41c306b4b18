"""From plain facts to a referral's contents: a pure function, the same for every authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

CHILD_PORNOGRAPHY = "Child Pornography (possession, manufacture, and distribution)"
"""The CyberTipline incident type for depictions, in the API's own words."""


@dataclass(frozen=True, slots=True)
class ReporterFacts:
    """Who refers."""

    company: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    service: str = ""
    terms_url: str | None = None
    legal_url: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """The account the content came from, as the host platform knows it."""

    account_id: str
    screen_name: str | None = None
    display_name: str | None = None
    profile_url: str | None = None
    email: str | None = None
    phone: str | None = None
    ip: str | None = None
    ip_at: datetime | None = None
    port: int | None = None
    device_id: str | None = None
    prior_referrals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchFacts:
    """How a file met a list, and by which look (`Match.via`). Distance in bits."""

    list_name: str
    entry_id: str
    algorithm: str
    distance: int
    via: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One sealed file. `viewed` comes from the viewing record and nowhere else."""

    evidence_id: str
    original_name: str | None
    media_type: str | None
    size: int
    md5: str
    sha1: str
    sha256: str
    pdq: str | None
    uploaded_at: datetime | None
    url: str | None
    viewed: bool
    classification: str | None = None
    publicly_available: bool | None = None
    matches: tuple[MatchFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """Everything known about what is referred."""

    occurred_at: datetime
    occurred_at_is_upload: bool
    urgent_reason: str | None
    urls: tuple[str, ...]
    reporter: ReporterFacts
    subject: SubjectFacts
    files: tuple[FileFacts, ...]


@dataclass(frozen=True, slots=True)
class FileStatement:
    """What the referral says about one file."""

    evidence_id: str
    original_name: str | None
    uploaded_at: datetime | None
    location: str | None
    viewed: bool
    publicly_available: bool | None
    classification: str | None
    hashes: tuple[tuple[str, str], ...]
    remark: str


@dataclass(frozen=True, slots=True)
class ReferralDraft:
    """What the referral says. The sender's adapter puts it into the authority's form."""

    incident_type: str
    occurred_at: datetime
    occurred_at_remark: str | None
    urgent_reason: str | None
    urls: tuple[str, ...]
    reporter: ReporterFacts
    subject: SubjectFacts
    files: tuple[FileStatement, ...]
    remark: str


_FORM = TypeAdapter(ReferralDraft)
_AS_IT_IS = {"exact", "pdq", "frame", "wide"}


def draft(facts: IncidentFacts) -> ReferralDraft:
    """Return the referral that the facts make. Says nothing that the facts do not."""
    viewed = sum(one.viewed for one in facts.files)
    return ReferralDraft(
        incident_type=CHILD_PORNOGRAPHY,
        occurred_at=facts.occurred_at,
        occurred_at_remark=None
        if facts.occurred_at_is_upload
        else "The time of receipt for screening; the time of upload was not stated.",
        urgent_reason=facts.urgent_reason,
        urls=facts.urls,
        reporter=facts.reporter,
        subject=facts.subject,
        files=tuple(_statement(one) for one in facts.files),
        remark=f"{len(facts.files)} files, {viewed} of them viewed by a person at the provider "
        "before this decision.",
    )


def packed(made: ReferralDraft) -> str:
    """Return a draft as JSON text."""
    return _FORM.dump_json(made).decode()


def unpacked(text: str) -> ReferralDraft:
    """Read back what `packed` wrote."""
    return _FORM.validate_json(text)


def _statement(one: FileFacts) -> FileStatement:
    hashes = [("MD5", one.md5), ("SHA1", one.sha1), ("SHA256", one.sha256)]
    if one.pdq is not None:
        hashes.append(("PDQ", one.pdq))
    return FileStatement(
        evidence_id=one.evidence_id,
        original_name=one.original_name,
        uploaded_at=one.uploaded_at,
        location=one.url,
        viewed=one.viewed,
        publicly_available=one.publicly_available,
        classification=one.classification,
        hashes=tuple(hashes),
        remark=_how_found(one),
    )


def _how_found(one: FileFacts) -> str:
    seen = "viewed by a person" if one.viewed else "not viewed by a person"
    if not one.matches:
        return f"Found without a hash list; {seen}."
    nearest = one.matches[0]
    how = _how_near(nearest)
    if nearest.via == "wide":
        return (
            f"Like entry {nearest.entry_id} of the hash list {nearest.list_name}, {how}, "
            f"which is not near enough to be called a match; {seen}."
        )
    return f"Matched entry {nearest.entry_id} of the hash list {nearest.list_name}, {how}; {seen}."


def _how_near(match: MatchFacts) -> str:
    """Say what was compared: not the file as it is, where it was found as a changed copy."""
    if match.algorithm == "sketch":
        return (
            "a part of the picture agreeing with the listed one's points, "
            f"and its tiles within {match.distance} bits of PDQ on average"
        )
    name = match.algorithm.upper()
    near = f"equal in {name}" if match.distance == 0 else f"within {match.distance} bits of {name}"
    if match.via in _AS_IT_IS:
        return near
    turned = f"the picture changed ({match.via.replace('_', ' ')})"
    return f"{'a part of the picture' if match.via == 'region' else turned} being {near}"
