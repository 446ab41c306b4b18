"""A person at a shell: in with both proofs, named in what they do, out again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
from tests.shell import Shell

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.access.gate import SHELL
from tutela.access.roles import Role
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "four unrelated garden words"


def test_who_signs_in_at_a_shell_acts_there_by_name_until_they_leave(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell("init", "--no-passphrase")
    platform = bootstrap.open_platform(settings_file.load(shell.home))
    anna = platform.accounts.create(SHELL, "anna", (Role.REVIEWER,))
    word = platform.sign_ins.issue(SHELL, anna.id).token
    opened = platform.sign_ins.open(word)
    app = pyotp.TOTP(platform.accounts.reopen_offer(anna, "t", opened.offer).secret)
    enrolled = utc_now()
    platform.sign_ins.enrol(word, PASSWORD, app.at(enrolled))
    platform.close()

    shell("referrals", "approve", "ref_none", status=7)
    shell("sign-in", "anna", status=7, typed="not the password\n000000\n")
    shell("referrals", "approve", "ref_none", status=7)
    # The code of the next step: the one used to enrol does not work again.
    code = app.at(enrolled + timedelta(seconds=30))
    shell("sign-in", "anna", typed=f"{PASSWORD}\n{code}\n")
    shell("referrals", "approve", "ref_none", status=5)
    shell("audit", "show", status=7)
    shell("sign-out")
    (refused,) = [one for one in shell.rows("audit", "show") if one["action"] == "access.refused"][
        -1:
    ]
    assert refused["actor"] == f"person:{anna.id}"
    shell("referrals", "approve", "ref_none", status=7)
