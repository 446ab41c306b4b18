"""A sealed copy of one piece of evidence with its record, for a receiver's key.

A folder of two files: `sealed.bin` (the layout of `sealing`) and `record.json`. Nothing in it is
plain content; who holds the receiver's private key can check and open it without this instance.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutela.audit.entry import Action, Actor
from tutela.errors import InvalidInput, Tampered
from tutela.evidence import sealing
from tutela.evidence.vault import Purpose

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.audit.log import AuditLog
    from tutela.evidence.key_service import KeyService
    from tutela.evidence.keys import SealingKey
    from tutela.evidence.vault import Vault

FORMAT = "tutela-evidence-1"
_SEALED = "sealed.bin"
_RECORD = "record.json"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a package holds, proven: identifier, size in bytes, digests in hex."""

    evidence_id: str
    size: int
    digests: dict[str, str]
    custody: int


def export(
    vault: Vault, audit: AuditLog, actor: Actor, evidence_id: str, folder: Path, to: SealingKey
) -> Checked:
    """Write a package for the key `to` into a new folder, and record it.

    The vault re-verifies the digest while opening. Raises as `Vault.open`, and `InvalidInput`
    when the folder exists.
    """
    record = vault.record(evidence_id)
    data = vault.open(actor, evidence_id, Purpose.EXPORT)
    object_key = secrets.token_bytes(sealing.KEY_SIZE)
    digests = _digests(data)
    custody = [
        {"seq": entry.seq, "at": entry.at.isoformat(), "by": entry.actor, "action": entry.action}
        for entry in audit.entries(evidence_id)
    ]
    document = {
        "format": FORMAT,
        "evidence": evidence_id,
        "item": record.item_id,
        "size": len(data),
        "digests": digests,
        "sealed_at": record.sealed_at.isoformat(),
        "key": to.id,
        "wrapped_key": base64.b64encode(to.wrap(object_key)).decode(),
        "custody": custody,
        "checkpoint": audit.checkpoint(),
    }
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError as problem:
        raise InvalidInput(
            "The folder for the package exists already.", "Name a new folder."
        ) from problem
    (folder / _SEALED).write_bytes(sealing.seal(data, object_key, evidence_id.encode()))
    (folder / _RECORD).write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    audit.note(actor, Action.EVIDENCE_EXPORTED, evidence_id, key=to.id)
    return Checked(evidence_id, len(data), digests, len(custody))


def check(folder: Path, keys: KeyService) -> Checked:
    """Open a package in memory and prove its digests. Raises `Tampered`, `InvalidInput`."""
    document = _document(folder)
    try:
        object_key = keys.unwrap(
            document["key"], base64.b64decode(document["wrapped_key"], validate=True)
        )
        sealed = (folder / _SEALED).read_bytes()
    except (OSError, binascii.Error) as problem:
        raise InvalidInput(
            "The package is not complete.", "Ask the sender for the whole folder."
        ) from problem
    data = sealing.unseal(sealed, object_key, document["evidence"].encode())
    if _digests(data) != document["digests"] or len(data) != document["size"]:
        raise Tampered(
            "The package's bytes are not those of its record.", "Ask the sender for a fresh one."
        )
    return Checked(
        document["evidence"], len(data), dict(document["digests"]), len(document["custody"])
    )


def _document(folder: Path) -> dict[str, Any]:
    try:
        document = json.loads((folder / _RECORD).read_text())
        if document["format"] != FORMAT:
            raise ValueError(document["format"])
        for name in ("evidence", "size", "digests", "key", "wrapped_key", "custody"):
            document[name]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InvalidInput(
            "This is no evidence package.", f"Name a folder that holds {_RECORD} and {_SEALED}."
        ) from problem
    return dict(document)


def _digests(data: bytes) -> dict[str, str]:
    return {
        name: hashlib.new(name, data, usedforsecurity=False).hexdigest()
        for name in ("md5", "sha1", "sha256")
    }
