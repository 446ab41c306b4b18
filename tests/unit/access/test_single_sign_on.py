"""Only what the provider soundly says lets somebody in, and they go when it no longer says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.authenticator import Authenticator
from tests.identity_provider import CLIENT, SECRET, provider
from tests.unit.access.conftest import SHELL

from tutela.access.gate import Principal
from tutela.access.passkeys import Passkeys, Site
from tutela.access.refusals import Refusal
from tutela.access.roles import Role
from tutela.access.sessions import Sessions
from tutela.access.single_sign_on import STARTED, SignOnTerms, SingleSignOn
from tutela.access.tokens import Tokens
from tutela.access.vouching import logged_out, vouched
from tutela.audit.entry import Action
from tutela.errors import Conflict, NotSignedIn, Refused, TutelaError
from tutela.exchange import http
from tutela.exchange.identity_provider import IdentityProvider
from tutela.simulators.identity_provider import IdentityProvider as Simulated
from tutela.simulators.identity_provider import Lie, Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.access.conftest import Access

    from tutela.access.accounts import Account

BACK = "https://tutela.example/console/sign-on/back"
ROLES = {"moderators": (Role.REVIEWER,), "bosses": (Role.LEAD, Role.ADMINISTRATOR)}


class Door:
    """A provider, and the sign-in that believes it."""

    def __init__(self, access: Access, simulated: Simulated) -> None:
        simulated.clock = lambda: access.clock().timestamp()
        self.access = access
        self.simulated = simulated
        self.outside = IdentityProvider(simulated.address, CLIENT, SECRET, access.clock)
        terms = SignOnTerms(ROLES, "groups", timedelta(minutes=5))
        made = (access.database, access.audit, access.accounts, self.outside, terms)
        self.on = SingleSignOn(*made, b"k" * 32, BACK, access.clock)
        self.sessions = Sessions(
            access.database, access.audit, access.accounts, access.clock, self.on.trusts
        )

    def browse(self) -> tuple[str, str, str]:
        """Go to the provider as a browser does; return what is kept, the state and the code."""
        address, kept = self.on.begin()
        answer = httpx.get(address, follow_redirects=False, trust_env=False)
        assert answer.headers["location"].startswith(BACK)
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        return kept, back["state"][0], back["code"][0]

    def sign_in(self, *groups: str) -> Account:
        self.simulated.person.groups = list(groups)
        return self.on.finish(*self.browse())


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulated]:
    with provider() as one:
        yield one


@pytest.fixture
def door(access: Access, simulated: Simulated) -> Door:
    simulated.lie = Lie.NONE
    simulated.person = Person("s-1", "anna", [])
    return Door(access, simulated)


def test_who_is_vouched_for_gets_the_roles_of_their_groups(door: Door) -> None:
    anna = door.sign_in("moderators", "others")
    assert (anna.roles, anna.actor.kind, anna.enrolled) == ((Role.REVIEWER,), "person", False)
    assert door.sign_in("moderators", "bosses").id == anna.id
    assert set(door.access.accounts.load(anna.id).roles) == {
        Role.REVIEWER,
        Role.LEAD,
        Role.ADMINISTRATOR,
    }
    actions = [one.action for one in door.access.audit.entries(anna.id)]
    assert actions[:3] == [Action.ACCOUNT_CREATED, Action.ACCOUNT_VOUCHED, Action.ROLES_CHANGED]


HONEST = {Lie.NONE, Lie.STALL, Lie.ELSEWHERE}


@pytest.mark.parametrize("lie", [one for one in Lie if one not in HONEST])
def test_no_lie_lets_anybody_in(door: Door, lie: Lie) -> None:
    door.simulated.lie = lie
    with pytest.raises(TutelaError):
        door.sign_in("bosses")
    assert door.access.accounts.all() == ()
    door.simulated.lie = Lie.NONE
    assert door.sign_in("bosses").roles


@pytest.mark.parametrize("lie", [one for one in Lie if one not in HONEST | {Lie.NONCE}], ids=str)
def test_no_lie_lengthens_a_session(door: Door, lie: Lie) -> None:
    anna = door.sign_in("moderators")
    cookie = door.sessions.start(anna)
    door.simulated.lie = lie
    for _ in range(3):
        door.access.clock.advance(301)
        door.on.watch()
    with pytest.raises(NotSignedIn):
        door.sessions.find(cookie)


def test_an_endpoint_elsewhere_is_not_called(door: Door) -> None:
    door.simulated.lie = Lie.ELSEWHERE
    with pytest.raises(TutelaError, match="elsewhere"):
        door.on.begin()


def test_a_stalling_provider_lets_nobody_in_and_ends_nobody_at_once(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = door.sign_in("moderators")
    cookie = door.sessions.start(anna)
    monkeypatch.setattr(http, "_TIMEOUT", httpx.Timeout(0.2))
    door.simulated.lie = Lie.STALL
    with pytest.raises(TutelaError, match="did not answer"):
        door.sign_in("moderators")
    door.access.clock.advance(301)
    door.on.watch()
    assert door.sessions.find(cookie).account.id == anna.id
    door.access.clock.advance(600)
    door.on.watch()
    with pytest.raises(NotSignedIn):
        door.sessions.find(cookie)


def test_who_left_is_out_within_minutes(door: Door) -> None:
    anna = door.sign_in("moderators")
    cookie = door.sessions.start(anna)
    door.simulated.person.here = False
    door.access.clock.advance(300)
    door.on.watch()
    with pytest.raises(NotSignedIn):
        door.sessions.find(cookie)
    assert door.access.accounts.load(anna.id).roles == ()
    said = [one.action for one in door.access.audit.entries(anna.id)]
    assert Action.ACCOUNT_UNVOUCHED in said


def test_a_group_that_was_left_takes_its_role_along(door: Door) -> None:
    anna = door.sign_in("moderators", "bosses")
    cookie = door.sessions.start(anna)
    door.simulated.person.groups = ["moderators"]
    door.access.clock.advance(300)
    door.on.watch()
    assert door.sessions.find(cookie).account.roles == (Role.REVIEWER,)
    door.simulated.person.groups = []
    door.access.clock.advance(300)
    door.on.watch()
    assert door.sessions.find(cookie).account.permissions == frozenset()


def test_who_stays_goes_on(door: Door) -> None:
    cookie = door.sessions.start(door.sign_in("moderators"))
    for _ in range(5):
        door.access.clock.advance(290)
        door.on.watch()
        assert door.sessions.find(cookie).account.roles


def test_two_workers_do_not_spend_one_renewal_twice(door: Door) -> None:
    cookie = door.sessions.start(door.sign_in("moderators"))
    door.access.clock.advance(300)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _number: door.on.watch(), range(4)))
    assert door.sessions.find(cookie).account.roles


def test_without_a_mapped_group_nobody_comes_in(door: Door) -> None:
    with pytest.raises(Refused):
        door.sign_in("others")


def test_a_code_and_a_beginning_work_once_and_together(door: Door) -> None:
    kept, state, code = door.browse()
    other, _, other_code = door.browse()
    door.simulated.person.groups = ["moderators"]
    for wrong in ((kept, "another state", code), (other, state, code), ("", state, code)):
        with pytest.raises(NotSignedIn):
            door.on.finish(*wrong)
    with pytest.raises(NotSignedIn):
        # Its verifier belongs to another code (PKCE).
        door.on.finish(kept, state, other_code)
    assert door.on.finish(kept, state, code).roles
    with pytest.raises(NotSignedIn):
        door.on.finish(kept, state, code)


def test_a_beginning_is_over_in_time(door: Door) -> None:
    begun = door.browse()
    door.access.clock.advance(STARTED.total_seconds())
    with pytest.raises(NotSignedIn):
        door.on.finish(*begun)


def test_a_new_key_is_fetched_and_unknown_ones_do_not_make_us_hammer(door: Door) -> None:
    door.sign_in("moderators")
    door.simulated.rotate()
    door.access.clock.advance(31)
    assert door.sign_in("moderators").roles
    door.simulated.lie = Lie.UNKNOWN_KEY
    door.simulated.calls.clear()
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            door.sign_in("moderators")
    assert door.simulated.calls.count("keys") == 0


def test_no_local_account_is_taken_over_by_its_name(door: Door) -> None:
    local, _ = door.access.person("anna", Role.LEAD)
    came = door.sign_in("moderators")
    assert came.id != local.id
    assert door.access.accounts.load(local.id).roles == (Role.LEAD,)


def test_nothing_but_the_provider_proves_such_an_account(door: Door) -> None:
    anna = door.sign_in("moderators")
    with pytest.raises(Conflict):
        door.access.sign_ins.issue(SHELL, anna.id)
    with pytest.raises(Conflict):
        door.access.accounts.grant(SHELL, anna.id, Role.LEAD)
    cookie = door.sessions.start(anna)
    with pytest.raises(NotSignedIn):
        # An instance without the provider does not believe in it either.
        door.access.sessions.find(cookie)


def test_a_token_does_not_outlive_the_providers_word(door: Door) -> None:
    anna = door.sign_in("moderators")
    made = (door.access.database, door.access.audit, door.access.accounts, door.access.clock)
    tokens = Tokens(*made, door.on.trusts)
    own = tokens.issue(Principal(anna.actor, anna.permissions), anna.id, "mine")
    assert tokens.authenticate(own.token).permissions
    door.access.clock.advance(900)
    with pytest.raises(NotSignedIn, match="not heard of"):
        tokens.authenticate(own.token)
    refused = door.access.audit.entries(own.id)[-1]
    assert (refused.actor, refused.action) == ("system:door", Action.CALLERS_REFUSED)
    assert refused.details["kind"] == Refusal.TOKEN_UNVOUCHED


def test_a_passkey_of_ones_own_would_outlive_the_providers_word(door: Door) -> None:
    anna = door.sign_in("moderators")
    made = (door.access.database, door.access.audit, door.access.accounts)
    keys = Passkeys(*made, b"k" * 32, Site("t.example", "https://t.example"), door.access.clock)
    key = Authenticator("https://t.example", "t.example")
    with pytest.raises(Conflict):
        keys.add(anna, "here", key.make(keys.offer(anna, "here")), "mine")


def test_a_disabled_person_stays_out(door: Door) -> None:
    anna = door.sign_in("moderators")
    door.access.accounts.disable(SHELL, anna.id)
    with pytest.raises(Refused):
        door.sign_in("moderators")


def test_people_are_told_apart_by_subject(door: Door) -> None:
    first = door.sign_in("moderators")
    door.simulated.person = replace(door.simulated.person, subject="s-2")
    assert door.sign_in("moderators").id != first.id


LOGOUT_LIES = [
    Lie.NONCE,
    Lie.AUDIENCE,
    Lie.AUTHORISED_PARTY,
    Lie.EXPIRED,
    Lie.FROM_THE_FUTURE,
    Lie.ALGORITHM_NONE,
    Lie.HMAC_WITH_PUBLIC_KEY,
    Lie.ISSUER,
    Lie.UNKNOWN_KEY,
    Lie.OTHER_KEY,
    Lie.ALTERED,
    Lie.NO_SUBJECT,
]
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def test_who_is_logged_out_at_the_provider_is_out_here_at_once(door: Door) -> None:
    anna = door.sign_in("moderators")
    cookies = [door.sessions.start(anna) for _ in range(2)]
    tokens = Tokens(
        door.access.database,
        door.access.audit,
        door.access.accounts,
        door.access.clock,
        door.on.trusts,
    )
    issued = tokens.issue(Principal(anna.actor, anna.permissions), anna.id, "a script")
    door.on.log_out(door.simulated.logout_token(door.simulated.person))
    for cookie in cookies:
        with pytest.raises(NotSignedIn):
            door.sessions.find(cookie)
    with pytest.raises(NotSignedIn):
        tokens.authenticate(issued.token)
    (entry,) = [
        one for one in door.access.audit.entries(anna.id) if one.action == Action.ACCOUNT_LOGGED_OUT
    ]
    assert entry.details == {"sessions": 2}
    # Signing in anew is all that it takes.
    again = door.sessions.start(door.sign_in("moderators"))
    assert door.sessions.find(again).account.id == anna.id


def test_nobody_else_is_logged_out(door: Door) -> None:
    anna = door.sign_in("moderators")
    cookie = door.sessions.start(anna)
    door.on.log_out(door.simulated.logout_token(Person("s-2", "somebody", [])))
    assert door.sessions.find(cookie).csrf


def test_a_logout_token_sent_again_ends_no_later_session(door: Door) -> None:
    anna = door.sign_in("moderators")
    door.sessions.start(anna)
    token = door.simulated.logout_token(door.simulated.person)
    door.on.log_out(token)
    door.access.clock.advance(90)
    later = door.sessions.start(door.sign_in("moderators"))
    door.on.log_out(token)
    assert door.sessions.find(later).csrf


@pytest.mark.parametrize("lie", LOGOUT_LIES)
def test_no_lie_logs_anybody_out(door: Door, lie: Lie) -> None:
    cookie = door.sessions.start(door.sign_in("moderators"))
    door.simulated.lie = lie
    token = door.simulated.logout_token(door.simulated.person)
    door.simulated.lie = Lie.NONE
    with pytest.raises(NotSignedIn):
        door.on.log_out(token)
    assert door.sessions.find(cookie).csrf
    (refused,) = [
        one for one in door.access.audit.entries() if one.action == Action.SIGN_IN_REFUSED
    ]
    assert refused.subject == "unknown"


@pytest.mark.parametrize(
    "other",
    [
        {"events": None},
        {"events": []},
        {"events": {EVENT: "yes"}},
        {"events": {"http://other.example/event": {}}},
        {"jti": None},
        {"jti": ""},
        {"exp": None},
        {"iat": None},
        {"sub": None, "sid": "of a session"},
        {"nonce": ""},
    ],
)
def test_what_is_not_quite_a_logout_token_does_nothing(
    door: Door, other: dict[str, object]
) -> None:
    cookie = door.sessions.start(door.sign_in("moderators"))
    with pytest.raises(NotSignedIn):
        door.on.log_out(door.simulated.logout_token(door.simulated.person, **other))
    assert door.sessions.find(cookie).csrf


def test_an_old_logout_token_does_nothing(door: Door) -> None:
    cookie = door.sessions.start(door.sign_in("moderators"))
    now = int(door.access.clock().timestamp())
    stale = door.simulated.logout_token(door.simulated.person, iat=now - 700, exp=now + 700)
    with pytest.raises(NotSignedIn):
        door.on.log_out(stale)
    assert door.sessions.find(cookie).csrf


def test_the_two_kinds_of_token_do_not_stand_in_for_each_other(door: Door) -> None:
    door.sign_in("moderators")
    keys = door.outside.keys(anew=False)
    asked: dict[str, Any] = {
        "issuer": door.simulated.address,
        "client_id": CLIENT,
        "now": door.access.clock(),
    }
    signs_in = door.simulated._signed(door.simulated._claims(door.simulated.person, None))
    logs_out = door.simulated.logout_token(door.simulated.person)
    assert vouched(signs_in, keys, nonce=None, groups_claim="groups", **asked).subject == "s-1"
    assert logged_out(logs_out, keys, **asked).subject == "s-1"
    with pytest.raises(NotSignedIn):
        vouched(logs_out, keys, nonce=None, groups_claim="groups", **asked)
    with pytest.raises(NotSignedIn):
        logged_out(signs_in, keys, **asked)
