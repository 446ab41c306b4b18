"""The stage on which the main job is killed: a home, its counterparties, the job's process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from tests.pictures import encoded, scene
from tests.simulators.process import SimulatedCyberTipline, SimulatedHost, SimulatedNca

from tutela import bootstrap, installation
from tutela import settings as settings_file
from tutela.cli.session import SHELL
from tutela.content.decoding import DecodeLimits
from tutela.hashing.fingerprint import fingerprint
from tutela.key_files import KeyFiles
from tutela.storage.database import Database, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = Path(__file__).with_name("main_job.py")
LEASE = 0.3
_NOBODY = "http://127.0.0.1:9"


class JobProcess:
    """A process that forks one job after the other."""

    def __init__(self) -> None:
        self.instants: list[str] = []
        self._zygote = subprocess.Popen(
            [sys.executable, str(JOB)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, home: Path, picture: Path, post: str, kill_at: int = 0) -> int:
        """Start a job; return the pid it runs under."""
        assert self._zygote.stdin is not None
        self.instants = []
        print(home, picture, post, kill_at, file=self._zygote.stdin, flush=True)
        return int(self._said("pid"))

    def ended(self) -> int:
        """Wait for the job; return its exit status, negative for a signal."""
        return int(self._said("ended"))

    def _said(self, word: str) -> str:
        assert self._zygote.stdout is not None
        for line in self._zygote.stdout:
            said, _, value = line.strip().partition(" ")
            if said == "instant":
                self.instants.append(value)
            if said == word:
                return value
        raise AssertionError("the job's process is gone")

    def close(self) -> None:
        self._zygote.kill()
        self._zygote.communicate()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one post's referral, by the authority's books and ours."""

    filed: int
    """Reports that the authority holds as finished."""
    lost: int
    """Approved referrals that are neither filed nor owed nor before a person."""
    removed: int
    """Effects that the order to remove had at the host platform."""

    @property
    def double(self) -> int:
        return max(0, self.filed - 1)


class Scene:
    """A home, two counterparties, and a process that forks one job after the other."""

    def __init__(
        self,
        home: Path,
        picture: Path,
        authority: SimulatedCyberTipline | SimulatedNca,
        host: SimulatedHost,
    ) -> None:
        self.home = home
        self.picture = picture
        self.authority = authority
        self.host = host
        self.post = ""
        self._filed: set[str] = set()
        self._jobs = JobProcess()
        self.next_post()

    def next_post(self) -> None:
        """Begin with a new post; what the authority has on its books so far is of earlier ones."""
        self._filed = {str(report["id"]) for report in self._all_filed()}
        self.post = self.host.post(self.picture.read_bytes(), "account-1", "picture.jpg")

    def start(self, kill_at: int = 0) -> int:
        """Start the job; return the pid it runs under."""
        return self._jobs.start(self.home, self.picture, self.post, kill_at)

    def ended(self) -> int:
        """Wait for the job; return its exit status, negative for a signal."""
        return self._jobs.ended()

    def finish(self) -> list[str]:
        """Run the job without a kill to its end; return its instants, named by what was written."""
        self.start()
        assert self.ended() == 0
        return self._jobs.instants

    def close(self) -> None:
        self._jobs.close()

    def filed(self) -> list[dict[str, Any]]:
        """Return the reports on this post that the authority holds as finished."""
        return [one for one in self._all_filed() if str(one["id"]) not in self._filed]

    def outcome(self) -> Outcome:
        """Hold the authority's books against ours."""
        filed = self.filed()
        receipts = {str(one.get("receipt") or one["id"]) for one in filed}
        platform = bootstrap.open_platform(settings_file.load(self.home))
        try:
            referrals, owed = platform.register.all(), platform.worker.owed()
            lost = sum(
                one.receipt_number not in receipts
                and not (one.receipt_number is None and (owed or one.state == "alarmed"))
                for one in referrals
            )
            platform.audit.verify()
        finally:
            platform.close()
        return Outcome(len(filed), lost + (not referrals), self._effects().count("remove"))

    def alarmed(self) -> bool:
        """Say whether the referral waits for a person."""
        platform = bootstrap.open_platform(settings_file.load(self.home))
        found = platform.register.all()
        platform.close()
        return any(one.state == "alarmed" for one in found)

    def assert_once(self) -> None:
        """Check every book: one finished report with one described file, one removal."""
        (report,) = self.filed()
        assert len(report["files"]) == 1
        assert self._effects() == ["remove"]
        assert self.host.state(self.post) == "removed"
        platform = bootstrap.open_platform(settings_file.load(self.home))
        (referral,) = platform.register.all()
        assert referral.receipt_number == str(report.get("receipt") or report["id"])
        assert platform.worker.owed() == 0
        platform.audit.verify()
        platform.close()

    def _effects(self) -> list[str]:
        books = self.host.books()
        return [one["verb"] for one in books["effects"] if one["post"] == self.post]

    def _all_filed(self) -> list[dict[str, Any]]:
        is_nca = isinstance(self.authority, SimulatedNca)
        return self.authority.reports("submitted" if is_nca else "finished")


def staged(
    folder: Path,
    database_url: str,
    authority: SimulatedCyberTipline | SimulatedNca,
    lease: float = LEASE,
) -> Iterator[Scene]:
    """Make a home whose referrals go to this authority, and yield its scene."""
    home, picture = folder / "home", folder / "picture.jpg"
    picture.write_bytes(encoded(scene(7, 320, 240), "JPEG"))
    home.mkdir()
    url = f"sqlite:///{home}/tutela.db" if database_url.startswith("sqlite") else database_url
    settings = settings_file.load(home, database_url=url)
    installation.create_home(settings, "administrator")
    secret = KeyFiles(settings.keys).webhook_secret()
    with SimulatedHost(folder, _NOBODY, "unused", secret, patience=0.2, retry=3600) as host:
        (home / "settings.toml").write_text(
            f'database_url = "{url}"\n[duties]\nlease_seconds = {lease}\n'
            # What is killed is what leaves: the wait before it has tests of its own.
            "[grace]\nseconds = 0\n"
            f'[host]\nwebhook_url = "{host.webhook}"\n'
            '[reporter]\ncompany = "Example"\nfirst_name = "E"\nlast_name = "X"\n'
            'email = "safety@example.org"\n' + _named(authority)
        )
        _import(home, picture)
        ready = Scene(home, picture, authority, host)
        yield ready
        ready.close()


def _named(authority: SimulatedCyberTipline | SimulatedNca) -> str:
    """Return the settings that send referrals to one authority alone."""
    if isinstance(authority, SimulatedCyberTipline):
        user, password = authority.auth
        return (
            f'[authority]\nurl = "{authority.api}"\nusername = "{user}"\npassword = "{password}"\n'
        )
    return (
        '[provider]\ncountry = "GB"\nrefers_to = []\n'
        f'[nca]\nurl = "{authority.url}"\ntoken = "{authority.token}"\nregistration = "REG-1"\n'
        '[nca.authorised.acc_reviewer]\nname = "R. Example"\nemail = "r@example.org"\n'
    )


def _import(home: Path, picture: Path) -> None:
    printed = fingerprint(picture.read_bytes(), DecodeLimits())
    platform = bootstrap.open_platform(settings_file.load(home))
    lines = f"id,sha256\none,{printed.digests.sha256}\n".encode()
    platform.lists.import_file(SHELL, "known", lines)
    platform.close()


class Snapshot:
    """A home and its database as they were before the job."""

    def __init__(self, home: Path, database_url: str) -> None:
        self._home = home
        self._kept = home.with_name("kept")
        shutil.copytree(home, self._kept)
        self._database = None if database_url.startswith("sqlite") else Database(database_url)
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._tables: list[sa.Table] = []
        if self._database is not None:
            with self._database.reading() as connection:
                # Other tests of this process may have tables of their own.
                there = set(sa.inspect(connection).get_table_names())
                self._tables = [one for one in metadata.sorted_tables if one.name in there]
                for table in self._tables:
                    rows = connection.execute(table.select())
                    self._rows[table.name] = [dict(row._mapping) for row in rows]

    def put_back(self) -> None:
        shutil.rmtree(self._home)
        shutil.copytree(self._kept, self._home)
        if self._database is None:
            return
        with self._database.bookkeeping() as connection:
            for table in reversed(self._tables):
                connection.execute(table.delete())
            for table in self._tables:
                if rows := self._rows[table.name]:
                    connection.execute(table.insert(), rows)

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
