"""A decision and all that follows: orders, referral, audit; and its reversal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS, HOST
from tests.instance import BROKEN, LISTED, OTHER, instance, near_copy
from tests.pictures import encoded, scene

from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseKind
from tutela.cases.viewing import Fidelity
from tutela.cli.session import SHELL
from tutela.content import holds
from tutela.content import item as items_on_record
from tutela.content.account import AccountFacts
from tutela.content.decoding import DecodeLimits
from tutela.content.item import HoldState
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.decisions.labels import Age, Conduct, Observed
from tutela.errors import Conflict, InvalidInput, LeaseLost
from tutela.hashing.fingerprint import fingerprint
from tutela.matching.screening import Verdict
from tutela.platform.intake import Submission
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.audit.entry import Actor
    from tutela.bootstrap import Platform
    from tutela.platform.intake import Verdicted

ABUSIVE = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
HARMLESS = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)


def upload(platform: Platform, data: bytes, post: str = "post-1") -> Verdicted:
    return platform.intake.submit(
        HOST, Submission(data, post, AccountFacts(id="account-1", email="a@example.org"))
    )


def decide(platform: Platform, case_id: str | None, finding: Finding, seen: int = 1) -> None:
    lease = platform.queue.claim(ANNA, case_id or "")
    platform.casework.decide(ANNA, case_id or "", lease.token, seen, finding)


def verbs(platform: Platform, item_id: str) -> list[str]:
    with platform.database.reading() as connection:
        return [order.verb.value for order in holds.of_item(connection, item_id)]


def test_abusive_removes_and_drafts(platform: Platform) -> None:
    first, second = upload(platform, LISTED), upload(platform, LISTED, "post-2")
    assert first.case_id == second.case_id
    decide(platform, first.case_id, ABUSIVE, seen=2)
    assert verbs(platform, first.id) == verbs(platform, second.id) == ["remove"]
    (referral,) = platform.register.for_case(first.case_id or "")
    assert referral.state is State.DRAFTED
    assert [file.viewed for file in referral.draft.files] == [False, False]
    actions = [entry.action for entry in platform.audit.entries(first.case_id)]
    assert actions[-1] == Action.CASE_DECIDED
    assert platform.worker.owed() == 2


def test_not_abusive_restores_and_says_so(platform: Platform) -> None:
    answer = upload(platform, BROKEN)
    finding = Finding(Outcome.NOT_ABUSIVE, Grounds.UNREADABLE_BUT_HARMLESS, note="a cut upload")
    decide(platform, answer.case_id, finding)
    assert verbs(platform, answer.id) == ["restore"]
    assert platform.register.for_case(answer.case_id or "") == ()
    ordered = [e for e in platform.audit.entries(answer.id) if e.action == Action.HOST_ORDERED]
    assert [entry.details["verb"] for entry in ordered] == ["restore"]


def test_a_reversal_restores_and_withdraws(platform: Platform) -> None:
    answer = upload(platform, LISTED)
    case_id = answer.case_id or ""
    decide(platform, case_id, ABUSIVE)
    with pytest.raises(Conflict):
        platform.casework.reverse(BORIS, case_id, 1, ABUSIVE)
    platform.casework.reverse(BORIS, case_id, 1, HARMLESS)
    assert verbs(platform, answer.id) == ["remove", "restore"]
    (referral,) = platform.register.for_case(case_id)
    assert referral.state is State.WITHDRAWN
    assert platform.audit.entries(case_id)[-1].action == Action.CASE_REVERSED
    with pytest.raises(Conflict):
        platform.referring.approve(ANNA, referral.id)
    platform.casework.reverse(BORIS, case_id, 1, ABUSIVE)
    assert [one.state for one in platform.register.for_case(case_id)] == [
        State.WITHDRAWN,
        State.DRAFTED,
    ]


def test_who_decides_must_hold_the_case_and_have_seen_all_of_it(platform: Platform) -> None:
    case_id = upload(platform, LISTED).case_id or ""
    lease = platform.queue.claim(ANNA, case_id)
    with pytest.raises(LeaseLost):
        platform.casework.decide(BORIS, case_id, lease.token, 1, ABUSIVE)
    upload(platform, LISTED, "post-2")
    with pytest.raises(Conflict):
        platform.casework.decide(ANNA, case_id, lease.token, 1, ABUSIVE)
    platform.casework.decide(ANNA, case_id, lease.token, 2, ABUSIVE)
    with pytest.raises(Conflict):
        platform.casework.decide(ANNA, case_id, lease.token, 2, ABUSIVE)
    with platform.database.reading() as connection:
        assert cases_on_record.load(connection, case_id).state == "decided"


def test_copies_of_a_trusted_list_are_decided_unseen_and_said_to_be(platform: Platform) -> None:
    case_id = upload(platform, LISTED).case_id or ""
    decide(platform, case_id, ABUSIVE)
    with platform.database.reading() as connection:
        (decision,) = decisions_on_record.of_case(connection, case_id)
    assert decision.viewed_at == Fidelity.FACTS
    assert platform.audit.entries(case_id)[-1].details["viewed_at"] == "facts"
    assert platform.viewing.of_case(case_id) == ()


def saw(platform: Platform, person: Actor, item: Verdicted, fidelity: Fidelity) -> None:
    grant = platform.viewing.grant(person, item.case_id or "", item.id, fidelity, "compare")
    platform.viewing.render(person, grant.id, "r-7")


def test_what_is_near_a_listed_file_needs_a_look(platform: Platform) -> None:
    """Alone, and beside exact copies in one case: the list says nothing of its own bytes."""
    near = upload(platform, near_copy())
    case_id = near.case_id or ""
    with pytest.raises(InvalidInput, match="only near"):
        decide(platform, case_id, ABUSIVE)
    lease = platform.queue.claim(ANNA, case_id)
    exact = upload(platform, LISTED, "post-2")
    assert exact.case_id == case_id
    # Neither edges, nor a look at the exact copy, nor another's look is one at the near file.
    saw(platform, ANNA, near, Fidelity.SKETCH)
    saw(platform, ANNA, exact, Fidelity.TINY)
    saw(platform, BORIS, near, Fidelity.COLOUR)
    with pytest.raises(InvalidInput, match="only near"):
        platform.casework.decide(ANNA, case_id, lease.token, 2, ABUSIVE)
    saw(platform, ANNA, near, Fidelity.TINY)
    platform.casework.decide(ANNA, case_id, lease.token, 2, ABUSIVE)
    (referral,) = platform.register.for_case(case_id)
    assert [file.viewed for file in referral.draft.files] == [True, False]
    with platform.database.reading() as connection:
        (decision,) = decisions_on_record.of_case(connection, case_id)
    assert decision.viewed_at == Fidelity.TINY


def test_a_look_at_one_of_its_likes_is_a_look(platform: Platform) -> None:
    near = upload(platform, near_copy())
    other = encoded(scene(1, 400, 300).resize((220, 165)), "PNG")
    assert upload(platform, other, "post-2").case_id == near.case_id
    saw(platform, ANNA, near, Fidelity.TINY)
    decide(platform, near.case_id, ABUSIVE, seen=2)


def test_a_look_does_not_mend_a_list_that_is_off(platform: Platform) -> None:
    near = upload(platform, near_copy())
    platform.lists.switch_off(ANNA, "known", "doubted")
    saw(platform, ANNA, near, Fidelity.TINY)
    with pytest.raises(InvalidInput, match="switched off"):
        decide(platform, near.case_id, ABUSIVE)


def test_viewed_is_said_of_the_files_that_were(platform: Platform) -> None:
    first, second = upload(platform, LISTED), upload(platform, near_copy(), "post-2")
    case_id = first.case_id or ""
    grant = platform.viewing.grant(ANNA, case_id, second.id, Fidelity.COLOUR, "compare")
    platform.viewing.render(ANNA, grant.id, "r-7")
    observed = Observed(
        age=Age.PUBESCENT, conduct=Conduct.LASCIVIOUS_EXHIBITION, said_by="reviewer"
    )
    decide(platform, case_id, Finding(Outcome.ABUSIVE, Grounds.VIEWED, observed), seen=2)
    (referral,) = platform.register.for_case(case_id)
    assert [file.viewed for file in referral.draft.files] == [False, True]
    assert {file.classification for file in referral.draft.files} == {"B2"}


def test_anothers_look_is_no_ground_to_decide(platform: Platform) -> None:
    answer = upload(platform, LISTED)
    case_id = answer.case_id or ""
    grant = platform.viewing.grant(BORIS, case_id, answer.id, Fidelity.COLOUR, "compare")
    platform.viewing.render(BORIS, grant.id, "r-7")
    with pytest.raises(InvalidInput):
        decide(platform, case_id, Finding(Outcome.ABUSIVE, Grounds.VIEWED))
    assert verbs(platform, answer.id) == []


def test_a_list_removed_acts_at_once_and_leaves_the_record(platform: Platform) -> None:
    held = upload(platform, LISTED)
    platform.lists.remove_list(ANNA, "known")
    assert not upload(platform, LISTED, "post-2").hold
    assert not upload(platform, OTHER, "post-3").hold
    with platform.database.reading() as connection:
        assert items_on_record.load(connection, held.id).matches[0].list_name == "known"


@pytest.fixture
def cautious(tmp_path: Path, database_url: str) -> Iterator[Platform]:
    """An instance that also queues what is too far for a match; its list has a quality."""
    with instance(tmp_path, database_url, matching={"radius": 10, "review_radius": 45}) as opened:
        shown = fingerprint(LISTED, DecodeLimits()).pictures[0]
        moved = (int(shown.pdq, 16) ^ ((1 << 40) - 1)).to_bytes(32, "big").hex()
        line = f"id,pdq,pdq_quality\nlisted,{moved},90\n"
        opened.lists.import_file(SHELL, "known", line.encode(), replace=True)
        yield opened


def test_what_is_possible_waits_for_a_person_and_is_not_held(cautious: Platform) -> None:
    answer = upload(cautious, LISTED)
    assert (answer.verdict, answer.hold) == (Verdict.POSSIBLE, False)
    case_id = answer.case_id or ""
    actions = [entry.action for entry in cautious.audit.entries(answer.id)]
    assert Action.ITEM_SCREENED in actions
    assert Action.ITEM_HELD not in actions
    (row,) = cautious.queue.waiting()
    assert (row.case.id, row.case.kind) == (case_id, CaseKind.POSSIBLE)
    decide(cautious, case_id, HARMLESS)
    assert verbs(cautious, answer.id) == []
    with cautious.database.reading() as connection:
        assert items_on_record.load(connection, answer.id).hold is HoldState.NONE


def test_what_is_possible_cannot_be_decided_unseen(cautious: Platform) -> None:
    answer = upload(cautious, LISTED)
    case_id = answer.case_id or ""
    with pytest.raises(InvalidInput):
        decide(cautious, case_id, ABUSIVE)
    grant = cautious.viewing.grant(ANNA, case_id, answer.id, Fidelity.COLOUR, "compare")
    cautious.viewing.render(ANNA, grant.id, "r-7")
    decide(cautious, case_id, Finding(Outcome.ABUSIVE, Grounds.VIEWED))
    assert verbs(cautious, answer.id) == ["remove"]
    cautious.casework.reverse(ANNA, case_id, 1, HARMLESS)
    assert verbs(cautious, answer.id) == ["remove", "restore"]


def test_what_is_possible_waits_behind_everything_held(cautious: Platform) -> None:
    maybe = upload(cautious, LISTED)
    broken = upload(cautious, BROKEN, "post-2")
    assert [row.case.id for row in cautious.queue.waiting()] == [broken.case_id, maybe.case_id]
