"""What a process says that a file has taken over: nothing of it is believed, and it is replaced."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.pictures import encoded, scene

from tutela.content.confinement.pool import Pool, Room
from tutela.content.confinement.serving import Terms
from tutela.content.decoding import DecodeLimits, Reason, Undecodable
from tutela.errors import CounterpartyFailed
from tutela.exchange.confined_answers import ConfinedAnswers
from tutela.hashing.digests import digests
from tutela.hashing.fingerprint import fingerprint
from tutela.hashing.look import Budget
from tutela.platform.fingerprint_said import fingerprint_said
from tutela.platform.parsing import Parsing, Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
LIMITS = DecodeLimits()
HONEST = fingerprint(encoded(scene(3, 64, 48), "PNG"), LIMITS)
PICTURE = fingerprint_said(HONEST)["pictures"][0]
HUGE = 10**30
ODD = ("\ud800", "a\nb", "\0", 4)
"""What is no text, or none that can be shown and kept."""
SIDE = 8
CRASHED = "it cannot be read (decoder_crashed)"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with Pool("tests.liar", Terms(1 << 30), Room(1, 8, 30)) as opened:
            opened.start()
            yield opened


@pytest.fixture
def parsing(pool: Pool) -> Parsing:
    return Parsing(pool, LIMITS, Patience())


def file(words: dict[str, Any], data: bytes = b"") -> bytes:
    return json.dumps(words).encode() + b"\0" + data


def replaced(pool: Pool, lie: Callable[[], object]) -> bool:
    before = set(pool.processes())
    lie()
    return not before & set(pool.processes())


def test_what_makes_sense_is_believed_and_the_process_stays(pool: Pool, parsing: Parsing) -> None:
    data = file(fingerprint_said(HONEST))
    before = pool.processes()
    assert parsing.fingerprint(data) == replace(
        HONEST, media_type=None, bytes=len(data), digests=digests((data,))
    )
    assert parsing.exif(file({"fields": [["Make", "x"]]})) == (("Make", "x"),)
    assert parsing.smaller(file({"height": 1, "width": 2}, bytes(6)), SIDE).shape == (1, 2, 3)
    assert set(parsing.frames(file({"frames": [[5, 2, 1]]}, bytes(6)), (5,), SIDE)) == {5}
    assert ConfinedAnswers(pool).xml(file({"code": 0})).code == 0
    assert pool.processes() == before


@pytest.mark.parametrize(
    "lie",
    [
        {"frame": HUGE},
        {"frame": -1},
        {"frame": True},
        {"frame": 1.5},
        {"reading": "sideways"},
        {"reading": []},
        {"pdq": "ab" * 31 + " ab"},
        {"pdq": "AB" * 32},
        {"pdq": 64},
        {"quality": 101},
        {"width": 0},
        {"height": HUGE},
        {"moment": HUGE},
        {"moment": "now"},
    ],
    ids=str,
)
def test_no_lie_about_a_picture_is_believed(
    pool: Pool, parsing: Parsing, lie: dict[str, Any]
) -> None:
    data = file(fingerprint_said(HONEST) | {"pictures": [PICTURE | lie]})
    before = pool.processes()
    printed = parsing.fingerprint(data)
    assert (printed.pictures, printed.unscreened) == ((), Reason.DECODER_CRASHED)
    assert printed.digests == digests((data,))
    assert not set(before) & set(pool.processes()), "it is asked again"


@pytest.mark.parametrize(
    "lie",
    [
        {"looks": {"hashes": [["x" * 17, "ab" * 32, 90, None]], "sights": []}},
        {"looks": {"hashes": [["mirror", "ab" * 32, 90, [[0, 0]] * 3]], "sights": []}},
        {"looks": {"hashes": [["mirror", "ab" * 32, 90, [[0, 0]] * 3 + [[0, 9]]]], "sights": []}},
        {"looks": {"hashes": [["mirror", "ab" * 32, 90, [[0, float("nan")]] * 4]], "sights": []}},
        {"looks": {"hashes": [["mirror", "ab" * 32, 90, None]] * 5000, "sights": []}},
        {"looks": {"hashes": [], "sights": [["ab" * 32] * 2] * 9}},
        {"looks": {"hashes": {}, "sights": None}},
        {"looks": 4},
        {"quick": {"bits": "ab" * 32, "quality": 90, "doubtful": 300}},
        {"quick": []},
        {"pictures": 7},
        {"unscreened": "fine"},
        {"unscreened": {}},
        {"bytes": HUGE},
        {"media_type": "image/\n"},
        {"media_type": 4},
    ],
    ids=lambda lie: str(lie)[:60],
)
def test_no_lie_about_a_file_is_believed(pool: Pool, parsing: Parsing, lie: dict[str, Any]) -> None:
    data = file(fingerprint_said(HONEST) | lie)

    def asked() -> None:
        printed = parsing.fingerprint(data, Budget.FULL)
        assert (printed.pictures, printed.unscreened) == ((), Reason.DECODER_CRASHED)

    assert replaced(pool, asked)


@pytest.mark.parametrize("fault", ["decoder_crashed", [], {}, 4, "x" * 5000, None])
def test_a_fault_is_told_in_no_other_words_than_ours(parsing: Parsing, fault: object) -> None:
    printed = parsing.fingerprint(file({"fault": fault, "problem": "\x1b[2J"}))
    assert printed.unscreened is Reason.DECODER_FAILED


@pytest.mark.parametrize(
    "words",
    [{}, {"fields": 4}, {"fields": [1]}, {"fields": {}}, *({"fields": [["a", x]]} for x in ODD)],
    ids=ascii,
)
def test_exif_that_makes_no_sense_is_none(
    pool: Pool, parsing: Parsing, words: dict[str, Any]
) -> None:
    assert replaced(pool, lambda: parsing.exif(file(words)))
    assert parsing.exif(file(words)) == ()


@pytest.mark.parametrize("words", [{}, {"sketches": {}}, {"sketches": 4}], ids=str)
def test_sketches_that_make_no_sense_are_none(
    pool: Pool, parsing: Parsing, words: dict[str, Any]
) -> None:
    assert replaced(pool, lambda: parsing.sketches(file(words)))
    assert parsing.sketches(file(words)) == []


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ({}, 0),
        ({"height": 9, "width": 1}, 27),
        ({"height": 1, "width": 2}, 5),
        ({"height": 0, "width": 2}, 0),
        ({"height": "1", "width": 2}, 6),
        ({"undecodable": "fine"}, 0),
        ({"undecodable": []}, 0),
    ],
    ids=str,
)
def test_pixels_that_make_no_sense_are_undecodable(
    pool: Pool, parsing: Parsing, words: dict[str, Any], size: int
) -> None:
    def asked() -> None:
        with pytest.raises(Undecodable) as caught:
            parsing.smaller(file(words, bytes(size)), SIDE)
        assert caught.value.reason is Reason.DECODER_CRASHED

    assert replaced(pool, asked)


@pytest.mark.parametrize(
    ("frames", "size"),
    [
        ([[4, 1, 1]], 3),
        ([[5, 9, 1]], 27),
        ([[5, 2, 1]], 5),
        ([[5, 1]], 3),
        ([[[], 1, 1]], 3),
        ({"a": 1}, 3),
        (7, 3),
    ],
    ids=str,
)
def test_frames_that_make_no_sense_are_undecodable(
    pool: Pool, parsing: Parsing, frames: object, size: int
) -> None:
    def asked() -> None:
        with pytest.raises(Undecodable):
            parsing.frames(file({"frames": frames}, bytes(size)), (5,), SIDE)

    assert replaced(pool, asked)


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"code": "0"},
        {"code": HUGE},
        {"code": 0, "report": 4},
        {"code": 0, "hash": "x" * 1001},
        {"code": 0, "report": "\ud800"},
        {"code": 0, "report": "\0"},
    ],
    ids=lambda words: ascii(words)[:40],
)
def test_an_answer_that_makes_no_sense_says_nothing(pool: Pool, words: dict[str, Any]) -> None:
    def asked() -> None:
        with pytest.raises(CounterpartyFailed):
            ConfinedAnswers(pool).xml(file(words))

    assert replaced(pool, asked)


@pytest.mark.parametrize("words", [{}, {"said": 4}, {"said": {"a": 4}}, {"said": []}], ids=str)
def test_named_answers_that_make_no_sense_say_nothing(pool: Pool, words: dict[str, Any]) -> None:
    def asked() -> None:
        assert ConfinedAnswers(pool).named(file(words), {"a": "a"}) is None

    assert replaced(pool, asked)


@pytest.mark.parametrize("words", [{}, {"faults": 4}, {"faults": "x" * 1001}], ids=str)
def test_what_is_said_of_a_document_is_a_short_text(pool: Pool, words: dict[str, Any]) -> None:
    def asked() -> None:
        assert ConfinedAnswers(pool).faults(file(words), b"") == CRASHED

    assert replaced(pool, asked)
