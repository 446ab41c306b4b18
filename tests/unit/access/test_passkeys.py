"""A passkey signs in its holder, on this site, in this browser, once for each asking."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.authenticator import Authenticator, data, text
from tests.unit.access.conftest import PASSWORD, SHELL

from tutela.access import challenge
from tutela.access.passkeys import Passkeys, Site
from tutela.audit.entry import Action
from tutela.errors import Conflict, InvalidInput, NotFound, NotSignedIn

if TYPE_CHECKING:
    from tests.unit.access.conftest import Access

    from tutela.access.accounts import Account

ORIGIN, SITE = "https://tutela.example", "tutela.example"
HERE, THERE = "this browser", "another browser"


@pytest.fixture
def door(access: Access) -> Passkeys:
    made = (access.database, access.audit, access.accounts)
    return Passkeys(*made, b"k" * 32, Site(SITE, ORIGIN), access.clock)


@pytest.fixture
def anna(access: Access) -> Account:
    return access.person()[0]


def added(door: Passkeys, account: Account, key: Authenticator | None = None) -> Authenticator:
    key = key or Authenticator(ORIGIN, SITE)
    door.add(account, HERE, key.make(door.offer(account, HERE)), "a device")
    return key


def test_a_passkey_signs_in_alone(access: Access, door: Passkeys, anna: Account) -> None:
    key = added(door, anna)
    assert door.authenticate(HERE, key.show(door.ask(HERE))).id == anna.id
    (kept,) = door.of(anna.id)
    assert (kept.note, kept.last_used_at) == ("a device", access.clock())
    assert access.audit.entries(anna.id)[-1].action == Action.PASSKEY_ADDED


@pytest.mark.parametrize("lie", ["origin", "site", "verifies", "key", "credential"])
def test_a_lying_authenticator_is_refused(
    access: Access, door: Passkeys, anna: Account, lie: str
) -> None:
    key = added(door, anna)
    other = Authenticator("https://tutela.example.evil.test", "evil.test", verifies=False)
    lying = replace(key)
    setattr(lying, lie, getattr(other, lie))
    with pytest.raises(NotSignedIn):
        door.authenticate(HERE, lying.show(door.ask(HERE)))
    assert access.audit.entries()[-1].action == Action.SIGN_IN_REFUSED
    key.uses += 1
    assert door.authenticate(HERE, key.show(door.ask(HERE))).id == anna.id


@pytest.mark.parametrize("lie", ["origin", "site", "verifies"])
def test_a_lying_authenticator_is_not_added(door: Passkeys, anna: Account, lie: str) -> None:
    key = Authenticator(ORIGIN, SITE)
    if lie == "verifies":
        key.verifies = False
    else:
        setattr(key, lie, "https://evil.test" if lie == "origin" else "evil.test")
    with pytest.raises(InvalidInput):
        added(door, anna, key)
    assert door.of(anna.id) == ()


def test_an_answer_works_once(door: Passkeys, anna: Account) -> None:
    key = added(door, anna)
    answer = key.show(door.ask(HERE))
    door.authenticate(HERE, answer)
    with pytest.raises(NotSignedIn):
        door.authenticate(HERE, answer)


def test_an_answer_belongs_to_its_browser_and_its_purpose(door: Passkeys, anna: Account) -> None:
    key = added(door, anna)
    with pytest.raises(NotSignedIn):
        door.authenticate(THERE, key.show(door.ask(HERE)))
    with pytest.raises(NotSignedIn):
        door.authenticate(HERE, key.show(door.offer(anna, HERE)))
    with pytest.raises(NotSignedIn):
        door.add(anna, HERE, key.make(door.ask(HERE)), "again")


def test_an_answer_is_over_in_time(access: Access, door: Passkeys, anna: Account) -> None:
    key = added(door, anna)
    in_time, late = key.show(door.ask(HERE)), key.show(door.ask(HERE))
    access.clock.advance(challenge.VALID.total_seconds() - 1)
    door.authenticate(HERE, in_time)
    access.clock.advance(1)
    with pytest.raises(NotSignedIn):
        door.authenticate(HERE, late)


def test_a_copy_of_the_key_is_noticed_by_its_count(door: Passkeys, anna: Account) -> None:
    key = added(door, anna)
    copy = replace(key)
    for _ in range(2):
        door.authenticate(HERE, key.show(door.ask(HERE)))
    with pytest.raises(NotSignedIn):
        door.authenticate(HERE, copy.show(door.ask(HERE)))


def test_a_challenge_of_ones_own_making_is_refused(door: Passkeys, anna: Account) -> None:
    key = added(door, anna)
    options = json.loads(door.ask(HERE))
    real = data(options["challenge"])
    for forged in (b"", b"x" * 56, real[:-1], real + b"x", bytes([real[0] ^ 1]) + real[1:]):
        with pytest.raises(NotSignedIn):
            door.authenticate(HERE, key.show(json.dumps({"challenge": text(forged)})))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"response": 1}',
        "x" * 40_000,
        '{"response": {"clientDataJSON": "é"}}',
    ],
)
def test_what_is_no_answer_is_refused(door: Passkeys, answer: str) -> None:
    with pytest.raises(NotSignedIn):
        door.authenticate(HERE, answer)


def test_a_removed_passkey_and_a_disabled_persons_do_not_sign_in(
    access: Access, door: Passkeys, anna: Account
) -> None:
    first = added(door, anna)
    access.clock.advance(1)
    second = added(door, anna)
    door.remove(anna, door.of(anna.id)[0].id)
    with pytest.raises(NotSignedIn):
        door.authenticate(HERE, first.show(door.ask(HERE)))
    access.accounts.disable(SHELL, anna.id)
    with pytest.raises(NotSignedIn):
        door.authenticate(HERE, second.show(door.ask(HERE)))


def test_nobody_takes_anothers_passkey(access: Access, door: Passkeys, anna: Account) -> None:
    key = added(door, anna)
    boris, _ = access.person("boris")
    with pytest.raises(NotFound):
        door.remove(boris, door.of(anna.id)[0].id)
    with pytest.raises(Conflict):
        added(door, boris, key)


def test_enrolling_anew_ends_passkeys(access: Access, door: Passkeys, anna: Account) -> None:
    key = added(door, anna)
    word = access.sign_ins.issue(SHELL, anna.id).token
    access.sign_ins.enrol(word, PASSWORD, access.authenticator(word).at(access.clock()))
    with pytest.raises(NotSignedIn):
        door.authenticate(HERE, key.show(door.ask(HERE)))


@pytest.mark.parametrize(
    ("name", "origin", "usable"),
    [
        ("tutela.example", "https://tutela.example", True),
        ("tutela.example", "http://tutela.example", False),
        ("localhost", "http://localhost:8420", True),
        ("127.0.0.1", "http://127.0.0.1:8420", False),
        ("::1", "https://[::1]", False),
    ],
)
def test_passkeys_are_offered_where_browsers_allow_them(
    name: str, origin: str, usable: bool
) -> None:
    assert Site(name, origin).usable is usable
