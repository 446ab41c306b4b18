"""SIGKILL at every step of the main job: one finished referral, one removal, nothing lost.

The steps are found, not listed: a first run counts the instants just before and just after each
commit, and the calls to both counterparties. Then each is killed once, and the job run again.
"""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.journeys.main_job import POST
from tests.pictures import scene
from tests.simulators.process import Simulator

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.cli.session import SHELL
from tutela.content.decoding import DecodeLimits
from tutela.hashing.fingerprint import fingerprint
from tutela.storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = Path(__file__).with_name("main_job.py")
CALLS = ("submit", "upload", "fileinfo", "finish")
LEASE = "1"


@dataclass
class Scene:
    """A fresh home and two counterparties that know nothing yet."""

    home: Path
    picture: Path
    authority: Simulator
    host: Simulator

    def run(self, kill_at: int = 0, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, str(JOB), str(self.home), str(self.picture), str(kill_at)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)

    def finish(self) -> int:
        """Run the job without a kill to its end; return the instants it had."""
        child = self.run()
        out, _ = child.communicate(timeout=120)
        assert child.returncode == 0
        return int(out.split()[-1])

    def assert_once(self) -> None:
        """Check every book: one finished report with one described file, one removal."""
        (report,) = self.authority.finished()
        assert len(report["files"]) == 1
        books = self.host.books()
        assert [(one["verb"], one["post"]) for one in books["effects"]] == [("remove", POST)]
        assert [one["state"] for one in books["posts"]] == ["removed"]
        platform = bootstrap.open_platform(settings_file.load(self.home))
        (referral,) = platform.register.all()
        assert referral.receipt_number == str(report["id"])
        assert platform.worker.owed() == 0
        platform.audit.verify()
        platform.close()


@pytest.fixture
def stage(tmp_path: Path, database_url: str) -> Iterator[Scene]:
    home = tmp_path / "home"
    picture = tmp_path / "picture.jpg"
    out = io.BytesIO()
    scene(7, 320, 240).save(out, "JPEG")
    picture.write_bytes(out.getvalue())
    token, secret = tmp_path / "token", tmp_path / "secret"
    token.write_text("unused")
    secret.write_text("00" * 32)
    with (
        Simulator(
            "tutela.simulators.cybertipline",
            tmp_path / "authority.db",
            *("--user", "simulated", "--password", "simulated"),
        ) as authority,
        Simulator(
            "tutela.simulators.host_platform",
            tmp_path / "host.db",
            *("--tutela", "http://127.0.0.1:9", "--token-file", str(token)),
            *("--webhook-secret-file", str(secret)),
        ) as host,
    ):
        home.mkdir()
        (home / "settings.toml").write_text(
            f'database_url = "{database_url}"\n[duties]\nlease_seconds = {LEASE}\n'
            f'[host]\nwebhook_url = "{host.url}/tutela/webhook"\n'
            f'[authority]\nurl = "{authority.url}/ispws"\n'
            'username = "simulated"\npassword = "simulated"\n'
            '[reporter]\ncompany = "Example"\nfirst_name = "E"\nlast_name = "X"\n'
            'email = "safety@example.org"\n'
        )
        settings = settings_file.load(home)
        bootstrap.create_home(settings, "administrator")
        secret.write_text(bootstrap.webhook_secret(settings).hex())
        host.restart()
        _import(home, picture)
        _post(host, picture)
        yield Scene(home, picture, authority, host)


def _import(home: Path, picture: Path) -> None:
    printed = fingerprint(picture.read_bytes(), DecodeLimits())
    platform = bootstrap.open_platform(settings_file.load(home))
    lines = [f"id,sha256\none,{printed.digests.sha256}\n".encode()]
    platform.lists.import_file(SHELL, "known", lines)
    platform.close()


def _post(host: Simulator, picture: Path) -> None:
    import httpx

    httpx.post(
        f"{host.url}/posts",
        files={"file": ("picture.jpg", picture.read_bytes())},
        data={"account": "account-1", "id": POST},
    ).raise_for_status()


def test_killed_before_and_after_every_commit(
    stage: Scene, tmp_path: Path, database_url: str
) -> None:
    """Each commit of the job, killed just before and just after it."""
    keep = Snapshots(stage, tmp_path, database_url)
    instants = stage.finish()
    stage.assert_once()
    assert instants > 30, "the job has become shorter than it can be"
    for kill_at in range(1, instants + 1):
        keep.restore()
        child = stage.run(kill_at)
        child.communicate(timeout=120)
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL
        stage.finish()
        stage.assert_once()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["kill_client_before", "kill_client_after"])
def test_killed_around_every_call_to_the_authority(stage: Scene, call: str, kind: str) -> None:
    child = stage.run()
    stage.authority.fault(call=call, kind=kind, pid=child.pid)
    child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL
    stage.finish()
    stage.assert_once()


@pytest.mark.parametrize("kind", ["kill_client_before", "kill_client_after"])
def test_killed_around_the_order_to_the_host(stage: Scene, kind: str) -> None:
    child = stage.run()
    stage.host.fault(kind=kind, pid=child.pid)
    child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL
    stage.finish()
    stage.assert_once()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "garbage", "wrong_md5"])
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


class Snapshots:
    """The state before the job, put back for each kill: home, database, both counterparties."""

    def __init__(self, stage: Scene, tmp_path: Path, database_url: str) -> None:
        self._stage = stage
        self._files = [tmp_path / name for name in ("home", "authority.db", "host.db")]
        self._kept = tmp_path / "kept"
        self._database = None if database_url.startswith("sqlite") else Database(database_url)
        self._inside = database_url.removeprefix("sqlite:///")
        if self._database is None:
            self._files.append(Path(self._inside))
        self._stop()
        self._kept.mkdir()
        for path in self._all():
            _copy(path, self._kept / path.name)
        self._rows = self._dumped()
        self._start()

    def restore(self) -> None:
        self._stop()
        for path in self._all(missing=True):
            _remove(path)
            if (self._kept / path.name).exists():
                _copy(self._kept / path.name, path)
        self._loaded()
        self._start()

    def _all(self, *, missing: bool = False) -> list[Path]:
        beside = [path.with_name(path.name + end) for path in self._files for end in ("", "-wal")]
        return [path for path in beside if missing or path.exists()]

    def _stop(self) -> None:
        self._stage.authority.kill()
        self._stage.host.kill()

    def _start(self) -> None:
        self._stage.authority.restart()
        self._stage.host.restart()

    def _dumped(self) -> dict[str, list[dict[str, Any]]]:
        from tutela.storage.database import metadata

        if self._database is None:
            return {}
        with self._database.reading() as connection:
            return {
                table.name: [dict(row._mapping) for row in connection.execute(table.select())]
                for table in metadata.sorted_tables
            }

    def _loaded(self) -> None:
        from tutela.storage.database import metadata

        if self._database is None:
            return
        with self._database.bookkeeping() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
            for table in metadata.sorted_tables:
                if rows := self._rows[table.name]:
                    connection.execute(table.insert(), rows)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
