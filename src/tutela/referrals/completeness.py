"""How much of what investigators need a draft holds, and where the rest can be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutela.referrals.draft import ReferralDraft


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing a draft lacks; `weight` of 100; `where` it could come from."""

    what: str
    weight: int
    where: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """A score from 0 to 100 and what keeps it from 100. Never a reason to wait when urgent."""

    score: int
    missing: tuple[Missing, ...]


_CONTEXT = "the host platform's context with the upload"


def completeness(draft: ReferralDraft) -> Completeness:
    """Score a draft by what lets an investigator find the person and the child."""
    subject = draft.subject
    checks: tuple[tuple[bool, Missing], ...] = (
        (bool(subject.ip), Missing("IP address", 20, _CONTEXT)),
        (bool(subject.ip_at), Missing("time of the IP address", 10, _CONTEXT)),
        (bool(subject.port), Missing("source port", 5, _CONTEXT)),
        (bool(subject.email or subject.phone), Missing("e-mail or telephone", 15, _CONTEXT)),
        (bool(subject.screen_name), Missing("screen name", 10, _CONTEXT)),
        (bool(draft.urls), Missing("address of the content", 10, _CONTEXT)),
        (draft.occurred_at_remark is None, Missing("time of upload", 10, _CONTEXT)),
        (
            all(one.original_name for one in draft.files),
            Missing("original file names", 5, _CONTEXT),
        ),
        (
            all(one.classification for one in draft.files),
            Missing("classification", 10, "a reviewer's observed facts"),
        ),
        (
            bool(draft.reporter.email or draft.reporter.phone),
            Missing("a contact at the reporter", 5, "the settings, [reporter]"),
        ),
    )
    absent = tuple(missing for present, missing in checks if not present)
    return Completeness(100 - sum(one.weight for one in absent), absent)
