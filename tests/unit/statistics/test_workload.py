"""The leads' figures, each from a record made for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.casework import ANNA, BORIS, make_item, match, put

from tutela.cases.queue import Queue
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.statistics import workload

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog

ABUSIVE = Finding(Outcome.ABUSIVE, Grounds.CONTEXT)
HARMLESS = Finding(Outcome.NOT_ABUSIVE, Grounds.DECIDED_BEFORE)


def decided(
    audit: AuditLog, case_id: str, finding: Finding, covers: int = 1, reverses: str | None = None
) -> str:
    with audit.change(ANNA) as change:
        return decisions_on_record.record(
            change, case_id, finding, covers=covers, viewed_at="facts", reverses=reverses
        ).id


def test_what_waits_is_counted_by_severity_and_age(audit: AuditLog, clock: FixedClock) -> None:
    old = put(audit, make_item(clock(), account="a"))
    clock.advance(5 * 3600)
    put(audit, make_item(clock(), account="b"))
    put(audit, make_item(clock(), account="c", matches=(match("e2", 5, "pdq"),)))
    urgent = put(audit, make_item(clock(), account="d"))
    Queue(audit).escalate(BORIS, urgent.case_id or "", "A benign test of urgency.")
    with audit.database.reading() as connection:
        found = workload.waiting(connection, clock())
    assert [(one.severity, one.counts) for one in found] == [
        ("danger", (1, 0, 0, 0)),
        ("near", (1, 0, 0, 0)),
        ("known", (1, 1, 0, 0)),
    ]
    assert found[2].oldest == old.received_at
    assert found[2].total == 2


def test_days_and_agreement(audit: AuditLog, clock: FixedClock) -> None:
    cases = [put(audit, make_item(clock(), account=f"a{n}")).case_id or "" for n in range(3)]
    today = clock()
    clock.advance(60)
    first = decided(audit, cases[0], ABUSIVE, covers=4)
    decided(audit, cases[1], HARMLESS)
    clock.advance(24 * 3600)
    decided(audit, cases[2], ABUSIVE)
    decided(audit, cases[0], HARMLESS, reverses=first)
    queue = Queue(audit)
    lease = queue.claim(BORIS, cases[1])
    queue.ask_second(BORIS, cases[1], lease.token, "A benign doubt.")
    with audit.database.reading() as connection:
        days = workload.decided(connection, today + timedelta(days=1), 3)
        agreed = workload.agreement(connection, today)
        later = workload.agreement(connection, clock())
    counts = [(one.abusive, one.not_abusive, one.reversals, one.files) for one in days]
    assert counts == [(0, 0, 0, 0), (1, 1, 0, 5), (1, 0, 1, 1)]
    assert (agreed.decided, agreed.standing, agreed.second_opinions) == (3, 2, 1)
    assert agreed.on_earlier == 1
    assert agreed.share.precision == 2 / 3
    assert (later.decided, later.standing) == (1, 1)


def test_nothing_on_record_is_nothing(audit: AuditLog, clock: FixedClock) -> None:
    with audit.database.reading() as connection:
        assert workload.waiting(connection, clock()) == ()
        assert workload.clocks(connection, clock()).first == ()
        assert workload.agreement(connection, clock()).share.precision is None
        assert workload.precision(connection, 500) == ()
