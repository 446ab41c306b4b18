"""Who may run which command: one table, denied unless listed, asked before any command runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tutela.access.gate import require
from tutela.access.roles import Permission
from tutela.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.audit.log import AuditLog
    from tutela.cli.session import Session

ANYBODY = None
"""It reads files of whoever runs it, or makes and runs the instance; no case, no evidence."""

NEEDS: dict[tuple[str, ...], Permission | None] = {
    ("accounts", "create"): Permission.ACCOUNT_MANAGE,
    ("accounts", "disable"): Permission.ACCOUNT_MANAGE,
    ("accounts", "enable"): Permission.ACCOUNT_MANAGE,
    ("accounts", "end-sessions"): Permission.ACCOUNT_MANAGE,
    ("accounts", "grant"): Permission.ACCOUNT_MANAGE,
    ("accounts", "list"): Permission.ACCOUNT_MANAGE,
    ("accounts", "revoke"): Permission.ACCOUNT_MANAGE,
    ("accounts", "sign-in"): Permission.ACCOUNT_MANAGE,
    ("accounts", "who"): Permission.PSEUDONYM_OPEN,
    ("alarms", "acknowledge"): Permission.ALARM_HANDLE,
    ("alarms", "check"): Permission.ALARM_HANDLE,
    ("alarms", "list"): Permission.ALARM_HANDLE,
    # What each act needs is asked for with the act: access.approvals.
    ("approvals", "ask"): ANYBODY,
    ("approvals", "confirm"): ANYBODY,
    ("approvals", "list"): ANYBODY,
    ("approvals", "refuse"): ANYBODY,
    ("audit", "checker"): ANYBODY,
    ("audit", "checkpoint"): Permission.AUDIT_READ,
    ("audit", "key"): Permission.AUDIT_READ,
    ("audit", "prove"): Permission.AUDIT_READ,
    ("audit", "show"): Permission.AUDIT_READ,
    ("audit", "verify"): Permission.AUDIT_READ,
    ("cases", "list"): Permission.CASE_READ,
    ("cases", "show"): Permission.CASE_READ,
    ("demo",): ANYBODY,
    ("evidence", "check"): ANYBODY,
    ("evidence", "clocks"): Permission.CASE_READ,
    ("evidence", "destroy"): Permission.EVIDENCE_DESTROY,
    ("evidence", "destroyed"): Permission.CASE_READ,
    ("evidence", "export"): Permission.EVIDENCE_EXPORT,
    ("evidence", "hold"): Permission.EVIDENCE_DESTROY,
    ("evidence", "holds"): Permission.CASE_READ,
    ("evidence", "verifier"): ANYBODY,
    ("evidence", "release"): Permission.EVIDENCE_DESTROY,
    ("golden", "add"): Permission.TEAM_OVERSEE,
    ("golden", "remove"): Permission.TEAM_OVERSEE,
    ("golden", "show"): Permission.TEAM_OVERSEE,
    ("hash",): ANYBODY,
    ("init",): ANYBODY,
    ("lists", "accept"): Permission.LIST_MANAGE,
    ("keys", "list"): Permission.KEY_MANAGE,
    ("keys", "lock"): Permission.KEY_MANAGE,
    ("keys", "restore"): Permission.KEY_MANAGE,
    ("keys", "retire"): Permission.KEY_MANAGE,
    ("keys", "rewrap"): Permission.KEY_MANAGE,
    ("keys", "rotate"): Permission.KEY_MANAGE,
    ("keys", "split"): Permission.KEY_MANAGE,
    ("lists", "build"): Permission.LIST_MANAGE,
    ("lists", "import"): Permission.LIST_MANAGE,
    ("lists", "off"): Permission.LIST_MANAGE,
    ("lists", "on"): Permission.LIST_MANAGE,
    ("lists", "pending"): Permission.LIST_MANAGE,
    ("lists", "reference", "add"): Permission.LIST_MANAGE,
    ("lists", "reference", "remove"): Permission.LIST_MANAGE,
    ("lists", "reference", "show"): Permission.LIST_MANAGE,
    ("lists", "refuse"): Permission.LIST_MANAGE,
    ("lists", "remove"): Permission.LIST_MANAGE,
    ("lists", "show"): Permission.LIST_MANAGE,
    ("lists", "trust"): Permission.LIST_MANAGE,
    ("obligations", "list"): ANYBODY,
    ("obligations", "owed"): ANYBODY,
    ("preservation", "list"): Permission.CASE_READ,
    ("preservation", "request"): Permission.CASE_DECIDE,
    ("referrals", "answered"): Permission.REFERRAL_APPROVE,
    ("referrals", "approve"): Permission.REFERRAL_APPROVE,
    ("referrals", "ask"): Permission.CASE_DECIDE,
    ("referrals", "check"): ANYBODY,
    ("referrals", "due"): Permission.CASE_READ,
    ("referrals", "export"): Permission.REFERRAL_APPROVE,
    ("referrals", "follow"): Permission.CASE_DECIDE,
    ("referrals", "letters"): Permission.REFERRAL_APPROVE,
    ("referrals", "list"): Permission.CASE_READ,
    ("referrals", "submitted"): Permission.REFERRAL_APPROVE,
    ("referrals", "verify"): Permission.CASE_READ,
    ("practice",): ANYBODY,
    ("rehearse",): ANYBODY,
    ("settings",): Permission.ACCOUNT_MANAGE,
    ("scan",): ANYBODY,
    ("serve",): ANYBODY,
    ("sign-in",): ANYBODY,
    ("sign-out",): ANYBODY,
    ("tokens", "issue"): ANYBODY,
    ("tokens", "list"): ANYBODY,
    ("tokens", "revoke"): ANYBODY,
    ("upgrade",): ANYBODY,
}


def leaves(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command of a command line with the words that call it."""
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from leaves(command, (*words, name))
        else:
            yield (*words, name), command


def guarded(root: Any) -> Any:
    """Return the command line with the table before each of its commands."""
    for words, command in leaves(root):
        _guard(command, words)
    return root


def _guard(command: Any, words: tuple[str, ...]) -> None:
    plain = command.invoke

    def invoke(context: Any) -> Any:
        context.obj = admit(context.obj, words)
        return plain(context)

    command.invoke = invoke


def admit(session: Session, words: tuple[str, ...]) -> Session:
    """Return the session with who acts in it. Raises `Refused`, recorded, and `NotSignedIn`."""
    acting = session.proven() if words in NEEDS else session
    return checked(acting, words)


def checked(acting: Session, words: tuple[str, ...], audit: AuditLog | None = None) -> Session:
    """Return the session, or raise `Refused`, recorded, where the table does not let it in."""
    if words not in NEEDS:
        raise Refused(
            "This command is not in the table of who may run what.",
            "This is a defect in Tutela: please report it.",
        )
    need = NEEDS[words]
    if need is None or need in acting.caller.permissions:
        return acting
    if audit is not None:
        require(audit, acting.caller, need)
    with acting.platform() as platform:
        require(platform.audit, acting.caller, need)
    return acting
