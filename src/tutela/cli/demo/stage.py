"""The stage: a fresh home, two simulated counterparties, a platform that serves."""

from __future__ import annotations

import json
import secrets
import socket
import time
from typing import TYPE_CHECKING, Self

import httpx

from tutela import bootstrap, installation
from tutela import settings as settings_file
from tutela.access.gate import OPERATOR_OF_THE_MACHINE
from tutela.access.roles import Role
from tutela.cli.demo.processes import Process
from tutela.cli.demo.uploads import LIST_NAME, known_list, uploads
from tutela.cli.session import SHELL
from tutela.errors import Unavailable
from tutela.key_files import KeyFiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from rich.console import Console

    from tutela.bootstrap import Platform
    from tutela.cli.demo.uploads import Upload

REVIEWER = "demo-reviewer"
_AUTHORITY_USER = "demo-platform"
_SETTLE_SECONDS = 30.0


class Stage:
    """Everything that runs during the demonstration. Use as a context."""

    def __init__(
        self,
        home: Path,
        port: int,
        people: Console,
        posted: Sequence[Upload] = (),
        listed: str | None = None,
        grace: float = 0,
    ) -> None:
        """`posted`: what users upload; `listed`: the "known" list, as CSV. Or the demo's own.

        `grace`: seconds for which a decision can be undone.
        """
        self.home = home
        self._grace = grace
        self._people = people
        self._posted = posted or tuple(uploads())
        self._listed = listed or known_list()
        self._port = port if _free(port) else 0
        self._processes: list[Process] = []
        self.posts: list[tuple[Upload, str]] = []

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_problem: object) -> None:
        for process in reversed(self._processes):
            process.stop()
        if hasattr(self, "platform"):
            self.platform.close()

    def _build(self) -> None:
        password = secrets.token_urlsafe(12)
        self.authority = self._started(
            "simulated authority",
            "tutela.simulators.cybertipline",
            *("--port", "0", "--state", str(self.home / "authority.db")),
            # One argument: a word at random may begin with a dash.
            *("--user", _AUTHORITY_USER, f"--password={password}"),
        )
        host_port, tutela_port = _port(), self._port or _port()
        self._create_home(password, host_port, tutela_port)
        self.platform: Platform = bootstrap.open_platform(settings_file.load_apart(self.home))
        self.server = self._started("platform", "tutela", "--home", str(self.home), "serve")
        self.host = self._started(
            "simulated host platform",
            "tutela.simulators.host_platform",
            *("--port", str(host_port), "--state", str(self.home / "host.db")),
            *("--tutela", self.server.address, "--token-file", str(self._token_file())),
            *("--webhook-secret-file", str(self._secret_file())),
        )
        self._say("A platform, its host platform and an authority run on loopback.")
        self._import_list()

    def _create_home(self, password: str, host_port: int, tutela_port: int) -> None:
        text = "\n".join(
            (
                'instance = "tutela.demo"',
                "demo = true",
                f"listen_port = {tutela_port}",
                f"[grace]\nseconds = {self._grace}",
                "[host]",
                f'webhook_url = "http://127.0.0.1:{host_port}/tutela/webhook"',
                "[authority]",
                f'url = "{self.authority.address}/ispws"',
                f'username = "{_AUTHORITY_USER}"',
                f'password = "{password}"',
                "[reporter]",
                'company = "Example Social"',
                'service = "Example Social"',
                'first_name = "Demo"',
                'last_name = "Reporter"',
                'email = "safety@example.org"',
                'terms_url = "https://example.org/terms"',
                "",
            )
        )
        (self.home / settings_file.SETTINGS_FILE).write_text(text)
        installation.create_home(settings_file.load_apart(self.home), "demo-administrator")

    def _token_file(self) -> Path:
        account = self.platform.accounts.create(SHELL, "demo-host", (Role.INTAKE,))
        issued = self.platform.tokens.issue(
            OPERATOR_OF_THE_MACHINE, account.id, "demo host platform"
        )
        return _secret(self.home / "host-token", issued.token.encode())

    def _secret_file(self) -> Path:
        secret = KeyFiles(self.platform.settings.keys).webhook_secret()
        return _secret(self.home / "host-secret", secret.hex().encode())

    def _import_list(self) -> None:
        report = self.platform.lists.import_file(
            SHELL, LIST_NAME, [self._listed.encode()], source="tutela demo", version="1"
        )
        self._say(f'The benign "known" list {LIST_NAME} is imported: {report.added} entries.')

    def upload_all(self) -> None:
        """Let the users upload; the host platform asks Tutela about each."""
        self._say(f"Users upload {len(self._posted)} files to the host platform:")
        for upload in self._posted:
            answer = httpx.post(
                f"{self.host.address}/posts",
                files={"file": (upload.name, upload.data)},
                data={"account": upload.account, "told": json.dumps(upload.context)},
                timeout=30,
            )
            answer.raise_for_status()
            post = answer.json()["id"]
            self.posts.append((upload, post))
            state = self.settled(post)["state"]
            self._say(f"  {upload.account}  {upload.name:<20} {state:<10} {upload.tells}")

    def settled(self, post: str) -> dict[str, Any]:
        """Return a post's state once the host platform has asked about it."""
        end = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < end:
            state: dict[str, Any] = httpx.get(f"{self.host.address}/posts/{post}").json()
            if state["state"] != "pending":
                return state
            time.sleep(0.05)
        raise Unavailable("A post stayed pending.", "See the logs in the demo's home.")

    def books(self, process: Process) -> dict[str, Any]:
        """Return what a simulated counterparty has on its books."""
        found: dict[str, Any] = httpx.get(f"{process.address}/_control/books").json()
        return found

    def sign_in_address(self, name: str = REVIEWER, role: Role = Role.REVIEWER) -> str:
        """Make a person's account and return its one-time sign-in address."""
        account = self.platform.accounts.create(SHELL, name, (role,))
        issued = self.platform.sign_ins.issue(SHELL, account.id)
        return f"{self.server.address}/console/one-time/{issued.token}"

    def alive(self) -> bool:
        """Say whether all processes still run."""
        return all(process.alive() for process in self._processes)

    def _started(self, name: str, *module: str) -> Process:
        log = self.home / f"{name.replace(' ', '-')}.log"
        process = Process(name, module, log)
        self._processes.append(process)
        return process

    def _say(self, text: str) -> None:
        self._people.print(text, soft_wrap=True)


def _secret(path: Path, text: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(text)
    return path


def _port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        number: int = opened.getsockname()[1]
        return number


def _free(port: int) -> bool:
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
