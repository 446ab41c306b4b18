"""A decision waits a short while before anything of it leaves, and can be undone until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS, HOST
from tests.fixed_clock import FixedClock
from tests.instance import LISTED, instance
from tests.parsers import shared_pool

from tutela import bootstrap
from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseState
from tutela.cases.priority import Reason
from tutela.content import holds
from tutela.content.account import AccountFacts
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import Conflict, Refused
from tutela.platform.casework import delay
from tutela.platform.intake import Submission
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform

GRACE = timedelta(seconds=20)
ABUSIVE = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY, note="seen on the list")
HARMLESS = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)


@pytest.fixture
def waiting(tmp_path: Path, database_url: str) -> Iterator[Platform]:
    """An instance with a grace, on each kind of database."""
    with instance(tmp_path, database_url, grace={"seconds": 20}) as opened:
        yield opened


def upload(platform: Platform) -> tuple[str, str]:
    answer = platform.intake.submit(HOST, Submission(LISTED, "post-1", AccountFacts(id="a1")))
    assert answer.case_id is not None
    return answer.case_id, answer.id


def decide(platform: Platform, case_id: str, finding: Finding = ABUSIVE) -> None:
    lease = platform.queue.claim(ANNA, case_id)
    platform.casework.decide(ANNA, case_id, lease.token, 1, finding)


def verbs(platform: Platform, item_id: str) -> list[str]:
    with platform.database.reading() as connection:
        return [order.verb.value for order in holds.of_item(connection, item_id)]


def worked(platform: Platform) -> int:
    return sum(1 for _ in iter(platform.worker.step, False))


def reopened(platform: Platform, later: timedelta) -> Platform:
    """Open the same instance anew, as after a kill, with a clock that has gone on."""
    clock = FixedClock(datetime.now(UTC) + later)
    return bootstrap.open_platform(platform.settings, clock, pool=shared_pool())


def test_nothing_leaves_in_the_grace_and_all_after_a_kill(waiting: Platform) -> None:
    case_id, _ = upload(waiting)
    decide(waiting, case_id)
    (referral,) = waiting.register.for_case(case_id)
    waiting.referring.approve(BORIS, referral.id)
    assert worked(waiting) == 0
    # Neither process nor memory carries it over: another process, later, finds it owed.
    again = reopened(waiting, GRACE + timedelta(seconds=1))
    worked(again)
    owed = again.worker.owed()
    with again.database.reading() as connection:
        claimed = connection.exec_driver_sql(
            "SELECT kind FROM duties WHERE attempts > 0 ORDER BY kind"
        ).scalars()
        assert list(claimed) == ["host_order", "list_judgement", "referral"]
    # The list has been told; the host platform and the authority of this test do not answer.
    assert owed == 2
    again.database.close()


def test_undo_gives_the_case_back_with_what_was_typed(waiting: Platform) -> None:
    case_id, item_id = upload(waiting)
    decide(waiting, case_id)
    lease = waiting.casework.undo(ANNA, case_id)
    assert verbs(waiting, item_id) == []
    (referral,) = waiting.register.for_case(case_id)
    assert referral.state is State.WITHDRAWN
    kept = waiting.typed.of(case_id, ANNA).fields
    assert (kept["outcome"], kept["grounds"], kept["note"]) == (
        "abusive",
        "listed_copy",
        "seen on the list",
    )
    with waiting.database.reading() as connection:
        case = cases_on_record.load(connection, case_id)
        assert decisions_on_record.of_case(connection, case_id) == []
    assert (case.state, case.leased_by, case.lease) == (CaseState.OPEN, str(ANNA), lease.token)
    actions = [entry.action for entry in waiting.audit.entries(case_id)]
    assert Action.CASE_UNDONE in actions
    # It is decided again, the other way, and only that leaves.
    waiting.casework.decide(ANNA, case_id, lease.token, 1, HARMLESS)
    assert verbs(waiting, item_id) == ["restore"]
    assert waiting.typed.of(case_id, ANNA).fields == {}
    again = reopened(waiting, GRACE + timedelta(seconds=1))
    worked(again)
    said = again.lists.standing("known", again.watch.sampling)
    assert (said.judged, said.right) == (1, 0)
    again.database.close()


def test_an_approved_referral_does_not_outlive_the_undoing(waiting: Platform) -> None:
    case_id, _ = upload(waiting)
    decide(waiting, case_id)
    (referral,) = waiting.register.for_case(case_id)
    waiting.referring.approve(BORIS, referral.id)
    waiting.casework.undo(ANNA, case_id)
    again = reopened(waiting, GRACE + timedelta(seconds=1))
    worked(again)
    assert again.register.load(referral.id).state is State.WITHDRAWN
    again.database.close()


def test_only_who_decided_undoes_and_only_until_it_leaves(waiting: Platform) -> None:
    case_id, item_id = upload(waiting)
    decide(waiting, case_id)
    with pytest.raises(Refused):
        waiting.casework.undo(BORIS, case_id)
    again = reopened(waiting, GRACE)
    with pytest.raises(Conflict):
        again.casework.undo(ANNA, case_id)
    again.database.close()
    assert verbs(waiting, item_id) == ["remove"]


def test_what_a_worker_has_begun_is_not_undone(waiting: Platform) -> None:
    """A worker's clock may be ahead: what it has claimed has left, whatever the clock says here."""
    case_id, item_id = upload(waiting)
    decide(waiting, case_id)
    ahead = reopened(waiting, GRACE + timedelta(seconds=1))
    worked(ahead)
    with pytest.raises(Conflict):
        waiting.casework.undo(ANNA, case_id)
    assert verbs(waiting, item_id) == ["remove"]
    with waiting.database.reading() as connection:
        assert len(decisions_on_record.of_case(connection, case_id)) == 1
    ahead.database.close()


def test_danger_never_waits(waiting: Platform) -> None:
    case_id, _ = upload(waiting)
    decide(waiting, case_id, replace(ABUSIVE, urgent_reason="A child may be in danger now."))
    with pytest.raises(Conflict):
        waiting.casework.undo(ANNA, case_id)
    assert worked(waiting) > 0
    with waiting.database.reading() as connection:
        case = cases_on_record.load(connection, case_id)
    assert delay(case, ABUSIVE, GRACE) == GRACE
    assert delay(replace(case, reasons=(Reason.DANGER,)), ABUSIVE, GRACE) == timedelta(0)
