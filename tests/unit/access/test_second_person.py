"""What one alone must not do needs another person, just for that, once, in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixed_clock import START

from tutela.access import set_up
from tutela.access.approvals import Approvals
from tutela.access.gate import OPERATOR_OF_THE_MACHINE, SHELL, Principal
from tutela.access.roles import Permission, Role, permissions
from tutela.access.second_person import Approval, Policy, State, Verb, objection
from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict, InvalidInput, NotFound, Refused, SecondPersonNeeded

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock
    from tests.unit.access.conftest import Access

    from tutela.audit.log import AuditLog

ANNA = Principal(Actor("person", "acc_anna"), permissions((Role.LEAD,)))
BORIS = Principal(Actor("person", "acc_boris"), permissions((Role.LEAD,)))
CARL = Principal(Actor("person", "acc_carl"), permissions((Role.REVIEWER,)))
MACHINE = Principal(Actor("machine", "acc_machine"), permissions((Role.LEAD,)))
WHY = "the court asked for it"


@pytest.fixture
def door(audit: AuditLog) -> Approvals:
    return Approvals(audit)


def asked(door: Approvals, caller: Principal = ANNA, terms: str = "key") -> Approval:
    return door.ask(caller, Verb.EXPORT, "evd_1", WHY, terms)


def test_another_person_confirms_and_it_can_be_done_once(audit: AuditLog, door: Approvals) -> None:
    one = asked(door)
    with pytest.raises(SecondPersonNeeded):
        door.spend(ANNA.actor, Verb.EXPORT, "evd_1", "key")
    door.confirm(BORIS, one.id)
    door.spend(ANNA.actor, Verb.EXPORT, "evd_1", "key")
    assert door.load(one.id).state is State.USED
    with pytest.raises(SecondPersonNeeded):
        door.spend(ANNA.actor, Verb.EXPORT, "evd_1", "key")
    said = [(entry.action, entry.actor) for entry in audit.entries(one.id)]
    assert said == [
        (Action.APPROVAL_ASKED, str(ANNA.actor)),
        (Action.APPROVAL_CONFIRMED, str(BORIS.actor)),
        (Action.APPROVAL_USED, str(ANNA.actor)),
    ]
    assert WHY not in str(audit.entries())


@pytest.mark.parametrize(
    ("actor", "verb", "subject", "terms"),
    [
        (BORIS.actor, Verb.EXPORT, "evd_1", "key"),
        (ANNA.actor, Verb.DESTROY, "evd_1", "key"),
        (ANNA.actor, Verb.EXPORT, "evd_2", "key"),
        (ANNA.actor, Verb.EXPORT, "evd_1", "another key"),
        (ANNA.actor, Verb.EXPORT, "evd_1", ""),
    ],
)
def test_an_approval_is_for_one_act_of_who_asked(
    door: Approvals, actor: Actor, verb: Verb, subject: str, terms: str
) -> None:
    one = asked(door)
    door.confirm(BORIS, one.id)
    with pytest.raises(SecondPersonNeeded):
        door.spend(actor, verb, subject, terms)
    assert door.load(one.id).state is State.CONFIRMED


@pytest.mark.parametrize("caller", [ANNA, CARL, MACHINE, OPERATOR_OF_THE_MACHINE])
@pytest.mark.parametrize("settle", ["confirm", "refuse"])
def test_who_asked_and_who_may_not_and_who_is_no_person_settle_nothing(
    audit: AuditLog, door: Approvals, caller: Principal, settle: str
) -> None:
    one = asked(door)
    with pytest.raises(Refused):
        getattr(door, settle)(caller, one.id)
    assert door.load(one.id).state is State.ASKED
    assert audit.entries()[-1].action == Action.ACCESS_REFUSED
    assert audit.entries()[-1].actor == str(caller.actor)


def test_the_shell_can_ask_and_a_person_confirms(door: Approvals) -> None:
    one = asked(door, OPERATOR_OF_THE_MACHINE)
    door.confirm(ANNA, one.id)
    door.spend(SHELL, Verb.EXPORT, "evd_1", "key")


def test_who_may_not_do_it_cannot_ask(door: Approvals) -> None:
    with pytest.raises(Refused):
        asked(door, CARL)
    assert door.newest() == ()


def test_what_was_refused_is_not_done_and_can_be_asked_again(door: Approvals) -> None:
    one = asked(door)
    with pytest.raises(Conflict):
        asked(door)
    door.refuse(BORIS, one.id)
    with pytest.raises(SecondPersonNeeded):
        door.spend(ANNA.actor, Verb.EXPORT, "evd_1", "key")
    with pytest.raises(Conflict):
        door.confirm(BORIS, one.id)
    assert asked(door).id != one.id


def test_an_approval_is_over_in_time(door: Approvals, clock: FixedClock) -> None:
    late, used_late = asked(door), asked(door, terms="other")
    clock.advance(24 * 3600 - 1)
    door.confirm(BORIS, used_late.id)
    clock.advance(1)
    with pytest.raises(Conflict):
        door.confirm(BORIS, late.id)
    with pytest.raises(SecondPersonNeeded):
        door.spend(ANNA.actor, Verb.EXPORT, "evd_1", "other")


def test_it_is_used_once_even_at_the_same_time(door: Approvals) -> None:
    one = asked(door)
    door.confirm(BORIS, one.id)

    def attempt(_number: int) -> bool:
        try:
            door.spend(ANNA.actor, Verb.EXPORT, "evd_1", "key")
        except SecondPersonNeeded:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_what_undoes_itself_leaves_the_approval_unused(audit: AuditLog, door: Approvals) -> None:
    one = asked(door)
    door.confirm(BORIS, one.id)
    with pytest.raises(RuntimeError), audit.change(ANNA.actor) as change:
        door.use(change, Verb.EXPORT, "evd_1", "key")
        raise RuntimeError
    door.spend(ANNA.actor, Verb.EXPORT, "evd_1", "key")
    assert door.load(one.id).state is State.USED


def test_what_the_policy_leaves_to_one_person_is_marked_as_such(audit: AuditLog) -> None:
    door = Approvals(audit, Policy(frozenset()))
    door.spend(ANNA.actor, Verb.EXPORT, "evd_1", "key")
    (entry,) = audit.entries()
    assert (entry.action, entry.details["why"]) == (Action.APPROVAL_WAIVED, "policy")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_reason_is_asked_for(door: Approvals, reason: str) -> None:
    with pytest.raises(InvalidInput):
        door.ask(ANNA, Verb.EXPORT, "evd_1", reason)


def test_nothing_is_confirmed_that_was_not_asked_for(door: Approvals) -> None:
    with pytest.raises(NotFound):
        door.confirm(BORIS, "apr_none")


def test_only_the_original_is_left_to_policy() -> None:
    assert set(Verb) - Policy().verbs == {Verb.VIEW_ORIGINAL}


@given(
    st.sampled_from(State),
    st.sampled_from(["person:a", "person:b", "machine:a", "system:shell"]),
    st.sampled_from([Actor("person", "a"), Actor("machine", "a"), SHELL]),
    st.integers(-2, 2),
)
def test_only_another_person_settles_what_waits(
    state: State, asked_by: str, by: Actor, seconds: int
) -> None:
    now = START
    until = now + timedelta(seconds=seconds)
    one = Approval("a", Verb.EXPORT, "s", "", "r", state, asked_by, now, until, None, None)
    free = objection(one, by, now) is None
    assert free == (
        by.kind == "person" and str(by) != asked_by and state is State.ASKED and seconds > 0
    )
    if free:
        assert replace(one, state=State.CONFIRMED).usable(now)


def manager(access: Access, name: str) -> Principal:
    account, _ = access.person(name, Role.ADMINISTRATOR)
    return Principal(account.actor, account.permissions)


def grant_confirmed(
    access: Access, asker: Principal, other: Principal, subject: str, role: Role
) -> None:
    one = access.approvals.ask(asker, Verb.ROLE_GRANT, subject, "a new colleague", role.value)
    access.approvals.confirm(other, one.id)
    access.accounts.grant(asker.actor, subject, role)


def test_set_up_closes_when_a_second_manager_enrols_and_roles_need_two_from_then(
    access: Access,
) -> None:
    first = manager(access, "anna")
    access.accounts.create(first.actor, "early", (Role.LEAD,))
    waived = [one for one in access.audit.entries() if one.action == Action.APPROVAL_WAIVED]
    assert {one.details["why"] for one in waived} == {set_up.WAIVED}
    second = manager(access, "boris")
    assert access.audit.entries()[-1].action == Action.SET_UP_CLOSED
    with pytest.raises(SecondPersonNeeded):
        access.accounts.create(first.actor, "late", (Role.REVIEWER,))
    late = access.accounts.create(first.actor, "late", ())
    assert (late.roles, late.permissions, late.actor.kind) == ((), frozenset(), "person")
    for actor in (first.actor, SHELL):
        with pytest.raises(SecondPersonNeeded):
            access.accounts.grant(actor, late.id, Role.LEAD)
    one = access.approvals.ask(first, Verb.ROLE_GRANT, late.id, "a colleague", "reviewer")
    access.approvals.confirm(second, one.id)
    with pytest.raises(SecondPersonNeeded):
        access.accounts.grant(first.actor, late.id, Role.LEAD)
    assert access.accounts.grant(first.actor, late.id, Role.REVIEWER).roles == (Role.REVIEWER,)


@pytest.mark.parametrize("how", ["disable", "revoke"])
def test_set_up_stays_closed_when_a_manager_leaves(access: Access, how: str) -> None:
    first, second = manager(access, "anna"), manager(access, "boris")
    if how == "disable":
        access.accounts.disable(first.actor, second.actor.id)
    else:
        access.accounts.revoke(first.actor, second.actor.id, Role.ADMINISTRATOR)
    with pytest.raises(SecondPersonNeeded):
        access.accounts.create(first.actor, "puppet", (Role.ADMINISTRATOR,))
    puppet = access.accounts.create(first.actor, "puppet", ())
    with pytest.raises(SecondPersonNeeded):
        access.accounts.grant(first.actor, puppet.id, Role.ADMINISTRATOR)


def test_a_manager_made_by_a_grant_closes_set_up(access: Access) -> None:
    first = manager(access, "anna")
    boris, _ = access.person("boris", Role.REVIEWER)
    access.accounts.grant(first.actor, boris.id, Role.ADMINISTRATOR)
    with pytest.raises(SecondPersonNeeded):
        access.accounts.grant(first.actor, boris.id, Role.LEAD)


def test_one_cannot_become_another_by_a_new_sign_in(access: Access) -> None:
    first, second = manager(access, "anna"), manager(access, "boris")
    with pytest.raises(SecondPersonNeeded):
        access.sign_ins.issue(first.actor, second.actor.id)
    one = access.approvals.ask(
        OPERATOR_OF_THE_MACHINE, Verb.SIGN_IN_RESET, second.actor.id, "lost the telephone"
    )
    access.approvals.confirm(first, one.id)
    assert access.sign_ins.issue(SHELL, second.actor.id).token
    with pytest.raises(SecondPersonNeeded):
        access.sign_ins.issue(SHELL, second.actor.id)


def test_taking_a_role_needs_nobody_else_and_works_at_once(access: Access) -> None:
    first, second = manager(access, "anna"), manager(access, "boris")
    lead = access.accounts.create(first.actor, "lead", ())
    grant_confirmed(access, first, second, lead.id, Role.LEAD)
    cookie = access.sessions.start(access.accounts.load(lead.id))
    access.accounts.revoke(second.actor, lead.id, Role.LEAD)
    assert Permission.CASE_READ not in access.sessions.find(cookie).account.permissions


def test_who_is_behind_a_pseudonym_is_learned_by_two(access: Access) -> None:
    anna, _ = access.person("anna", Role.REVIEWER)
    with pytest.raises(SecondPersonNeeded):
        access.accounts.behind(BORIS.actor, anna.pseudonym)
    one = access.approvals.ask(BORIS, Verb.PSEUDONYM, anna.pseudonym, "a complaint")
    access.approvals.confirm(ANNA, one.id)
    assert access.accounts.behind(BORIS.actor, anna.pseudonym) == "anna"
    last = access.audit.entries(anna.id)[-1]
    assert (last.action, last.actor) == (Action.PSEUDONYM_OPENED, str(BORIS.actor))
    with pytest.raises(SecondPersonNeeded):
        access.accounts.behind(BORIS.actor, anna.pseudonym)
    with pytest.raises(NotFound):
        access.accounts.behind(BORIS.actor, "r-none")
