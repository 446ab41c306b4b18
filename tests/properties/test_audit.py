"""Whatever is done to the database file without the key, `verify` finds it.

The attacker here has the file and all our code, but neither the signing key nor the witness
file. Tampering goes through sqlite3 alone, or straight at the bytes.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixed_clock import FixedClock

from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.entry import Action, Actor, Entry
from tutela.audit.log import AuditLog
from tutela.audit.merkle import Frontier, leaf_hash
from tutela.errors import Tampered, TutelaError
from tutela.storage.database import Database, metadata

_SIZE = 13
_MIDDLE = 8
_FIELDS = ("seq", "at", "actor", "action", "subject", "details", "leaf")
_PLACES = st.integers(0, _SIZE - 1)
_SIGNER = CheckpointSigner("tutela.test", b"k" * 32)


@dataclass(frozen=True)
class Original:
    """An untouched log with its witness, how it was when shorter, and what it says."""

    folder: Path
    entries: list[Entry] = field(repr=False)

    def copy(self, into: Path) -> Path:
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(self.folder, into)
        return into / "now.db"


def _log(file: Path, witness: Path | None) -> AuditLog:
    kept = WitnessFile(witness, _SIGNER) if witness else None
    return AuditLog(Database(f"sqlite:///{file}"), _SIGNER, FixedClock(), kept)


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    folder = tmp_path_factory.mktemp("original")
    live = tmp_path_factory.mktemp("live") / "live.db"
    audit = _log(live, folder / "witness")
    with audit.database.bookkeeping() as connection:
        metadata.create_all(connection)
    for place in range(_SIZE):
        if place == _MIDDLE:
            _copy_database(live, folder / "then.db")
        audit.note(
            Actor("person", f"acc_{place % 3}"),
            Action.ITEM_SCREENED,
            f"itm_{place}",
            place=place,
            verdict=["match", "clean", "unscreened"][place % 3],
            matches=[f"ent_{number}" for number in range(place % 3)],
        )
    _copy_database(live, folder / "now.db")
    entries = audit.entries()
    audit.database.close()
    return Original(folder, entries)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies") / "copy"


def _verify(file: Path, witness: Path | None = None) -> None:
    audit = _log(file, witness)
    try:
        audit.verify()
    finally:
        audit.database.close()


def _found(file: Path) -> str:
    """The message `verify` gives, with the witness out of the attacker's reach."""
    with pytest.raises(Tampered) as problem:
        _verify(file, file.parent / "witness")
    return problem.value.what


def _run(file: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement, values in statements:
            connection.execute(statement, values)


def _rows(file: Path) -> list[list[object]]:
    with closing(sqlite3.connect(file)) as connection:
        query = f"SELECT {', '.join(_FIELDS)} FROM audit_entries ORDER BY seq"
        return [list(row) for row in connection.execute(query)]


def _replace_rows(file: Path, rows: list[list[object]]) -> None:
    marks = ", ".join("?" * len(_FIELDS))
    _run(
        file,
        ("DELETE FROM audit_entries", ()),
        *[
            (f"INSERT INTO audit_entries ({', '.join(_FIELDS)}) VALUES ({marks})", tuple(row))
            for row in rows
        ],
    )


def _recompute(file: Path, *, head: bool) -> None:
    """Make every leaf, and where told the head too, fit the rows: all that needs no key."""
    audit = _log(file, None)
    frontier = Frontier()
    for entry in audit.entries():
        leaf = leaf_hash(entry.canonical())
        frontier = frontier.append(leaf)
        _run(file, ("UPDATE audit_entries SET leaf = ? WHERE seq = ?", (leaf, entry.seq)))
    audit.database.close()
    if head:
        _run(file, ("UPDATE audit_head SET size=?, peaks=?", (frontier.size, frontier.packed())))


def _renumber(rows: list[list[object]]) -> list[list[object]]:
    return [[place, *row[1:]] for place, row in enumerate(rows)]


def test_the_untouched_log_is_proven(original: Original, copies: Path) -> None:
    file = original.copy(copies)
    _verify(file, file.parent / "witness")
    _verify(file, None)


_TEXTS = st.text(max_size=30)
_VALUES = st.one_of(
    st.integers(-5, 2**40),
    _TEXTS,
    st.binary(max_size=40),
    st.sampled_from(["{}", "[]", "null", "{", '{"place":1}', "2026-01-05 09:00:00.000001", ""]),
)


@given(_PLACES, st.sampled_from(_FIELDS), _VALUES)
def test_any_cell_overwritten_is_found_or_reads_the_same(
    original: Original, copies: Path, place: int, column: str, value: object
) -> None:
    """A rewriting that keeps the meaning (a zone, a space in JSON) may pass; nothing else."""
    file = original.copy(copies)
    try:
        _run(file, (f"UPDATE audit_entries SET {column} = ? WHERE seq = ?", (value, place)))
    except sqlite3.IntegrityError:
        return  # The database itself refuses two entries in one place.
    try:
        _verify(file, None)
    except Tampered:
        return
    audit = _log(file, None)
    assert audit.entries() == original.entries
    audit.database.close()


@given(_PLACES, st.sampled_from(["actor", "action", "subject"]), _TEXTS)
def test_an_altered_word_names_its_entry(
    original: Original, copies: Path, place: int, field: str, value: str
) -> None:
    if value == getattr(original.entries[place], field):
        return
    file = original.copy(copies)
    _run(file, (f"UPDATE audit_entries SET {field} = ? WHERE seq = ?", (value, place)))
    assert f"Entry {place} " in _found(file)


@given(_PLACES, st.sampled_from(["at", "details"]), st.sampled_from(["", "{", "soon", "\x00"]))
def test_an_unreadable_cell_names_its_entry(
    original: Original, copies: Path, place: int, field: str, value: str
) -> None:
    file = original.copy(copies)
    _run(file, (f"UPDATE audit_entries SET {field} = ? WHERE seq = ?", (value, place)))
    assert _found(file) == f"Entry {place} cannot be read."


@given(_PLACES)
def test_text_that_is_no_text_names_its_entry(original: Original, copies: Path, place: int) -> None:
    file = original.copy(copies)
    _run(
        file,
        ("UPDATE audit_entries SET subject = CAST(x'ff00fe' AS TEXT) WHERE seq = ?", (place,)),
    )
    assert _found(file) == f"Entry {place} cannot be read."


@given(_PLACES, st.dictionaries(_TEXTS, st.one_of(_TEXTS, st.integers(), st.booleans())))
def test_altered_details_name_their_entry(
    original: Original, copies: Path, place: int, details: dict[str, object]
) -> None:
    file = original.copy(copies)
    _run(
        file,
        ("UPDATE audit_entries SET details = ? WHERE seq = ?", (json.dumps(details), place)),
    )
    assert _found(file) == f"Entry {place} was altered."


@given(st.data())
def test_a_dropped_entry_is_named(original: Original, copies: Path, data: st.DataObject) -> None:
    file = original.copy(copies)
    place = data.draw(st.integers(0, _SIZE - 2))
    _run(file, ("DELETE FROM audit_entries WHERE seq = ?", (place,)))
    assert f"Entry {place} is missing" in _found(file)


@given(st.integers(0, _SIZE - 1))
def test_a_truncated_log_names_the_first_missing_entry(
    original: Original, copies: Path, length: int
) -> None:
    file = original.copy(copies)
    _run(file, ("DELETE FROM audit_entries WHERE seq >= ?", (length,)))
    assert f"entry is {length}" in _found(file)


def _drop(rows: list[list[object]], data: st.DataObject) -> list[list[object]]:
    place = data.draw(_PLACES)
    return rows[:place] + rows[place + 1 :]


def _double(rows: list[list[object]], data: st.DataObject) -> list[list[object]]:
    place, target = data.draw(_PLACES), data.draw(_PLACES)
    return [*rows[:target], rows[place], *rows[target:]]


def _reorder(rows: list[list[object]], data: st.DataObject) -> list[list[object]]:
    one, other = data.draw(st.permutations(range(_SIZE)))[:2]
    swapped = list(rows)
    swapped[one], swapped[other] = rows[other], rows[one]
    return swapped


def _insert(rows: list[list[object]], data: st.DataObject) -> list[list[object]]:
    place = data.draw(st.integers(0, _SIZE))
    forged = [0, rows[0][1], "person:acc_9", "case.decided", "cas_9", "{}", b"\0" * 32]
    return [*rows[:place], forged, *rows[place:]]


def _truncate(rows: list[list[object]], data: st.DataObject) -> list[list[object]]:
    return rows[: data.draw(_PLACES)]


def _alter(rows: list[list[object]], data: st.DataObject) -> list[list[object]]:
    place = data.draw(_PLACES)
    altered = [*rows[place][:4], "itm_other", *rows[place][5:]]
    return [*rows[:place], altered, *rows[place + 1 :]]


Tampering = Callable[[list[list[object]], st.DataObject], list[list[object]]]


@pytest.mark.parametrize("tampering", [_drop, _double, _reorder, _insert, _truncate, _alter])
@settings(max_examples=40)
@given(effort=st.sampled_from(["numbers", "leaves", "head"]), data=st.data())
def test_no_effort_without_the_key_is_enough(
    original: Original, copies: Path, tampering: Tampering, effort: str, data: st.DataObject
) -> None:
    """Places renumbered, leaves recomputed, the head's frontier made to fit: all found."""
    file = original.copy(copies)
    _replace_rows(file, _renumber(tampering(_rows(file), data)))
    if effort != "numbers":
        _recompute(file, head=effort == "head")
    with pytest.raises(Tampered):
        _verify(file, None)
    _found(file)
    # Neither does the next honest change cover it up.
    audit = _log(file, file.parent / "witness")
    for _ in range(2):
        with suppress(Tampered):
            audit.note(Actor("system", "worker"), Action.ITEM_HELD, "itm_next")
    audit.database.close()
    with pytest.raises(Tampered):
        _verify(file, None)


@given(st.integers(0, 3))
def test_an_older_copy_put_back_is_found_by_the_witness(
    original: Original, copies: Path, forged: int
) -> None:
    original.copy(copies)
    older = copies / "then.db"
    _verify(older, None)
    assert f"ends at entry {_MIDDLE}" in _found(older)
    # Grown again past the gap by somebody who has the key but not the witness.
    audit = _log(older, None)
    for number in range(_SIZE - _MIDDLE + forged):
        audit.note(Actor("system", "worker"), Action.ITEM_HELD, f"itm_other{number}")
    audit.verify()
    audit.database.close()
    assert f"first {_SIZE} entries" in _found(older)


@given(st.data())
def test_a_tampered_checkpoint_is_found(
    original: Original, copies: Path, data: st.DataObject
) -> None:
    file = original.copy(copies)
    with closing(sqlite3.connect(file)) as connection:
        (note,) = connection.execute("SELECT checkpoint FROM audit_head").fetchone()
    place = data.draw(st.integers(0, len(note) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda other: other != note[place]))
    _run(
        file, ("UPDATE audit_head SET checkpoint = ?", (note[:place] + letter + note[place + 1 :],))
    )
    with pytest.raises(Tampered):
        _verify(file, None)


@given(st.sampled_from(["size", "peaks", "checkpoint"]), _VALUES)
def test_any_overwritten_head_is_found_and_not_built_upon(
    original: Original, copies: Path, column: str, value: object
) -> None:
    file = original.copy(copies)
    _run(file, (f"UPDATE audit_head SET {column} = ?", (value,)))
    with pytest.raises(Tampered):
        _verify(file, None)
    audit = _log(file, None)
    with pytest.raises(Tampered):
        audit.note(Actor("system", "worker"), Action.ITEM_HELD, "itm_next")
    audit.database.close()


@given(st.binary(min_size=1, max_size=300) | st.just(b"{} {}"))
def test_a_tampered_witness_is_found(original: Original, copies: Path, written: bytes) -> None:
    file = original.copy(copies)
    (copies / "witness").write_bytes(written)
    _found(file)


def test_another_spelling_of_the_same_signature_is_found(original: Original, copies: Path) -> None:
    """The last letter of its base 64 has two bits that say nothing."""
    file = original.copy(copies)
    note = (copies / "witness").read_text()
    last = note.rstrip("=\n")[-1]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = letters[letters.index(last) ^ 1]
    (copies / "witness").write_text(f"{other}=\n".join(note.rsplit(f"{last}=\n", 1)))
    assert (copies / "witness").read_text() != note
    _found(file)


@given(st.data())
def test_a_witness_with_any_bit_flipped_is_found(
    original: Original, copies: Path, data: st.DataObject
) -> None:
    file = original.copy(copies)
    note = bytearray((copies / "witness").read_bytes())
    bit = data.draw(st.integers(0, len(note) * 8 - 1))
    note[bit // 8] ^= 1 << bit % 8
    (copies / "witness").write_bytes(note)
    _found(file)


@given(st.data())
def test_any_bytes_of_the_file_overwritten_are_found_or_read_the_same(
    original: Original, copies: Path, data: st.DataObject
) -> None:
    """Aimed at the file itself: pages, cells and free space alike."""
    file = original.copy(copies)
    content = bytearray(file.read_bytes())
    start = data.draw(st.integers(0, len(content) - 1))
    struck = data.draw(st.binary(min_size=1, max_size=64))
    content[start : start + len(struck)] = struck[: len(content) - start]
    file.write_bytes(content)
    try:
        _verify(file, None)
    except TutelaError:
        return
    audit = _log(file, None)
    assert audit.entries() == original.entries
    audit.database.close()
