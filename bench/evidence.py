"""How fast evidence is sealed and opened, in how much memory, beside plain libsodium."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.report import Table, machine
from nacl import bindings as sodium

from tutela.audit.checkpoint import CheckpointSigner
from tutela.audit.entry import Actor
from tutela.audit.log import AuditLog
from tutela.evidence.key_service import HeldKeys
from tutela.evidence.keys import OpeningKey
from tutela.evidence.vault import Purpose, Vault
from tutela.storage.clock import utc_now
from tutela.storage.database import Database, metadata
from tutela.storage.objects import Objects

_MIB = 1 << 20
_BENCH = Actor("system", "bench")
_FRAME = 100_000
_RANGES = 50
_ID = b"evd_bench"


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return the figures. Each way runs in a process of its own, so that its memory is its own."""
    size = 16 * _MIB if quick_run else 10 << 30 if large else 1 << 30
    table = Table(
        f"Sealing and opening {size // _MIB} MiB",
        ("way", "seal, MB/s", "open, MB/s", "memory grew by"),
        notes=[machine("pynacl", "obstore")],
    )
    rates = {}
    for way in ("secretstream", "vault"):
        seal, opening, grown = _in_a_process(way, size)
        rates[way] = (seal, opening)
        table.row(_NAMES[way], f"{seal:.0f}", f"{opening:.0f}", f"{grown / 1024:.0f} MiB")
    ours, plain = rates["vault"], rates["secretstream"]
    table.row(
        "ratio",
        table.ratio("evidence sealed", ours[0] / plain[0]),
        table.ratio("evidence opened", ours[1] / plain[1]),
        "",
    )
    table.notes.append(
        "secretstream: libsodium's own in 1 MiB chunks, to and from a file, nothing else. vault: "
        "chunks of 64 KiB, SHA-256 while sealing and opening, object store, audit entries."
    )
    return [table, _ranges(16 * _MIB if quick_run else 1 << 30)]


_NAMES = {"secretstream": "plain libsodium secretstream", "vault": "Tutela's vault"}


def _in_a_process(way: str, size: int) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "bench.evidence", way, str(size)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(said[0]), float(said[1]), float(said[2])


def _parts(size: int) -> Iterator[bytes]:
    block = os.urandom(_MIB)
    for _ in range(size // _MIB):
        yield block


def _secretstream(folder: Path, size: int) -> tuple[float, float]:
    key, path = os.urandom(32), folder / "sealed"
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    start = time.perf_counter()
    with path.open("wb") as file:
        file.write(sodium.crypto_secretstream_xchacha20poly1305_init_push(state, key))
        for part in _parts(size):
            file.write(sodium.crypto_secretstream_xchacha20poly1305_push(state, part, _ID, 0))
    sealed = time.perf_counter() - start
    start = time.perf_counter()
    with path.open("rb") as file:
        header = file.read(sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES)
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)
        while chunk := file.read(_MIB + 17):
            sodium.crypto_secretstream_xchacha20poly1305_pull(state, chunk, _ID)
    return sealed, time.perf_counter() - start


def _vault(folder: Path) -> Vault:
    database = Database(f"sqlite:///{folder}/bench.db")
    with database.bookkeeping() as connection:
        metadata.create_all(connection)
    audit = AuditLog(database, CheckpointSigner("bench.local", b"b" * 32), utc_now)
    key = OpeningKey.generate()
    return Vault(audit, Objects(folder / "objects"), key.sealing, HeldKeys(key))


def _kept(vault: Vault, size: int) -> str:
    sealed = vault.seal_parts(_parts(size))
    with vault._audit.change(_BENCH) as change:
        vault.keep(change, sealed, "itm_bench")
    return sealed.id


def _through_the_vault(folder: Path, size: int) -> tuple[float, float]:
    vault = _vault(folder)
    start = time.perf_counter()
    identity = _kept(vault, size)
    sealed = time.perf_counter() - start
    start = time.perf_counter()
    passed = sum(map(len, vault.open_parts(_BENCH, identity, Purpose.VERIFICATION).parts))
    assert passed == size
    return sealed, time.perf_counter() - start


def _ranges(size: int) -> Table:
    table = Table(
        f"Reading {_FRAME // 1000} kB in the middle of {size // _MIB} MiB",
        ("way", "time"),
        notes=[f"Mean of {_RANGES} places; the whole: opened from its start, once."],
    )
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        vault = _vault(Path(folder))
        identity = _kept(vault, size)
        reading = vault.reading(_BENCH, identity, Purpose.REVIEW)
        start = time.perf_counter()
        for place in range(_RANGES):
            reading.read_range(place * (size - _FRAME) // _RANGES, _FRAME)
        each = (time.perf_counter() - start) / _RANGES
        start = time.perf_counter()
        for _ in vault.open_parts(_BENCH, identity, Purpose.REVIEW).parts:
            pass
        whole = time.perf_counter() - start
    table.row("a range", f"{each * 1e3:.2f} ms")
    table.row("the whole", f"{whole * 1e3:.0f} ms")
    return table


def _grown(before: int) -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


if __name__ == "__main__":
    way, amount = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as place:
        work = _secretstream if way == "secretstream" else _through_the_vault
        work(Path(place), _MIB)
        (Path(place) / "again").mkdir()
        idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        took = work(Path(place) / "again", amount)
        print(amount / took[0] / 1e6, amount / took[1] / 1e6, _grown(idle))
