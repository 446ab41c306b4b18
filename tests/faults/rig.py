"""The platform under test and all that is around it: every part a process that can be killed."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from tests.faults.proxy import Proxy
from tests.faults.uploads import Uploads
from tests.instance import token
from tests.simulators.process import SimulatedCyberTipline, SimulatedHost

from tutela import bootstrap, installation
from tutela import settings as settings_file
from tutela.access.roles import Role
from tutela.cli.session import SHELL
from tutela.key_files import KeyFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.bucket import Bucket
    from tests.faults.disk import Disk
    from tests.faults.postgres_party import PostgresParty

_SERVER = Path(__file__).with_name("skewed_server.py")
_START_SECONDS = 240.0
_LEASE_SECONDS = 3.0


class Server:
    """One `tutela serve`: API, console and workers."""

    def __init__(self, rig: Rig, number: int) -> None:
        self._rig = rig
        self.number = number
        self.clock = rig.root / f"clock-{number}"
        self.clock.write_text("0")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.child: subprocess.Popen[bytes] | None = None
        self.died: list[int] = []
        """Exit statuses of ends that nobody here brought about."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def start(self) -> None:
        """Start, without waiting until it serves."""
        log = (self._rig.root / f"server-{self.number}.log").open("ab")
        words = (str(_SERVER), str(self._rig.home), str(self.port), str(self.clock))
        with log:
            self.child = subprocess.Popen(
                [sys.executable, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._rig.root,
                env={**os.environ, "TMPDIR": str(self._rig.temporary), **self._rig.variables},
            )

    def kill(self) -> None:
        """Kill with SIGKILL."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None

    def supervised(self) -> None:
        """Start again if it ended by itself, as a supervisor would."""
        if self.child is not None and (status := self.child.poll()) is not None:
            self.died.append(status)
            self.start()

    def most_bytes(self, most: int) -> None:
        """Let it write no file beyond so many bytes; -1: no limit."""
        if self.alive and self.child is not None:
            hard = resource.prlimit(self.child.pid, resource.RLIMIT_FSIZE)[1]
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(self.child.pid, resource.RLIMIT_FSIZE, (most, hard))

    def ready(self) -> bool:
        """Say whether it says that it can screen."""
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz", timeout=10, trust_env=False).is_success
        return False


class Rig:
    """A home, two servers behind one door, counterparties, and doors that can be shut."""

    def __init__(
        self,
        root: Path,
        disk: Disk,
        postgres: PostgresParty | None = None,
        bucket: Bucket | None = None,
    ) -> None:
        self.root, self.disk, self.postgres, self.bucket = root, disk, postgres, bucket
        self.home = disk.folder / "home"
        self.temporary = disk.folder / "tmp"
        self.temporary.mkdir()
        self.outside = root / "outside"
        self.outside.mkdir()
        """What counterparties keep: it is theirs, plain bytes included."""
        self.uploads = Uploads()
        self.variables = bucket.variables if bucket else {}
        url = postgres.url if postgres else f"sqlite:///{self.home}/tutela.db"
        self.servers = [Server(self, number) for number in range(2)]
        self.front = Proxy([("127.0.0.1", one.port) for one in self.servers])
        self.authority = SimulatedCyberTipline(self.outside)
        os.environ.update(self.variables)
        settings = settings_file.load(
            self.home, database_url=url, objects_url=bucket.url if bucket else None
        )
        installation.create_home(settings, "administrator")
        platform = bootstrap.open_platform(settings)
        platform.lists.import_file(SHELL, "known", self.uploads.hash_list())
        host_token = token(platform, Role.INTAKE)
        self.reviewer_token = token(platform, Role.REVIEWER)
        platform.close()
        secret = KeyFiles(settings.keys).webhook_secret()
        self.host = SimulatedHost(
            self.outside, self.front.url, host_token, secret, patience=4.0, retry=0.3
        )
        user, password = self.authority.auth
        lines = [
            f'database_url = "{url}"',
            *([f'objects_url = "{bucket.url}"'] if bucket else []),
            f"[duties]\nlease_seconds = {_LEASE_SECONDS}",
            "[grace]\nseconds = 1",
            f'[host]\nwebhook_url = "{self.host.webhook}"',
            f'[authority]\nurl = "{self.authority.api}"',
            f'username = "{user}"\npassword = "{password}"',
            '[reporter]\ncompany = "Example"\nfirst_name = "E"\nlast_name = "X"',
            'email = "safety@example.org"',
        ]
        (self.home / "settings.toml").write_text("\n".join(lines) + "\n")
        for one in self.servers:
            one.start()
        self.wait_ready()

    def wait_ready(self, seconds: float = _START_SECONDS) -> None:
        """Start what does not run, and wait until every server can screen."""
        end = time.monotonic() + seconds
        while not all(one.ready() for one in self.servers):
            assert time.monotonic() < end, f"not ready:\n{self.last_words()}"
            self.supervise()
            time.sleep(0.1)

    def supervise(self) -> None:
        """Start again whatever ended."""
        for server in self.servers:
            if server.child is None:
                server.start()
            server.supervised()
        for party in (self.authority, self.host):
            if not party.alive:
                party.kill()
                party.start()
        if self.postgres is not None:
            self.postgres.supervised()

    def mend(self) -> None:
        """Heal everything that may be broken, and wait until it works."""
        self.disk.empty()
        self.front.mend()
        if self.postgres is not None:
            self.postgres.proxy.mend()
        if self.bucket is not None:
            self.bucket.proxy.mend()
        for server in self.servers:
            server.clock.write_text("0")
            server.most_bytes(resource.RLIM_INFINITY)
        self.supervise()
        self.authority.forget_faults()
        self.host.forget_faults()
        self.wait_ready()

    @contextlib.contextmanager
    def platform(self) -> Iterator[bootstrap.Platform]:
        """Open the platform here, to look at its books."""
        opened = bootstrap.open_platform(settings_file.load(self.home))
        try:
            yield opened
        finally:
            opened.close()

    def last_words(self) -> str:
        """Return the end of each server's log."""
        logs = (self.root / f"server-{one.number}.log" for one in self.servers)
        return "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in logs if log.exists())

    def close(self) -> None:
        """End every process."""
        for server in self.servers:
            if server.child is not None:
                server.child.send_signal(signal.SIGKILL)
                server.child.wait()
        self.host.close()
        self.authority.close()
        self.front.close()
