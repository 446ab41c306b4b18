"""One table says what roles may do; what it does not name is denied."""

from __future__ import annotations

import pytest

from tutela.access.roles import Permission, Role, permissions


@pytest.mark.parametrize("role", list(Role))
def test_every_role_is_in_the_table_and_none_may_everything(role: Role) -> None:
    assert permissions((role,)) < set(Permission)
    assert permissions((role,))


def test_no_role_allows_nothing() -> None:
    assert permissions(()) == frozenset()


def test_who_makes_accounts_sees_and_decides_nothing() -> None:
    may = permissions((Role.ADMINISTRATOR,))
    assert Permission.ACCOUNT_MANAGE in may
    assert not may & {
        Permission.CASE_READ,
        Permission.CASE_DECIDE,
        Permission.EVIDENCE_VIEW,
        Permission.EVIDENCE_VIEW_FULL,
        Permission.REFERRAL_APPROVE,
    }


def test_only_leads_see_originals() -> None:
    full = Permission.EVIDENCE_VIEW_FULL
    assert [role for role in Role if full in permissions((role,))] == [Role.LEAD]


def test_an_intake_token_submits_and_no_more() -> None:
    assert permissions((Role.INTAKE,)) == {Permission.ITEM_SUBMIT}
