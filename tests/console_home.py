"""An instance with accounts, a benign list and uploads, as the console's tests need it."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.fixed_clock import FixedClock
from tests.parsers import shared_pool
from tests.pictures import encoded, scene

from tutela import bootstrap, installation
from tutela import settings as settings_file
from tutela.access.roles import Role
from tutela.audit.entry import Actor
from tutela.cases import case as cases_on_record
from tutela.content.account import AccountFacts
from tutela.content.decoding import DecodeLimits
from tutela.hashing.fingerprint import fingerprint
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.access.accounts import Account
    from tutela.bootstrap import Platform
    from tutela.storage.clock import Clock

SHELL = Actor("system", "shell")
HOST = Actor("machine", "acc_host")
LISTED = encoded(scene(1, 900, 600), "PNG")


@dataclass(frozen=True)
class Home:
    """An open instance and what is in it."""

    platform: Platform
    people: dict[Role, Account]
    known: str
    near: str
    unread: str

    def items(self, case_id: str) -> list[str]:
        """Return the ids of a case's items."""
        with self.platform.database.reading() as connection:
            return [one.id for one in cases_on_record.items_of(connection, case_id)]

    def one_time(self, role: Role) -> str:
        """Issue a one-time sign-in for the person of a role."""
        return self.platform.sign_ins.issue(SHELL, self.people[role].id).token


def reopened(folder: Path, clock: Clock) -> Platform:
    """Open the instance of a folder."""
    return bootstrap.open_platform(settings_file.load(folder), clock, pool=shared_pool())


def copied(made: Home, folder: Path, clock: Clock) -> Home:
    """Open a copy of a closed instance: quicker than making another one."""
    shutil.copytree(made.platform.settings.home, folder)
    return replace(made, platform=reopened(folder, clock))


def make_home(folder: Path, clock: Clock | None = None, *, demo: bool = True) -> Home:
    """Create an instance: one person a role, one listed picture, three uploads, three cases."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / settings_file.SETTINGS_FILE).write_text(
        f'instance = "tutela.test"\ndemo = {str(demo).lower()}\n'
        '[reporter]\ncompany = "Example Social"\nemail = "safety@example.org"\n'
        "[second_review]\nshare = 0\n"
    )
    settings = settings_file.load(folder)
    ticking = clock or FixedClock()
    installation.create_home(settings, "root", ticking)
    platform = bootstrap.open_platform(settings, ticking, pool=shared_pool())
    people: dict[Role, Account] = {
        role: platform.accounts.create(SHELL, f"{role.value} person", (role,))
        for role in Role
        if role not in {Role.INTAKE, Role.MONITOR}
    }
    platform.lists.import_file(SHELL, "known", [_list().encode()], source="test", version="1")
    shrunk = encoded(scene(1, 900, 600).resize((450, 300)), "JPEG", quality=60)
    return Home(
        platform,
        people,
        known=_upload(platform, "account-1", LISTED),
        near=_upload(platform, "account-2", shrunk),
        unread=_upload(platform, "account-3", LISTED[: len(LISTED) // 2]),
    )


def _upload(platform: Platform, account: str, data: bytes) -> str:
    answer = platform.intake.submit(
        HOST,
        Submission(
            data=data,
            external_id=f"post-{account}",
            account=AccountFacts(id=account, screen_name="benign <script>", ip="192.0.2.7"),
            place_url="https://host.example/p/1",
            original_name="picture.png",
        ),
        key=account,
    )
    assert answer.case_id is not None
    return answer.case_id


def _list() -> str:
    printed = fingerprint(LISTED, DecodeLimits())
    record = printed.pictures[0]
    out = io.StringIO()
    out.write("id,sha256,pdq,pdq_quality,labels\n")
    out.write(f"e1,{printed.digests.sha256},{record.pdq},{record.quality},benign\n")
    return out.getvalue()
