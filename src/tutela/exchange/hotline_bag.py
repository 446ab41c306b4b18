"""A referral for a hotline: a bag with the signed document and files sealed to its key.

The generic way to any country. The files are sealed; the document names accounts and is plain.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from tutela.audit.entry import Action
from tutela.errors import InvalidInput, Tampered
from tutela.evidence import sealing
from tutela.evidence.vault import Purpose
from tutela.exchange import peer_referral
from tutela.exchange.bag import Bag
from tutela.exchange.peer_referral import SealedFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog
    from tutela.evidence.key_service import KeyService
    from tutela.evidence.keys import SealingKey
    from tutela.evidence.vault import Vault
    from tutela.exchange.peer_referral import PeerReferral
    from tutela.referrals.referral import Referral

DOCUMENT = "referral.dsse.json"
_PART = 1 << 20


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the instance's name, and the seed of the key that signs (32 bytes)."""

    name: str
    seed: bytes


def export(
    audit: AuditLog,
    vault: Vault,
    actor: Actor,
    referral: Referral,
    receiver: str,
    key: SealingKey,
    sender: Sender,
    folder: Path,
) -> None:
    """Write the bag into a new folder, and record it.

    Raises `InvalidInput` when the folder exists, and as `Vault.open_parts`.
    """
    bag = Bag(folder)
    audit.note(
        actor, Action.REFERRAL_EXPORTED, referral.id, files=len(referral.draft.files), key=key.id
    )
    sealed = []
    for place, one in enumerate(referral.draft.files):
        object_key = secrets.token_bytes(sealing.KEY_SIZE)
        path = f"files/{place + 1:03}.sealed"
        bound = f"{referral.id}/{path}"
        opened = vault.open_parts(actor, one.evidence_id, Purpose.REFERRAL)
        bag.put(path, sealing.sealed(opened.parts, object_key, bound.encode()))
        wrapped = base64.b64encode(key.wrap(object_key)).decode()
        digest = dict(one.hashes)["SHA256"]
        sealed.append(SealedFile(path, bound, opened.size, digest, key.id, wrapped))
    told = peer_referral.document(referral, sender.name, receiver, audit.clock(), sealed)
    bag.put(DOCUMENT, (peer_referral.signed(told, sender.seed),))
    bag.seal(
        {
            "Source-Organization": referral.draft.reporter.company or "not stated",
            "External-Identifier": referral.id,
            "External-Description": f"Sealed referral to {receiver}",
            "Bagging-Date": audit.clock().date().isoformat(),
        }
    )


def check(
    folder: Path, receiver: str, trusted: Mapping[str, bytes], keys: KeyService
) -> PeerReferral:
    """Return a received referral once all of it is proven, a part at a time.

    1. The document is signed by its sender and for us (`peer_referral.read`).
    2. Each file opens with a key of ours and has the stated size and digest.
    Raises `InvalidInput`, `Tampered`, and `Refused` where the key is not held.
    """
    told = peer_referral.read(_document(folder), receiver, trusted)
    for one in told.files:
        digest, size = sha256(), 0
        for part in _opened(folder, one, keys):
            digest.update(part)
            size += len(part)
        if digest.hexdigest() != one.sha256 or size != one.size:
            raise Tampered(
                "A file's bytes are not the stated ones.", "Ask the sender for a fresh copy."
            )
    return told


def _document(folder: Path) -> bytes:
    try:
        return (folder / "data" / DOCUMENT).read_bytes()
    except OSError as problem:
        raise InvalidInput(
            "This is no referral for a hotline.", f"Name a folder with data/{DOCUMENT}."
        ) from problem


def _opened(folder: Path, one: SealedFile, keys: KeyService) -> Iterator[bytes]:
    try:
        wrapped = base64.b64decode(one.wrapped_key, validate=True)
        with (folder / "data" / one.path).open("rb") as file:
            parts = iter(lambda: file.read(_PART), b"")
            object_key = keys.unwrap(one.key, wrapped)
            yield from sealing.unsealed(parts, object_key, one.sealed_as.encode())
    except (OSError, binascii.Error) as problem:
        raise InvalidInput(
            "A file of the referral is missing or its key is spoilt.",
            "Ask the sender for the whole.",
        ) from problem
