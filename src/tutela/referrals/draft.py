"""From plain facts to a referral's contents: a pure function, the same for every authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from tutela.content.account import AccountFacts, Connection, Device
from tutela.content.notice import Circumstance, Harm
from tutela.content.place import Place, WebPage
from tutela.content.surroundings import CountryLink, LawEnforcement
from tutela.decisions.labels import Feature, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence


class Nature(StrEnum):
    """What a referral is to the one it follows, if it follows one."""

    ORIGINAL = "original"
    SUPPLEMENT = "supplement"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class Follows:
    """The filed referral that this one adds to, corrects or withdraws, and why."""

    nature: Nature
    receipt: str
    reason: str


@dataclass(frozen=True, slots=True)
class Basis:
    """An obligation by which a referral is made, its section, and why it is owed."""

    obligation: str
    section: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReporterFacts:
    """Who refers, and whom the authority may ask back."""

    company: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    service: str = ""
    terms_url: str | None = None
    legal_url: str | None = None
    contact_first_name: str = ""
    contact_last_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""


@dataclass(frozen=True, slots=True)
class MatchFacts:
    """How a file met a list, and by which look (`Match.via`). Distance in bits.

    `classification` is what `source` calls the listed file, in its own words, not ours.
    """

    list_name: str
    entry_id: str
    algorithm: str
    distance: int
    via: str
    classification: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One sealed file. `viewed` comes from the viewing record and nowhere else; so does
    `viewed_in_part`, of a film whose frames were seen.

    `supplemental`: not the offence itself but what belongs to it, such as a chat or account record.
    """

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
    depicts: Subject = Subject.CANNOT_TELL
    features: tuple[Feature, ...] = ()
    viral: bool = False
    connection: Connection | None = None
    device: Device | None = None
    exif: tuple[tuple[str, str], ...] = ()
    viewed_in_part: bool = False
    supplemental: bool = False
    about: str | None = None
    attached_as: str | None = None


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """Everything known about what is referred."""

    occurred_at: datetime
    occurred_at_is_upload: bool
    urgent_reason: str | None
    urls: tuple[str, ...]
    reporter: ReporterFacts
    subject: AccountFacts
    files: tuple[FileFacts, ...]
    harm: Harm = Harm.DEPICTION
    circumstances: tuple[Circumstance, ...] = ()
    places: tuple[Place, ...] = ()
    law_enforcement: LawEnforcement | None = None
    recipients: tuple[AccountFacts, ...] = ()
    victims: tuple[AccountFacts, ...] = ()
    links: tuple[CountryLink, ...] = ()
    prior_receipts: tuple[str, ...] = ()
    bases: tuple[Basis, ...] = ()
    follows: Follows | None = None


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
    media_type: str | None = None
    size: int = 0
    depicts: Subject = Subject.CANNOT_TELL
    features: tuple[Feature, ...] = ()
    viral: bool = False
    connection: Connection | None = None
    device: Device | None = None
    exif: tuple[tuple[str, str], ...] = ()
    supplemental: bool = False
    attached_as: str | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class ReferralDraft:
    """What the referral says. The sender's adapter puts it into the authority's form.

    `batched`: one viral picture, so that this one stands for many.
    """

    harm: Harm
    occurred_at: datetime
    occurred_at_remark: str | None
    urgent_reason: str | None
    reporter: ReporterFacts
    subject: AccountFacts
    files: tuple[FileStatement, ...]
    remark: str
    circumstances: tuple[Circumstance, ...] = ()
    places: tuple[Place, ...] = ()
    law_enforcement: LawEnforcement | None = None
    recipients: tuple[AccountFacts, ...] = ()
    victims: tuple[AccountFacts, ...] = ()
    links: tuple[CountryLink, ...] = ()
    prior_receipts: tuple[str, ...] = ()
    bases: tuple[Basis, ...] = ()
    batched: bool = False
    follows: Follows | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        """Return the addresses of the content."""
        pages = [place for place in self.places if isinstance(place, WebPage)]
        return tuple(url for page in pages for url in page.urls)


_FORM = TypeAdapter(ReferralDraft)
_AS_IT_IS = {"exact", "pdq", "frame", "wide"}


def draft(facts: IncidentFacts) -> ReferralDraft:
    """Return the referral that the facts make. Says nothing that the facts do not."""
    pages = (WebPage(facts.urls),) if facts.urls else ()
    return ReferralDraft(
        harm=facts.harm,
        circumstances=facts.circumstances,
        occurred_at=facts.occurred_at,
        occurred_at_remark=None
        if facts.occurred_at_is_upload
        else "The time of receipt for screening; the time of upload was not stated.",
        urgent_reason=facts.urgent_reason,
        places=(*pages, *facts.places),
        law_enforcement=facts.law_enforcement,
        reporter=facts.reporter,
        subject=facts.subject,
        recipients=facts.recipients,
        victims=facts.victims,
        links=facts.links,
        bases=facts.bases,
        prior_receipts=facts.prior_receipts,
        files=tuple(_statement(one) for one in facts.files),
        remark=_remark(facts),
        batched=_batched(facts),
        follows=facts.follows,
    )


def _batched(facts: IncidentFacts) -> bool:
    """Say whether this is one viral picture, by the facts of every file that is reported."""
    reported = [one for one in facts.files if not one.supplemental]
    return bool(reported) and all(one.viral for one in reported)


def _remark(facts: IncidentFacts) -> str:
    said = []
    if facts.follows is not None:
        verb = _VERBS[facts.follows.nature]
        said.append(f"This {verb} report {facts.follows.receipt}: {facts.follows.reason}")
    reported = [one for one in facts.files if not one.supplemental]
    if not facts.files:
        said.append("No files belong to this report.")
    else:
        viewed = sum(one.viewed for one in reported)
        said.append(
            f"{_counted(len(reported), 'file')}, {viewed} of them viewed by a person at the "
            "provider before this decision."
        )
    if len(facts.files) > len(reported):
        more = _counted(len(facts.files) - len(reported), "supplemental file")
        said.append(f"{more} about the circumstances.")
    return " ".join(said)


_CLASSES_SAID = 5
_VERBS = {
    Nature.SUPPLEMENT: "supplements",
    Nature.CORRECTION: "corrects",
    Nature.WITHDRAWAL: "withdraws",
}


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


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
        media_type=one.media_type,
        size=one.size,
        depicts=one.depicts,
        features=one.features,
        viral=one.viral,
        connection=one.connection,
        device=one.device,
        exif=one.exif,
        supplemental=one.supplemental,
        attached_as=one.attached_as,
        listed=any(match.via != "wide" for match in one.matches),
    )


def _how_found(one: FileFacts) -> str:
    if one.supplemental:
        return one.about or "Belongs to the circumstances of the report."
    seen = "viewed by a person" if one.viewed else "not viewed by a person"
    if one.viewed_in_part and not one.viewed:
        seen = "frames of it viewed by a person, not the whole"
    if not one.matches:
        return f"Found without a hash list; {seen}."
    nearest = one.matches[0]
    how = _how_near(nearest)
    if nearest.via == "wide":
        return (
            f"Like entry {nearest.entry_id} of the hash list {nearest.list_name}, {how}, "
            f"which is not near enough to be called a match; {seen}."
        )
    return (
        f"Matched entry {nearest.entry_id} of the hash list {nearest.list_name}, {how}; {seen}."
        f"{_classed(one.matches)}"
    )


def _classed(matches: Sequence[MatchFacts]) -> str:
    """Say what sources call the listed files that this one met. Theirs is not our finding."""
    said = dict.fromkeys(
        (one.source or f"the source of the hash list {one.list_name}", one.classification)
        for one in matches
        if one.classification is not None and one.via != "wide"
    )
    return "".join(
        f" {source[:1].upper()}{source[1:]} classifies the listed file as {classification}."
        for source, classification in list(said)[:_CLASSES_SAID]
    )


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
