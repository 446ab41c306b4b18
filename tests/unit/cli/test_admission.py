"""Every command, walked by every role and by the bare shell: let in as the table says, else not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import typer
from tests import access_table
from tests.console_home import Home, make_home
from tests.fixed_clock import FixedClock
from tests.shell import Shell

from tutela.access.gate import OPERATOR_OF_THE_MACHINE
from tutela.access.roles import Role
from tutela.audit.entry import Action
from tutela.cli import admission
from tutela.cli.app import assembled
from tutela.cli.session import Session
from tutela.cli.shell_session import TOKEN
from tutela.errors import NotSignedIn, Refused
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from pathlib import Path

BARE = "shell"
WALKERS = [*(role.value for role in Role), BARE]


def test_every_command_is_in_the_table_and_asks_for_what_it_says() -> None:
    known = {words for words, _ in admission.leaves(typer.main.get_command(assembled()))}
    assert {" ".join(words) for words in known} == set(access_table.COMMANDS)
    asked = {
        " ".join(words): need.value if need else access_table.ANYBODY
        for words, need in admission.NEEDS.items()
    }
    assert asked == access_table.COMMANDS


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    # People's sessions are proven by the real clock.
    return make_home(tmp_path_factory.mktemp("shell") / "home", FixedClock(utc_now()))


def session_of(home: Home, walker: str, monkeypatch: pytest.MonkeyPatch, state: Path) -> Session:
    """Return a run of the command line by whom it says, proven as in service."""
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    plain = Session(home.platform.settings.home, False)
    if walker in {Role.INTAKE.value, Role.MONITOR.value}:
        name = f"machine-{len(home.platform.accounts.all())}"
        made = home.platform.accounts.create(OPERATOR_OF_THE_MACHINE.actor, name, (Role(walker),))
        issued = home.platform.tokens.issue(OPERATOR_OF_THE_MACHINE, made.id, "a walk")
        monkeypatch.setenv(TOKEN, issued.token)
    elif walker != BARE:
        plain.kept.keep(home.platform.sessions.start(home.people[Role(walker)]))
    return plain.proven()


@pytest.mark.parametrize("walker", WALKERS)
def test_every_role_runs_what_its_row_allows_and_no_more(
    home: Home, walker: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    acting = session_of(home, walker, monkeypatch, tmp_path)
    may = access_table.SHELL if walker == BARE else access_table.ROLES[walker]
    for words in admission.NEEDS:
        need = access_table.COMMANDS[" ".join(words)]
        if need == access_table.ANYBODY or need in may:
            assert admission.checked(acting, words, home.platform.audit) is acting, words
            continue
        with pytest.raises(Refused):
            admission.checked(acting, words, home.platform.audit)
        last = home.platform.audit.entries()[-1]
        assert (last.action, last.actor) == (Action.ACCESS_REFUSED, str(acting.actor))
        assert last.details == {"permission": need}


def test_a_command_that_nobody_listed_runs_for_nobody(home: Home) -> None:
    every = replace(Session(home.platform.settings.home, False), caller=OPERATOR_OF_THE_MACHINE)
    with pytest.raises(Refused):
        admission.admit(every, ("accounts", "invented"))


def test_a_wrong_token_is_not_taken_for_the_shell(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv(TOKEN, "tut_made-up")
    with pytest.raises(NotSignedIn):
        Session(home.platform.settings.home, False).proven()


def test_the_table_stands_before_the_commands_themselves(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell("init", "--no-passphrase")
    refused = shell("referrals", "approve", "ref_none", status=7).stderr
    assert "referral.approve" in refused
    shell("cases", "show", "cas_none", status=5)


def test_only_its_owner_reads_a_kept_sign_in(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session_of(home, "lead", monkeypatch, tmp_path)
    (kept,) = (tmp_path / "tutela").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
