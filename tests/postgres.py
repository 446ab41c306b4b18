"""A private PostgreSQL for one test session: no port, no durability, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 60
_FAST = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "autovacuum": "off",
}
# The server ends when its standard input closes, so a killed test session leaves none behind.
_WATCHED = '"$@" </dev/null & server=$!; read -r _; kill -INT $server; wait $server'


def server_binaries() -> Path | None:
    """Return the folder with initdb and postgres, or None where no server is installed."""
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    on_path = shutil.which("initdb")
    folders = ([Path(on_path).resolve().parent] if on_path else []) + sorted(
        debian, key=lambda folder: int(folder.parent.name), reverse=True
    )
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


class Cluster:
    """One running server and the folder of its socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._made = 0

    def url(self, name: str) -> str:
        """Return the SQLAlchemy address of a database in this cluster."""
        return f"postgresql+psycopg://tutela@/{name}?host={self._socket}"

    def create(self) -> str:
        """Make a fresh, empty database and return its name."""
        self._made += 1
        name = f"test_{self._made}"
        with self._admin() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        with self._admin() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._socket), user="tutela", dbname="postgres", autocommit=True
        )


@contextmanager
def running_cluster(binaries: Path) -> Iterator[Cluster]:
    """Start a cluster in a folder of its own and take both away at the end."""
    # Not pytest's own folder: PostgreSQL refuses to be root, and another user cannot enter it.
    home = Path(tempfile.mkdtemp(prefix="tutela-pg-"))
    data = home / "data"
    # PostgreSQL refuses to run as root; its package brings the user `postgres`.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        os.chown(home, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    try:
        with (home / "log").open("wb") as log:
            initialise(binaries, data, user, log.fileno())
            server = start(binaries, data, home, user, log.fileno())
            try:
                cluster = Cluster(home)
                wait(cluster, server, home / "log")
                yield cluster
            finally:
                server.communicate()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def initialise(binaries: Path, data: Path, user: str | None, log: int) -> None:
    command = ["initdb", "-D", str(data), "-U", "tutela", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(
        [str(binaries / command[0]), *command[1:], "--no-locale"],
        check=True,
        cwd="/",
        user=user,
        group=user,
        extra_groups=[] if user else None,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )


def start(
    binaries: Path, data: Path, socket: Path, user: str | None, log: int
) -> subprocess.Popen[bytes]:
    settings = [word for name, value in _FAST.items() for word in ("-c", f"{name}={value}")]
    server = [str(binaries / "postgres"), "-D", str(data), "-k", str(socket), *settings]
    return subprocess.Popen(
        ["sh", "-c", _WATCHED, "sh", *server],
        cwd="/",
        user=user,
        group=user,
        extra_groups=[] if user else None,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
    )


def wait(cluster: Cluster, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            cluster._admin().close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > until or server.poll() is not None:
                said = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"PostgreSQL did not start:\n{said}") from None
        time.sleep(0.05)
