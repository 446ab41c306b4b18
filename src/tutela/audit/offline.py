#!/usr/bin/env python3
"""Checks a proof from a Tutela audit log. One file; needs Python 3.8 or newer and nothing else.

    python3 check_audit_proof.py PROOF --key KEY [--witness KEY]...

It opens no connection and writes nothing. It ends with 0 when everything holds under the key that
was given, with 2 when everything holds but no key was given to compare with, and with 1 otherwise.

Sources: the tree, RFC 9162 section 2.1; signatures, RFC 8032 section 5.1; checkpoints and keys,
c2sp.org/signed-note and c2sp.org/tlog-checkpoint; witnesses, c2sp.org/tlog-cosignature.
The file's format: docs/reference/audit-proof.md.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from datetime import datetime, timezone
from hashlib import sha256, sha512
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Point = tuple[int, int, int, int]

FORMAT = "tutela-audit-proof/1"
HOLDS, FAILS, NOT_COMPARED = 0, 1, 2
_LOG, _WITNESS = 1, 4
_MOST_BYTES = 1 << 20
_END_OF_TIME = 253402300799
_MEMBERS = (("when", "at"), ("who", "actor"), ("did what", "action"), ("about", "subject"))


class ProofFails(Exception):
    """The proof does not hold, and why."""


# --- Ed25519, RFC 8032 section 5.1: checking only ---------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)
_NEUTRAL = (0, 1, 1, 0)


def _add(one: Point, other: Point) -> Point:
    """Add two points in extended coordinates (X, Y, Z, T), section 5.1.4."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(number: int, point: Point) -> Point:
    total = _NEUTRAL
    while number:
        if number & 1:
            total = _add(total, point)
        point = _add(point, point)
        number >>= 1
    return total


def _point(encoded: bytes) -> Point:
    """Read a point from 32 bytes, section 5.1.3. Raises `ValueError`."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if len(encoded) != 32 or y >= _P:  # noqa: PLR2004
        raise ValueError("not a point")
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P != u:
        x = x * _ROOT_OF_MINUS_1 % _P
    if v * x * x % _P != u or (x == 0 and sign):
        raise ValueError("not a point")
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


def _encoded(point: Point) -> bytes:
    inverse = pow(point[2], _P - 2, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether a signature of 64 bytes is the key's over the message, section 5.1.7."""
    if len(signature) != 64:  # noqa: PLR2004
        return False
    first, scalar = signature[:32], int.from_bytes(signature[32:], "little")
    try:
        key, promised = _point(public), _point(first)
    except ValueError:
        return False
    # A key or a promise of small order would make one signature hold for many messages.
    if scalar >= _L or any(
        _encoded(_times(8, one)) == _encoded(_NEUTRAL) for one in (key, promised)
    ):
        return False
    challenge = int.from_bytes(sha512(first + public + message).digest(), "little") % _L
    against = (_P - key[0], key[1], 1, _P - key[3])
    return _encoded(_add(_times(scalar, _BASE), _times(challenge, against))) == first


# --- The tree, RFC 9162 section 2.1 -------------------------------------------------------------


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that a leaf and its audit path give, section 2.1.3.2."""
    if not 0 <= index < size or len(leaf) != 32:  # noqa: PLR2004
        raise ProofFails("The entry's place lies outside the checkpoint's tree.")
    place, last, running = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofFails("The inclusion proof is too long.")
        if place & 1 or place == last:
            running = _node(sibling, running)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            running = _node(running, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofFails("The inclusion proof is too short.")
    return running


def check_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise `ProofFails` unless the newer tree extends the older one, section 2.1.4.2."""
    fails = ProofFails("The later checkpoint does not extend the earlier one.")
    if not 0 < old_size <= new_size:
        raise fails
    if old_size == new_size:
        if proof or old_root != new_root:
            raise fails
        return
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise fails
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_running = new_running = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise fails
        if place & 1 or place == last:
            old_running, new_running = _node(sibling, old_running), _node(sibling, new_running)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_running = _node(new_running, sibling)
        place, last = place >> 1, last >> 1
    if last or old_running != old_root or new_running != new_root:
        raise fails


# --- Keys and signed checkpoints ------------------------------------------------------------------


def _base64(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise ProofFails("Something that should be base64 is not.") from None


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ProofFails("Something that should be text is not.") from None


class Key:
    """A verifier key as C2SP writes it: NAME+HASH+KEY."""

    def __init__(self, text: Any, kind: int) -> None:
        try:
            self.name, named, blob = text.split("+", 2)
        except (ValueError, AttributeError):
            raise ProofFails("A key is not of the form NAME+HASH+KEY.") from None
        raw = _base64(blob)
        self.text, self.public = text, raw[1:]
        self.id = sha256(_utf8(self.name) + b"\n" + raw).digest()[:4]
        if raw[:1] != bytes([kind]) or len(raw) != 33 or named != self.id.hex():  # noqa: PLR2004
            raise ProofFails("A key is of another kind, or its hash is not its own.")


class Checkpoint:
    """A signed note over a log's name, size and root."""

    def __init__(self, note: Any, log: Key) -> None:
        try:
            body, _, lines = note.rpartition("\n\n")
            self.body = (body + "\n").encode()
            name, size, root = body.split("\n")
            self._signatures = [line.split(" ") for line in lines.split("\n") if line]
        except (ValueError, AttributeError):
            raise ProofFails("A checkpoint is not written as one.") from None
        if name != log.name:
            raise ProofFails("A checkpoint is of another log than the key.")
        if not size.isascii() or not size.isdigit() or len(size) > 19 or str(int(size)) != size:  # noqa: PLR2004
            raise ProofFails("A checkpoint's size is not a number.")
        self.size, self.root = int(size), _base64(root)
        if len(self.root) != 32:  # noqa: PLR2004
            raise ProofFails("A checkpoint's root is not a hash.")
        blobs = list(self._by(log))
        if not any(ed25519_holds(log.public, self.body, blob) for blob in blobs):
            raise ProofFails("A checkpoint does not carry the log's signature.")

    def _by(self, key: Key) -> Iterator[bytes]:
        """Yield what is signed under a key's name and id: signature bytes."""
        for line in self._signatures:
            if len(line) == 3 and line[0] == "\u2014" and line[1] == key.name:  # noqa: PLR2004
                raw = _base64(line[2])
                if raw[:4] == key.id:
                    yield raw[4:]

    def seen_at(self, witness: Key) -> int | None:
        """Return when a witness cosigned this (seconds since 1970), or None if it did not."""
        for blob in self._by(witness):
            at = int.from_bytes(blob[:8], "big")
            if at > _END_OF_TIME:
                raise ProofFails("A witness's signature is of no time that can be.")
            told = b"cosignature/v1\ntime %d\n" % at + self.body
            if not ed25519_holds(witness.public, told, blob[8:]):
                raise ProofFails("A witness's signature is not the witness's.")
            return at
        return None


# --- The proof ------------------------------------------------------------------------------------


class Proven:
    """What a proof showed: `entry` (its members), `log` (a key), sizes, and who witnessed when."""

    def __init__(
        self, document: Any, key: str | None = None, witnesses: Iterable[str] = ()
    ) -> None:
        """Check a whole proof. `key` and `witnesses`: keys known from elsewhere. `ProofFails`."""
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ProofFails(f"This is not a proof of the format {FORMAT}.")
        self.log = Key(document.get("log"), _LOG)
        self.compared = key is not None
        if key is not None and Key(key, _LOG).text != self.log.text:
            raise ProofFails("The proof is signed by another key than the one you gave.")
        told = document.get("entry")
        index = document.get("index")
        if not isinstance(told, str) or type(index) is not int:
            raise ProofFails("The proof lacks its entry or the entry's place.")
        self.index: int = index
        checkpoint = Checkpoint(document.get("checkpoint"), self.log)
        self.size = checkpoint.size
        leaf = sha256(b"\x00" + _utf8(told)).digest()
        path = [_base64(one) for one in _list(document.get("inclusion"))]
        if root_by_inclusion(leaf, self.index, checkpoint.size, path) != checkpoint.root:
            raise ProofFails(
                "The entry is not in the log at that place: it was altered or made up."
            )
        self.entry = self._entry(told)
        self.witnesses = self._witnessed(document, checkpoint, witnesses)
        self.later_size = self._later(document.get("later"), checkpoint)

    def _entry(self, told: str) -> dict[str, Any]:
        try:
            entry = json.loads(told)
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict) or entry.get("seq") != self.index:
            raise ProofFails("The entry does not say the place it stands at.")
        return entry

    def _witnessed(
        self, document: dict[str, Any], checkpoint: Checkpoint, trusted: Iterable[str]
    ) -> list[tuple[str, int, bool]]:
        """Return for each witness its name, when it signed, and whether its key was given."""
        found = []
        known = [Key(text, _WITNESS) for text in trusted]
        for witness in known:
            if checkpoint.seen_at(witness) is None:
                raise ProofFails(f"The witness {witness.name} has not signed this.")
        named = [Key(text, _WITNESS) for text in _list(document.get("witnesses"))]
        keys = {one.text: one for one in known + named}
        for text, witness in keys.items():
            at = checkpoint.seen_at(witness)
            if at is None:
                raise ProofFails("The proof names a witness that has not signed it.")
            found.append((witness.name, at, text in [one.text for one in known]))
        return found

    def _later(self, later: Any, checkpoint: Checkpoint) -> int | None:
        if later is None:
            return None
        if not isinstance(later, dict):
            raise ProofFails("The later checkpoint is not written as one.")
        newer = Checkpoint(later.get("checkpoint"), self.log)
        path = [_base64(one) for one in _list(later.get("consistency"))]
        check_consistency(checkpoint.size, newer.size, checkpoint.root, newer.root, path)
        return newer.size

    def words(self) -> Iterator[str]:
        """Return what it proves and what not, in plain words, a line each."""
        entry = self.entry
        yield "The entry says:"
        for name, member in _MEMBERS:
            yield f"  {name:9} {_printable(entry.get(member))}"
        details = entry.get("details")
        for name, value in sorted(details.items() if isinstance(details, dict) else ()):
            yield f"  {_printable(name):9} {_printable(value)}"
        yield ""
        yield "Proven:"
        log = _printable(self.log.name)
        yield f'- This is entry {self.index} of the log "{log}", to the letter.'
        yield f"- The operator signed a record of the first {self.size} entries, with this one."
        for name, at, known in self.witnesses:
            when = datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")  # noqa: UP017
            how = "its key is the one you gave" if known else "ITS KEY WAS NOT COMPARED"
            yield f"- {_printable(name)} signed that it saw this record at {when} ({how})."
        if self.later_size is not None:
            yield (
                f"- The operator's later record of {self.later_size} entries begins with the same "
                f"{self.size}."
            )
        yield ""
        yield "Not proven:"
        yield "- That what the entry says is true: only that the log has said so since then."
        if not self.witnesses:
            yield "- When it was written: no witness signed the operator's time."
        if not self.compared:
            yield "- WHOSE LOG THIS IS. Get its key from the operator on another way, and compare:"
            yield f"  {_printable(self.log.text)}"


def _printable(value: Any) -> str:
    """Return a value as one line that a terminal shows as it is."""
    text = value if isinstance(value, str) else json.dumps(value)
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > 64:  # noqa: PLR2004
        raise ProofFails("Something that should be a short list is not.")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the file that the arguments name; return the exit code."""
    parser = argparse.ArgumentParser(description="Checks a proof from a Tutela audit log.")
    parser.add_argument("proof", help="the proof file")
    parser.add_argument("--key", help="the log's key, known from elsewhere: NAME+HASH+KEY")
    parser.add_argument(
        "--witness", action="append", default=[], help="the key of a witness that must have signed"
    )
    given = parser.parse_args(arguments)
    try:
        with open(given.proof, "rb") as file:  # noqa: PTH123 - Python 3.8, and nothing but it
            text = file.read(_MOST_BYTES + 1)
        if len(text) > _MOST_BYTES:
            raise ProofFails("The file is far too long for a proof.")
        try:
            document = json.loads(text.decode("utf-8"))
        except (ValueError, RecursionError):
            raise ProofFails("The file is not JSON.") from None
        proven = Proven(document, given.key, given.witness)
    except ProofFails as problem:
        print(f"DOES NOT HOLD. {problem}")  # noqa: T201
        return FAILS
    except OSError as problem:
        print(f"The file cannot be read: {problem.strerror}.")  # noqa: T201
        return FAILS
    for line in proven.words():
        print(line)  # noqa: T201
    if proven.compared:
        print("\nHOLDS.")  # noqa: T201
        return HOLDS
    print("\nHOLDS ONLY IF THE KEY ABOVE IS THE OPERATOR'S: it was not compared.")  # noqa: T201
    return NOT_COMPARED


if __name__ == "__main__":
    sys.exit(main())
