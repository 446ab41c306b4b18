"""Files of private evidence keys: plain, or locked by a passphrase.

Locked: `tutela-evidence-locked-1`, and in base64: passes (4 bytes, big-endian), memory in KiB (4),
salt (16), nonce (24), and the key under XChaCha20-Poly1305 with all before the nonce as additional
data. Its key comes from the passphrase by Argon2id (RFC 9106, libsodium).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nacl import bindings as sodium
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from tutela.errors import Refused, SettingsInvalid
from tutela.storage import keyfile

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.evidence.passphrase import Passphrase

_PLAIN_WORD = "tutela-evidence-private-1"
_LOCKED_WORD = "tutela-evidence-locked-1"
_KEY = 32
_KIB = 1024
_SALT = argon2id.SALTBYTES
_NONCE = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_HEAD = 8 + _SALT


@dataclass(frozen=True, slots=True)
class Cost:
    """What one try of a passphrase costs: passes, and memory in KiB."""

    passes: int = argon2id.OPSLIMIT_MODERATE
    memory: int = argon2id.MEMLIMIT_MODERATE // _KIB


USUAL = Cost()
_LEAST, _MOST = Cost(1, 8), Cost(64, 4 << 20)


def write(path: Path, raw: bytes, passphrase: Passphrase | None, cost: Cost = USUAL) -> None:
    """Write a new file, locked where there is a passphrase; never over an old one."""
    if passphrase is None:
        keyfile.write_secret(path, _PLAIN_WORD, raw)
    else:
        keyfile.write_secret(path, _LOCKED_WORD, _locked(raw, passphrase.get(), cost))


def read(path: Path, passphrase: Passphrase | None) -> bytes:
    """Return the key (32 bytes).

    Raises `SettingsInvalid` where the file is none, `Refused` where the passphrase is missing or
    is not its.
    """
    word, raw = keyfile.read_secret_of(path, (_PLAIN_WORD, _LOCKED_WORD))
    if word == _LOCKED_WORD:
        if passphrase is None:
            raise _wrong(path)
        raw = _unlocked(path, raw, passphrase.get())
    if len(raw) != _KEY:
        raise _spoilt(path)
    return raw


def is_locked(path: Path) -> bool:
    """Say whether a passphrase guards the file. Raises `SettingsInvalid`."""
    return keyfile.read_secret_of(path, (_PLAIN_WORD, _LOCKED_WORD))[0] == _LOCKED_WORD


def _locked(raw: bytes, passphrase: bytes, cost: Cost) -> bytes:
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    head = cost.passes.to_bytes(4, "big") + cost.memory.to_bytes(4, "big") + salt
    key = _stretched(passphrase, salt, cost)
    return head + nonce + sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(raw, head, nonce, key)


def _unlocked(path: Path, raw: bytes, passphrase: bytes) -> bytes:
    head, nonce, box = raw[:_HEAD], raw[_HEAD : _HEAD + _NONCE], raw[_HEAD + _NONCE :]
    cost = Cost(int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big"))
    if not (_LEAST.passes <= cost.passes <= _MOST.passes and box) or not (
        _LEAST.memory <= cost.memory <= _MOST.memory
    ):
        raise _spoilt(path)
    try:
        key = _stretched(passphrase, head[8:], cost)
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(box, head, nonce, key)
    except CryptoError as problem:
        raise _wrong(path) from problem


def _stretched(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    return argon2id.kdf(_KEY, passphrase, salt, opslimit=cost.passes, memlimit=cost.memory * _KIB)


def _wrong(path: Path) -> Refused:
    return Refused(
        f"The passphrase does not open the key file {path.name}.",
        "Give the passphrase it was locked with, or restore the key from its shares.",
    )


def _spoilt(path: Path) -> SettingsInvalid:
    return SettingsInvalid(
        f"The key file {path.name} is spoilt.",
        "Restore it from its backup, or the key from its shares.",
    )
