"""What can go wrong: each by chance, each healed afterwards by `Rig.mend`."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.rig import Rig, Server

Strike: TypeAlias = "Callable[[Rig, random.Random], None]"
_SECONDS = (0.3, 2.5)
_AUTHORITY_CALLS = ("submit", "upload", "fileinfo", "finish", "retract", "any")
_ANSWERED = ("drop_before", "drop_after", "garbage", "answer_twice", "stall", "refuse", "crash")
_SKEWS = (-86_400, -3600, -400, -30, 30, 400, 3600, 86_400)


def _while(chance: random.Random) -> None:
    time.sleep(chance.uniform(*_SECONDS))


def _one(rig: Rig, chance: random.Random) -> Server:
    return chance.choice(rig.servers)


def kill_server(rig: Rig, chance: random.Random) -> None:
    _one(rig, chance).kill()
    _while(chance)


def kill_both_servers(rig: Rig, chance: random.Random) -> None:
    for server in rig.servers:
        server.kill()
    time.sleep(chance.uniform(0, 0.5))


def kill_host(rig: Rig, chance: random.Random) -> None:
    rig.host.kill()
    _while(chance)


def kill_authority(rig: Rig, chance: random.Random) -> None:
    """Restart the authority, whatever report is under way."""
    rig.authority.kill()
    _while(chance)


def authority_misbehaves(rig: Rig, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        kind = chance.choice(_ANSWERED)
        how: dict[str, object] = {"call": chance.choice(_AUTHORITY_CALLS)}
        if kind == "refuse":
            how["code"] = chance.choice((1000, 1100, 1300, 4100, 5002))
        if kind in {"stall", "crash"}:
            how |= {"when": chance.choice(("before", "after")), "seconds": 4.0}
        rig.authority.fault(kind, **how)
    _while(chance)


def host_misbehaves(rig: Rig, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        kind = chance.choice(_ANSWERED)
        how: dict[str, object] = {"status": 503} if kind == "refuse" else {}
        if kind in {"stall", "crash"}:
            how |= {"when": chance.choice(("before", "after")), "seconds": 4.0}
        rig.host.fault(kind, **how)
    _while(chance)


def fill_disk(rig: Rig, chance: random.Random) -> None:
    rig.disk.fill()
    _while(chance)


def refuse_writes(rig: Rig, chance: random.Random) -> None:
    """Let a server write no file longer than a few KiB: what a quota does."""
    _one(rig, chance).most_bytes(chance.choice((0, 4096, 1 << 16)))
    _while(chance)


def lock_sqlite(rig: Rig, chance: random.Random) -> None:
    """Another process's exclusive lock, as of a backup tool that does not let go."""
    with contextlib.closing(sqlite3.connect(rig.home / "tutela.db", timeout=5)) as other:
        other.isolation_level = None
        with contextlib.suppress(sqlite3.OperationalError):
            other.execute("BEGIN EXCLUSIVE")
            _while(chance)
            other.execute("ROLLBACK")


def stall_postgres(rig: Rig, chance: random.Random) -> None:
    assert rig.postgres is not None
    rig.postgres.proxy.stall()
    _while(chance)


def cut_postgres(rig: Rig, chance: random.Random) -> None:
    assert rig.postgres is not None
    rig.postgres.proxy.cut()
    _while(chance)


def stall_then_cut_postgres(rig: Rig, chance: random.Random) -> None:
    """What was sent may have been done, and nobody hears of it."""
    stall_postgres(rig, chance)
    cut_postgres(rig, chance)


def stop_postgres(rig: Rig, chance: random.Random) -> None:
    assert rig.postgres is not None
    rig.postgres.stop()
    _while(chance)


def kill_postgres_process(rig: Rig, chance: random.Random) -> None:
    assert rig.postgres is not None
    rig.postgres.kill_one(chance)
    _while(chance)


def stall_bucket(rig: Rig, chance: random.Random) -> None:
    assert rig.bucket is not None
    rig.bucket.proxy.stall()
    _while(chance)


def cut_bucket(rig: Rig, chance: random.Random) -> None:
    assert rig.bucket is not None
    rig.bucket.proxy.cut()
    _while(chance)


def skew_clock(rig: Rig, chance: random.Random) -> None:
    """Set a server's clock off while it runs, and back when it is mended."""
    _one(rig, chance).clock.write_text(str(chance.choice(_SKEWS)))
    _while(chance)


def corrupt_index(rig: Rig, chance: random.Random) -> None:
    """Flip bytes in a file of the index, cut it short, or remove it; then restart a server."""
    files = [one for one in (rig.home / "index").rglob("*") if _is_data(one)]
    if files:
        damage(chance.choice(files), chance)
    _while(chance)
    _one(rig, chance).kill()


def _is_data(file: Path) -> bool:
    return file.is_file() and not file.name.endswith((".lock", ".tmp"))


def damage(file: Path, chance: random.Random) -> None:
    """Do harm to one file."""
    with contextlib.suppress(OSError):
        size = file.stat().st_size
        how = chance.choice(("flip", "truncate", "delete"))
        if how == "delete":
            file.unlink()
        elif how == "truncate":
            with file.open("r+b") as opened:
                opened.truncate(chance.randrange(size) if size else 0)
        else:
            with file.open("r+b") as opened:
                for _ in range(8):
                    at = chance.randrange(max(1, size))
                    opened.seek(at)
                    byte = opened.read(1) or b"\0"
                    opened.seek(at)
                    opened.write(bytes([byte[0] ^ 0xFF]))


def hang_up_on_clients(rig: Rig, chance: random.Random) -> None:
    """Cut every connection of clients and reviewers, what they sent half way included."""
    rig.front.cut()
    _while(chance)


def all_of(rig: Rig) -> dict[str, Strike]:
    """Return the troubles that this rig can have, by name."""
    found = [
        kill_server,
        kill_both_servers,
        kill_host,
        kill_authority,
        authority_misbehaves,
        host_misbehaves,
        refuse_writes,
        skew_clock,
        corrupt_index,
        hang_up_on_clients,
    ]
    if rig.disk.own:
        found.append(fill_disk)
    if rig.postgres is None:
        found.append(lock_sqlite)
    else:
        found += [
            *(stall_postgres, cut_postgres, stall_then_cut_postgres),
            *(stop_postgres, kill_postgres_process),
        ]
    if rig.bucket is not None:
        found += [stall_bucket, cut_bucket]
    return {one.__name__.replace("_", " "): one for one in found}


def at_once(rig: Rig, strikes: list[Strike], chance: random.Random) -> None:
    """Let several strike at the same time."""
    seeds = [random.Random(chance.random()) for _ in strikes]

    def strike(one: Strike, own: random.Random) -> None:
        # What is down cannot be told to misbehave.
        with contextlib.suppress(httpx.HTTPError, AssertionError):
            one(rig, own)

    threads = [
        threading.Thread(target=strike, args=pair) for pair in zip(strikes, seeds, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
