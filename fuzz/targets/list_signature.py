"""Signatures of lists and public keys of their sources, as minisign writes them."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from tests.minisign_signer import Signer

from tutela.errors import InvalidInput, Tampered
from tutela.hashlists.minisign import PublicKey, Signature

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNER = Signer()
_LIST = b"md5\n"
_DIGEST = hashlib.blake2b(_LIST, digest_size=64).digest()
_KEY = PublicKey.parse(_SIGNER.public)
_COMMENT = "timestamp:7\tserial:9"


def seeds() -> Iterator[bytes]:
    """Sign a list; write a key."""
    yield _SIGNER.sign(_LIST, _COMMENT)
    yield _SIGNER.sign(_LIST, "serial:\u0661")
    yield _SIGNER.public.encode()


def run(data: bytes) -> None:
    """Read the bytes as both; only what was signed is believed."""
    with contextlib.suppress(InvalidInput):
        PublicKey.parse(data.decode(errors="surrogateescape"))
    with contextlib.suppress(InvalidInput, Tampered):
        read = Signature.parse(data)
        read.verify(_KEY, _DIGEST)
        assert read.trusted_comment in {_COMMENT, "serial:\u0661"}, "a comment that nobody signed"
        assert read.serial in {9, 1}, "another number"
