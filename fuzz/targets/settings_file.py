"""Settings: a hostile settings file is refused by name, and its secrets are not repeated."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from fuzz.target import scratch
from tutela import settings
from tutela.errors import SettingsInvalid
from tutela.exchange import wire_names

if TYPE_CHECKING:
    from collections.abc import Iterator

_CANARY = "canary-4f1b"


def seeds() -> Iterator[bytes]:
    """Write a settings file, and the shipped mapping file."""
    yield (
        f'instance = "tutela.example"\nlisten_port = 8420\n[authority]\nurl = "https://a.example"\n'
        f'username = "u"\npassword = "{_CANARY}"\n[limits]\nmax_bytes = 5\n'
        '[hotlines.one]\nname = "One"\ncountry = "DE"\nkey = "k"\nreceiver = "r"\nemergency = "1"\n'
    ).encode()
    yield f'[authority]\npassword = ["{_CANARY}"]\n[nca]\ntoken = {{a = "{_CANARY}"}}\n'.encode()
    yield (resources.files("tutela.exchange") / "nca_wire.toml").read_bytes()


def run(data: bytes) -> None:
    """Load it as settings and as a mapping file."""
    file = scratch() / settings.SETTINGS_FILE
    file.write_bytes(data)
    try:
        loaded = settings.load(scratch())
        assert loaded.listen_port <= 65535
        assert _CANARY not in repr(loaded.authority) + repr(loaded.nca)
    except SettingsInvalid as problem:
        assert f'"{_CANARY}"' not in str(problem)
    try:
        wire_names.read(file)
    except SettingsInvalid:
        pass
