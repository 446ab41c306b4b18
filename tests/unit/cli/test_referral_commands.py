"""The commands about referrals, in the order in which a person without an interface uses them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import bagit
import pytest
from tests.casework import ANNA, HOST
from tests.instance import LISTED, instance
from tests.shell import Shell

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.access.gate import SHELL, Principal
from tutela.access.roles import Role
from tutela.audit.entry import Action
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.platform.intake import Submission
from tutela.referrals.register import referrals
from tutela.storage.database import Database

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = '[provider]\ncountry = "GB"\nrefers_to = []\n'


@pytest.fixture
def drafted(tmp_path: Path) -> tuple[Shell, str, str]:
    return _drafted(tmp_path, None)


def _drafted(tmp_path: Path, danger: str | None) -> tuple[Shell, str, str]:
    shell = Shell(tmp_path)
    british = {"country": "GB", "refers_to": []}
    with instance(tmp_path, f"sqlite:///{tmp_path}/home/tutela.db", provider=british) as platform:
        upload = Submission(LISTED, "p", AccountFacts(id="a"))
        case_id = platform.intake.submit(HOST, upload).case_id or ""
        lease = platform.queue.claim(ANNA, case_id)
        finding = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY, urgent_reason=danger)
        platform.casework.decide(ANNA, case_id, lease.token, 1, finding)
        (referral,) = platform.register.for_case(case_id)
        if danger is None:
            platform.referring.approve(ANNA, referral.id)
        while platform.worker.step():
            pass
    (shell.home / "settings.toml").write_text(SETTINGS)
    shell.signed_in("anna", Role.LEAD)
    return shell, case_id, referral.id


def test_a_referral_is_filed_by_hand(drafted: tuple[Shell, str, str], tmp_path: Path) -> None:
    shell, case_id, referral = drafted
    (waiting,) = shell.rows("referrals", "due")
    assert (waiting["referral"], waiting["state"]) == (referral, "by_hand")
    assert (waiting["clock"], waiting["by"]) == ("running", "gb.66-uk")
    refused = shell("referrals", "export", referral, "--to", str(tmp_path / "bag"), status=7)
    assert "referral_export" in refused.stderr
    _confirmed(shell, referral, "plain")
    shell("referrals", "export", referral, "--to", str(tmp_path / "bag"))
    shell("referrals", "export", referral, "--to", str(tmp_path / "again"), status=7)
    assert not (tmp_path / "again").exists()
    shell("referrals", "letters", referral, "--to", str(tmp_path / "letters"), status=7)
    _confirmed(shell, referral, "letters")
    shell("referrals", "letters", referral, "--to", str(tmp_path / "letters"))
    bagit.Bag(str(tmp_path / "bag")).validate()
    again = shell("referrals", "export", referral, "--to", str(tmp_path / "bag"), status=4)
    assert "Name a new folder" in again.stderr
    shell("referrals", "submitted", referral, "NCA-1")
    shell("referrals", "submitted", referral, "NCA-2", status=6)
    assert shell.rows("referrals", "due") == []
    assert [one["receipt"] for one in shell.rows("referrals", "list")] == ["NCA-1"]
    assert all(one["sound"] for one in shell.rows("referrals", "verify", referral))
    assert shell.rows("referrals", "letters", referral) == []
    holds = shell.rows("preservation", "list")
    assert [one["case"] for one in holds] == [case_id, case_id]
    assert all(one["until"] for one in holds)
    shell("preservation", "request", case_id, "--days", "30", "--reason", "An order")
    assert len(shell.rows("preservation", "list")) == 3
    shell("preservation", "request", case_id, "--days", "0", "--reason", "x", status=4)


def _confirmed(shell: Shell, referral: str, terms: str) -> None:
    """Have another lead confirm what the one at the shell asks for."""
    asking = ("approvals", "ask", "referral_export", referral, "--terms", terms, "--reason", "why")
    (asked,) = shell.rows(*asking)
    platform = bootstrap.open_platform(settings_file.load(shell.home))
    boris = platform.accounts.create(SHELL, f"boris {terms}", (Role.LEAD,))
    platform.approvals.confirm(Principal(boris.actor, boris.permissions), asked["approval"])
    platform.close()


def test_what_is_urgent_is_written_at_once_and_the_waiver_is_on_record(tmp_path: Path) -> None:
    shell, _, referral = _drafted(tmp_path, "A child says that it is threatened.")
    shell("referrals", "export", referral, "--to", str(tmp_path / "bag"))
    bagit.Bag(str(tmp_path / "bag")).validate()
    platform = bootstrap.open_platform(settings_file.load(shell.home))
    told = platform.audit.entries(referral)
    platform.close()
    (waived,) = [one for one in told if one.action == Action.APPROVAL_WAIVED]
    assert waived.details == {"verb": "referral_export", "why": "urgent"}
    written = [one.action for one in told].index(Action.REFERRAL_EXPORTED)
    assert told.index(waived) < written, "on record before anything is written"


def test_letters_wait_for_nobody_where_the_settings_say_so_and_that_is_on_record(
    drafted: tuple[Shell, str, str], tmp_path: Path
) -> None:
    shell, _, referral = drafted
    settings = shell.home / "settings.toml"
    settings.write_text(settings.read_text() + "[two_people]\nverbs = []\n")
    shell("referrals", "letters", referral, "--to", str(tmp_path / "letters"))
    assert (tmp_path / "letters").is_dir()
    platform = bootstrap.open_platform(settings_file.load(shell.home))
    told = platform.audit.entries(referral)
    platform.close()
    (waived,) = [one for one in told if one.action == Action.APPROVAL_WAIVED]
    assert waived.details == {"verb": "referral_export", "why": "policy"}


def test_counsels_figures_are_in_force_and_what_is_overdue_ends_with_1(
    drafted: tuple[Shell, str, str], tmp_path: Path
) -> None:
    shell, *_ = drafted
    with (shell.home / "settings.toml").open("a") as file:
        file.write('[obligations."gb.66-uk"]\nchecked_by = "Counsel"\nchecked_on = 2026-06-01\n')
    (row,) = [one for one in shell.rows("obligations", "list") if one["obligation"] == "gb.66-uk"]
    assert row["by"] == "Counsel"
    past = datetime.now(UTC) - timedelta(hours=1)
    database = Database(f"sqlite:///{shell.home}/tutela.db")
    with database.bookkeeping() as connection:
        connection.execute(referrals.update().values(due_at=past))
    database.close()
    (late,) = shell.rows("referrals", "due", status=1)
    assert late["clock"] == "overdue"


def test_what_is_owed_is_answered_with_reasons(drafted: tuple[Shell, str, str]) -> None:
    shell, *_ = drafted
    words = ("obligations", "owed", "--danger", "--link", "GB:victim_location")
    found = {one["obligation"]: one for one in shell.rows(*words)}
    assert found["gb.66-uk"]["answer"] == "owed"
    assert "where a child is" in found["gb.66-uk"]["why"]
    assert found["us.2258a"]["answer"] == "not owed"
    shell("obligations", "owed", "--link", "GB:somewhere", status=2)
