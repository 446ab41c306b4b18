"""Evidence leaves through the command line only when another person has confirmed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.casework import HOST
from tests.instance import LISTED, instance
from tests.shell import Shell

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.access.gate import SHELL, Principal
from tutela.access.roles import Role
from tutela.cases import case as cases_on_record
from tutela.content.account import AccountFacts
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from pathlib import Path


def test_evidence_leaves_only_when_another_person_has_confirmed(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    with instance(tmp_path, f"sqlite:///{tmp_path}/home/tutela.db") as platform:
        case = platform.intake.submit(HOST, Submission(LISTED, "p", AccountFacts(id="a"))).case_id
        with platform.database.reading() as connection:
            (item,) = cases_on_record.items_of(connection, case or "")
        lead = platform.accounts.create(SHELL, "lead", (Role.LEAD,))
    evidence, out = item.evidence_id or "", str(tmp_path / "package")
    said = shell("evidence", "export", evidence, out, status=7).stderr
    words = " ".join(said.split())
    asking = words.partition("`tutela ")[2].partition(" --reason")[0].replace("'", "").split()
    assert asking[:4] == ["approvals", "ask", "export", evidence]
    (asked,) = shell.rows(*asking, "--reason", "a court asked")
    shell("evidence", "export", evidence, out, status=7)
    platform = bootstrap.open_platform(settings_file.load(shell.home))
    platform.approvals.confirm(Principal(lead.actor, lead.permissions), asked["approval"])
    platform.close()
    shell("evidence", "export", evidence, out)
    shell("evidence", "check", out)
    shell("evidence", "export", evidence, str(tmp_path / "again"), status=7)
    assert [one["state"] for one in shell.rows("approvals", "list")] == ["used"]
