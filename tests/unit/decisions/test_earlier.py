"""What was decided before is found by bytes and by likeness, shown, and never applied by itself."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.casework import ANNA, BORIS, FAR, PDQ, make_item, match, near_pdq, put

from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.cases.cluster import clusters
from tutela.cases.grouping import LIKENESS_RADIUS
from tutela.decisions import decision as decisions_on_record
from tutela.decisions import earlier
from tutela.decisions.decision import Bearing, Finding, Grounds, Outcome, checked
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.content.item import Item
    from tutela.decisions.earlier import Earlier

ABUSIVE = Finding(Outcome.ABUSIVE, Grounds.CONTEXT)
HARMLESS = Finding(Outcome.NOT_ABUSIVE, Grounds.LAWFUL_CONTENT)
hashes = st.integers(0, 2**256 - 1)


def decided(
    audit: AuditLog, item: Item, finding: Finding = ABUSIVE, rests_on: tuple[str, ...] = ()
) -> str:
    case_id = put(audit, item).case_id or ""
    with audit.change(ANNA) as change:
        members = cases_on_record.items_of(change.connection, case_id)
        made = decisions_on_record.record(
            change, case_id, finding, covers=len(members), viewed_at="facts", rests_on=rests_on
        )
        earlier.remember(change.connection, members)
        cases_on_record.end(change, case_id, abusive=finding.outcome is Outcome.ABUSIVE)
    return made.id


def told(audit: AuditLog, *items: Item) -> list[Earlier]:
    with audit.database.reading() as connection:
        return list(earlier.of_files(connection, items[0].case_id or "cas_none", items))


def test_the_same_bytes_and_what_is_near_are_told(audit: AuditLog, clock: FixedClock) -> None:
    same = decided(audit, make_item(clock(), account="a", sha256="c" * 64, pdq=None))
    near = decided(audit, make_item(clock(), account="b"), HARMLESS)
    new = put(audit, make_item(clock(), account="c", sha256="c" * 64, pdq=near_pdq(12)))
    found = told(audit, new)
    assert [(one.decision.id, one.distance, one.same_bytes) for one in found] == [
        (same, 0, True),
        (near, 12, False),
    ]
    assert [one.decision.decided_by for one in found] == [str(ANNA)] * 2


def test_what_is_far_poor_open_or_its_own_case_is_not_told(
    audit: AuditLog, clock: FixedClock
) -> None:
    decided(audit, make_item(clock(), account="a", pdq=FAR))
    decided(audit, make_item(clock(), account="b", pdq=near_pdq(1), quality=49))
    put(audit, make_item(clock(), account="c", pdq=near_pdq(2)))
    assert told(audit, put(audit, make_item(clock(), account="d"))) == []
    mine = make_item(clock(), account="e")
    decided(audit, mine)
    with audit.database.reading() as connection:
        (item,) = cases_on_record.items_of(
            connection, decisions_on_record.load(connection, _last(audit)).case_id
        )
    assert told(audit, item) == []


def _last(audit: AuditLog) -> str:
    entries = [one for one in audit.entries() if one.action == Action.CASE_DECIDED]
    return str(entries[-1].details["decision"])


def test_the_decision_that_stands_is_told(audit: AuditLog, clock: FixedClock) -> None:
    first = decided(audit, make_item(clock(), account="a"))
    clock.advance(60)
    with audit.change(BORIS) as change:
        case_id = decisions_on_record.load(change.connection, first).case_id
        last = decisions_on_record.record(
            change, case_id, HARMLESS, covers=1, viewed_at="facts", reverses=first
        )
    (found,) = told(audit, put(audit, make_item(clock(), account="b")))
    assert found.decision.id == last.id


def test_likeness_does_not_travel(audit: AuditLog, clock: FixedClock) -> None:
    """A is like B and B like C, but C is not like A: what B borrowed from A says nothing of C."""
    first = decided(audit, make_item(clock(), account="a"))
    borrowed = Finding(Outcome.ABUSIVE, Grounds.DECIDED_BEFORE)
    decided(audit, make_item(clock(), account="b", pdq=near_pdq(30)), borrowed, (first,))
    assert told(audit, put(audit, make_item(clock(), account="c", pdq=near_pdq(60)))) == []


def test_remembering_twice_is_remembering_once(audit: AuditLog, clock: FixedClock) -> None:
    item = put(audit, make_item(clock(), account="a"))
    for _ in range(2):
        with audit.change(ANNA) as change:
            earlier.remember(change.connection, [item])
            change.record(Action.CASE_DECIDED, item.case_id or "")
    with audit.database.reading() as connection:
        assert len(connection.execute(earlier.decided_words.select()).all()) == 16


@given(hashes, st.sets(st.integers(0, 255), max_size=LIKENESS_RADIUS))
def test_what_lies_within_the_radius_shares_a_word(value: int, flipped: set[int]) -> None:
    other = value
    for bit in flipped:
        other ^= 1 << bit
    assert set(earlier.words_near(f"{value:064x}")) & set(earlier.words_of(f"{other:064x}"))


def test_a_bit_in_every_word_hides_nothing() -> None:
    """No word is the same any more: 31 bits, two in each word but the last."""
    other = int(PDQ, 16) ^ sum((3 if place < 15 else 1) << (16 * place) for place in range(16))
    assert (other ^ int(PDQ, 16)).bit_count() == LIKENESS_RADIUS
    assert set(earlier.words_of(PDQ)).isdisjoint(earlier.words_of(f"{other:064x}"))
    assert set(earlier.words_near(PDQ)) & set(earlier.words_of(f"{other:064x}"))


def test_words_one_bit_beyond_may_have_none_in_common() -> None:
    other = int(PDQ, 16)
    for place in range(16):
        other ^= 3 << (16 * place)
    near = set(earlier.words_near(PDQ))
    assert near.isdisjoint(earlier.words_of(f"{other:064x}"))


def resting(audit: AuditLog, members: list[Item], outcome: Outcome) -> tuple[str, ...] | None:
    groups = clusters(members)
    return earlier.resting(groups, told(audit, *(one.shown for one in groups)), outcome)


def test_a_verdict_rests_only_on_what_covers_every_file(audit: AuditLog, clock: FixedClock) -> None:
    made = decided(audit, make_item(clock(), account="a", pdq=near_pdq(10)))
    met = (match("e9", 5, "pdq"),)
    shown = put(audit, make_item(clock(), account="b", matches=met))
    assert resting(audit, [shown], Outcome.ABUSIVE) == (made,)
    assert resting(audit, [shown], Outcome.NOT_ABUSIVE) is None
    clock.advance(1)
    # 30 bits from the one shown, on the other side of what was decided: 40 bits from it.
    flipped = int(PDQ, 16) ^ (((1 << 30) - 1) << 200)
    member = put(audit, make_item(clock(), account="b", matches=met, pdq=f"{flipped:064x}"))
    assert member.case_id == shown.case_id
    (cluster,) = clusters([shown, member])
    assert cluster.shown.id == shown.id
    assert resting(audit, [shown, member], Outcome.ABUSIVE) is None


def test_what_was_decided_both_ways_carries_neither(audit: AuditLog, clock: FixedClock) -> None:
    decided(audit, make_item(clock(), account="a", pdq=near_pdq(4)))
    decided(audit, make_item(clock(), account="b", pdq=near_pdq(5)), HARMLESS)
    new = put(audit, make_item(clock(), account="c"))
    assert resting(audit, [new], Outcome.ABUSIVE) is None
    assert resting(audit, [new], Outcome.NOT_ABUSIVE) is None


def test_grounds_of_before_need_a_before_and_no_facts_of_ones_own() -> None:
    finding = Finding(Outcome.ABUSIVE, Grounds.DECIDED_BEFORE)
    known = Bearing(matched=True, copies=True, trusted=True, viewed=False, before=True)
    assert checked(finding, known) is finding
    with pytest.raises(InvalidInput, match="decided so before"):
        checked(finding, dataclasses.replace(known, before=False))
    seen = dataclasses.replace(
        finding, observed=dataclasses.replace(finding.observed, said_by="reviewer")
    )
    with pytest.raises(InvalidInput, match="need viewing"):
        checked(seen, known)
