"""The folder of key files: the suite of the port, and what passphrases add to it."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.suites.key_service_suite import KeyServiceSuite, Make

from tutela.errors import Refused, SettingsInvalid
from tutela.evidence import passphrase, private_key_file
from tutela.evidence.key_service import KeyFolder
from tutela.evidence.keys import OpeningKey
from tutela.evidence.private_key_file import Cost

QUICK = Cost(passes=1, memory=64)
WORDS = "four words that stay together"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    # Deriving at its usual cost takes most of a second; one test below pays it.
    monkeypatch.setattr(private_key_file.write, "__defaults__", (QUICK,))
    monkeypatch.delenv(passphrase.VARIABLE, raising=False)


@pytest.fixture(params=["plain", "locked"])
def _words(request: pytest.FixtureRequest) -> str | None:
    return WORDS if request.param == "locked" else None


class TestKeyFolder(KeyServiceSuite):
    @pytest.fixture
    def make(self, tmp_path: Path, _words: str | None) -> Make:
        guard = passphrase.given(_words) if _words else None
        return lambda: KeyFolder(tmp_path / "keys", guard)


def locked(folder: Path, words: str = WORDS) -> OpeningKey:
    key = OpeningKey.generate()
    KeyFolder(folder, passphrase.given(words)).add(key)
    return key


def test_a_stolen_file_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    key = locked(tmp_path)
    stolen = (tmp_path / f"{key.sealing.id}.key").read_bytes()
    assert key.private.encode() not in stolen
    wrapped = key.sealing.wrap(b"k" * 32)
    for guard in (passphrase.given("four words that stay apart"), passphrase.found(), None):
        with pytest.raises(Refused):
            KeyFolder(tmp_path, guard).unwrap(key.sealing.id, wrapped)
    assert KeyFolder(tmp_path, passphrase.given(WORDS)).unwrap(key.sealing.id, wrapped)


def test_the_usual_cost_is_moderate_argon2id(tmp_path: Path) -> None:
    path = tmp_path / "one.key"
    private_key_file.write(path, bytes(32), passphrase.given(WORDS), private_key_file.USUAL)
    assert private_key_file.read(path, passphrase.given(WORDS)) == bytes(32)
    assert (private_key_file.USUAL.passes, private_key_file.USUAL.memory) == (3, 256 * 1024)


@given(st.data())
def test_any_changed_byte_of_a_locked_file_is_found(
    tmp_path_factory: pytest.TempPathFactory, choice: st.DataObject
) -> None:
    raw = bytearray(private_key_file._locked(bytes(32), WORDS.encode(), QUICK))
    # Other passes or more memory are another key, too, but slow ones to find out by.
    place = choice.draw(st.integers(8, len(raw) - 1))
    raw[place] ^= choice.draw(st.integers(1, 255))
    with pytest.raises(Refused):
        private_key_file._unlocked(Path("spoilt.key"), bytes(raw), WORDS.encode())


def test_a_file_that_asks_for_too_much_work_is_refused() -> None:
    raw = b"\xff" * 8 + bytes(80)
    with pytest.raises(SettingsInvalid):
        private_key_file._unlocked(Path("spoilt.key"), raw, b"x")


def test_a_plain_home_stays_plain_and_a_locked_one_locked(tmp_path: Path) -> None:
    plain, guarded = tmp_path / "plain", tmp_path / "guarded"
    KeyFolder(plain).add(OpeningKey.generate())
    KeyFolder(plain, passphrase.given(WORDS)).add(OpeningKey.generate())
    assert KeyFolder(plain).plain() == KeyFolder(plain).ids()
    locked(guarded)
    with pytest.raises(Refused):
        KeyFolder(guarded, passphrase.found()).add(OpeningKey.generate())
    KeyFolder(guarded, passphrase.given(WORDS)).add(OpeningKey.generate())
    assert KeyFolder(guarded).plain() == frozenset()
    assert len(KeyFolder(guarded).ids()) == 2


def test_no_first_key_is_plain_by_accident(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        KeyFolder(tmp_path / "keys", passphrase.found()).add(OpeningKey.generate())


def test_another_passphrase_replaces_the_first(tmp_path: Path) -> None:
    key = OpeningKey.generate()
    KeyFolder(tmp_path).add(key)
    KeyFolder(tmp_path).lock(passphrase.given(WORDS))
    KeyFolder(tmp_path, passphrase.given(WORDS)).lock(passphrase.given("another set of words"))
    with pytest.raises(Refused):
        KeyFolder(tmp_path, passphrase.given(WORDS)).private(key.sealing.id)
    opened = KeyFolder(tmp_path, passphrase.given("another set of words"))
    assert opened.private(key.sealing.id).private.encode() == key.private.encode()
    assert opened.plain() == frozenset()


def test_files_that_were_exchanged_are_found(tmp_path: Path) -> None:
    first, second = OpeningKey.generate(), OpeningKey.generate()
    folder = KeyFolder(tmp_path)
    folder.add(first)
    folder.add(second)
    (tmp_path / f"{first.sealing.id}.key").rename(tmp_path / f"{second.sealing.id}.key")
    with pytest.raises(SettingsInvalid):
        KeyFolder(tmp_path).private(second.sealing.id)


def test_where_the_passphrase_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "passphrase"
    file.write_text("from a file that is ours\nsecond line\n")
    with pytest.raises(SettingsInvalid):
        passphrase.found(file).get()
    file.chmod(0o600)
    assert passphrase.found(file).get() == b"from a file that is ours"
    asked = secrets.token_hex(8)
    assert passphrase.found(None, lambda: asked).get() == asked.encode()
    monkeypatch.setenv(passphrase.VARIABLE, "from the environment")
    assert passphrase.found(file).get() == b"from the environment"
    assert "environment" not in repr(passphrase.found(file))


def test_short_passphrases_are_refused() -> None:
    with pytest.raises(SettingsInvalid):
        passphrase.strong("elevenchars")
    assert passphrase.strong("twelve chars")
