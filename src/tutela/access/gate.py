"""The one place where a permission is asked for, whatever the surface: denied unless held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.access.roles import OPERATOR
from tutela.audit.entry import Action, Actor
from tutela.errors import Refused

if TYPE_CHECKING:
    from tutela.access.roles import Permission
    from tutela.audit.log import AuditLog

SHELL = Actor("system", "shell")
"""Who acts from a shell of the machine: whoever can read the home's keys."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, and what they may do."""

    actor: Actor
    permissions: frozenset[Permission]


OPERATOR_OF_THE_MACHINE = Principal(SHELL, OPERATOR)


def require(audit: AuditLog, caller: Principal, permission: Permission) -> None:
    """Raise `Refused`, recorded, unless the caller holds the permission."""
    if permission in caller.permissions:
        return
    actor = caller.actor
    audit.note(actor, Action.ACCESS_REFUSED, actor.id, permission=permission.value)
    raise Refused(
        f"What you may do here does not allow this ({permission.value}).",
        "Ask somebody whose role does; docs/reference/access.md says which.",
    )
