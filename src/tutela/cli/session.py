"""What one run of the command line knows: its home, its form of output, who runs it."""

from __future__ import annotations

import getpass
import json
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.access.gate import OPERATOR_OF_THE_MACHINE, SHELL, Principal
from tutela.cli.shell_session import TOKEN, ShellSession
from tutela.errors import NotSignedIn, SettingsInvalid, UsageError
from tutela.evidence import passphrase as passphrases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tutela.audit.entry import Actor
    from tutela.bootstrap import Platform
    from tutela.evidence.passphrase import Passphrase
    from tutela.settings import Settings

__all__ = ["SHELL", "Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """One run. People read stderr or tables; machines read JSON lines on stdout."""

    home: Path
    json: bool
    insecure_decoding: bool = False
    caller: Principal = OPERATOR_OF_THE_MACHINE

    @property
    def actor(self) -> Actor:
        """Return who acts in what follows."""
        return self.caller.actor

    @property
    def kept(self) -> ShellSession:
        """Return where this shell keeps its sign-in."""
        return ShellSession(self.home)

    def proven(self) -> Session:
        """Return this run as who proves to run it: a token's machine, a person, or the shell.

        Raises `NotSignedIn` for a token that is none. A sign-in that is over is dropped.
        """
        token, word = os.environ.get(TOKEN), self.kept.read()
        if not token and word is None:
            return self
        with self.platform() as platform:
            if token:
                return replace(self, caller=platform.tokens.authenticate(token))
            try:
                account = platform.sessions.find(word).account
            except NotSignedIn:
                self.kept.drop()
                self.say("Your sign-in at this shell is over.")
                return self
        return replace(self, caller=Principal(account.actor, account.permissions))

    def settings(self) -> Settings:
        """Return the home's settings. Raises `SettingsInvalid` where there is no instance."""
        loaded = settings_file.load(self.home)
        if not loaded.keys.is_dir():
            raise SettingsInvalid(
                "There is no instance in this home.",
                "Run `tutela init` first, or name its folder with --home or TUTELA_HOME.",
            )
        if not self.insecure_decoding:
            return loaded
        asked = loaded.decoding.model_copy(update={"insecure": True})
        return loaded.model_copy(update={"decoding": asked})

    @contextmanager
    def platform(self, part: bootstrap.Part = bootstrap.Part.ALL) -> Iterator[Platform]:
        """Yield the platform of this home."""
        settings = self.settings()
        platform = bootstrap.open_platform(
            settings, part=part, passphrase=self.passphrase(settings)
        )
        try:
            yield platform
        finally:
            platform.close()

    def passphrase(self, settings: Settings) -> Passphrase:
        """Return the passphrase of the private keys, asked of who sits at a terminal at last."""
        return passphrases.found(settings.key_service.passphrase_file, self.asked)

    def asked(self, question: str = "Passphrase of the evidence keys: ") -> str | None:
        """Ask a person for a secret; None: nobody is there."""
        return getpass.getpass(question) if sys.stdin.isatty() else None

    def new_passphrase(self, file: Path | None, variable: str) -> Passphrase:
        """Return a new passphrase: a variable's, a file's, or what a person types twice.

        Raises `SettingsInvalid` for a short one, `UsageError` where there is none or two differ.
        """
        said = os.environ.get(variable) or (passphrases.in_file(file) if file else None)
        if not said:
            said = self.asked("A new passphrase for the evidence keys: ")
            if said and said != self.asked("The same again: "):
                raise UsageError("The two are not the same.", "Try again.")
        if not said:
            raise UsageError(
                "There is no passphrase for the private evidence key.",
                f"Set {variable}, or run this at a terminal.",
            )
        return passphrases.given(passphrases.strong(said))

    @property
    def people(self) -> Console:
        """Return where people read along: stderr."""
        return Console(stderr=True, highlight=False, markup=False)

    def say(self, text: str) -> None:
        """Tell people something."""
        self.people.print(text)

    def put(self, row: dict[str, Any]) -> None:
        """Print one JSON line on stdout."""
        sys.stdout.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()

    def table(self, columns: Sequence[str], rows: Iterable[dict[str, Any]], empty: str) -> None:
        """Print rows: JSON lines for machines, a table for people."""
        listed = list(rows)
        if self.json:
            for row in listed:
                self.put(row)
            return
        if not listed:
            self.say(empty)
            return
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in listed:
            table.add_row(*("" if row[name] is None else str(row[name]) for name in columns))
        Console(highlight=False, markup=False, soft_wrap=True).print(table)
