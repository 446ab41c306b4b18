"""A referral as plain data: every fact under our names, in the order of the UK's regulations.

It is what a person copies from by hand, and what the National Crime Agency is told.

Source: The Online Safety (CSEA Content Reporting by Regulated User-to-User Service Providers)
Regulations 2026 (SI 2026/268), Schedule 1, whose headings were seen and whose full text was not;
docs/reference/nca.md says of each field which paragraph it serves and when it is filled. The names
here are ours. What goes over the wire is renamed by one mapping file (`nca_wire.toml`).
"""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tutela.referrals.draft import Nature
from tutela.referrals.priority import priority

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tutela.referrals.draft import FileStatement, ReferralDraft
    from tutela.referrals.referral import Referral

DECLARATION = (
    "All information that is reasonably available to the provider and that the Schedule asks for "
    "has been given."
)
IDENTITY_DOCUMENT = "identity_document"
Tree = dict[str, Any]


def form(referral: Referral, submitter: Tree, provider: Tree) -> Tree:
    """Return a referral as the regulations order it; what is not known is left out.

    `submitter` is the authorised person (reg. 7), `provider` the registration (reg. 3).
    """
    draft = referral.draft
    reported = [one for one in draft.files if one.attached_as != IDENTITY_DOCUMENT]
    identity = [one for one in draft.files if one.attached_as == IDENTITY_DOCUMENT]
    assessed = priority(draft)
    told: Tree = _told(
        {
            "reference": referral.id,
            "provider": provider,
            "submitter": submitter,
            "kind": "subsequent" if draft.follows else "first",
            "follows": _follows(draft),
            "priority": {"tier": assessed.tier, "reasons": assessed.reasons},
            "basis": [_plain(one) for one in draft.bases],
            "uk_links": [_plain(one) for one in draft.links if one.country == "GB"],
            "content": {
                "harm": draft.harm,
                "circumstances": draft.circumstances,
                "occurred_at": draft.occurred_at,
                "occurred_at_remark": draft.occurred_at_remark,
                "detected_at": referral.deadline.aware_at,
                "places": [_plain(one) for one in draft.places],
                "files": [_file(one) for one in reported],
            },
            "victims": [_plain(one) for one in draft.victims],
            "user": _plain(draft.subject),
            "identity_documents": [_file(one) for one in identity],
            "other": {
                "recipients": [_plain(one) for one in draft.recipients],
                "law_enforcement": _plain(draft.law_enforcement),
                "earlier_reports": draft.prior_receipts,
                "viral": draft.batched or None,
                "remark": draft.remark,
            },
        }
    )
    return told


def declared(referral: Referral) -> Tree:
    """Return the declaration (Schedule 1 paragraph 7) that the authorised person made."""
    told: Tree = _told({"declaration": DECLARATION, "declared_at": referral.approved_at})
    return told


def _follows(draft: ReferralDraft) -> Tree | None:
    if draft.follows is None:
        return None
    return {
        "report": draft.follows.receipt,
        "nature": draft.follows.nature,
        "reason": draft.follows.reason,
        "withdrawn": draft.follows.nature is Nature.WITHDRAWAL or None,
    }


def _file(one: FileStatement) -> Tree:
    return {
        "name": one.original_name,
        "media_type": one.media_type,
        "size": one.size,
        "hashes": dict(one.hashes),
        "exif": dict(one.exif),
        "url": one.location,
        "uploaded_at": one.uploaded_at,
        "public": one.publicly_available,
        "viewed_by_provider": one.viewed,
        "connection": _plain(one.connection),
        "device": _plain(one.device),
        "depicts": one.depicts,
        "features": one.features,
        "supplemental": one.supplemental or None,
        "remark": one.remark,
    }


def _plain(value: Any) -> Any:
    """Return nouns as plain data."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _told(value: Any) -> Any:
    """Leave out what is not known, at every depth; write times with their offsets."""
    if isinstance(value, dict):
        kept = {name: _told(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if not _nothing(one)}
    if isinstance(value, (list, tuple)):
        return [_told(one) for one in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


def _nothing(value: Any) -> bool:
    return value is None or value in ({}, [], "")


def paths(tree: Any, at: str = "") -> Iterable[str]:
    """Return the dotted name of every leaf; the places of a list count as one."""
    if isinstance(tree, dict) and tree:
        for name, one in tree.items():
            yield from paths(one, f"{at}.{name}" if at else name)
    elif isinstance(tree, list) and tree:
        for one in tree:
            yield from paths(one, at)
    else:
        yield at
