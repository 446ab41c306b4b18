"""Evidence from a shell: packaged and proven, held, destroyed with a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, HOST
from tests.instance import LISTED, instance
from tests.shell import Shell

from tutela.content import item as items_on_record
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cleared(tmp_path: Path) -> str:
    """The evidence of a case that was decided not abusive."""
    with instance(tmp_path, f"sqlite:///{tmp_path / 'home' / 'tutela.db'}") as platform:
        answer = platform.intake.submit(HOST, Submission(LISTED, "p", AccountFacts(id="a")))
        case_id = answer.case_id or ""
        lease = platform.queue.claim(ANNA, case_id)
        finding = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)
        platform.casework.decide(ANNA, case_id, lease.token, 1, finding)
        with platform.database.reading() as connection:
            return items_on_record.load(connection, answer.id).evidence_id or ""


def test_a_life_from_a_shell(cleared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTELA_TWO_PEOPLE__VERBS", "[]")
    shell, package = Shell(tmp_path), tmp_path / "package"
    (made,) = shell.rows("evidence", "export", cleared, str(package))
    assert made["bytes"] == len(LISTED)
    (proven,) = shell.rows("evidence", "check", str(package))
    assert proven["verified"] and len(proven["holds"]) == 4
    (hold,) = shell.rows("evidence", "hold", cleared, "--reason", "Court of …")
    words = ("evidence", "destroy", cleared, "--rule", "a rule", "--reason", "a reason")
    assert hold["hold"] in shell(*words, status=6).stderr
    shell("evidence", "release", hold["hold"], "--reason", "Over.")
    shell(*words)
    (record,) = shell.rows("evidence", "destroyed")
    assert record["proven"] and record["erased"] and record["rule"] == "a rule"


def test_export_and_destruction_need_a_second_person(cleared: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert (
        "approvals ask"
        in shell("evidence", "export", cleared, str(tmp_path / "p"), status=7).stderr
    )
    assert not (tmp_path / "p").exists()
    words = ("evidence", "destroy", cleared, "--rule", "a rule", "--reason", "a reason")
    assert "approvals ask destroy" in shell(*words, status=7).stderr
