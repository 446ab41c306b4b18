"""The evidence keys from a shell: no default passphrase, rotation, recovery after a loss."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

WORDS, OTHER_WORDS = "four words that stay together", "another four words of ours"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name in ("TUTELA_PASSPHRASE", "TUTELA_NEW_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    return Shell(tmp_path)


def test_there_is_no_default_passphrase(shell: Shell) -> None:
    said = shell("init", status=2).stderr
    assert "TUTELA_PASSPHRASE" in said
    assert not (shell.home / "keys").exists()


def test_a_key_is_rotated_split_lost_and_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTELA_PASSPHRASE", WORDS)
    shell = Shell(tmp_path)
    shell("init")
    shell("keys", "rotate")
    shares = tmp_path / "shares"
    shell("keys", "split", "--shares", "3", "--threshold", "2", "--to", str(shares))
    texts = sorted(shares.iterdir())
    assert [path.stat().st_mode & 0o077 for path in texts] == [0, 0, 0]
    shutil.rmtree(shell.home / "keys" / "evidence")
    shell("keys", "restore", str(texts[0]), str(texts[2]))
    old, newest = shell.rows("keys", "list")
    assert (old["newest"], old["held"]) == (False, False)
    assert (newest["newest"], newest["held"]) == (True, True)
    monkeypatch.setenv("TUTELA_NEW_PASSPHRASE", OTHER_WORDS)
    shell = Shell(tmp_path)
    shell("keys", "lock")
    shell("keys", "split", "--to", str(tmp_path / "no"), status=7)
    done = [row["action"] for row in shell.rows("audit", "show") if "key." in row["action"]]
    assert done == ["key.rotated", "key.split", "key.restored", "key.locked"]
    assert not any(WORDS.encode() in path.read_bytes() for path in shell.home.rglob("*.*"))
