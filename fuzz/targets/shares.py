"""Printed shares of a private key, three after one another, parted by a zero byte.

The check that guards against slips is mended, as whoever makes a share up would do.
"""

from __future__ import annotations

import contextlib
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from fuzz.keyring import PAIR
from tutela.errors import InvalidInput, Tampered
from tutela.evidence import shares
from tutela.evidence.shares import Share

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHECK = re.compile(r"check [0-9a-f]{16}")


def seeds() -> Iterator[bytes]:
    """Print shares."""
    made = shares.split(PAIR, 2, 3, bytes)
    yield "\0".join(one.text() for one in made).encode()
    yield "\0".join(one.text().replace("share 1", "share 0") for one in made).encode()
    yield "\0".join(one.text().replace("share 2", "share 300") for one in made).encode()
    yield "\0".join(one.text().replace("2 restore", "0 restore") for one in made).encode()


def run(data: bytes) -> None:
    """Restore the key; no other key than they name comes of them, and none of one share."""
    texts = [_mended(one) for one in data.decode(errors="replace").split("\0")[:3]]
    with contextlib.suppress(InvalidInput, Tampered):
        given = [Share.read(one) for one in texts]
        restored = shares.restore(given)
        assert {one.key_id for one in given} == {restored.sealing.id}, "another key"
        assert len({one.place for one in given}) > 1, "one holder alone"


def _mended(text: str) -> str:
    *lines, last = [line.strip() for line in text.strip().splitlines()] or [""]
    body = "".join(f"{line}\n" for line in lines)
    return body + _CHECK.sub(f"check {sha256(body.encode()).hexdigest()[:16]}", last)
