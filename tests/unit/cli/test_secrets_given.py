"""No secret that everybody knows starts an instance: every secret of the settings is walked."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, SecretStr
from tests.shell import Shell

from tutela import secrets_given
from tutela import settings as settings_file
from tutela.errors import SettingsInvalid
from tutela.evidence import passphrase
from tutela.settings import Settings
from tutela.storage import keyfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = "uncommon words 4711"
URL = "https://there.example"
COMPLETE: dict[str, dict[str, Any]] = {
    "authority": {"url": URL, "username": "us-at-ncmec", "password": GOOD},
    "nca": {"url": URL, "token": GOOD, "registration": "r"},
    "key_service": {"kind": "aws-kms"},
    "aws_kms": {
        "url": URL,
        "region": "r",
        "key": "k",
        "access_key": "AKIDEXAMPLEOURS",
        "secret": GOOD,
        "session": GOOD,
    },
    "identity_provider": {"issuer": URL, "client_id": "tutela-here", "client_secret": GOOD},
    "mail": {"host": "h", "username": "postmaster", "password": GOOD, "sender": "a", "to": ["b"]},
}
NAMES = {
    "authority.password": "us-at-ncmec",
    "aws_kms.secret": "AKIDEXAMPLEOURS",
    "identity_provider.client_secret": "tutela-here",
    "mail.password": "postmaster",
}
"""Whose the secret is, where the settings say."""


def _secrets(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Yield where the settings can hold a secret: every field of that type, however deep."""
    for name, field in model.model_fields.items():
        kinds: list[Any] = [field.annotation]
        while kinds:
            kind = kinds.pop()
            if get_origin(kind) in {Union, UnionType}:
                kinds.extend(get_args(kind))
            elif kind is SecretStr:
                yield f"{path}{name}"
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _secrets(kind, f"{path}{name}.")


SECRETS = sorted(_secrets(Settings))


def _with(home: Path, where: str, secret: str) -> Settings:
    part, _, name = where.partition(".")
    return settings_file.load(home, **COMPLETE | {part: {**COMPLETE[part], name: secret}})


def test_every_secret_of_the_settings_is_asked_about(tmp_path: Path) -> None:
    asked = {one.setting for one in secrets_given.given(settings_file.load(tmp_path, **COMPLETE))}
    assert set(SECRETS) <= asked
    assert len(SECRETS) >= 6
    secrets_given.prove(settings_file.load(tmp_path, **COMPLETE))
    secrets_given.prove(settings_file.load(tmp_path))


@pytest.mark.parametrize("where", SECRETS)
def test_no_known_short_or_empty_one_is_taken(tmp_path: Path, where: str) -> None:
    bad = [*secrets_given.KNOWN, "Password", " changeme ", "aaaaaaaaaaaa", "7 signs"]
    bad += [NAMES[where]] if where in NAMES else []
    # Temporary credentials are the exception: there may be none.
    bad += [] if where == "aws_kms.session" else [""]
    for secret in bad:
        with pytest.raises(SettingsInvalid, match=where):
            secrets_given.prove(_with(tmp_path, where, secret))


def test_a_database_whose_password_everybody_knows_is_not_served(tmp_path: Path) -> None:
    url = "postgresql://someone:{}@db.example/tutela"
    for known in ("postgres", "someone", "tutela"):
        with pytest.raises(SettingsInvalid, match="database_url"):
            secrets_given.prove(settings_file.load(tmp_path, database_url=url.format(known)))
    secrets_given.prove(settings_file.load(tmp_path, database_url=url.format("k3y-of-ours")))
    # Peer authentication needs none.
    secrets_given.prove(settings_file.load(tmp_path, database_url="postgresql:///tutela"))


def test_neither_init_nor_serve_starts_with_one(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.home.mkdir()
    file = shell.home / "settings.toml"
    known = f'[authority]\nurl = "{URL}"\nusername = "us"\npassword = "changeme"\n'
    file.write_text(known)
    _refused(shell, "init", "--no-passphrase")
    assert not (shell.home / "keys").exists()
    file.write_text("")
    shell("init", "--no-passphrase")
    file.write_text(known)
    _refused(shell, "serve", "--port", "0")


def _refused(shell: Shell, *command: str) -> None:
    ended = shell(*command, status=SettingsInvalid.exit_code)
    assert "authority.password" in ended.stderr
    assert "changeme" not in ended.stderr + ended.stdout


@pytest.mark.parametrize("text", ["", "short", "aaaaaaaaaaaaaaaa", "abababababababab"])
def test_no_passphrase_is_taken_that_is_none(text: str) -> None:
    with pytest.raises(SettingsInvalid):
        passphrase.strong(text)


def test_no_key_file_is_taken_that_holds_no_key(tmp_path: Path) -> None:
    for number, raw in enumerate((b"", b"x" * 16, bytes(32))):
        keyfile.write_secret(tmp_path / str(number), "a-kind-1", raw)
        with pytest.raises(SettingsInvalid):
            keyfile.read_secret(tmp_path / str(number), "a-kind-1")
