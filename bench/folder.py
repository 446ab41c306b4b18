"""A folder of pictures against a list, as whole processes: `tutela scan` and threatexchange."""

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.photos import jpegs, source
from bench.report import Table, machine
from bench.rounds import Timing, taking_turns

_SIZES = ((0.3, 2000), (1.0, 500))
_LISTED = 100_000
_NOT_FOR_THEM = {"PYTHONDONTWRITEBYTECODE"}
_BESIDE = Path(sys.executable).parent


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return seconds a folder and ratios."""
    columns = (
        "folder",
        "threatexchange match, s",
        "tutela scan, 1 process, s",
        "faster",
        "tutela scan, 1 process a core, s",
        "faster",
    )
    table = Table(f"A folder against {_LISTED:,} hashes, whole processes: median (range)", columns)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        listed = home / "list.csv"
        listed.write_text("".join(f"{secrets.token_hex(32)}\n" for _ in range(_LISTED)))
        _prepare_theirs(home, listed)
        _prepare_ours(home, listed)
        for megapixels, count in _SIZES:
            some = count // 10 if quick_run else count
            folder = home / f"pictures{megapixels}"
            folder.mkdir()
            for number, data in enumerate(jpegs(megapixels, some)):
                (folder / f"{number}.jpg").write_bytes(data)
            _compare(table, home, folder, f"{some} pictures of {megapixels} MP", megapixels)
    table.notes.append(
        "Both hash, match and print. Tutela also takes MD5, SHA-1 and SHA-256 of each file, looks"
        " those up, keeps a journal to go on from, and hashes in processes that may crash."
    )
    table.notes.append(source())
    table.notes.append(machine("threatexchange", "pdqhash", "faiss-cpu"))
    return [table]


def _compare(table: Table, home: Path, folder: Path, what: str, megapixels: float) -> None:
    files = sorted(str(path) for path in folder.iterdir())
    theirs = ["threatexchange", "match", "--only-signal", "pdq", "photo", *files]
    scan = ["tutela", "--home", str(home / "ours"), "scan", str(folder)]
    taken = taking_turns(
        {
            "theirs": lambda: _run(home, *theirs),
            "one": lambda: _run(home, *scan, "--workers", "1"),
            "all": lambda: _run(home, *scan),
        },
        rounds=3,
    )
    peer = taken["theirs"].median
    table.row(
        what,
        taken["theirs"].shown("s"),
        taken["one"].shown("s"),
        f"**{peer / taken['one'].median:.3g}×**",
        taken["all"].shown("s"),
        table.ratio(f"folder scan, {megapixels:g} MP", _ratio(taken["theirs"], taken["all"])),
    )


def _ratio(theirs: Timing, ours: Timing) -> float:
    return theirs.median / ours.median


def _prepare_theirs(home: Path, listed: Path) -> None:
    collab = ["config", "collab", "edit", "local_file", "--create", "--signal-type", "pdq"]
    _run(home, "threatexchange", *collab, "--filename", str(listed), "bench")
    _run(home, "threatexchange", "fetch")


def _prepare_ours(home: Path, listed: Path) -> None:
    ours = ["tutela", "--home", str(home / "ours")]
    _run(home, *ours, "init", "--no-passphrase")
    _run(home, *ours, "lists", "import", "bench", str(listed), "--algorithm", "pdq")


def _run(home: Path, program: str, *arguments: str) -> None:
    # Both compile their modules once, as where they are installed.
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_THEM}
    subprocess.run(
        [_BESIDE / program, *arguments],
        check=True,
        capture_output=True,
        env={**kept, "HOME": str(home)},
    )
