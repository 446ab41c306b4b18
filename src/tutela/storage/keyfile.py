"""Key files: one word that names the kind, and the raw key in base64."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from typing import TYPE_CHECKING

from tutela.errors import SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_OTHERS = 0o077


_LEAST = 32
"""Bytes of every secret that we make; a shorter one was put there by somebody."""


def write_secret(path: Path, word: str, raw: bytes) -> None:
    """Write a new key that only its owner can read; never over an old one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as problem:
        raise SettingsInvalid(
            f"The key file {path.name} exists already.",
            "Choose another home, or remove the old one after making sure nothing needs it.",
        ) from problem
    with os.fdopen(descriptor, "w") as file:
        file.write(_line(word, raw))
        file.flush()
        os.fsync(file.fileno())


def write_public(path: Path, word: str, raw: bytes) -> None:
    """Write a public key, readable by all."""
    path.write_text(_line(word, raw))


def read(path: Path, word: str) -> bytes:
    """Return the raw key. Raises `SettingsInvalid` when missing or of another kind."""
    return _read(path, (word,))[1]


def read_secret(path: Path, word: str) -> bytes:
    """Return a secret key; refuse one that other users of the machine can read."""
    return read_secret_of(path, (word,))[1]


def read_secret_of(path: Path, words: Sequence[str]) -> tuple[str, bytes]:
    """Return a secret key of one of several kinds, and which; otherwise as `read_secret`."""
    refuse_shared(path)
    word, raw = _read(path, words)
    if len(raw) < _LEAST or len(set(raw)) == 1:
        raise SettingsInvalid(
            f"The key file {path.name} holds no key: it is too short, or one byte over and over.",
            "Restore the file from its backup.",
        )
    return word, raw


def refuse_shared(path: Path) -> None:
    """Raise `SettingsInvalid` where other users of the machine can read a secret file."""
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & _OTHERS:
        raise SettingsInvalid(
            f"The key file {path.name} can be read by other users.",
            "Set its mode to 600, and consider the key exposed if others use this machine.",
        )


def _read(path: Path, words: Sequence[str]) -> tuple[str, bytes]:
    try:
        found, encoded = path.read_text().split()
        if found not in words:
            raise ValueError(found)
        return found, base64.b64decode(encoded, validate=True)
    except (OSError, ValueError, binascii.Error) as problem:
        raise SettingsInvalid(
            f"The key file {path.name} is missing or is not a {words[0]} file.",
            "Run `tutela init` in a new home, or restore the file from its backup.",
        ) from problem


def _line(word: str, raw: bytes) -> str:
    return f"{word} {base64.b64encode(raw).decode()}\n"
