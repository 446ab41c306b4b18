"""Roles and what each may do: one table, denied unless listed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Permission(StrEnum):
    """Everything that can be allowed."""

    ITEM_SUBMIT = "item.submit"
    CASE_READ = "case.read"
    CASE_DECIDE = "case.decide"
    EVIDENCE_VIEW = "evidence.view"
    EVIDENCE_VIEW_FULL = "evidence.view_full"
    EVIDENCE_EXPORT = "evidence.export"
    EVIDENCE_DESTROY = "evidence.destroy"
    KEY_MANAGE = "key.manage"
    REFERRAL_APPROVE = "referral.approve"
    LIST_MANAGE = "list.manage"
    AUDIT_READ = "audit.read"
    ACCOUNT_MANAGE = "account.manage"
    PSEUDONYM_OPEN = "pseudonym.open"
    ALARM_HANDLE = "alarm.handle"
    METRICS_READ = "metrics.read"
    TEAM_OVERSEE = "team.oversee"


class Role(StrEnum):
    """What an account is for."""

    ADMINISTRATOR = "administrator"
    LEAD = "lead"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    INTAKE = "intake"
    MONITOR = "monitor"


_MAY: dict[Role, frozenset[Permission]] = {
    # Who runs the instance does not thereby look at evidence or decide about people.
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.ACCOUNT_MANAGE,
            Permission.LIST_MANAGE,
            Permission.AUDIT_READ,
            Permission.KEY_MANAGE,
            Permission.ALARM_HANDLE,
        }
    ),
    Role.LEAD: frozenset(
        {
            Permission.CASE_READ,
            Permission.CASE_DECIDE,
            Permission.EVIDENCE_VIEW,
            Permission.EVIDENCE_VIEW_FULL,
            Permission.EVIDENCE_EXPORT,
            Permission.EVIDENCE_DESTROY,
            Permission.REFERRAL_APPROVE,
            Permission.LIST_MANAGE,
            Permission.AUDIT_READ,
            Permission.PSEUDONYM_OPEN,
            Permission.ALARM_HANDLE,
            Permission.TEAM_OVERSEE,
        }
    ),
    Role.REVIEWER: frozenset(
        {
            Permission.CASE_READ,
            Permission.CASE_DECIDE,
            Permission.EVIDENCE_VIEW,
            Permission.REFERRAL_APPROVE,
        }
    ),
    Role.AUDITOR: frozenset({Permission.AUDIT_READ, Permission.PSEUDONYM_OPEN}),
    Role.INTAKE: frozenset({Permission.ITEM_SUBMIT}),
    Role.MONITOR: frozenset({Permission.METRICS_READ}),
}

OPERATOR = frozenset(
    {
        Permission.ACCOUNT_MANAGE,
        Permission.LIST_MANAGE,
        Permission.AUDIT_READ,
        Permission.CASE_READ,
        Permission.EVIDENCE_EXPORT,
        Permission.EVIDENCE_DESTROY,
        Permission.KEY_MANAGE,
        Permission.ALARM_HANDLE,
    }
)
"""What the shell of the machine may do where nobody has signed in. It is no person: it can ask
for a dangerous act and never confirm one."""


def permissions(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return everything that the roles together allow."""
    return frozenset().union(*(_MAY[role] for role in roles))
