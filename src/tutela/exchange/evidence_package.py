"""A package of one piece of evidence that is proven offline: bytes, custody, proofs, signature.

A bag (RFC 8493). The bytes are sealed to the receiver's key, or plain where that was asked for.
docs/reference/evidence-package.md has every file; `verify_package` alone checks all of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutela.audit.entry import Action, Actor
from tutela.evidence import sealing
from tutela.evidence.vault import Purpose
from tutela.exchange import case_uco, custody, dsse, verify_package
from tutela.exchange.bag import Bag
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tutela.audit.log import AuditLog
    from tutela.audit.prover import Prover
    from tutela.evidence.keys import SealingKey
    from tutela.evidence.vault import Vault
    from tutela.exchange.custody import Subjects

FORMAT = verify_package.FORMAT
TYPE = verify_package.TYPE


@dataclass(frozen=True, slots=True)
class Sender:
    """Who makes the package: the instance's name, and the seed of the key that signs (32 bytes)."""

    name: str
    seed: bytes


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: the package's id, size in bytes, digests in hex, events of custody."""

    id: str
    size: int
    digests: dict[str, str]
    custody: int


def export(
    vault: Vault,
    audit: AuditLog,
    prover: Prover,
    actor: Actor,
    of: Subjects,
    media_type: str | None,
    folder: Path,
    to: SealingKey | None,
    sender: Sender,
) -> Made:
    """Write a package into a new folder, and record it. `to`: none leaves the bytes plain.

    Nothing is left when it fails. Raises `InvalidInput` when the folder exists, and as
    `Vault.open_parts`.
    """
    bag = Bag(folder)
    try:
        return _written(bag, vault, audit, prover, actor, of, media_type, folder, to, sender)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _written(
    bag: Bag,
    vault: Vault,
    audit: AuditLog,
    prover: Prover,
    actor: Actor,
    of: Subjects,
    media_type: str | None,
    folder: Path,
    to: SealingKey | None,
    sender: Sender,
) -> Made:
    now = audit.clock()
    identity, evidence_id = new_id("pkg", now), of.evidence
    opened = vault.open_parts(actor, evidence_id, Purpose.EXPORT)
    # Recorded before the record is read, so that the custody ends with this very export.
    audit.note(
        actor,
        Action.EVIDENCE_EXPORTED,
        evidence_id,
        package=identity,
        key=to.id if to else None,
    )
    counted = _Counted(opened.parts)
    name = "evidence.sealed" if to else "evidence.bin"
    wrapped = _put(bag, name, counted, to, f"{identity}/{name}")
    listed = custody.events(audit, of)
    digests = counted.digests()
    told = {
        "format": FORMAT,
        "id": identity,
        "evidence": evidence_id,
        "file": name,
        "size": counted.size,
        "media_type": media_type,
        "digests": digests,
        "sealed": wrapped,
        "made_at": now.isoformat(),
        "made_by": str(actor),
        "instance": sender.name,
        "log": prover.key,
    }
    bag.put("package.json", (_json(told),))
    bag.put("custody.json", (_json(custody.document(of, listed)),))
    bag.put("custody.txt", (custody.text(of, listed).encode(),))
    graph = case_uco.graph(evidence_id, counted.size, digests, media_type, listed)
    bag.put("case.jsonld", (_json(graph),))
    for entry in listed:
        bag.put(f"audit/{entry.seq:012}.json", (_json(prover.document(entry.seq)),))
    manifest = bag.seal(
        {
            "Source-Organization": sender.name,
            "External-Identifier": identity,
            "External-Description": f"Evidence {evidence_id} with its custody",
            "Bagging-Date": now.date().isoformat(),
        }
    )
    (folder / verify_package.SIGNATURE).write_bytes(dsse.sign(TYPE, manifest, sender.seed))
    return Made(identity, counted.size, digests, len(listed))


def _put(
    bag: Bag, name: str, parts: Iterable[bytes], to: SealingKey | None, bound: str
) -> dict[str, str] | None:
    if to is None:
        bag.put(name, parts)
        return None
    object_key = secrets.token_bytes(sealing.KEY_SIZE)
    bag.put(name, sealing.sealed(parts, object_key, bound.encode()))
    wrapped = base64.b64encode(to.wrap(object_key)).decode()
    return {"key": to.id, "wrapped_key": wrapped, "bound_to": bound}


def verifier() -> bytes:
    """Return the stand-alone program that checks a package."""
    return Path(verify_package.__file__).read_bytes()


def _json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n"


class _Counted:
    """Gives parts on, and knows how much passed and its digests."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self._hashers = {
            name: hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256")
        }
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self.size += len(part)
            for one in self._hashers.values():
                one.update(part)
            yield part

    def digests(self) -> dict[str, str]:
        """Return the digests in hex."""
        return {name: one.hexdigest() for name, one in self._hashers.items()}
