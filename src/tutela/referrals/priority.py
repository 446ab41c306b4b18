"""How soon an authority should look at a referral: a tier and its reasons, from the draft alone.

Source: Online Safety Act regulations SI 2026/268 reg. 14 asks a provider for a priority assessment;
its tiers were not to be had, so these three are ours. It orders, and holds nothing back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tutela.content.notice import Circumstance, Harm
from tutela.decisions.labels import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.referrals.draft import ReferralDraft


class Tier(StrEnum):
    """How soon."""

    URGENT = "urgent"
    HIGH = "high"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class Priority:
    """A tier and why."""

    tier: Tier
    reasons: tuple[str, ...]

    @property
    def urgency(self) -> int:
        """Return a number from 0 to 100 to sort by: 100 is urgent, each reason counts 10 to 90."""
        if self.tier is Tier.URGENT:
            return 100
        return 0 if self.tier is Tier.STANDARD else min(90, 40 + 10 * len(self.reasons))


_CONTACT = {
    Harm.ENTICEMENT: "A child is or was in contact with the person reported (enticement).",
    Harm.TRAFFICKING: "A child may be exploited by others (trafficking).",
    Harm.MOLESTATION: "A child may be abused by the person reported.",
    Harm.TOURISM: "Abuse of children on a journey may be planned.",
}
_SIGNS = {
    Circumstance.SEXTORTION: "A child may be blackmailed.",
    Circumstance.SADISTIC: "A child may be driven to harm itself or others.",
}
_SEEN = {
    Feature.LIVE_STREAM: "It was streamed live.",
    Feature.SELF_PRODUCED: "A child may have made it, and can be reached.",
    Feature.INFANT: "The child is very young.",
    Feature.PHYSICAL_HARM: "A child is physically harmed.",
}


def priority(draft: ReferralDraft) -> Priority:
    """Return the tier of a draft. Urgent only for a reviewer's reason that a child is in danger."""
    reasons = tuple(_reasons(draft))
    if draft.urgent_reason:
        return Priority(Tier.URGENT, (draft.urgent_reason, *reasons))
    if reasons:
        return Priority(Tier.HIGH, reasons)
    return Priority(Tier.STANDARD, ("Nothing shows that a child can be reached now.",))


def _reasons(draft: ReferralDraft) -> Iterator[str]:
    if draft.harm in _CONTACT:
        yield _CONTACT[draft.harm]
    yield from (_SIGNS[one] for one in draft.circumstances if one in _SIGNS)
    seen = {feature for file in draft.files for feature in file.features}
    yield from (_SEEN[one] for one in _SEEN if one in seen)
    if draft.victims:
        yield "A child concerned is known by an account."
    if any(one.viewed and not one.listed and not one.supplemental for one in draft.files):
        yield "A person saw a file that is on no list: it may be new."
