"""How much of what investigators need a draft holds, and where the rest can be had.

What is needed depends on the harm: of a picture its class and address, of a conversation the
child's account and the words. Completeness is one number and urgency another: neither changes the
other, and nothing urgent waits for either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.content.notice import Harm

if TYPE_CHECKING:
    from collections.abc import Callable

    from tutela.referrals.draft import ReferralDraft


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing a draft lacks; `weight` of 100; `where` it could come from.

    `ask`: the member of the upload's context that the host platform can be asked for, if it can.
    """

    what: str
    weight: int
    where: str
    ask: str | None = None


@dataclass(frozen=True, slots=True)
class Completeness:
    """A score from 0 to 100 and what keeps it from 100. Never a reason to wait when urgent."""

    score: int
    missing: tuple[Missing, ...]

    @property
    def asks(self) -> tuple[str, ...]:
        """Return what the host platform can be asked for."""
        return tuple(one.ask for one in self.missing if one.ask is not None)


@dataclass(frozen=True, slots=True)
class Need:
    """One need: how much it weighs, where it comes from, whether it is there, if it applies."""

    what: str
    weight: int
    where: str
    ask: str | None
    there: Callable[[ReferralDraft], bool]
    applies: Callable[[ReferralDraft], bool] = lambda _draft: True


_HOST = "the host platform's context with the upload"
_PICTURES = frozenset({Harm.DEPICTION, Harm.MISLEADING_DOMAIN, Harm.MISLEADING_WORDS})


def _depicts(draft: ReferralDraft) -> bool:
    return draft.harm in _PICTURES and any(not one.supplemental for one in draft.files)


def _told(draft: ReferralDraft) -> bool:
    return draft.harm not in _PICTURES


def _words(draft: ReferralDraft) -> bool:
    said = any(getattr(place, "content", None) for place in draft.places)
    return said or bool(draft.files)


NEEDS = (
    Need("IP address", 20, _HOST, "account.ip", lambda draft: bool(draft.subject.ip)),
    Need(
        *("time of the IP address", 10, _HOST, "account.ip_at"),
        lambda draft: draft.subject.ip_at is not None,
    ),
    Need("source port", 5, _HOST, "account.port", lambda draft: draft.subject.port is not None),
    Need(
        *("e-mail or telephone", 15, _HOST, "account.email"),
        lambda draft: bool(
            draft.subject.email
            or draft.subject.phone
            or draft.subject.person.emails
            or draft.subject.person.phones
        ),
    ),
    Need(
        *("screen name", 10, _HOST, "account.screen_name"),
        lambda draft: bool(draft.subject.screen_name),
    ),
    Need(
        *("address of the content", 10, _HOST, "place.url"),
        lambda draft: bool(draft.urls),
        _depicts,
    ),
    Need(
        *("time of the incident", 10, _HOST, "uploaded_at"),
        lambda draft: draft.occurred_at_remark is None,
    ),
    Need(
        *("original file names", 5, _HOST, "original_name"),
        lambda draft: all(one.original_name for one in draft.files),
        _depicts,
    ),
    Need(
        *("classification", 10, "a reviewer's observed facts", None),
        lambda draft: all(one.classification for one in draft.files if not one.supplemental),
        _depicts,
    ),
    Need(
        *("the child's account", 20, _HOST, "victims"),
        lambda draft: bool(draft.victims or draft.recipients),
        _told,
    ),
    Need("where it happened", 10, _HOST, "places", lambda draft: bool(draft.places), _told),
    Need(
        *("the words that were written", 15, "an attached chat, or the context's `places`"),
        *("places.content", _words, _told),
    ),
    Need(
        *("a contact at the reporter", 5, "the settings, [reporter]", None),
        lambda draft: bool(draft.reporter.email or draft.reporter.phone),
    ),
)


def completeness(draft: ReferralDraft) -> Completeness:
    """Score a draft by what lets an investigator find the person and the child."""
    needed = [one for one in NEEDS if one.applies(draft)]
    absent = [one for one in needed if not one.there(draft)]
    whole = sum(one.weight for one in needed)
    score = 100 - round(100 * sum(one.weight for one in absent) / whole)
    return Completeness(
        score, tuple(Missing(one.what, one.weight, one.where, one.ask) for one in absent)
    )
