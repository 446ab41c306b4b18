"""Packages of evidence from others: the first byte chooses the file that is hostile.

Manifests and signature are made anew over it, so that what lies behind them is reached. The second
byte leaves them as they were.
"""

from __future__ import annotations

import base64
import contextlib
import io
import shutil
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from fuzz.keyring import PAIR
from fuzz.target import scratch
from tutela.audit.checkpoint import CheckpointSigner
from tutela.audit.entry import Actor
from tutela.audit.log import AuditLog
from tutela.audit.prover import Prover
from tutela.decisions import decision  # noqa: F401 - what a referral is about has its table there
from tutela.evidence.key_service import HeldKeys
from tutela.evidence.vault import Vault
from tutela.exchange import dsse, evidence_package, verify_package
from tutela.exchange.custody import Subjects
from tutela.exchange.evidence_package import Sender
from tutela.storage.clock import utc_now
from tutela.storage.database import Database, metadata
from tutela.storage.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SENDER = Sender("platform.example", bytes(range(32)))
_SIGNER = base64.b64encode(SigningKey(_SENDER.seed).verify_key.encode()).decode()
_ACTOR = Actor("person", "acc_1")
_PLAIN = b"benign"
_FILES = {
    b"p": "data/package.json",
    b"c": "data/custody.json",
    b"a": "data/audit/000000000000.json",
    b"s": verify_package.SIGNATURE,
    b"t": "tagmanifest-sha256.txt",
    b"m": "manifest-sha256.txt",
    b"e": "data/evidence.bin",
}
_LISTED = {"manifest-sha256.txt": "data/**/*", "tagmanifest-sha256.txt": "[!t]*.txt"}
_AS_THEY_WERE = b"!"


@cache
def package() -> tuple[Path, str]:
    """Write a package of a new instance; return its folder and the key of its log."""
    home = scratch() / "instance"
    home.mkdir()
    database = Database(f"sqlite:///{home}/home.db")
    with database.bookkeeping() as connection:
        metadata.create_all(connection)
    signer = CheckpointSigner("fuzz.test", bytes(range(32)))
    audit = AuditLog(database, signer, utc_now)
    vault = Vault(audit, Objects(home / "objects"), PAIR.sealing, HeldKeys(PAIR))
    sealed = vault.seal_parts(iter((_PLAIN,)))
    with audit.change(_ACTOR) as change:
        vault.keep(change, sealed, "itm_1")
    prover = Prover(database, signer)
    folder = scratch() / "package"
    evidence_package.export(
        vault, audit, prover, _ACTOR, Subjects(sealed.id, "itm_1", None), None, folder, None,
        _SENDER,
    )  # fmt: skip
    database.close()
    return folder, prover.key


def seeds() -> Iterator[bytes]:
    """Write each file of a package."""
    folder, _ = package()
    for mark, name in _FILES.items():
        yield mark + b" " + (folder / name).read_bytes()
        yield mark + _AS_THEY_WERE + (folder / name).read_bytes()
    yield b"p [" + b"[" * 5000


def sealed_again(folder: Path, name: str) -> None:
    """Let the manifests be of the files that there are, but one that is hostile, and sign them."""
    for manifest, files in _LISTED.items():
        if manifest != name:
            found = sorted(one for one in folder.glob(files) if one.is_file())
            digests = ((sha256(one.read_bytes()).hexdigest(), one) for one in found)
            lines = (f"{digest}  {one.relative_to(folder)}\n" for digest, one in digests)
            (folder / manifest).write_text("".join(lines))
    signed = (folder / "tagmanifest-sha256.txt").read_bytes()
    envelope = dsse.sign(verify_package.TYPE, signed, _SENDER.seed)
    (folder / verify_package.SIGNATURE).write_bytes(envelope)


def run(data: bytes) -> None:
    """Check a package with one hostile file: it says so, whatever is in it."""
    whole, log = package()
    folder, out = scratch() / "hostile-package", scratch() / "out"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    out.unlink(missing_ok=True)
    name = _FILES.get(data[:1], "data/package.json")
    (folder / name).write_bytes(data[2:])
    if data[1:2] != _AS_THEY_WERE and name != verify_package.SIGNATURE:
        sealed_again(folder, name)
    words = [str(folder), "--signer", _SIGNER, "--log", log, "--out", str(out)]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = verify_package.main(words)
    assert status in {verify_package.HOLDS, verify_package.FAILS}
    assert said.getvalue().replace("\n", "").isprintable(), "something a terminal may act on"
    assert out.exists() == (status == verify_package.HOLDS), "bytes that were not proven are left"
