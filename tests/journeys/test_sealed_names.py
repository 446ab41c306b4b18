"""Who somebody is rests nowhere in plain: people work, and then all that is kept is searched."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import httpx
import pyotp
import sqlalchemy as sa
from tests.authenticator import Authenticator
from tests.console_home import Home
from tests.identity_provider import CLIENT, SECRET, provider
from tests.instance import LISTED, instance
from tests.unit.console.conftest import Browser

from tutela.access.gate import SHELL, Principal
from tutela.access.roles import Role
from tutela.access.second_person import Verb
from tutela.audit.entry import Actor
from tutela.cases.viewing import Fidelity
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.platform.intake import Submission
from tutela.simulators.identity_provider import Person
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tutela.access.accounts import Account
    from tutela.bootstrap import Platform

NAME, ELSEWHERE, SUBJECT = "Marker-Of-Anna", "Marker-Of-Boris", "marker-of-a-subject"
PASSWORD = "four unrelated garden words"
_CSRF, _SECRET = r'name="csrf" value="([^"]+)"', r'class="secret">([^<]+)<'


def test_no_name_of_anybody_who_works_here_is_kept_in_plain(
    tmp_path: Path, database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with provider() as simulated:
        simulated.person = Person(SUBJECT, ELSEWHERE, ["moderators"])
        given = {
            "issuer": simulated.address,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "roles": {"moderators": ["reviewer"]},
        }
        with instance(tmp_path, database_url, identity_provider=given) as platform:
            anna = _enrolled(platform)
            _signed_on(platform)
            _works(platform, anna)
            assert {NAME, ELSEWHERE} <= {
                one.name.partition(" ")[0] for one in platform.accounts.all()
            }
            kept = dict(_kept(platform, tmp_path))
            said = "".join(capfd.readouterr())
    kept["what the process said"] = said.encode()
    assert [where for where, data in kept.items() if anna.pseudonym.encode() in data]
    for name in (NAME, ELSEWHERE, SUBJECT):
        found = [where for where, data in kept.items() for form in _forms(name) if form in data]
        assert found == [], name


def _enrolled(platform: Platform) -> Account:
    """Enrol in the console, sign in wrongly and rightly, and look at every page of one's own."""
    made = platform.accounts.create(SHELL, NAME, (Role.LEAD, Role.ADMINISTRATOR))
    path = f"/one-time/{platform.sign_ins.issue(SHELL, made.id).token}"
    browser = Browser(Home(platform, {}, "", "", ""))
    page = browser.look(path).text
    found = re.search(_SECRET, page)
    assert found
    app = pyotp.TOTP(re.sub(r"\s", "", found[1]))
    assert browser.submit(path, password=PASSWORD, code=app.at(utc_now())).status_code == 200
    for one in ("/queue", "/account", "/approvals", "/team", "/audit", "/preferences"):
        assert browser.look(one).status_code == 200
    browser.submit("/sign-out")
    browser.look("/sign-in")
    for password in ("not the one at all", PASSWORD):
        code = app.at(int(utc_now().timestamp()) + 30)
        browser.submit("/sign-in", name=NAME, password=password, code=code)
    assert browser.look("/account").text.count(NAME)
    return platform.accounts.named(NAME)


def _signed_on(platform: Platform) -> None:
    """Come in through the organisation's identity provider."""
    browser = Browser(Home(platform, {}, "", "", ""))
    away = browser.get("/console/sign-on", follow_redirects=False)
    back = httpx.get(away.headers["location"], trust_env=False).headers["location"]
    browser.get(back.partition("8420")[2], follow_redirects=False)
    assert ELSEWHERE in browser.look("/queue").text


def _works(platform: Platform, anna: Account) -> None:
    """Do what a lead does, from an upload to an approved referral, and what proves a person."""
    caller = Principal(anna.actor, anna.permissions)
    author = AccountFacts(id="account-1", screen_name="benign", ip="192.0.2.7", port=4711)
    sent = Submission(data=LISTED, external_id="post", account=author)
    case = platform.intake.submit(Actor("machine", "acc_host"), sent, key="post").case_id
    assert case is not None
    lease = platform.queue.claim(anna.actor, case)
    with platform.database.reading() as connection:
        item = connection.execute(sa.text("SELECT id FROM items")).scalar_one()
    platform.viewing.grant(anna.actor, case, item, Fidelity.SKETCH)
    finding = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
    platform.casework.decide(anna.actor, case, lease.token, 1, finding)
    for one in platform.register.for_case(case):
        if one.state == "drafted":
            platform.referring.approve(anna.actor, one.id)
    while platform.worker.step():
        pass
    word = platform.tokens.issue(caller, anna.id, "for the shell").token
    platform.tokens.authenticate(word)
    platform.recovery.make(anna)
    device = Authenticator(platform.passkeys.site.origin, platform.passkeys.site.name)
    platform.passkeys.add(
        anna, "binding", device.make(platform.passkeys.offer(anna, "binding")), ""
    )
    asked = platform.approvals.ask(caller, Verb.PSEUDONYM, anna.pseudonym, "a complaint")
    boris = platform.accounts.create(SHELL, "second person", (Role.AUDITOR,))
    platform.approvals.confirm(Principal(boris.actor, boris.permissions), asked.id)
    assert platform.accounts.behind(anna.actor, anna.pseudonym) == NAME
    platform.accounts.revoke(SHELL, anna.id, Role.ADMINISTRATOR)
    platform.refusals.close()


def _kept(platform: Platform, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield all that a reader gets of the database and of the files: home, database, its log."""
    with platform.database.reading() as connection:
        for table in sa.inspect(connection).get_table_names():
            rows = connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()
            yield table, b"\n".join(_bytes(one) for row in rows for one in row)
    for file in folder.rglob("*"):
        if file.is_file():
            yield file.name, file.read_bytes()


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def _forms(name: str) -> Iterator[bytes]:
    """Yield a name in plain, and inside hex and base64."""
    raw = name.encode()
    yield raw
    yield raw.hex().encode()
    yield from (base64.b64encode(b"x" * shift + raw)[4:-4] for shift in range(3))
