"""Accounts and roles: who works here and which machines, for who manages them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission, Role
from tutela.access.roster import members
from tutela.access.second_person import Verb
from tutela.console.freshness import is_fresh, require_fresh
from tutela.console.pages import HOME, back
from tutela.errors import Conflict, InvalidInput, NotFound, SecondPersonNeeded

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.access.accounts import Account
    from tutela.console.pages import Asker, Pages
    from tutela.errors import TutelaError

_ACCOUNTS, _APPROVALS = f"{HOME}accounts", f"{HOME}approvals"
_KINDS = ("person", "machine")


@dataclass(frozen=True, slots=True)
class Handed:
    """A one-time sign-in to hand to one person, shown once."""

    name: str
    address: str
    until: datetime


Done = Handed | str
"""What an act leads to: something to hand over, or another page."""


class RosterPages:
    """The page of accounts. Forms name an account by its name: ids stand beside pseudonyms."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def all(self, request: Request) -> Response:
        """Show accounts, and the tokens of machines."""
        return await self._page(await self._pages.asker(request, Permission.ACCOUNT_MANAGE))

    async def add(self, request: Request) -> Response:
        """Make an account; for a person also a one-time sign-in."""
        return await self._done(request, self._added, gives=True)

    async def grant(self, request: Request) -> Response:
        """Give a role, or ask another person to confirm it."""
        return await self._done(request, self._granted, gives=True)

    async def revoke(self, request: Request) -> Response:
        """Take a role."""
        return await self._done(request, self._revoked, gives=False)

    async def sign_in(self, request: Request) -> Response:
        """Give a one-time sign-in, which replaces what proves a person, or ask for it."""
        return await self._done(request, self._let_in, gives=True)

    async def end(self, request: Request) -> Response:
        """End all sessions of an account."""
        return await self._done(request, self._ended, gives=False)

    async def disable(self, request: Request) -> Response:
        """Take every right from an account."""
        return await self._done(request, self._disabled, gives=False)

    async def enable(self, request: Request) -> Response:
        """Give a disabled account back what it had, or ask for it."""
        return await self._done(request, self._enabled, gives=True)

    async def revoke_token(self, request: Request) -> Response:
        """End a token."""
        token = request.path_params["token"]

        def act(asker: Asker) -> Done:
            self._platform.tokens.revoke(asker.principal, token)
            return _ACCOUNTS

        return await self._done(request, act, gives=False)

    def _added(self, asker: Asker) -> Done:
        kind, role = asker.field("kind"), asker.fields.get("role", "")
        if kind not in _KINDS:
            raise InvalidInput("An account is a person's or a machine's.", "Choose one.")
        roles = (_role(role),) if role else ()
        name = asker.field("name")
        if kind == "machine":
            self._platform.accounts.create(asker.actor, name, roles, "machine")
            return _ACCOUNTS
        made = self._platform.accounts.create(asker.actor, name, roles, "person")
        return self._issued(asker, made)

    def _granted(self, asker: Asker) -> Done:
        account, role = self._named(asker), _role(asker.field("role"))
        if _only_asks(asker):
            return self._asked(asker, Verb.ROLE_GRANT, account, role.value)
        self._platform.accounts.grant(asker.actor, account.id, role)
        return _ACCOUNTS

    def _revoked(self, asker: Asker) -> Done:
        account = self._named(asker)
        self._platform.accounts.revoke(asker.actor, account.id, _role(asker.field("role")))
        return _ACCOUNTS

    def _let_in(self, asker: Asker) -> Done:
        account = self._named(asker)
        if _only_asks(asker):
            return self._asked(asker, Verb.SIGN_IN_RESET, account)
        return self._issued(asker, account)

    def _ended(self, asker: Asker) -> Done:
        self._platform.sessions.end_all(asker.actor, self._named(asker).id)
        return _ACCOUNTS

    def _disabled(self, asker: Asker) -> Done:
        self._platform.accounts.disable(asker.actor, self._named(asker).id)
        return _ACCOUNTS

    def _enabled(self, asker: Asker) -> Done:
        account = self._named(asker)
        if _only_asks(asker):
            return self._asked(asker, Verb.ROLE_GRANT, account, account.terms)
        self._platform.accounts.enable(asker.actor, account.id)
        return _ACCOUNTS

    def _issued(self, asker: Asker, account: Account) -> Handed:
        issued = self._platform.sign_ins.issue(asker.actor, account.id)
        address = f"{self._platform.settings.address}{HOME}one-time/{issued.token}"
        return Handed(account.name, address, issued.until)

    def _asked(self, asker: Asker, verb: Verb, account: Account, terms: str = "") -> str:
        why = asker.fields.get("reason", "")
        self._platform.approvals.ask(asker.principal, verb, account.id, why, terms)
        return _APPROVALS

    def _named(self, asker: Asker) -> Account:
        return self._platform.accounts.named(asker.field("name"))

    async def _done(
        self, request: Request, act: Callable[[Asker], Done], *, gives: bool
    ) -> Response:
        """Do an act. What gives somebody a way in or a right needs a fresh sign-in."""
        asker = await self._pages.asker(request, Permission.ACCOUNT_MANAGE)
        if gives:
            require_fresh(asker, self._platform.clock())
        try:
            done = await run_in_threadpool(act, asker)
        except (InvalidInput, Conflict, NotFound, SecondPersonNeeded) as problem:
            return await self._page(asker, problem=problem)
        return back(done) if isinstance(done, str) else await self._page(asker, handed=done)

    async def _page(
        self, asker: Asker, *, problem: TutelaError | None = None, handed: Handed | None = None
    ) -> Response:
        platform = self._platform
        now = platform.clock()
        found = await run_in_threadpool(members, platform.database, platform.accounts, now)
        tokens = await run_in_threadpool(platform.tokens.visible, asker.principal)
        machines = {one.account.id: one.account for one in found if one.account.kind == "machine"}
        return self._pages.page(
            "accounts.html",
            asker,
            problem.http_status if problem else 200,
            problem=problem,
            handed=handed,
            changes=is_fresh(asker, now),
            members=found,
            # People's own tokens last a working day and are theirs to see.
            tokens=[
                (one, machines[one.account_id].name, not one.revoked and now < one.until)
                for one in tokens
                if one.account_id in machines
            ],
            roles=tuple(Role),
        )


def _role(said: str) -> Role:
    try:
        return Role(said)
    except ValueError:
        raise InvalidInput("There is no such role.", f"Use one of: {', '.join(Role)}.") from None


def _only_asks(asker: Asker) -> bool:
    return asker.fields.get("act") == "ask"
