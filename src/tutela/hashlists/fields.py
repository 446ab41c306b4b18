"""From the named fields of one line to an entry, or to the reasons why not."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.hashing.algorithm import ALGORITHMS
from tutela.hashing.sketch import Sketch
from tutela.hashlists.hashlist import SKETCH, Entry, EntryHash, derived_id, parse_hash, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

HASHES = tuple(ALGORITHMS)
COLUMNS = frozenset(
    (
        *HASHES,
        SKETCH,
        "pdq_quality",
        "id",
        "labels",
        "classification",
        "source",
        "added",
        "withdrawn",
    )
)
KEYS = frozenset(HASHES)

_ID = 255
LABEL, LABELS = 100, 100
"""The longest label, and the most of them."""
SKETCHES = 12
LONGEST = {"classification": 16, "source": 255, "added": 40, "withdrawn": 40}
"""The source's remarks, and how long each may be."""
_NOT_WITHDRAWN = {"", "0", "false", "no"}
_BEST_QUALITY = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong on a line. `whole`: nothing of the line was kept; else the field was left out.

    The reason never repeats the value: it may be a hash or a name.
    """

    line: int
    reason: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One line read: an entry, or problems, or an entry of which something was left out."""

    number: int
    entry: Entry | None
    problems: tuple[Problem, ...] = ()


def refused(number: int, reason: str) -> Line:
    """Return a line of which nothing can be kept."""
    return Line(number, None, (Problem(number, reason),))


def line_of(number: int, fields: Mapping[str, object]) -> Line:
    """Return what one line says. `fields` has lower-case names; values as the format gave them.

    A fault in a hash or a remark costs that field only: the entry's other hashes still protect.
    """
    reading = _Reading()
    entry_id = reading.text(fields, "id", _ID)
    if reading.problems:
        return Line(number, None, tuple(Problem(number, one) for one in reading.problems))
    hashes, stated = reading.hashes(fields)
    sketches = reading.sketches(fields)
    hashes += [EntryHash.of_sketch(one) for one in sketches]
    withdrawn = reading.withdrawn(fields)
    if not hashes and not (withdrawn and (entry_id or stated)):
        reasons = reading.problems or ["no hash that this version can match"]
        return Line(number, None, tuple(Problem(number, one) for one in reasons))
    entry = Entry(
        entry_id or derived_id(stated or hashes),
        tuple(hashes),
        reading.labels(fields),
        reading.remark(fields, "classification"),
        reading.remark(fields, "source"),
        reading.remark(fields, "added"),
        withdrawn,
        sketches,
    )
    return Line(number, entry, tuple(Problem(number, one, whole=False) for one in reading.problems))


class _Reading:
    """The reading of one line; collects what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def hashes(self, fields: Mapping[str, object]) -> tuple[list[EntryHash], list[EntryHash]]:
        """Return the hashes that may be listed, and all that are well formed."""
        listed, stated = [], []
        for algorithm in HASHES:
            text = _plain(fields.get(algorithm))
            if text is None or text == "":
                continue
            quality = self.quality(fields) if algorithm == "pdq" else None
            one = parse_hash(algorithm, text, quality) if isinstance(text, str) else "not a text"
            if isinstance(one, str):
                self.problems.append(one)
                continue
            stated.append(one)
            reason = "pdq: its quality cannot be read" if quality == -1 else refuse(one)
            if reason is None:
                listed.append(one)
            else:
                self.problems.append(reason)
        return listed, stated

    def sketches(self, fields: Mapping[str, object]) -> tuple[bytes, ...]:
        """Return the sketches, each once."""
        value = fields.get(SKETCH)
        if value is None or value == "":
            return ()
        given = value if isinstance(value, list) else [value]
        if len(given) > SKETCHES:
            self.problems.append(f"sketch: more than {SKETCHES}")
        kept: dict[bytes, None] = {}
        for one in given[:SKETCHES]:
            try:
                stored = b64decode(str(one), validate=True)
                Sketch.decoded(stored)
            except (ValueError, TypeError):
                self.problems.append("sketch: not one that this version can read")
            else:
                kept[stored] = None
        return tuple(kept)

    @staticmethod
    def quality(fields: Mapping[str, object]) -> int | None:
        """Return the stated quality, None where none is stated, -1 where it cannot be read."""
        value = _plain(fields.get("pdq_quality"))
        if value is None or value == "":
            return None
        try:
            number = float(str(value))
        except ValueError:
            return -1
        return int(number) if number.is_integer() and 0 <= number <= _BEST_QUALITY else -1

    def text(self, fields: Mapping[str, object], name: str, longest: int) -> str | None:
        """Return a short printable text, or None; says what is wrong with it."""
        value = _plain(fields.get(name))
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self.problems.append(f"{name}: not a text")
        elif len(value) > longest:
            self.problems.append(f"{name}: longer than {longest} characters")
        elif not value.isprintable():
            self.problems.append(f"{name}: holds characters that cannot be shown")
        else:
            return value
        return None

    def remark(self, fields: Mapping[str, object], name: str) -> str | None:
        """Return one of the source's short remarks."""
        return self.text(fields, name, LONGEST[name])

    def withdrawn(self, fields: Mapping[str, object]) -> str | None:
        """Return when or that the entry was withdrawn."""
        value = fields.get("withdrawn")
        said = str(value).strip().lower() if value is not None else ""
        if said in _NOT_WITHDRAWN:
            return None
        # A date that cannot be kept still withdraws: the source has taken the entry back.
        return self.remark(fields, "withdrawn") or "yes"

    def labels(self, fields: Mapping[str, object]) -> tuple[str, ...]:
        """Return the labels, each once, in their order."""
        value = fields.get("labels")
        if value is None or value == "":
            return ()
        words = value if isinstance(value, list) else [value]
        kept: dict[str, None] = {}
        for word in words:
            # A semicolon separates labels in every format, so it can stand in none.
            for part in word.split(";") if isinstance(word, str) else (word,):
                label = self.text({"labels": part}, "labels", LABEL)
                if label is not None:
                    kept[label] = None
        if len(kept) > LABELS:
            self.problems.append(f"labels: more than {LABELS}")
        return tuple(kept)[:LABELS]


def _plain(value: object) -> object:
    """Strip texts, and take whole numbers (ids, mostly) as the text they print as."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value
