"""What is typed is kept for one person and one case, and no page writes over another unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.casework import ANNA, BORIS, make_item, put

from tutela.decisions import typed
from tutela.decisions.typed import Page, Typed, TypedDecisions, overtaken
from tutela.errors import NotFound, Overtaken

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog


def test_what_is_typed_is_kept_apart_for_each_person(audit: AuditLog, clock: FixedClock) -> None:
    case_id = put(audit, make_item(clock())).case_id or ""
    kept = TypedDecisions(audit.database)
    assert kept.of(case_id, ANNA) == Typed()
    kept.keep(case_id, ANNA, {"note": "mine", "csrf": "word"}, Page("page", 1, 0), clock())
    kept.keep(case_id, ANNA, {"note": "mine too"}, Page("page", 2, 0), clock())
    assert kept.of(case_id, ANNA).fields == {"note": "mine too"}
    assert kept.of(case_id, BORIS).fields == {}
    with audit.database.bookkeeping() as connection:
        typed.forget(connection, case_id)
    assert kept.of(case_id, ANNA) == Typed()
    with pytest.raises(NotFound):
        kept.keep("cas_none", ANNA, {}, Page("page", 1, 0), clock())


def test_a_page_does_not_write_over_what_it_has_not_seen(
    audit: AuditLog, clock: FixedClock
) -> None:
    case_id = put(audit, make_item(clock())).case_id or ""
    kept = TypedDecisions(audit.database)
    kept.keep(case_id, ANNA, {"note": "first page"}, Page("first", 1, 0), clock())
    second = Page("second", 1, 0)
    with pytest.raises(Overtaken):
        kept.keep(case_id, ANNA, {"note": "second page"}, second, clock())
    assert kept.of(case_id, ANNA).fields == {"note": "first page"}
    # The same words are no other words: a page that was loaded again sends them once more.
    kept.keep(case_id, ANNA, {"note": "first page"}, second, clock())
    # Now the second page writes, and the first one has not seen that.
    kept.keep(case_id, ANNA, {"note": "second page"}, Page("second", 2, 0), clock())
    with pytest.raises(Overtaken):
        kept.keep(case_id, ANNA, {"note": "first, more"}, Page("first", 2, 0), clock())
    kept.keep(case_id, ANNA, {"note": "chosen"}, Page("first", 3, 0), clock(), over=True)
    assert kept.of(case_id, ANNA).fields == {"note": "chosen"}


def test_messages_that_pass_each_other_leave_the_newest(audit: AuditLog, clock: FixedClock) -> None:
    case_id = put(audit, make_item(clock())).case_id or ""
    kept = TypedDecisions(audit.database)
    kept.keep(case_id, ANNA, {"note": "ab"}, Page("page", 2, 0), clock())
    kept.keep(case_id, ANNA, {"note": "a"}, Page("page", 1, 0), clock())
    assert kept.of(case_id, ANNA).fields == {"note": "ab"}


@given(st.text(max_size=3), st.text(max_size=3), st.integers(0, 3), st.integers(0, 3))
def test_a_page_that_saw_the_newest_is_never_overtaken(
    writer: str, other: str, revision: int, seen: int
) -> None:
    kept = Typed({"note": "there"}, writer, 1, revision)
    said = overtaken(kept, Page(other, 1, seen), {"note": "here"})
    assert said == (writer != other and seen < revision)
