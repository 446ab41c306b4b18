"""Which files make up an index now. Replaced whole, so at every instant one of them stands."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tutela.matching.segment import invalid, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

FILE = "manifest.json"
_FORMAT = 1
_NAME = re.compile(r"(segment|dead)-[0-9]+")


@dataclass(frozen=True, slots=True)
class Listed:
    """A segment's file, and the file of the ids that are dead in it, if there are any."""

    file: str
    dead: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation. `next_number` names the next file, so that no name comes twice."""

    kind: str
    generation: int
    next_number: int
    segments: tuple[Listed, ...] = ()

    @property
    def tail(self) -> str:
        """Return the name of this generation's tail."""
        return f"tail-{self.generation}"

    @property
    def files(self) -> set[str]:
        """Return the names of all files of this generation but the manifest."""
        dead = {one.dead for one in self.segments if one.dead}
        return {self.tail} | {one.file for one in self.segments} | dead


def read(folder: Path, kind: str) -> Manifest:
    """Return the manifest in force. Raises `IndexInvalid`, `FileNotFoundError`."""
    path = folder / FILE
    raw = path.read_bytes()
    try:
        said = json.loads(raw)
        checked = said.pop("sha256")
        if said.pop("format") != _FORMAT:
            raise invalid(path, "is of another format")
        if _sha256(said) != checked:
            raise invalid(path, "is damaged")
        said["segments"] = tuple(Listed(**one) for one in said["segments"])
        manifest = Manifest(**said)
        if not _sound(manifest):
            raise ValueError(manifest.generation)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise invalid(path, "is damaged") from problem
    if manifest.kind != kind:
        raise invalid(path, f"does not speak of {kind}")
    return manifest


def _sound(manifest: Manifest) -> bool:
    """Say whether it names numbers and files of its own folder, and nothing else."""
    numbers = (manifest.generation, manifest.next_number)
    names = {one for listed in manifest.segments for one in (listed.file, listed.dead)} - {None}
    return all(type(one) is int and one >= 0 for one in numbers) and all(
        isinstance(one, str) and _NAME.fullmatch(one) for one in names
    )


def write(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in force; on return it is on the disk."""
    said = asdict(manifest)
    whole = {"format": _FORMAT, "sha256": _sha256(json.loads(json.dumps(said))), **said}
    temporary = folder / f"{FILE}.tmp"
    with temporary.open("w") as file:
        json.dump(whole, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / FILE)
    sync_folder(folder)


def _sha256(said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
