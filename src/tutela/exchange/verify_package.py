#!/usr/bin/env python3
"""Checks a package of evidence from Tutela. One file; needs Python 3.8 or newer and PyNaCl.

    python3 verify_package.py FOLDER --signer KEY --log KEY [--key FILE [--out FILE]]

--signer: the sender's public key, peer.pub or its base64; --log: the public key of the sender's
audit log, as `tutela audit key` prints it. Get both from the sender, not with the package.
--key: your private evidence key, where the bytes are sealed to it; --out: write the bytes there.

It opens no connection. It ends with 0 when all holds, with 2 when all that could be checked holds
but something could not be (it says what), and with 1 when anything fails.
Sources: BagIt, RFC 8493; DSSE v1, protocol.md; the log's tree, RFC 9162 section 2.1; checkpoints,
c2sp.org/signed-note. The package: docs/reference/evidence-package.md. Witnesses' signatures in the
proofs are left to the checker of the audit log (`tutela audit checker`).
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import hmac
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from nacl import bindings as sodium
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.pwhash import argon2id
from nacl.signing import VerifyKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Unwrap = Callable[[str, bytes], bytes]

FORMAT = "tutela-evidence-package/1"
TYPE = "application/vnd.tutela.evidence-package.v1"
SIGNATURE = "signature.dsse.json"
HOLDS, FAILS, NOT_ALL = 0, 1, 2
_MOST = 1 << 24
_PART = 1 << 20
_CHUNK, _TAG, _MAGIC = 1 << 16, 16, b"TUTELA-SEALED-2\n"


_BROKEN = (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError)
"""What reading a package may raise that somebody made by hand."""


class PackageFails(Exception):
    """Something does not hold, and what."""


def check(
    folder: Path,
    signer: bytes | None = None,
    log: str | None = None,
    unwrap: Unwrap | None = None,
    out: BinaryIO | None = None,
) -> tuple[list[str], list[str]]:
    """Check a package; return what holds and what could not be checked, as two lists of sentences.

    `unwrap`: gives the object key for a key id and a wrapped key; `out`: takes the plain bytes.
    Raises `PackageFails`.
    """
    holds: list[str] = []
    open_points: list[str] = []
    try:
        manifest = _check_bag(folder)
        holds.append("Every file is the one in the manifests, and there is no other.")
        _check_signature(folder, manifest, signer, holds, open_points)
        told = _json(folder / "data" / "package.json")
        if told["format"] != FORMAT:
            raise PackageFails(f"The package is of another format: {told['format']}.")
        _check_custody(folder, told, log, holds, open_points)
        _check_evidence(folder, told, unwrap, out, holds, open_points)
    except _BROKEN as problem:
        raise PackageFails(f"The package is not whole: {problem!r}.") from problem
    return holds, open_points


# --- The bag, RFC 8493 -------------------------------------------------------------------------


def _check_bag(folder: Path) -> bytes:
    manifest = (folder / "tagmanifest-sha256.txt").read_bytes()
    tags = _listed(manifest)
    if not {"bagit.txt", "bag-info.txt", "manifest-sha256.txt"} <= set(tags):
        raise PackageFails("The tag manifest does not name what makes a bag.")
    payload = _listed((folder / "manifest-sha256.txt").read_bytes())
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    if {name for name in found if name.startswith("data/")} != set(payload):
        raise PackageFails("Files of the package are missing, or there are more than it names.")
    if set(found) - set(payload) - set(tags) - {"tagmanifest-sha256.txt", SIGNATURE}:
        raise PackageFails("There are files beside the bag that nothing names.")
    for name, digest in {**tags, **payload}.items():
        if found[name].is_symlink() or _digest(found[name]) != digest:
            raise PackageFails(f"{name} is not the file that the manifest names.")
    return manifest


def _listed(manifest: bytes) -> dict[str, str]:
    lines = [line.split("  ", 1) for line in manifest.decode().splitlines()]
    return {name: digest for digest, name in lines}


def _digest(path: Path) -> str:
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(_PART), b""):
            hasher.update(part)
    return hasher.hexdigest()


def _json(path: Path) -> Any:
    if path.stat().st_size > _MOST:
        raise PackageFails(f"{path.name} is far too long.")
    return json.loads(path.read_bytes())


# --- The signature, DSSE v1 --------------------------------------------------------------------


def _check_signature(
    folder: Path,
    manifest: bytes,
    signer: bytes | None,
    holds: list[str],
    open_points: list[str],
) -> None:
    envelope = _json(folder / SIGNATURE)
    payload = base64.b64decode(envelope["payload"], validate=True)
    if envelope["payloadType"] != TYPE or payload != manifest:
        raise PackageFails("The signature is over something else than this package.")
    if signer is None:
        open_points.append("Who signed it: no key of the sender was given to compare with.")
        return
    kind = TYPE.encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    for one in envelope["signatures"]:
        if _signed_by(signer, signed, base64.b64decode(one["sig"], validate=True)):
            holds.append("The sender's key signed it.")
            return
    raise PackageFails("The sender's key did not sign this package.")


def _signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(public).verify(message, signature)
    except (CryptoError, ValueError):
        return False
    return True


# --- The custody record and the audit log, RFC 9162, c2sp.org/signed-note ------------------------


def _check_custody(
    folder: Path,
    told: dict[str, Any],
    log: str | None,
    holds: list[str],
    open_points: list[str],
) -> None:
    if log is not None and log.strip() != told["log"]:
        raise PackageFails("The package names another audit log than the key that was given.")
    record = _json(folder / "data" / "custody.json")
    events = record["events"]
    if record["evidence"] != told["evidence"] or not events:
        raise PackageFails("The custody record is about something else.")
    places = [event["entry"] for event in events]
    if places != sorted(set(places)):
        raise PackageFails("The custody record is out of order.")
    proofs = sorted((folder / "data" / "audit").iterdir())
    if len(proofs) != len(events):
        raise PackageFails("The custody record and the proofs are not of the same events.")
    for event, path in zip(events, proofs):  # noqa: B905 - Python 3.8 has no strict
        entry = _proven(_json(path), told["log"], event["entry"])
        said = {
            "entry": entry["seq"],
            "at": entry["at"],
            "by": entry["actor"],
            "action": entry["action"],
            "about": entry["subject"],
            "details": entry["details"],
        }
        if event != said:
            raise PackageFails(f"Event {event['entry']} is not what the log has.")
    first = [event for event in events if event["about"] == told["evidence"]]
    if not first or first[0]["action"] != "evidence.sealed":
        raise PackageFails("The custody record does not begin with the sealing.")
    holds.append(f"All {len(events)} events of custody are entries of the signed audit log.")
    if log is None:
        open_points.append("Whose audit log it is: no key of the log was given to compare with.")


def _proven(proof: dict[str, Any], log: str, place: int) -> dict[str, Any]:
    canonical = proof["entry"].encode()
    if proof["format"] != "tutela-audit-proof/1" or proof["log"] != log or proof["index"] != place:
        raise PackageFails(f"The proof of event {place} is of another log or entry.")
    size, root = _checkpoint(proof["checkpoint"], log)
    path = [base64.b64decode(one, validate=True) for one in proof["inclusion"]]
    leaf = hashlib.sha256(b"\x00" + canonical).digest()
    if _root(leaf, place, size, path) != root:
        raise PackageFails(f"Event {place} is not in the log that was signed.")
    entry: dict[str, Any] = json.loads(canonical)
    return entry


def _checkpoint(note: str, log: str) -> tuple[int, bytes]:
    name, _, key = log.split("+", 2)
    raw = base64.b64decode(key, validate=True)
    hint = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    body, _, lines = note.rpartition("\n\n")
    body += "\n"
    origin, size, root = body.split("\n")[:3]
    for line in lines.splitlines():
        _, signer, blob = line.split(" ")
        signature = base64.b64decode(blob, validate=True)
        ours = signer == name == origin and signature[:4] == hint and raw[:1] == b"\x01"
        if ours and _signed_by(raw[1:], body.encode(), signature[4:]):
            return int(size), base64.b64decode(root, validate=True)
    raise PackageFails("A checkpoint does not carry the log's signature.")


def _root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root that a leaf and its audit path give, RFC 9162 section 2.1.3.2."""
    place, last, running = index, size - 1, leaf
    for sibling in path:
        if last == 0 or not 0 <= index < size:
            return None
        if place & 1 or place == last:
            running = hashlib.sha256(b"\x01" + sibling + running).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            running = hashlib.sha256(b"\x01" + running + sibling).digest()
        place, last = place >> 1, last >> 1
    return running if last == 0 and 0 <= index < size else None


# --- The evidence --------------------------------------------------------------------------------


def _check_evidence(
    folder: Path,
    told: dict[str, Any],
    unwrap: Unwrap | None,
    out: BinaryIO | None,
    holds: list[str],
    open_points: list[str],
) -> None:
    if "/" in told["file"]:
        raise PackageFails("The package names no file of its own.")
    path = folder / "data" / told["file"]
    if told["sealed"] is not None and unwrap is None:
        open_points.append("What the sealed bytes are: no private key was given to open them.")
        return
    hashers = {name: hashlib.new(name) for name in told["digests"]}
    if "sha256" not in hashers:
        raise PackageFails("The package does not say what the bytes hash to.")
    size = 0
    with path.open("rb") as file:
        for part in _plain(file, told["sealed"], unwrap):
            size += len(part)
            for one in hashers.values():
                one.update(part)
            if out is not None:
                out.write(part)
    found = {name: one.hexdigest() for name, one in hashers.items()}
    if found != told["digests"] or size != told["size"]:
        raise PackageFails("The bytes are not those of the record.")
    holds.append(f"The evidence is {size} bytes, SHA-256 {found['sha256']}.")


def _plain(file: BinaryIO, sealed: dict[str, str] | None, unwrap: Unwrap | None) -> Iterator[bytes]:
    if sealed is None or unwrap is None:
        return iter(lambda: file.read(_PART), b"")
    wrapped = base64.b64decode(sealed["wrapped_key"], validate=True)
    return _opened(file, unwrap(sealed["key"], wrapped), sealed["bound_to"].encode())


def _opened(file: BinaryIO, object_key: bytes, bound: bytes) -> Iterator[bytes]:
    """Open sealed bytes of format 2, chunk by chunk (docs/reference/evidence.md)."""
    head = file.read(64)
    prefix = head[16:32]

    def derived(person: bytes) -> bytes:
        hasher = hashlib.blake2b(prefix + bound, digest_size=32, key=object_key, person=person)
        return hasher.digest()

    same = hmac.compare_digest(derived(b"tutela-commit-2"), head[32:])
    if head[:16] != _MAGIC or not same:
        raise PackageFails("The sealed bytes were not sealed under this key for this package.")
    key, number, chunk = derived(b"tutela-chunks-2"), 0, file.read(_CHUNK + _TAG)
    while True:
        following = file.read(_CHUNK + _TAG)
        nonce = prefix + number.to_bytes(7, "big") + bytes((not following,))
        try:
            yield sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(chunk, bound, nonce, key)
        except (CryptoError, ValueError) as problem:
            raise PackageFails("The sealed bytes were altered or cut.") from problem
        if not following:
            return
        number, chunk = number + 1, following


# --- Keys, and the command line ------------------------------------------------------------------


def private_key(path: Path, passphrase: bytes | None = None) -> Unwrap:
    """Return what opens object keys with a private key file; asks for its passphrase if locked."""
    word, text = path.read_text().split()
    raw = base64.b64decode(text, validate=True)
    if word == "tutela-evidence-locked-1":
        said = passphrase or getpass.getpass("Passphrase: ").encode()
        head, nonce, box = raw[:24], raw[24:48], raw[48:]
        passes, memory = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big")
        key = argon2id.kdf(32, said, head[8:], opslimit=passes, memlimit=memory * 1024)
        raw = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(box, head, nonce, key)
    elif word != "tutela-evidence-private-1":
        raise PackageFails("This is no private evidence key.")
    pair = PrivateKey(raw)

    def unwrap(key_id: str, wrapped: bytes) -> bytes:
        if hashlib.sha256(pair.public_key.encode()).digest()[:8].hex() != key_id:
            raise PackageFails(f"The bytes are sealed to another key, {key_id}.")
        return SealedBox(pair).decrypt(wrapped)

    return unwrap


def public_key(given: str) -> bytes:
    """Return the sender's key (32 bytes) from its file or its text in base64."""
    path = Path(given)
    text = path.read_text().split()[-1] if path.is_file() else given
    return base64.b64decode(text, validate=True)


def _checked(
    folder: Path,
    signer: bytes | None,
    log: str | None,
    unwrap: Unwrap | None,
    out: Path | None,
) -> tuple[list[str], list[str]]:
    if out is None:
        return check(folder, signer, log, unwrap)
    with out.open("xb") as file:
        try:
            return check(folder, signer, log, unwrap, file)
        except BaseException:
            # Bytes that were not proven to the end are not left for anybody to trust.
            out.unlink()
            raise


def _say(what: str, text: str) -> None:
    """Print one line, without what a terminal would act on: names in a package are a stranger's."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    sys.stdout.write(f"{what}: {shown}\n")


def main(words: Sequence[str] | None = None) -> int:
    """Check what the command line names, and say what holds."""
    parser = argparse.ArgumentParser(description="Checks a package of evidence from Tutela.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--signer", help="the sender's public key: peer.pub, or its base64")
    parser.add_argument("--log", help="the public key of the sender's audit log")
    parser.add_argument("--key", type=Path, help="your private evidence key")
    parser.add_argument("--out", type=Path, help="write the plain bytes into this new file")
    given = parser.parse_args(words)
    try:
        signer = public_key(given.signer) if given.signer else None
        unwrap = private_key(given.key) if given.key else None
        holds, open_points = _checked(given.folder, signer, given.log, unwrap, given.out)
    except (PackageFails, CryptoError, OSError, ValueError) as problem:
        _say("FAILS", str(problem))
        return FAILS
    for one in holds:
        _say("holds", one)
    for one in open_points:
        _say("NOT CHECKED", one)
    return NOT_ALL if open_points else HOLDS


if __name__ == "__main__":
    sys.exit(main())
