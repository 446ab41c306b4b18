"""Refusals of strangers are on record: the first at once, the rest as sums, and never more."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tutela.access.refusals import MOST, OTHERS, Refusal, Refusals
from tutela.audit.entry import Action

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.entry import Entry
    from tutela.audit.log import AuditLog


@pytest.fixture
def refusals(audit: AuditLog) -> Refusals:
    return Refusals(audit)


def _written(audit: AuditLog) -> list[Entry]:
    return [one for one in audit.entries() if one.action == Action.CALLERS_REFUSED]


def _counts(audit: AuditLog) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for one in _written(audit):
        found[one.details["kind"], one.subject] += one.details["count"]
    return found


def test_the_first_is_written_as_it_happens(refusals: Refusals, audit: AuditLog) -> None:
    refusals.note(Refusal.TOKEN_REVOKED, "tok_1")
    (entry,) = _written(audit)
    assert (entry.actor, entry.subject) == ("system:door", "tok_1")
    assert entry.details["kind"] == "token_revoked"
    assert entry.details["count"] == 1


def test_those_that_follow_are_written_as_a_sum(
    refusals: Refusals, audit: AuditLog, clock: FixedClock
) -> None:
    for _ in range(5):
        refusals.note(Refusal.FORM_WORD)
    assert len(_written(audit)) == 1
    refusals.flush()
    assert len(_written(audit)) == 1
    clock.advance(61)
    refusals.flush()
    assert [one.details["count"] for one in _written(audit)] == [1, 4]
    assert len({one.details["since"] for one in _written(audit)}) == 1
    refusals.note(Refusal.FORM_WORD)
    assert _counts(audit) == {("form_word", "unknown"): 6}


def test_a_flood_of_refusals_adds_a_bounded_number_of_entries(
    refusals: Refusals, audit: AuditLog, clock: FixedClock
) -> None:
    tokens = [f"tok_{one}" for one in range(3 * MOST)]
    for _ in range(20):
        for name in tokens:
            refusals.note(Refusal.TOKEN_OVER, name)
            refusals.note(Refusal.TOKEN_UNKNOWN)
    clock.advance(61)
    refusals.flush()
    assert len(_written(audit)) <= 2 * (MOST + len(Refusal))
    assert sum(_counts(audit).values()) == 20 * 2 * len(tokens)
    assert _counts(audit)["token_over", OTHERS]


def test_what_is_counted_is_written_at_the_end(refusals: Refusals, audit: AuditLog) -> None:
    for _ in range(3):
        refusals.note(Refusal.HOST_UNKNOWN)
    refusals.close()
    refusals.close()
    assert _counts(audit) == {("host_unknown", "unknown"): 3}


def test_threads_lose_no_count(refusals: Refusals, audit: AuditLog) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: refusals.note(Refusal.TOO_OFTEN), range(400)))
    refusals.close()
    assert _counts(audit) == {("too_often", "unknown"): 400}
