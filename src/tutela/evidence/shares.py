"""Shares of a private evidence key as short texts that can be printed, kept apart and typed in.

```
tutela-key-share-1
key 0123456789abcdef
set 89abcdef
share 2 of 5, 3 restore
AAAA BBBB CCCC DDDD EEEE FFFF GGGG HHHH IIII JJJJ KKKK LLLL M
check 0123456789abcdef
```

The fifth line is 32 bytes in base32 (RFC 4648). `check` is the start of SHA-256 over the lines
before it; `set` tells the shares of one splitting from those of another.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from nacl.public import PrivateKey

from tutela.errors import InvalidInput, Tampered, UsageError
from tutela.evidence import secret_sharing
from tutela.evidence.keys import OpeningKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WORD = "tutela-key-share-1"
_KEY = 32
_CHECK = 16
_GROUP = 4
_FORM = re.compile(
    rf"{_WORD}\nkey ([0-9a-f]{{16}})\nset ([0-9a-f]{{8}})\n"
    r"share ([0-9]{1,3}) of ([0-9]{1,3}), ([0-9]{1,3}) restore\n([A-Z2-7 ]+)\n"
    r"check ([0-9a-f]{16})\n?"
)


@dataclass(frozen=True, slots=True)
class Share:
    """One share: of which key and splitting, its place, of how many, how many restore."""

    key_id: str
    split: str
    place: int
    shares: int
    threshold: int
    data: bytes

    def text(self) -> str:
        """Return the share as it is printed."""
        body = self._body()
        return f"{body}check {_check(body)}\n"

    def _body(self) -> str:
        letters = base64.b32encode(self.data).decode().rstrip("=")
        groups = " ".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))
        return (
            f"{_WORD}\nkey {self.key_id}\nset {self.split}\n"
            f"share {self.place} of {self.shares}, {self.threshold} restore\n{groups}\n"
        )

    @classmethod
    def read(cls, text: str) -> Share:
        """Read a share. Raises `InvalidInput` for another thing, `Tampered` for a spoilt one."""
        form = _FORM.fullmatch("\n".join(line.strip() for line in text.strip().splitlines()))
        if form is None:
            raise InvalidInput(
                "This is no share of a key.", "Give it whole, all six lines as they were printed."
            )
        key_id, split, place, shares, threshold, letters, check = form.groups()
        try:
            joined = letters.replace(" ", "")
            data = base64.b32decode(joined + "=" * (-len(joined) % 8))
        except binascii.Error as problem:
            raise _spoilt(place) from problem
        share = cls(key_id, split, int(place), int(shares), int(threshold), data)
        if not (
            0 < share.place <= share.shares <= secret_sharing.MOST_SHARES
            and 1 < share.threshold <= share.shares
        ):
            raise _spoilt(place)
        if _check(share._body()) != check or len(data) != _KEY:
            raise _spoilt(place)
        return share


def split(
    key: OpeningKey,
    threshold: int,
    shares: int,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> list[Share]:
    """Split a private key so that any `threshold` of `shares` restore it. Raises `UsageError`."""
    try:
        made = secret_sharing.split(key.private.encode(), threshold, shares, random)
    except ValueError as problem:
        raise UsageError(
            "The key cannot be split so.",
            "Take at most 255 shares, and 2 or more of them to restore it.",
        ) from problem
    mark = random(4).hex()
    return [
        Share(key.sealing.id, mark, place, shares, threshold, data) for place, data in made.items()
    ]


def restore(shares: Sequence[Share]) -> OpeningKey:
    """Return the private key. Raises `InvalidInput` for too few, `Tampered` where it is another."""
    by_place = {share.place: share for share in shares}
    kinds = {(one.key_id, one.split, one.shares, one.threshold) for one in shares}
    if len(kinds) != 1:
        raise InvalidInput(
            "These shares do not belong together.", "Give shares of one key and one splitting."
        )
    key_id, _, _, threshold = kinds.pop()
    if len(by_place) < threshold:
        raise InvalidInput(
            f"{len(by_place)} shares cannot restore this key; it takes {threshold}.",
            "Ask other holders for theirs.",
        )
    raw = secret_sharing.restore({place: share.data for place, share in by_place.items()})
    key = OpeningKey(PrivateKey(raw))
    if key.sealing.id != key_id:
        raise Tampered(
            "The shares give another key than they name: one of them was made up.",
            "Try other holders' shares, and find out who has had this one.",
        )
    return key


def _check(body: str) -> str:
    return sha256(body.encode()).hexdigest()[:_CHECK]


def _spoilt(place: str) -> Tampered:
    return Tampered(
        f"Share {place} is spoilt: its check does not hold.",
        "Compare it with the print, or use another holder's share.",
    )
