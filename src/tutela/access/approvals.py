"""Approvals of dangerous acts: asked for, settled by another person, used once; each step audited.

Whoever does such an act calls `use` in the transaction that does it. Where the policy asks for a
second person and none has confirmed just this act, that raises and nothing happens.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.access.gate import require
from tutela.access.second_person import (
    OF_ACCOUNTS,
    Approval,
    Objection,
    Policy,
    State,
    Verb,
    objection,
)
from tutela.audit.entry import Action
from tutela.errors import Conflict, InvalidInput, NotFound, Refused, SecondPersonNeeded
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.access.gate import Principal
    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("verb", sa.String(24), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False),
    sa.Column("terms", sa.String(200), nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("asked_by", sa.String(80), nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("settled_by", sa.String(80)),
    sa.Column("settled_at", Instant),
    sa.Index("ix_approvals_verb_subject", "verb", "subject"),
)

_LONGEST_SUBJECT, _LONGEST_TERMS, _LONGEST_REASON = 80, 200, 500
POLICY = "policy"


class Approvals:
    """Asks for, settles and uses approvals."""

    def __init__(self, audit: AuditLog, policy: Policy | None = None) -> None:
        self._audit = audit
        self.policy = policy or Policy()

    def ask(
        self, caller: Principal, verb: Verb, subject: str, reason: str, terms: str = ""
    ) -> Approval:
        """Ask for leave to do `verb` to `subject`, on exactly these terms.

        Raises `Refused` without the verb's permission, `InvalidInput`, and `Conflict` when the
        same was asked for and is open.
        """
        require(self._audit, caller, verb.needs)
        _checked(subject, terms, reason)
        actor = caller.actor
        with self._audit.change(actor) as change:
            for one in _matching(change.connection, verb, subject, terms, actor):
                if one.waits(change.now) or one.usable(change.now):
                    raise Conflict(
                        f"This was asked for already: {one.id}.", "Have another person confirm it."
                    )
            identity = new_id("apr", change.now)
            change.connection.execute(
                approvals.insert().values(
                    id=identity,
                    verb=verb.value,
                    subject=subject,
                    terms=terms,
                    reason=reason.strip(),
                    state=State.ASKED.value,
                    asked_by=str(actor),
                    asked_at=change.now,
                    until=change.now + self.policy.valid,
                )
            )
            change.record(
                Action.APPROVAL_ASKED,
                identity,
                verb=verb.value,
                about=subject,
                terms=terms,
                # Binds the text, which stays out of the log because people write it.
                reason_sha256=sha256(reason.strip().encode()).hexdigest(),
            )
            return load(change.connection, identity)

    def confirm(self, caller: Principal, approval_id: str) -> Approval:
        """Confirm what somebody else asked for. Raises `NotFound`, `Refused`, `Conflict`."""
        return self._settle(caller, approval_id, State.CONFIRMED, Action.APPROVAL_CONFIRMED)

    def refuse(self, caller: Principal, approval_id: str) -> Approval:
        """Refuse what somebody else asked for. Raises as `confirm`."""
        return self._settle(caller, approval_id, State.REFUSED, Action.APPROVAL_REFUSED)

    def _settle(
        self, caller: Principal, approval_id: str, state: State, action: Action
    ) -> Approval:
        now = self._audit.clock()
        with self._audit.database.reading() as connection:
            seen = load(connection, approval_id)
        require(self._audit, caller, seen.verb.needs)
        against = objection(seen, caller.actor, now)
        if against in {Objection.NO_PERSON, Objection.SAME_PERSON}:
            refused = {"verb": seen.verb.value, "permission": seen.verb.needs.value}
            self._audit.note(caller.actor, Action.ACCESS_REFUSED, approval_id, **refused)
            raise Refused(against, "Somebody else whose role allows the act must do this.")
        if against is not None:
            raise _settled(against)
        with self._audit.change(caller.actor) as change:
            done = change.connection.execute(
                approvals.update()
                .where(
                    approvals.c.id == approval_id,
                    approvals.c.state == State.ASKED.value,
                    approvals.c.until > change.now,
                    approvals.c.asked_by != str(caller.actor),
                )
                .values(state=state.value, settled_by=str(caller.actor), settled_at=change.now)
            )
            if done.rowcount != 1:
                raise _settled(Objection.SETTLED)
            change.record(action, approval_id, verb=seen.verb.value, about=seen.subject)
            return load(change.connection, approval_id)

    def use(
        self,
        change: Change,
        verb: Verb,
        subject: str,
        terms: str = "",
        *,
        waived: str | None = None,
    ) -> None:
        """Use up the approval that lets `change` do this act, once.

        `waived` says why it needs none here; that, too, is recorded. Raises `SecondPersonNeeded`
        when none is confirmed that the same actor asked for, with the same terms.
        """
        if verb not in self.policy.verbs:
            waived = POLICY
        if waived is not None:
            change.record(Action.APPROVAL_WAIVED, subject, verb=verb.value, why=waived)
            return
        for one in _matching(change.connection, verb, subject, terms, change.actor):
            if not one.usable(change.now):
                continue
            used = change.connection.execute(
                approvals.update()
                .where(approvals.c.id == one.id, approvals.c.state == State.CONFIRMED.value)
                .values(state=State.USED.value)
            )
            if used.rowcount == 1:
                change.record(
                    Action.APPROVAL_USED,
                    one.id,
                    verb=verb.value,
                    about=subject,
                    confirmed_by=one.settled_by,
                )
                return
        raise needed(verb, subject, terms)

    def spend(
        self, actor: Actor, verb: Verb, subject: str, terms: str = "", waived: str | None = None
    ) -> None:
        """Use an approval up in a change of its own, for acts whose work is no transaction."""
        with self._audit.change(actor) as change:
            self.use(change, verb, subject, terms, waived=waived)

    def load(self, approval_id: str) -> Approval:
        """Return one approval. Raises `NotFound`."""
        with self._audit.database.reading() as connection:
            return load(connection, approval_id)

    def newest(self, limit: int = 100) -> tuple[Approval, ...]:
        """Return approvals, the newest first."""
        query = sa.select(approvals).order_by(approvals.c.asked_at.desc(), approvals.c.id.desc())
        with self._audit.database.reading() as connection:
            return tuple(_approval(row) for row in connection.execute(query.limit(limit)))


def load(connection: sa.Connection, approval_id: str) -> Approval:
    """Return one approval. Raises `NotFound`."""
    query = sa.select(approvals).where(approvals.c.id == approval_id)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound("There is no such approval.", "Look at `tutela approvals list`.")
    return _approval(row)


def needed(verb: Verb, subject: str, terms: str) -> SecondPersonNeeded:
    """Return the error that says how to ask."""
    if verb in OF_ACCOUNTS:
        return SecondPersonNeeded(
            "Another person must confirm this first.",
            "Ask for it with `--ask WHY`, or in the console under Accounts; when it is confirmed, "
            "do this again.",
        )
    said = f"tutela approvals ask {verb} {subject}" + (f" --terms '{terms}'" if terms else "")
    return SecondPersonNeeded(
        "Another person must confirm this first.",
        f"Ask for it (`{said} --reason …`, or in the console under Approvals); "
        "when it is confirmed, do this again.",
    )


def _settled(against: Objection) -> Conflict:
    return Conflict(against, "Look at it anew; it can be asked for again.")


def _matching(
    connection: sa.Connection, verb: Verb, subject: str, terms: str, actor: Actor
) -> list[Approval]:
    query = (
        sa.select(approvals)
        .where(
            approvals.c.verb == verb.value,
            approvals.c.subject == subject,
            approvals.c.terms == terms,
            approvals.c.asked_by == str(actor),
        )
        .order_by(approvals.c.asked_at, approvals.c.id)
    )
    return [_approval(row) for row in connection.execute(query)]


def _checked(subject: str, terms: str, reason: str) -> None:
    if not 0 < len(subject) <= _LONGEST_SUBJECT or len(terms) > _LONGEST_TERMS:
        raise InvalidInput(
            "The subject or the terms have a wrong length.",
            f"At most {_LONGEST_SUBJECT} and {_LONGEST_TERMS} characters.",
        )
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        raise InvalidInput(
            "A reason is missing or too long.", f"Say why, in up to {_LONGEST_REASON} characters."
        )


def _approval(row: sa.Row[Any]) -> Approval:
    return Approval(
        row.id,
        Verb(row.verb),
        row.subject,
        row.terms,
        row.reason,
        State(row.state),
        row.asked_by,
        row.asked_at,
        row.until,
        row.settled_by,
        row.settled_at,
    )
