"""Opting out: no reason, nobody told, and never offered."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS, make_item, match, near_pdq, put

from tutela.audit.entry import Action
from tutela.cases import categories
from tutela.cases.categories import OptOuts
from tutela.cases.queue import Queue
from tutela.cases.splitting import Splitting
from tutela.content.notice import Circumstance, Harm, Notice, Notifier
from tutela.content.surroundings import Surroundings
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.content.item import Item


def filed(audit: AuditLog, item: Item) -> str:
    """Put an item on record with what it is of, as intake does."""
    case_id = put(audit, item).case_id or ""
    with audit.database.bookkeeping() as connection:
        categories.add(connection, case_id, (item,))
    return case_id


def labelled(clock: FixedClock, account: str, label: str, pdq: str | None = None) -> Item:
    met = dataclasses.replace(match(label, 9, "pdq"), labels=(label,))
    return make_item(clock(), account=account, matches=(met,), pdq=pdq or near_pdq(1))


def test_what_a_file_is_of(clock: FixedClock) -> None:
    assert categories.of_item(labelled(clock, "a", "one")) == {"kind:near", "label:one"}
    notice = Notice(Harm.ENTICEMENT, Notifier.USER, (Circumstance.SEXTORTION,))
    noticed = dataclasses.replace(
        make_item(clock(), matches=()), surroundings=Surroundings(notice=notice)
    )
    assert categories.of_item(noticed) == {
        "kind:noticed",
        "harm:enticement",
        "circumstance:sextortion",
    }


def test_what_was_opted_out_of_is_never_offered(audit: AuditLog, clock: FixedClock) -> None:
    queue, choice = Queue(audit), OptOuts(audit)
    first = filed(audit, labelled(clock, "a", "one"))
    clock.advance(60)
    second = filed(audit, labelled(clock, "b", "two"))
    assert {"label:one", "label:two", "kind:known"} <= set(choice.offered())
    choice.choose(ANNA, {"label:one"})
    lease = queue.next(ANNA)
    assert lease is not None
    assert lease.case_id == second
    queue.skip(ANNA, second, lease.token)
    assert queue.next(ANNA) is None
    assert [row.case.id for row in queue.waiting(person=ANNA)] == [second]
    assert {row.case.id for row in queue.waiting()} == {first, second}
    # Others are offered it, and so is she again when she wants.
    other = queue.next(BORIS)
    assert other is not None
    assert other.case_id == first
    queue.release(BORIS, first, other.token)
    choice.choose(ANNA, ())
    again = queue.next(ANNA)
    assert again is not None
    assert again.case_id == first


def test_the_record_does_not_say_of_what(audit: AuditLog, clock: FixedClock) -> None:
    filed(audit, labelled(clock, "a", "one"))
    OptOuts(audit).choose(ANNA, {"label:one"})
    entry = audit.entries(ANNA.id)[-1]
    assert (entry.action, entry.details) == (Action.PREFERENCES_CHANGED, {})


def test_nobody_hands_it_over_either(audit: AuditLog, clock: FixedClock) -> None:
    queue, choice = Queue(audit), OptOuts(audit)
    case_id = filed(audit, labelled(clock, "a", "one"))
    lease = queue.claim(BORIS, case_id)
    queue.hand_over(BORIS, case_id, lease.token, ANNA, "You know the place.")
    choice.choose(ANNA, {"label:one"})
    # What was kept for her goes back to all.
    lease = queue.claim(BORIS, case_id)
    with pytest.raises(InvalidInput, match="cannot take this case now"):
        queue.hand_over(BORIS, case_id, lease.token, ANNA, "")


def test_only_what_there_is_can_be_chosen(audit: AuditLog) -> None:
    with pytest.raises(InvalidInput):
        OptOuts(audit).choose(ANNA, {"label:nothing"})
    assert OptOuts(audit).of(ANNA) == frozenset()


def test_a_split_parts_what_the_cases_are_of(audit: AuditLog, clock: FixedClock) -> None:
    queue, choice = Queue(audit), OptOuts(audit)
    one = labelled(clock, "a", "one")
    case_id = filed(audit, one)
    other = labelled(clock, "a", "two", near_pdq(9))
    assert filed(audit, other) == case_id
    choice.choose(ANNA, {"label:two"})
    assert queue.next(ANNA) is None
    lease = queue.claim(BORIS, case_id)
    Splitting(audit).split(BORIS, case_id, lease.token, other.id)
    held = queue.next(BORIS)
    assert held is not None
    queue.release(BORIS, case_id, held.token)
    taken = queue.next(ANNA)
    assert taken is not None
    assert taken.case_id == case_id
    queue.skip(ANNA, case_id, taken.token)
    assert queue.next(ANNA) is None
