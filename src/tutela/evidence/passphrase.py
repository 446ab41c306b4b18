"""Where the passphrase of the private keys comes from. There is no default one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tutela.errors import Refused, SettingsInvalid
from tutela.storage import keyfile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VARIABLE = "TUTELA_PASSPHRASE"
LEAST, LEAST_DIFFERENT = 12, 5
"""Characters a new passphrase has at least, and different ones among them."""


class Passphrase:
    """A passphrase that is asked for once, when it is first needed."""

    def __init__(self, ask: Callable[[], str | None]) -> None:
        self._ask = ask
        self._known: bytes | None = None

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "Passphrase(…)"

    def get(self) -> bytes:
        """Return it in UTF-8. Raises `Refused` where nobody gives one."""
        if self._known is None:
            said = self._ask()
            if not said:
                raise Refused(
                    "The private evidence keys are locked, and there is no passphrase.",
                    f"Set {VARIABLE}, or key_service.passphrase_file in the settings, "
                    "or run the command at a terminal.",
                )
            self._known = said.encode()
        return self._known


def given(text: str) -> Passphrase:
    """Return a passphrase that is known."""
    return Passphrase(lambda: text)


def found(file: Path | None = None, prompt: Callable[[], str | None] | None = None) -> Passphrase:
    """Return the passphrase of the environment, of `file` or of a person, the first there is.

    `file` may be a descriptor such as /dev/fd/3. Reading it raises `SettingsInvalid`.
    """

    def ask() -> str | None:
        if said := os.environ.get(VARIABLE):
            return said
        if file is not None:
            return in_file(file)
        return prompt() if prompt else None

    return Passphrase(ask)


def in_file(file: Path) -> str:
    """Return the first line of a file that only its owner can read. Raises `SettingsInvalid`."""
    if file.is_file():
        keyfile.refuse_shared(file)
    try:
        with file.open(encoding="utf-8") as opened:
            return opened.readline().rstrip("\r\n")
    except (OSError, ValueError) as problem:
        raise SettingsInvalid(
            "The passphrase file cannot be read.",
            "Mend key_service.passphrase_file, or let the service's user read it.",
        ) from problem


def strong(text: str) -> str:
    """Return a new passphrase. Raises `SettingsInvalid` for one that is easily guessed."""
    if len(text) < LEAST:
        raise SettingsInvalid(
            f"A passphrase has at least {LEAST} characters.", "Take several words that you know."
        )
    if len(set(text.lower())) < LEAST_DIFFERENT:
        raise SettingsInvalid(
            "A passphrase is more than a few characters over and over.",
            "Take several words that you know.",
        )
    return text
