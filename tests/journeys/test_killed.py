"""SIGKILL at every step of the main job: one finished referral, one removal, nothing lost.

The steps are found, not listed: a first run counts the instants just before and just after each
commit, and the calls to both counterparties. Then each is killed once, and the job run again.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from tests.pictures import encoded, scene
from tests.simulators.process import SimulatedCyberTipline, SimulatedHost

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
CALLS = ("submit", "upload", "fileinfo", "finish")
LEASE = "0.3"


class Scene:
    """A home, two counterparties, and a process that forks one job after the other."""

    def __init__(
        self, home: Path, picture: Path, authority: SimulatedCyberTipline, host: SimulatedHost
    ) -> None:
        self.home = home
        self.picture = picture
        self.authority = authority
        self.host = host
        self.post = ""
        self._instants = 0
        self._filed: set[int] = set()
        self._zygote = subprocess.Popen(
            [sys.executable, str(JOB)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.next_post()

    def next_post(self) -> None:
        """Begin with a new post; what the authority has on its books so far is of earlier ones."""
        self._filed = {report["id"] for report in self.authority.reports("finished")}
        self.post = self.host.post(self.picture.read_bytes(), "account-1", "picture.jpg")

    def start(self, kill_at: int = 0) -> int:
        """Start the job; return the pid it runs under."""
        assert self._zygote.stdin is not None
        print(self.home, self.picture, self.post, kill_at, file=self._zygote.stdin, flush=True)
        return int(self._said("pid"))

    def ended(self) -> int:
        """Wait for the job; return its exit status, negative for a signal."""
        return int(self._said("ended"))

    def finish(self) -> int:
        """Run the job without a kill to its end; return the instants it had."""
        self.start()
        assert self.ended() == 0
        return self._instants

    def _said(self, word: str) -> str:
        assert self._zygote.stdout is not None
        for line in self._zygote.stdout:
            said, _, value = line.partition(" ")
            if said == "instants":
                self._instants = int(value)
            if said == word:
                return value
        raise AssertionError("the job's process is gone")

    def close(self) -> None:
        self._zygote.kill()
        self._zygote.communicate()

    def assert_once(self) -> None:
        """Check every book: one finished report with one described file, one removal."""
        reports = self.authority.reports("finished")
        (report,) = [one for one in reports if one["id"] not in self._filed]
        assert len(report["files"]) == 1
        books = self.host.books()
        effects = [one["verb"] for one in books["effects"] if one["post"] == self.post]
        assert effects == ["remove"]
        assert self.host.state(self.post) == "removed"
        platform = bootstrap.open_platform(settings_file.load(self.home))
        (referral,) = platform.register.all()
        assert referral.receipt_number == str(report["id"])
        assert platform.worker.owed() == 0
        platform.audit.verify()
        platform.close()


@pytest.fixture
def stage(tmp_path: Path, database_url: str) -> Iterator[Scene]:
    home, picture = tmp_path / "home", tmp_path / "picture.jpg"
    picture.write_bytes(encoded(scene(7, 320, 240), "JPEG"))
    home.mkdir()
    url = f"sqlite:///{home}/tutela.db" if database_url.startswith("sqlite") else database_url
    settings = settings_file.load(home, database_url=url)
    installation.create_home(settings, "administrator")
    secret = KeyFiles(settings.keys).webhook_secret()
    nobody = "http://127.0.0.1:9"
    with (
        SimulatedCyberTipline(tmp_path) as authority,
        SimulatedHost(tmp_path, nobody, "unused", secret, patience=0.2, retry=3600) as host,
    ):
        (home / "settings.toml").write_text(
            f'database_url = "{url}"\n[duties]\nlease_seconds = {LEASE}\n'
            f'[host]\nwebhook_url = "{host.webhook}"\n'
            f'[authority]\nurl = "{authority.api}"\n'
            f'username = "{authority.auth[0]}"\npassword = "{authority.auth[1]}"\n'
            '[reporter]\ncompany = "Example"\nfirst_name = "E"\nlast_name = "X"\n'
            'email = "safety@example.org"\n'
        )
        _import(home, picture)
        ready = Scene(home, picture, authority, host)
        yield ready
        ready.close()


def _import(home: Path, picture: Path) -> None:
    printed = fingerprint(picture.read_bytes(), DecodeLimits())
    platform = bootstrap.open_platform(settings_file.load(home))
    lines = f"id,sha256\none,{printed.digests.sha256}\n".encode()
    platform.lists.import_file(SHELL, "known", lines)
    platform.close()


def test_killed_before_and_after_every_commit(stage: Scene, database_url: str) -> None:
    """Each commit of the job, killed just before and just after it."""
    before = Snapshot(stage.home, database_url)
    instants = stage.finish()
    stage.assert_once()
    assert instants > 30, "the job has become shorter than it can be"
    for kill_at in range(1, instants + 1):
        before.put_back()
        stage.next_post()
        stage.start(kill_at)
        assert stage.ended() == -signal.SIGKILL
        stage.finish()
        stage.assert_once()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["kill_client_before", "kill_client_after"])
def test_killed_around_every_call_to_the_authority(stage: Scene, call: str, kind: str) -> None:
    pid = stage.start()
    stage.authority.fault(call=call, kind=kind, pid=pid)
    assert stage.ended() == -signal.SIGKILL
    stage.finish()
    stage.assert_once()


@pytest.mark.parametrize("kind", ["kill_client_before", "kill_client_after"])
def test_killed_around_the_order_to_the_host(stage: Scene, kind: str) -> None:
    pid = stage.start()
    stage.host.fault(kind=kind, pid=pid)
    assert stage.ended() == -signal.SIGKILL
    stage.finish()
    stage.assert_once()


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        *((call, kind) for call in CALLS for kind in ("drop_before", "drop_after", "garbage")),
        ("upload", "wrong_md5"),
    ],
)
def test_lost_and_wrong_answers(stage: Scene, call: str, kind: str) -> None:
    stage.authority.fault(call=call, kind=kind)
    stage.finish()
    stage.assert_once()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_lost_answers_of_the_host_and_of_retract(stage: Scene, kind: str) -> None:
    stage.host.fault(kind=kind)
    stage.authority.fault(call="finish", kind="drop_after")
    stage.authority.fault(call="retract", kind=kind)
    stage.finish()
    stage.assert_once()


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
