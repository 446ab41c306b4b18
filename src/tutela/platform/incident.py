"""An incident: the plain facts of a decided case, gathered for whoever is told of it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from tutela.cases import viewing
from tutela.content.account import Connection, Device, Event
from tutela.decisions.labels import Subject, us_industry
from tutela.referrals.draft import FileFacts, IncidentFacts, MatchFacts, ReporterFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tutela.cases.attachment import Attachment
    from tutela.cases.viewing import View
    from tutela.content.item import Item
    from tutela.decisions.decision import Decision

Stated = TypeVar("Stated")


def incident(
    members: Sequence[Item],
    decision: Decision,
    record: Sequence[View],
    reporter: ReporterFacts,
    prior_receipts: tuple[str, ...] = (),
    attached: Sequence[Attachment] = (),
) -> IncidentFacts:
    """Gather the plain facts a referral is drafted from. Of several items the first one's time."""
    first = members[0]
    stated = [item.surroundings for item in members]
    account = first.account
    if account.ip and account.ip_at is None:
        account = replace(account, ip_at=first.uploaded_at)
    return IncidentFacts(
        harm=decision.harm,
        circumstances=decision.circumstances,
        occurred_at=first.uploaded_at or first.received_at,
        occurred_at_is_upload=first.uploaded_at is not None,
        urgent_reason=decision.urgent_reason,
        urls=tuple(dict.fromkeys(item.place_url for item in members if item.place_url)),
        places=_distinct(one.places for one in stated),
        law_enforcement=next((one.law_enforcement for one in stated if one.law_enforcement), None),
        reporter=reporter,
        subject=account,
        recipients=_distinct(one.recipients for one in stated),
        victims=_distinct(one.victims for one in stated),
        links=_distinct(one.links for one in stated),
        prior_receipts=prior_receipts,
        files=(
            *(_file(item, decision, record) for item in members if item.evidence_id is not None),
            *(_attached(one) for one in attached),
        ),
    )


def _distinct(stated: Iterable[tuple[Stated, ...]]) -> tuple[Stated, ...]:
    """Return what was stated, each once, in its order."""
    found: list[Stated] = []
    for one in itertools.chain.from_iterable(stated):
        if one not in found:
            found.append(one)
    return tuple(found)


def _file(item: Item, decision: Decision, record: Sequence[View]) -> FileFacts:
    # Of a video, whose frames are many, no single hash is stated.
    picture = next(iter(item.compared), None)
    account = item.account
    # A transcript is what happened, not a depiction: no industry class, no features.
    depicts = bool(item.pictures) or bool(item.media_type)
    return FileFacts(
        evidence_id=item.evidence_id or "",
        original_name=item.original_name,
        media_type=item.media_type,
        size=item.size,
        md5=item.md5,
        sha1=item.sha1,
        sha256=item.sha256,
        pdq=picture.pdq if picture else None,
        uploaded_at=item.uploaded_at,
        url=item.place_url,
        viewed=viewing.viewed(record, item.id, decision.decided_at),
        viewed_in_part=viewing.viewed_in_part(record, item.id, decision.decided_at),
        classification=us_industry(decision.observed) if depicts else None,
        publicly_available=item.surroundings.public,
        matches=tuple(
            MatchFacts(
                match.list_name,
                match.entry_id,
                match.algorithm,
                match.distance,
                match.via,
                match.classification,
                match.source,
            )
            for match in item.matches
        ),
        depicts=decision.observed.subject if depicts else Subject.CANNOT_TELL,
        features=decision.observed.features if depicts else (),
        viral=item.surroundings.viral,
        connection=Connection(
            account.ip, account.port, account.ip_at or item.uploaded_at, Event.UPLOAD
        )
        if account.ip
        else None,
        device=Device("device", account.device_id) if account.device_id else None,
        exif=item.exif,
    )


def _attached(one: Attachment) -> FileFacts:
    return FileFacts(
        evidence_id=one.evidence_id,
        original_name=one.name,
        media_type=None,
        size=one.size,
        md5=one.md5,
        sha1=one.sha1,
        sha256=one.sha256,
        pdq=None,
        uploaded_at=None,
        url=None,
        viewed=False,
        supplemental=True,
        about=one.about,
        attached_as=one.kind.value,
    )
