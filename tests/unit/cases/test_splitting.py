"""Splitting: what leaves, what stays, and that neither is lost, counted twice or decided unseen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.casework import ANNA, BORIS, PDQ, make_item, match, near_pdq, put
from tests.fixed_clock import START

from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseKind
from tutela.cases.priority import Reason
from tutela.cases.queue import LEASE, Queue
from tutela.cases.splitting import Splitting, leaving
from tutela.errors import Conflict, InvalidInput, LeaseLost, NotFound
from tutela.hashlists import judgement

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.cases.case import Case
    from tutela.content.item import Item

ENTRY = (match("e1", 9, "pdq"),)


def chained(audit: AuditLog, clock: FixedClock, number: int = 3) -> list[Item]:
    """Put files in one case whose neighbours are 25 bits apart, so that the ends are strangers."""
    made = []
    for place in range(number):
        made.append(put(audit, make_item(clock(), matches=ENTRY, pdq=near_pdq(25 * place))))
        clock.advance(60)
    assert len({one.case_id for one in made}) == 1
    return made


def now(audit: AuditLog, case_id: str) -> tuple[Case, list[str]]:
    with audit.database.reading() as connection:
        members = cases_on_record.items_of(connection, case_id)
        return cases_on_record.load(connection, case_id), [one.id for one in members]


def test_a_file_gets_a_case_of_its_own(audit: AuditLog, clock: FixedClock) -> None:
    files = chained(audit, clock)
    case_id = files[0].case_id or ""
    lease = Queue(audit).claim(ANNA, case_id)
    made = Splitting(audit).split(ANNA, case_id, lease.token, files[2].id)
    old, stay = now(audit, case_id)
    new, moved = now(audit, made)
    assert stay == [files[0].id, files[1].id]
    assert moved == [files[2].id]
    assert (old.size, new.size) == (2, 1)
    assert (new.account_id, new.kind) == (old.account_id, CaseKind.NEAR)
    # It does not begin to wait anew.
    assert new.opened_at == files[2].received_at
    split = audit.entries(case_id)[-1]
    assert (split.action, split.details) == (Action.CASE_SPLIT, {"into": made, "files": 1})
    (opened,) = audit.entries(made)
    assert (opened.action, opened.details["split_from"]) == (Action.CASE_OPENED, case_id)


def test_the_holder_keeps_the_rest_by_a_new_lease(audit: AuditLog, clock: FixedClock) -> None:
    files, queue = chained(audit, clock), Queue(audit)
    case_id = files[0].case_id or ""
    lease = queue.claim(ANNA, case_id)
    made = Splitting(audit).split(ANNA, case_id, lease.token, files[2].id)
    old, _ = now(audit, case_id)
    assert old.leased_by == str(ANNA)
    with pytest.raises(LeaseLost):
        queue.release(ANNA, case_id, lease.token)
    # The new one waits for whoever is next.
    assert queue.claim(BORIS, made).case_id == made
    with pytest.raises(Conflict):
        queue.claim(BORIS, case_id)


def test_only_the_holder_splits_and_only_what_is_open(audit: AuditLog, clock: FixedClock) -> None:
    files, queue, splitting = chained(audit, clock), Queue(audit), Splitting(audit)
    case_id = files[0].case_id or ""
    lease = queue.claim(ANNA, case_id)
    with pytest.raises(LeaseLost):
        splitting.split(BORIS, case_id, lease.token, files[0].id)
    clock.advance(LEASE.total_seconds())
    with pytest.raises(LeaseLost):
        splitting.split(ANNA, case_id, lease.token, files[0].id)
    lease = queue.claim(ANNA, case_id)
    with pytest.raises(NotFound):
        splitting.split(ANNA, case_id, lease.token, "itm_another")
    with audit.change(ANNA) as change:
        cases_on_record.end(change, case_id, abusive=False)
        change.record(Action.CASE_DECIDED, case_id)
    with pytest.raises(Conflict):
        splitting.split(ANNA, case_id, lease.token, files[0].id)
    assert now(audit, case_id)[0].size == 3


def test_the_last_file_stays(audit: AuditLog, clock: FixedClock) -> None:
    one = put(audit, make_item(clock()))
    lease = Queue(audit).claim(ANNA, one.case_id or "")
    with pytest.raises(InvalidInput, match="Nothing would be left"):
        Splitting(audit).split(ANNA, one.case_id or "", lease.token, one.id)


def test_danger_goes_with_both_and_a_kind_with_its_files(
    audit: AuditLog, clock: FixedClock
) -> None:
    listed = put(audit, make_item(clock(), matches=(match("e1"),)))
    near = put(audit, make_item(clock(), matches=ENTRY, pdq=near_pdq(9)))
    case_id, queue = listed.case_id or "", Queue(audit)
    assert near.case_id == case_id
    queue.escalate(BORIS, case_id, "A benign test of urgency.")
    lease = queue.claim(ANNA, case_id)
    assert now(audit, case_id)[0].kind is CaseKind.KNOWN
    made = Splitting(audit).split(ANNA, case_id, lease.token, listed.id)
    old, new = now(audit, case_id)[0], now(audit, made)[0]
    assert (old.kind, new.kind) == (CaseKind.NEAR, CaseKind.KNOWN)
    assert old.reasons == (Reason.DANGER, Reason.NEAR)
    assert new.reasons == (Reason.DANGER,)


def test_what_is_to_be_judged_goes_with_the_file_that_met_it(
    audit: AuditLog, clock: FixedClock
) -> None:
    one = put(audit, make_item(clock(), matches=(match("e1", 9, "pdq"),)))
    other = put(audit, make_item(clock(), matches=(match("e2", 9, "pdq"),), pdq=near_pdq(20)))
    case_id = one.case_id or ""
    assert other.case_id == case_id
    with audit.database.bookkeeping() as connection:
        for entry in ("e1", "e2"):
            judgement.ask(connection, "known", entry, case_id, clock())
    lease = Queue(audit).claim(ANNA, case_id)
    made = Splitting(audit).split(ANNA, case_id, lease.token, other.id)
    with audit.database.reading() as connection:
        rows = connection.execute(judgement.list_judgements.select()).all()
    assert {(row.entry_id, row.case_id) for row in rows} == {("e1", case_id), ("e2", made)}


def numbered(places: list[int]) -> list[Item]:
    """Return files whose number says their bytes and their hash."""
    return [
        make_item(
            START + timedelta(minutes=place),
            matches=ENTRY,
            pdq=near_pdq(30 * number, PDQ),
            sha256=f"{number:064x}",
        )
        for place, number in enumerate(places)
    ]


@given(st.lists(st.integers(0, 7), min_size=1, max_size=12), st.data(), st.booleans())
def test_what_leaves_and_what_stays_make_the_case(
    places: list[int], data: st.DataObject, whole: bool
) -> None:
    members = numbered(places)
    wanted = data.draw(st.sampled_from(members))
    try:
        moved = leaving(members, wanted.id, whole=whole)
    except InvalidInput:
        if not whole:
            assert len(set(places)) == 1
        return
    stay = [one for one in members if one not in moved]
    assert wanted in moved
    assert stay
    # The same bytes are never decided in two cases at once.
    assert {one.sha256 for one in moved}.isdisjoint(one.sha256 for one in stay)
    if not whole:
        assert {one.sha256 for one in moved} == {wanted.sha256}
