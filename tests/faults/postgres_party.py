"""A PostgreSQL behind a proxy: it can be stopped, crashed, stalled, cut off."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import signal
import time
from typing import TYPE_CHECKING

from tests.faults.proxy import Proxy
from tests.postgres import Cluster, initialise, start, wait

if TYPE_CHECKING:
    from pathlib import Path

_PORT = 5432


class PostgresParty:
    """One server whose data lie in a folder of ours."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.folder = folder / "postgresql"
        self.folder.mkdir()
        self._data, self._log = self.folder / "data", self.folder / "log"
        self._binaries = binaries
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            found = pwd.getpwnam(self._user)
            os.chown(self.folder, found.pw_uid, found.pw_gid)
        with self._log.open("wb") as log:
            initialise(binaries, self._data, self._user, log.fileno())
        self._start()
        cluster = Cluster(self.folder)
        wait(cluster, self._server, self._log)
        name = cluster.create()
        self.proxy = Proxy([str(self.folder / f".s.PGSQL.{_PORT}")])
        self.url = f"postgresql+psycopg://tutela@127.0.0.1:{self.proxy.port}/{name}"

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self._server = start(self._binaries, self._data, self.folder, self._user, log.fileno())

    @property
    def pid(self) -> int | None:
        """The id of the postmaster, if it runs."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self._data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
            return pid
        return None

    def stop(self) -> None:
        """Stop at once, as a crash does; a later start recovers."""
        if (pid := self.pid) is not None:
            os.kill(pid, signal.SIGQUIT)

    def kill_one(self, chance: random.Random) -> None:
        """Kill one of its processes: it throws all connections out and recovers by itself."""
        pid = self.pid
        if pid is None:
            return
        with contextlib.suppress(OSError, ValueError):
            with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
                children = [int(word) for word in file.read().split()]
            os.kill(chance.choice(children), signal.SIGKILL)

    def supervised(self) -> None:
        """Start again if it does not run."""
        if self.pid is not None:
            return
        self._server.communicate()
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        self._start()
        time.sleep(0.2)

    def close(self) -> None:
        """Stop for good."""
        self.proxy.close()
        self._server.communicate()
