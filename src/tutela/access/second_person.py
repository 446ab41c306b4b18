"""The two-person rule: which acts need it, and who may confirm what, when. Pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tutela.access.roles import Permission

if TYPE_CHECKING:
    from tutela.access.gate import Principal
    from tutela.audit.entry import Actor


class Verb(StrEnum):
    """The dangerous acts. One alone could hurt with them what cannot be mended."""

    VIEW_ORIGINAL = "view_original"
    EXPORT = "export"
    DESTROY = "destroy"
    LIST_TRUST = "list_trust"
    ROLE_GRANT = "role_grant"
    SIGN_IN_RESET = "sign_in_reset"
    PSEUDONYM = "pseudonym"
    REFERRAL_EXPORT = "referral_export"

    @property
    def needs(self) -> Permission:
        """Return what both people must be allowed: who asks and who confirms."""
        return _NEEDS[self]


_NEEDS = {
    Verb.VIEW_ORIGINAL: Permission.EVIDENCE_VIEW_FULL,
    Verb.EXPORT: Permission.EVIDENCE_EXPORT,
    Verb.DESTROY: Permission.EVIDENCE_DESTROY,
    Verb.LIST_TRUST: Permission.LIST_MANAGE,
    Verb.ROLE_GRANT: Permission.ACCOUNT_MANAGE,
    Verb.SIGN_IN_RESET: Permission.ACCOUNT_MANAGE,
    Verb.PSEUDONYM: Permission.PSEUDONYM_OPEN,
    Verb.REFERRAL_EXPORT: Permission.REFERRAL_APPROVE,
}
DEFAULT = frozenset(Verb) - {Verb.VIEW_ORIGINAL}
OF_ACCOUNTS = frozenset({Verb.ROLE_GRANT, Verb.SIGN_IN_RESET})
"""Their subject is an account. It is shown by its name, never by its id: names and ids together
would tell who is behind a pseudonym."""
VALID = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Policy:
    """Which acts need a second person, and how long an approval can be confirmed and used."""

    verbs: frozenset[Verb] = DEFAULT
    valid: timedelta = VALID


class State(StrEnum):
    """How far an approval has come. Being over is no state: it follows from the time."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    USED = "used"


@dataclass(frozen=True, slots=True)
class Approval:
    """One dangerous act asked for: by whom, on what subject, on which terms, why, until when."""

    id: str
    verb: Verb
    subject: str
    terms: str
    reason: str
    state: State
    asked_by: str
    asked_at: datetime
    until: datetime
    settled_by: str | None
    settled_at: datetime | None

    def waits(self, now: datetime) -> bool:
        """Say whether somebody can still confirm or refuse it."""
        return self.state is State.ASKED and now < self.until

    def usable(self, now: datetime) -> bool:
        """Say whether the act can be done with it."""
        return self.state is State.CONFIRMED and now < self.until


class Objection(StrEnum):
    """Why somebody may not settle an approval."""

    NO_PERSON = "Only a signed-in person can confirm; this caller is none."
    SAME_PERSON = "Who asked cannot confirm."
    SETTLED = "It was settled already."
    OVER = "Its time is over."


def objection(approval: Approval, by: Actor, now: datetime) -> Objection | None:
    """Return why `by` may not settle it, or None. The permission is asked for apart."""
    if by.kind != "person":
        return Objection.NO_PERSON
    if approval.asked_by == str(by):
        return Objection.SAME_PERSON
    if approval.state is not State.ASKED:
        return Objection.SETTLED
    return Objection.OVER if approval.until <= now else None


def may_see(approval: Approval, caller: Principal) -> bool:
    """Say whether an approval concerns the caller: their own, or one they could settle."""
    return approval.asked_by == str(caller.actor) or approval.verb.needs in caller.permissions
