"""The JSON shapes of the interface: what integrators build on."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from tutela.content.notice import Circumstance, Harm
from tutela.decisions.appeal import Answer
from tutela.decisions.decision import Grounds, Outcome
from tutela.decisions.labels import Age, Conduct, Feature, Subject

if TYPE_CHECKING:
    from tutela.cases.attachment import Attachment
    from tutela.cases.case import Case
    from tutela.content.item import Item
    from tutela.decisions.appeal import Appeal
    from tutela.decisions.decision import Decision
    from tutela.hashlists.deliveries import Delivery
    from tutela.hashlists.flags import Flag
    from tutela.hashlists.hashlist import HashList
    from tutela.hashlists.judgement import Sampling, Standing
    from tutela.platform.intake import Verdicted
    from tutela.referrals.referral import Referral


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class VerdictWord(StrEnum):
    """What screening found."""

    MATCH = "match"
    POSSIBLE = "possible"
    CLEAN = "clean"
    UNSCREENED = "unscreened"


class ItemAnswer(_Shape):
    """The answer to an upload: keep it from publication when `hold` is true."""

    id: str
    verdict: VerdictWord
    hold: bool
    case_id: str | None = Field(description="The case it belongs to, unless clean.")

    @classmethod
    def of(cls, answer: Verdicted) -> ItemAnswer:
        """Shape what intake said."""
        return cls(
            id=answer.id,
            verdict=VerdictWord(answer.verdict.value),
            hold=answer.hold,
            case_id=answer.case_id,
        )


class MatchShape(_Shape):
    """One match. Distance in bits; 0 for exact digests. `seconds`: where in a video."""

    list: str
    entry: str
    algorithm: str
    distance: int
    via: str
    labels: tuple[str, ...]
    seconds: float | None = None


class ItemShape(_Shape):
    """One item as it stands. No hash of held content is given out here."""

    id: str
    external_id: str
    verdict: VerdictWord
    reason: str | None
    hold: str
    case_id: str | None
    media_type: str | None
    bytes: int
    received_at: datetime
    matches: tuple[MatchShape, ...]

    @classmethod
    def of(cls, item: Item) -> ItemShape:
        """Shape an item on record."""
        return cls(
            id=item.id,
            external_id=item.external_id,
            verdict=VerdictWord(item.verdict),
            reason=item.reason,
            hold=item.hold.value,
            case_id=item.case_id,
            media_type=item.media_type,
            bytes=item.size,
            received_at=item.received_at,
            matches=tuple(
                MatchShape(
                    list=match.list_name,
                    entry=match.entry_id,
                    algorithm=match.algorithm,
                    distance=match.distance,
                    via=match.via,
                    labels=match.labels,
                    seconds=None if match.moment is None else match.moment / 1000,
                )
                for match in item.matches
            ),
        )


class AppealIn(BaseModel):
    """What an account says against a removal, as the host platform sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(
        min_length=1, max_length=255, description="The host platform's own: again is the same."
    )
    text: str = Field(min_length=1, max_length=3000, description="What the account says.")


class AppealShape(_Shape):
    """One appeal. `answer` is null until somebody has answered it."""

    id: str
    external_id: str
    received_at: datetime
    answer: Answer | None

    @classmethod
    def of(cls, appeal: Appeal) -> AppealShape:
        """Shape an appeal on record, without who answered and why."""
        return cls(
            id=appeal.id,
            external_id=appeal.external_id,
            received_at=appeal.received_at,
            answer=appeal.answer,
        )


class ReachShape(_Shape):
    """One cluster that a decision covers: how far its files lie from the one that stands for it.

    `nearest` and `farthest` in bits of 256; `viewed_at`: the highest rung at which the decider saw
    a file of it, `facts` where none was looked at.
    """

    shown: str
    covers: int
    nearest: int
    farthest: int
    viewed_at: str


class DecisionShape(_Shape):
    """One decision. The last of a case stands; nothing of it leaves before `leaves_at`.

    `reaches`: which of the case's files the verdict covers, cluster by cluster.
    """

    id: str
    outcome: Outcome
    grounds: Grounds
    decided_at: datetime
    covers: int
    viewed_at: str
    reverses: str | None
    leaves_at: datetime | None
    reaches: tuple[ReachShape, ...]

    @classmethod
    def of(cls, decision: Decision) -> DecisionShape:
        """Shape a decision on record, without the note."""
        return cls(
            id=decision.id,
            outcome=decision.outcome,
            grounds=decision.grounds,
            decided_at=decision.decided_at,
            covers=decision.covers,
            viewed_at=decision.viewed_at,
            reverses=decision.reverses,
            leaves_at=decision.leaves_at,
            reaches=tuple(ReachShape(**asdict(one)) for one in decision.reaches),
        )


class CaseShape(_Shape):
    """One case as it stands."""

    id: str
    state: str
    kind: str
    opened_at: datetime
    decided_at: datetime | None
    size: int

    @classmethod
    def of(cls, case: Case) -> CaseShape:
        """Shape a case on record."""
        return cls(
            id=case.id,
            state=case.state.value,
            kind=case.kind.value,
            opened_at=case.opened_at,
            decided_at=case.decided_at,
            size=case.size,
        )


class CaseWhole(_Shape):
    """One case with its items and decisions."""

    case: CaseShape
    items: tuple[ItemShape, ...]
    decisions: tuple[DecisionShape, ...]


class LeaseShape(_Shape):
    """The right to decide a case until an instant."""

    case_id: str
    token: str
    until: datetime


class FindingIn(BaseModel):
    """What a person decided. `lease` and `size` prove that they decided what they saw."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lease: str = Field(description="The token that claiming gave.")
    size: int = Field(ge=1, description="How many items the case held when it was decided.")
    outcome: Outcome
    grounds: Grounds
    subject: Subject = Subject.CANNOT_TELL
    age: Age = Age.CANNOT_TELL
    conduct: Conduct = Conduct.CANNOT_TELL
    features: tuple[Feature, ...] = ()
    harm: Harm = Field(default=Harm.DEPICTION, description="What the incident is.")
    circumstances: tuple[Circumstance, ...] = ()
    note: str = Field(default="", max_length=4000)
    urgent_reason: str | None = Field(default=None, max_length=3000)


class AttachmentShape(_Shape):
    """A file that belongs to a case without being what it is about."""

    id: str
    case_id: str
    name: str | None
    size: int
    sha256: str
    added_at: datetime

    @classmethod
    def of(cls, attachment: Attachment) -> AttachmentShape:
        """Shape an attachment on record."""
        return cls(
            id=attachment.id,
            case_id=attachment.case_id,
            name=attachment.name,
            size=attachment.size,
            sha256=attachment.sha256,
            added_at=attachment.added_at,
        )


class NatureWord(StrEnum):
    """What a referral is to the filed one that it follows."""

    SUPPLEMENT = "supplement"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


class FollowIn(BaseModel):
    """What is new, was wrong or no longer holds of a filed referral."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nature: NatureWord
    reason: str = Field(min_length=1, max_length=2000, description="Said to the authority.")


class FeedbackIn(BaseModel):
    """What an authority answered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    said: str = Field(min_length=1, max_length=10_000)


class Amended(BaseModel):
    """What a later statement changed, by name."""

    changed: tuple[str, ...]


class Asked(BaseModel):
    """What the host platform was asked for, by its names in the context."""

    wanted: tuple[str, ...]


class SubmittedIn(BaseModel):
    """The number under which a person filed a referral by hand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    receipt: str = Field(min_length=1, max_length=80)


class ReferralShape(_Shape):
    """One referral as it stands."""

    id: str
    case_id: str
    authority: str
    state: str
    nature: str = Field(description="original, supplement, correction or withdrawal.")
    follows: str | None = Field(description="The filed referral that it follows.")
    receipt: str | None = Field(description="The authority's number, once it is filed.")
    filed_at: datetime | None

    @classmethod
    def of(cls, referral: Referral) -> ReferralShape:
        """Shape a referral on record."""
        return cls(
            id=referral.id,
            case_id=referral.case_id,
            authority=referral.authority,
            state=referral.state.value,
            nature=referral.nature.value,
            follows=referral.follows,
            receipt=referral.receipt_number,
            filed_at=referral.filed_at,
        )


class ListShape(_Shape):
    """One hash list. `off_at` is set while it is switched off and matches nothing.

    People judged `judged` of its matches and found `right` of them right; between `low` and `high`
    lies its precision with 95 % confidence. What it matches is a complete decision unseen only
    while it is `believed`.
    """

    id: str
    name: str
    source: str | None
    version: str | None
    entries: int
    off_at: datetime | None
    off_reason: str | None
    judged: int
    right: int
    low: float
    high: float
    unjudged: int
    believed: bool

    @classmethod
    def of(cls, listed: HashList, said: Standing, sampling: Sampling) -> ListShape:
        """Shape a list on record."""
        return cls(
            id=listed.id,
            name=listed.name,
            source=listed.source,
            version=listed.version,
            entries=listed.entries,
            off_at=listed.off_at,
            off_reason=listed.off_reason,
            judged=said.judged,
            right=said.right,
            low=said.interval[0],
            high=said.interval[1],
            unjudged=said.unjudged,
            believed=not listed.off and said.trusted(sampling),
        )


class DeliveryShape(_Shape):
    """A file that waits for a person before it acts, and what it would do to its list."""

    id: str
    list: str
    doubts: tuple[str, ...]
    file_sha256: str
    before: int
    added: int
    changed: int
    withdrawn: int
    removed: int
    received_at: datetime

    @classmethod
    def of(cls, one: Delivery) -> DeliveryShape:
        """Shape a delivery that waits."""
        return cls(
            id=one.id,
            list=one.order.name,
            doubts=tuple(doubt.value for doubt in one.doubts),
            file_sha256=one.file_sha256,
            before=one.before,
            added=one.counts.added,
            changed=one.counts.changed,
            withdrawn=one.counts.withdrawn,
            removed=one.counts.removed,
            received_at=one.received_at,
        )


class FlagShape(_Shape):
    """An entry that does not act, because it would match something ordinary: which, how far off."""

    list_id: str
    list: str
    entry_id: str
    like: str
    set: str
    algorithm: str
    distance: int
    at: datetime

    @classmethod
    def of(cls, name: str, one: Flag) -> FlagShape:
        """Shape a flagged entry of the list of this name."""
        return cls(
            list_id=one.list_id,
            list=name,
            entry_id=one.entry_id,
            like=one.like.label,
            set=one.like.set_name,
            algorithm=one.like.algorithm,
            distance=one.like.distance,
            at=one.at,
        )


class ReasonIn(BaseModel):
    """Why something is done to a list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(default="", max_length=1000)


class FlagIn(ReasonIn):
    """What is said of a flagged entry."""

    entry_id: str = Field(min_length=1, max_length=255)


class HeldShape(_Shape):
    """An undecided item that one list alone holds."""

    item_id: str
    case_id: str
    entry_id: str
