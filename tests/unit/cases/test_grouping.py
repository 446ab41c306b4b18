"""Items of one account that look alike are one case; others are not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.casework import FAR, HOST, PDQ, make_item, match, near_pdq, put

from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseKind, kind_of
from tutela.cases.grouping import like

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.content.item import Item, ItemMatch


def pair(clock: FixedClock, **second: object) -> tuple[Item, Item]:
    first = make_item(clock(), matches=(match("e1"),), pdq=PDQ)
    return first, make_item(clock(), **second)  # type: ignore[arg-type]


def wide(entry: str, distance: int) -> ItemMatch:
    return replace(match(entry, distance, "pdq"), via="wide")


@pytest.mark.parametrize(("bits", "together"), [(0, True), (31, True), (32, False)])
def test_likeness_ends_at_31_bits(clock: FixedClock, bits: int, together: bool) -> None:
    first, second = pair(clock, matches=(match("e2", 9, "pdq"),), pdq=near_pdq(bits))
    assert like(second, [first]) is together


def test_a_shared_entry_or_shared_bytes_are_likeness(clock: FixedClock) -> None:
    first, second = pair(clock, matches=(match("e1"),), pdq=FAR)
    assert like(second, [first])
    first, second = pair(clock, matches=(match("e2"),), pdq=FAR)
    assert not like(second, [first])
    same = make_item(clock(), matches=(match("e3"),), pdq=None, sha256=first.sha256)
    assert like(same, [first])


def test_low_quality_hashes_decide_nothing(clock: FixedClock) -> None:
    first, second = pair(clock, matches=(match("e2"),), pdq=PDQ, quality=49)
    assert not like(second, [first])


def test_what_is_only_possible_stays_apart_from_matches(clock: FixedClock) -> None:
    sure, maybe = pair(clock, matches=(wide("e1", 40),))
    again = make_item(clock(), matches=(wide("e1", 41),))
    assert not like(maybe, [sure])
    assert not like(sure, [maybe])
    assert like(again, [sure, maybe])
    assert kind_of(maybe) is CaseKind.POSSIBLE
    both = make_item(clock(), matches=(match("e1", 9, "pdq"), wide("e2", 40)))
    assert kind_of(both) is CaseKind.NEAR


def test_unscreened_items_go_by_reason(clock: FixedClock) -> None:
    cut = make_item(clock(), matches=(), pdq=None, reason="truncated")
    other = make_item(clock(), matches=(), pdq=None, reason="truncated")
    huge = make_item(clock(), matches=(), pdq=None, reason="too_many_pixels")
    assert like(other, [cut])
    assert not like(huge, [cut])
    assert not like(make_item(clock()), [cut])


def test_a_case_grows_by_likeness_and_account(audit: AuditLog, clock: FixedClock) -> None:
    first = put(audit, make_item(clock()))
    assert put(audit, make_item(clock(), pdq=near_pdq(5))).case_id == first.case_id
    assert put(audit, make_item(clock(), account="account-2")).case_id != first.case_id
    stranger = make_item(clock(), matches=(match("e9"),), pdq=FAR)
    assert put(audit, stranger).case_id != first.case_id
    with audit.database.reading() as connection:
        case = cases_on_record.load(connection, first.case_id or "")
        members = cases_on_record.items_of(connection, case.id)
    assert case.size == len(members) == 2


def test_equal_hashes_of_other_bytes_are_near_not_known(clock: FixedClock) -> None:
    assert kind_of(make_item(clock(), matches=(match("e1", 0, "pdq"),))) is CaseKind.NEAR
    assert kind_of(make_item(clock(), matches=(match("e1", 0, "md5"),))) is CaseKind.KNOWN


def test_a_near_case_becomes_known_by_an_exact_copy(audit: AuditLog, clock: FixedClock) -> None:
    near = put(audit, make_item(clock(), matches=(match("e1", 8, "pdq"),)))
    with audit.database.reading() as connection:
        assert cases_on_record.load(connection, near.case_id or "").kind is CaseKind.NEAR
    put(audit, make_item(clock(), matches=(match("e1"),)))
    with audit.database.reading() as connection:
        assert cases_on_record.load(connection, near.case_id or "").kind is CaseKind.KNOWN


def test_a_decided_case_takes_no_more(audit: AuditLog, clock: FixedClock) -> None:
    first = put(audit, make_item(clock()))
    with audit.change(HOST) as change:
        cases_on_record.end(change, first.case_id or "", abusive=True)
        change.record(Action.CASE_DECIDED, first.case_id or "")
    assert put(audit, make_item(clock())).case_id != first.case_id
