"""Who holds the private evidence keys and opens with them; by default a folder of key files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tutela.errors import Conflict, NotFound, Refused, SettingsInvalid
from tutela.evidence import private_key_file
from tutela.evidence.keys import OpeningKey

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.evidence.passphrase import Passphrase


class KeyService(Protocol):
    """Private evidence keys by their ids. Suite: tests/suites/key_service_suite.py.

    Every call may raise `Refused` (no, and asking again does not help), `Unavailable` (not now),
    `SettingsInvalid`, and `Tampered` where what is stored is not the key it says it is.
    """

    def ids(self) -> frozenset[str]:
        """Return which keys are held."""
        ...

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Recover an object's key. Raises `Refused` for a key that is not held, `Tampered`."""
        ...

    def add(self, key: OpeningKey) -> None:
        """Hold one more key. Raises `Conflict` where it is held already."""
        ...

    def private(self, key_id: str) -> OpeningKey:
        """Return a key itself, to be split or moved. Raises `Refused` as `unwrap`."""
        ...

    def remove(self, key_id: str) -> None:
        """Destroy a key. Raises `NotFound`."""
        ...


def not_held(key_id: str) -> Refused:
    """Return the error for a key that is somewhere else."""
    return Refused(
        f"This process seals evidence and cannot open it: it does not hold the key {key_id}.",
        "Open it on the review side, where the private key is held.",
    )


def held_already() -> Conflict:
    """Return the error for a key that would be added twice."""
    return Conflict("This key is held already.", "Nothing to do.")


def no_such_key() -> NotFound:
    """Return the error for a key that should be destroyed and is not there."""
    return NotFound("This key is not held here.", "See `tutela keys list`.")


class KeyFolder:
    """Keys as files of a folder, `ID.key`.

    Keys are read when they are needed and kept, so a key that is added later opens at once.
    Where all are plain, so is the next: somebody asked for that when the home was made.
    """

    def __init__(self, folder: Path, passphrase: Passphrase | None = None) -> None:
        """`passphrase`: opens what is locked, and locks what is added; none: for plain keys."""
        self._folder = folder
        self._passphrase = passphrase
        self._known: dict[str, OpeningKey] = {}

    def ids(self) -> frozenset[str]:
        """Return which keys are held."""
        return frozenset(self._files())

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Recover an object's key."""
        return self.private(key_id).unwrap(wrapped)

    def add(self, key: OpeningKey) -> None:
        """Write the key's file."""
        identity = key.sealing.id
        if identity in self._files():
            raise held_already()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        plain = bool(self._files()) and self.plain() == self.ids()
        key.save(self._folder / f"{identity}.key", None if plain else self._passphrase)
        self._known[identity] = key

    def private(self, key_id: str) -> OpeningKey:
        """Read the key's file."""
        if key_id not in self._known:
            path = self._files().get(key_id)
            if path is None:
                raise not_held(key_id)
            self._known[key_id] = self._read(path)
        return self._known[key_id]

    def remove(self, key_id: str) -> None:
        """Delete the key's file."""
        path = self._files().get(key_id)
        if path is None:
            raise no_such_key()
        path.unlink(missing_ok=True)
        self._known.pop(key_id, None)

    def lock(self, passphrase: Passphrase) -> None:
        """Put every key under another passphrase; a crash leaves each file whole, old or new."""
        for identity, path in sorted(self._files().items()):
            fresh = path.with_name(f".{path.name}.new")
            fresh.unlink(missing_ok=True)
            self.private(identity).save(fresh, passphrase)
            fresh.replace(path)
        self._passphrase = passphrase

    def plain(self) -> frozenset[str]:
        """Return the keys that no passphrase guards."""
        return frozenset(
            identity
            for identity, path in self._files().items()
            if not private_key_file.is_locked(path)
        )

    def _read(self, path: Path) -> OpeningKey:
        key = OpeningKey.load(path, self._passphrase)
        if key.sealing.id != path.stem:
            raise SettingsInvalid(
                f"The key file {path.name} holds another key.",
                "Restore it from its backup, or the key from its shares.",
            )
        return key

    def _files(self) -> dict[str, Path]:
        return {path.stem: path for path in self._folder.glob("[!.]*.key")}


class HeldKeys:
    """Keys in memory: what a receiver holds who opens one package."""

    def __init__(self, *keys: OpeningKey) -> None:
        self._keys = {key.sealing.id: key for key in keys}

    def ids(self) -> frozenset[str]:
        """Return which keys are held."""
        return frozenset(self._keys)

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Recover an object's key."""
        return self.private(key_id).unwrap(wrapped)

    def add(self, key: OpeningKey) -> None:
        """Hold the key."""
        if key.sealing.id in self._keys:
            raise held_already()
        self._keys[key.sealing.id] = key

    def private(self, key_id: str) -> OpeningKey:
        """Return the key."""
        if key_id not in self._keys:
            raise not_held(key_id)
        return self._keys[key_id]

    def remove(self, key_id: str) -> None:
        """Forget the key."""
        if self._keys.pop(key_id, None) is None:
            raise no_such_key()
