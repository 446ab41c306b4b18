"""Key files: never overwritten, never readable by others, never of another kind."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tutela.errors import SettingsInvalid
from tutela.storage import keyfile

if TYPE_CHECKING:
    from pathlib import Path

_RAW = bytes(range(32))


def test_a_secret_comes_back_and_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "key"
    keyfile.write_secret(file, "tutela-test", _RAW)
    assert keyfile.read_secret(file, "tutela-test") == _RAW
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_secret_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key"
    keyfile.write_secret(file, "tutela-test", _RAW)
    with pytest.raises(SettingsInvalid):
        keyfile.write_secret(file, "tutela-test", b"\0" * 32)
    assert keyfile.read_secret(file, "tutela-test") == _RAW


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "key"
    keyfile.write_secret(file, "tutela-test", _RAW)
    file.chmod(mode)
    with pytest.raises(SettingsInvalid, match="other users"):
        keyfile.read_secret(file, "tutela-test")


@pytest.mark.parametrize(
    "text", ["", "tutela-test", "tutela-other AAAA", "tutela-test !!!!", "a b c"]
)
def test_what_is_no_such_key_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    with pytest.raises(SettingsInvalid):
        keyfile.read(file, "tutela-test")


def test_a_missing_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="missing"):
        keyfile.read(tmp_path / "key", "tutela-test")


def test_a_message_never_shows_the_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("tutela-other c2VjcmV0c2VjcmV0")
    with pytest.raises(SettingsInvalid) as problem:
        keyfile.read(file, "tutela-test")
    assert "c2VjcmV0" not in str(problem.value)
