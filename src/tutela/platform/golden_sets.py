"""Putting golden sets in and taking them out: drawn ones, or a folder with its answers."""

from __future__ import annotations

import csv
import io
from hashlib import sha256
from typing import TYPE_CHECKING

from PIL import Image

from tutela.cases.viewing import Fidelity
from tutela.content.decoding import Undecodable
from tutela.decisions.golden import check as checks
from tutela.decisions.golden import drawing, material
from tutela.decisions.golden.material import EDGE, MOST_PICTURES, Known
from tutela.errors import InvalidInput
from tutela.matching.screening import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog
    from tutela.decisions.golden.material import GoldenSet
    from tutela.matching.screening import Screener
    from tutela.platform.parsing import Parsing

ANSWERS = "answers.csv"
_COLUMNS = ("file", "teaches", "enough")
_LONGEST_ANSWERS = 1_000_000
_LONGEST_NAME = 80
_QUALITY = 88


class GoldenSets:
    """The sets of one instance."""

    def __init__(self, audit: AuditLog, parsing: Parsing, screener: Screener) -> None:
        self._audit = audit
        self._parsing = parsing
        self._screener = screener

    def all(self) -> tuple[GoldenSet, ...]:
        """Return the sets that are installed."""
        with self._audit.database.reading() as connection:
            return material.sets(connection)

    def install_drawn(self, actor: Actor) -> int:
        """Put in the set that is drawn by code. Returns how many pictures it has."""
        made = (
            self._known(f"drawn-{number}", drawing.drawn(number), drawing.TEACHES, Fidelity.TINY)
            for number in range(drawing.PICTURES)
        )
        return self._install(actor, drawing.NAME, made)

    def install_folder(self, actor: Actor, name: str, folder: Path) -> int:
        """Put in a folder of benign pictures with its answers. Returns how many there are.

        Raises `InvalidInput` where the answers cannot be read, a picture cannot be drawn, or one
        meets a list: what a list has is no benign picture, whoever says so.
        """
        if not name.strip() or len(name) > _LONGEST_NAME or name == drawing.NAME:
            raise InvalidInput(
                "That is no name for a set.", f"Use at most {_LONGEST_NAME} characters."
            )
        return self._install(actor, name, self._in_folder(folder))

    def remove(self, actor: Actor, name: str) -> None:
        """Take a set out; its checks that nobody has answered are withdrawn. Raises `NotFound`."""
        with self._audit.change(actor) as change:
            material.remove(change, name)
            for check in checks.open_in(change.connection, name):
                checks.withdraw(change, check, "removed")

    def _install(self, actor: Actor, name: str, pictures: Iterable[Known]) -> int:
        # Hashed and screened before the change: that takes longer than a change may.
        found = list(pictures)
        with self._audit.change(actor) as change:
            return material.install(change, name, found)

    def _in_folder(self, folder: Path) -> Iterator[Known]:
        rows = _answers(folder / ANSWERS)
        for row in rows:
            path = folder / row["file"]
            inside = path.resolve().is_relative_to(folder.resolve())
            if not inside or not path.is_file():
                raise InvalidInput(
                    f"The answers name {row['file']!r}, which is not in the folder.",
                    "Put the file there, or take its line out.",
                )
            if path.stat().st_size > self._parsing.limits.max_bytes:
                raise InvalidInput(f"{row['file']!r} is too large.", "Take a smaller picture.")
            yield self._known(
                row["file"], path.read_bytes(), row["teaches"], _enough(row.get("enough") or "")
            )

    def _known(self, name: str, data: bytes, teaches: str, enough: Fidelity) -> Known:
        printed = self._parsing.fingerprint(data, self._screener.policy.looks)
        if self._screener.screen(printed).verdict is not Verdict.CLEAN:
            raise InvalidInput(
                f"{name!r} meets a list, or cannot be read.",
                "Only benign pictures can be checks: take it out of the folder.",
            )
        try:
            pixels = self._parsing.smaller(data, EDGE)
        except Undecodable as problem:
            raise InvalidInput(f"{name!r} cannot be read.", "Take it out.") from problem
        out = io.BytesIO()
        # Encoded anew: nothing that the file says of its making is kept.
        picture = Image.fromarray(pixels)
        picture.save(out, "JPEG", quality=_QUALITY)
        kept, first = out.getvalue(), printed.pictures[0]
        return Known(
            name,
            teaches,
            enough.value,
            sha256(kept).hexdigest(),
            first.pdq,
            first.quality,
            picture.width,
            picture.height,
            kept,
        )


def _answers(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_bytes()[: _LONGEST_ANSWERS + 1].decode()
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InvalidInput(
            f"There is no {ANSWERS} in the folder, or it cannot be read.",
            f"Give one with the columns {', '.join(_COLUMNS)}.",
        ) from problem
    complete = all(row.get("file") and row.get("teaches") for row in rows)
    if len(text) > _LONGEST_ANSWERS or not rows or not complete or len(rows) > MOST_PICTURES:
        raise InvalidInput(
            f"{ANSWERS} has no lines, too many, or one that lacks a file or what it teaches.",
            f"Give the columns {', '.join(_COLUMNS)}, and at most {MOST_PICTURES} lines.",
        )
    return rows


def _enough(said: str) -> Fidelity:
    try:
        return Fidelity(said) if said else Fidelity.TINY
    except ValueError:
        raise InvalidInput(
            f"There is no rung {said[:20]!r}.", f"Use one of: {', '.join(Fidelity)}."
        ) from None
