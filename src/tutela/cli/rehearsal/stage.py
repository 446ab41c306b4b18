"""The rehearsal's stage: a home of its own with the operator's settings, and who answers it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx

from tutela import bootstrap, installation
from tutela import settings as settings_file
from tutela.audit.entry import Actor
from tutela.cli.demo.processes import Process
from tutela.errors import SettingsInvalid, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.bootstrap import Platform
    from tutela.settings import Settings

IN_SERVICE = frozenset({"report.cybertip.org"})
"""Hosts that file for good: nothing is ever rehearsed against one."""
TESTS = frozenset({"exttest.cybertip.org", "127.0.0.1", "localhost"})
_USER = "rehearsal"


class Stage:
    """A platform in a folder of its own, and the simulators. Use as a context."""

    def __init__(self, settings: Settings, folder: Path, against: str | None) -> None:
        """`against`: the authority's own test environment, in the simulator's place.

        Raises `SettingsInvalid` where nobody reports, and `UsageError` where that is, or may be,
        the one that files for good.
        """
        if not settings.reporter.company:
            raise SettingsInvalid(
                "The settings do not say who reports.", "Fill in [reporter] in settings.toml."
            )
        if against is not None:
            _only_a_test(against, settings)
        self._settings = settings
        self._folder = folder
        self._against = against
        self._processes: list[Process] = []
        # Only an authorised person's approval goes to the NCA's interface.
        authorised = next(iter(settings.nca.authorised), None)
        self.person = Actor("person", authorised or "rehearsal")
        self.nca_interface = authorised is not None

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_problem: object) -> None:
        if hasattr(self, "platform"):
            self.platform.close()
        for process in self._processes:
            process.stop()

    @property
    def simulated(self) -> bool:
        """Say whether the CyberTipline is the bundled simulator."""
        return self._against is None

    def fault(self, kind: str, **how: object) -> None:
        """Let the simulated CyberTipline misbehave."""
        url = f"{self._ncmec.address}/_control/faults"
        httpx.post(url, json={"kind": kind, **how}, trust_env=False).raise_for_status()

    def finished(self) -> int:
        """Return how many reports the simulated CyberTipline has, finished."""
        books = httpx.get(f"{self._ncmec.address}/_control/books", trust_env=False).json()
        return sum(one["state"] == "finished" for one in books["reports"])

    def _build(self) -> None:
        password = secrets.token_urlsafe(12)
        given = self._settings
        authority: dict[str, Any] = {**given.authority.model_dump(), "url": self._against}
        if self._against is None:
            self._ncmec = self._started(
                "simulated CyberTipline",
                "tutela.simulators.cybertipline",
                *("--user", _USER, f"--password={password}"),
            )
            url = f"{self._ncmec.address}/ispws"
            authority = {"url": url, "username": _USER, "password": password}
        nca = given.nca.model_dump() | {"url": None}
        if self.nca_interface:
            simulator = self._started(
                "simulated NCA", "tutela.simulators.nca", *("--token", password)
            )
            # The simulator speaks the assumed form, whatever the operator's mapping file says.
            nca |= {"url": simulator.address, "token": password, "mapping": None}
        home = self._folder / "home"
        home.mkdir(mode=0o700)
        loaded = settings_file.load_apart(
            home,
            instance="tutela.rehearsal",
            database_url=None,
            objects_url=None,
            authority=authority,
            nca=nca,
            reporter=given.reporter.model_dump(),
            provider=given.provider.model_dump(),
            obligations={name: one.model_dump() for name, one in given.obligations.items()},
            approval={"people": 1, "urgent_people": 1},
            grace={"seconds": 0},
        )
        installation.create_home(loaded, "rehearsal")
        self.platform: Platform = bootstrap.open_platform(loaded)

    def _started(self, name: str, module: str, *words: str) -> Process:
        state = self._folder / f"{module.rpartition('.')[2]}.db"
        command = (module, "--port", "0", "--state", str(state), *words)
        process = Process(name, command, self._folder / "simulators.log")
        self._processes.append(process)
        return process


def _only_a_test(against: str, settings: Settings) -> None:
    host = urlsplit(against).hostname or ""
    filed_with = settings.authority.url
    in_service = filed_with is not None and host == urlsplit(filed_with).hostname
    if host in IN_SERVICE or (in_service and host not in TESTS):
        raise UsageError(
            f"{host or against} files for good: a rehearsal there would be a report.",
            "Name the authority's test environment, such as https://exttest.cybertip.org/ispws.",
        )
