"""Retention: when evidence may be destroyed, when it must not, and doing it by itself when due.

How long the law wants a case kept is in `preservation`; this adds how long the operator wants
evidence at all. Evidence goes when the operator's days are over and nothing keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from tutela.cases import case as cases_on_record
from tutela.cases.attachment import attachments
from tutela.cases.case import CaseState, cases
from tutela.content.item import items
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import Outcome
from tutela.errors import Conflict, Destroyed
from tutela.evidence.legal_hold import LegalHold, held_for
from tutela.evidence.record import EvidenceRecord, evidence
from tutela.referrals.preservation import CLOCKS
from tutela.referrals.referral import State
from tutela.referrals.register import referrals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tutela.audit.log import AuditLog
    from tutela.evidence.destruction import Destruction
    from tutela.evidence.legal_hold import LegalHolds
    from tutela.referrals.preservation import Preservation

_log = structlog.get_logger()
_OVER = (State.FILED.value, State.ACKNOWLEDGED.value, State.WITHDRAWN.value)
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How many days after its decision evidence is kept; None: until a person destroys it."""

    cleared_days: int | None = None
    abusive_days: int | None = None

    def days(self, outcome: Outcome) -> int | None:
        """Return the days for an outcome."""
        return self.abusive_days if outcome is Outcome.ABUSIVE else self.cleared_days

    def rule(self, outcome: Outcome) -> str:
        """Return which setting that is."""
        return f"retention.{'abusive' if outcome is Outcome.ABUSIVE else 'cleared'}_days"


@dataclass(frozen=True, slots=True)
class EvidenceClock:
    """One clock. `ends_at` moves on while it is stopped by a legal hold; None: it has no end."""

    evidence_id: str
    case_id: str
    rule: str
    ends_at: datetime | None
    stopped: bool

    def over(self, now: datetime) -> bool:
        """Say whether its time is over."""
        return self.ends_at is not None and not self.stopped and self.ends_at <= now


def clock(
    evidence_id: str,
    case_id: str,
    outcome: Outcome,
    decided_at: datetime,
    policy: RetentionPolicy,
    holds: Iterable[LegalHold],
    now: datetime,
) -> EvidenceClock:
    """Return a clock: the policy's days from the decision, and the time under legal hold."""
    listed, days = tuple(holds), policy.days(outcome)
    stopped = any(hold.released_at is None for hold in listed)
    ends_at = None
    if days is not None:
        ends_at = decided_at + timedelta(days=days) + held_for(listed, decided_at, now)
    return EvidenceClock(evidence_id, case_id, policy.rule(outcome), ends_at, stopped)


class Retention:
    """Says what is kept and why, and destroys what is due."""

    def __init__(
        self,
        audit: AuditLog,
        policy: RetentionPolicy,
        holds: LegalHolds,
        preservation: Preservation,
    ) -> None:
        self._audit = audit
        self._policy = policy
        self._holds = holds
        self._preservation = preservation

    def guard(self, connection: sa.Connection, found: EvidenceRecord) -> list[str]:
        """Say what keeps evidence: an open case, an unfinished referral, a preservation.

        Locks the case, so that nothing of this comes about while evidence is being destroyed.
        """
        case_id = _case_of(connection, found.id)
        if case_id is None:
            return ["it belongs to no case yet"]
        case = cases_on_record.load(connection, case_id, locked=True)
        kept = ["its case is not decided"] if case.state is not CaseState.DECIDED else []
        query = sa.select(referrals.c.id).where(
            referrals.c.case_id == case_id, referrals.c.state.not_in(_OVER)
        )
        kept += [f"the unfinished referral {row.id}" for row in connection.execute(query)]
        kept += [
            f"the preservation {hold.id} ({hold.basis})"
            for hold in self._preservation.holding(connection, case_id)
        ]
        return kept

    def clocks(self) -> list[EvidenceClock]:
        """Return the clocks of all evidence whose case is decided, the first to end first."""
        with self._audit.database.reading() as connection:
            found = list(self._clocks(connection))
        return sorted(found, key=lambda one: (one.ends_at is None, str(one.ends_at)))

    def sweep(self, destruction: Destruction) -> None:
        """Destroy what is due, at most a hundred at a time. What something keeps stays."""
        if self._policy == RetentionPolicy():
            return
        now = self._audit.clock()
        with self._audit.database.reading() as connection:
            due = [one for one in self._clocks(connection) if one.over(now)]
            due = [one for one in due if not self._kept(connection, one)][:_AT_ONCE]
        for one in due:
            days = f"{one.rule}: over since {one.ends_at:%Y-%m-%d}"
            try:
                destruction.destroy(CLOCKS, one.evidence_id, one.rule, days)
            except (Conflict, Destroyed) as problem:
                _log.warning("retention.kept", subject=one.evidence_id, problem=problem.code)

    def _kept(self, connection: sa.Connection, one: EvidenceClock) -> bool:
        if self._preservation.holding(connection, one.case_id):
            return True
        waiting = sa.select(referrals.c.id).where(
            referrals.c.case_id == one.case_id, referrals.c.state.not_in(_OVER)
        )
        return connection.execute(waiting).first() is not None

    def _clocks(self, connection: sa.Connection) -> Iterator[EvidenceClock]:
        now = self._audit.clock()
        for table in (items, attachments):
            query = (
                sa.select(evidence.c.id, cases.c.id.label("case_id"))
                .join(table, table.c.evidence_id == evidence.c.id)
                .join(cases, cases.c.id == table.c.case_id)
                .where(evidence.c.destroyed_at.is_(None), cases.c.state == CaseState.DECIDED.value)
                .order_by(evidence.c.id)
            )
            for row in connection.execute(query).all():
                decision = decisions_on_record.of_case(connection, row.case_id)[-1]
                yield clock(
                    row.id,
                    row.case_id,
                    decision.outcome,
                    decision.decided_at,
                    self._policy,
                    self._holds.of(connection, row.id),
                    now,
                )


def _case_of(connection: sa.Connection, evidence_id: str) -> str | None:
    for table in (items, attachments):
        found = connection.scalar(
            sa.select(table.c.case_id).where(table.c.evidence_id == evidence_id)
        )
        if found is not None:
            return str(found)
    return None
