"""List files are read by a confined process: the same lines come of it, and no lie is taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tutela.access.gate import SHELL
from tutela.content.confinement.serving import Terms
from tutela.errors import InvalidInput
from tutela.hashlists import confined_file, formats_csv, formats_ndjson
from tutela.hashlists.confined_file import ConfinedFile
from tutela.hashlists.fields import Line, Problem
from tutela.hashlists.formats import ListFile
from tutela.hashlists.hashlist import Entry, EntryHash
from tutela.hashlists.line_words import spoken, understood

if TYPE_CHECKING:
    from tutela.bootstrap import Platform

ROOT = Path(__file__).parents[3]
TERMS = Terms(memory=1 << 30)
MD5, SHA256, PDQ = "0f" * 16, "1e" * 32, "2d3c" * 16
FILES = {
    "csv": (
        f'id,md5,sha256,pdq,pdq_quality,labels,colour,withdrawn,added\n"a, b",{MD5},{SHA256},{PDQ},'
        f"80,x; y ;x,red,,2024\nb,{MD5},zz,,,,,,\n\nc,,,{PDQ},7\nd,,,,,,,true\n\x00\n"
        f'"open,{MD5}\né,{MD5.upper()},,,,ü\n'
    ).encode()
    + b"\xff\xfe\n"
    + b"x" * 70_000
    + f"\ne,{MD5}".encode(),
    "ndjson": (
        f'{{"id": 7, "md5": "{MD5}", "labels": ["x", 4, [], "a\\u0000"], "pdq_quality": "no", '
        f'"pdq": "{PDQ}", "shade": 1}}\n{{"md5": "{MD5}", "md5": "{MD5}"}}\n[1]\n{{"a"\n'
        f'{{"id": "\\ud800", "md5": "{MD5}"}}\n{{"sketch": ["VFVTSwEgACAAAAA=", "no"]}}\n'
    ).encode(),
    "bare": f"\ufeff{MD5}\r\n{MD5[::-1]}\nnothing\n".encode(),
    "many chunks": b"id,md5\n" + b"".join(b"e%d,%032x\n" % (one, one + 1) for one in range(20_000)),
    "nothing": b"",
    "one document": b"{\n",
    "two readings": SHA256.encode(),
    "no list": b"hello there\n",
    "columns twice": b"id,md5,md5\n",
}


def _read(file: ConfinedFile | ListFile) -> tuple[object, ...]:
    lines: list[Line] = []
    try:
        lines.extend(file)
    except InvalidInput as problem:
        return lines, problem.what, problem.remedy
    return lines, file.format, file.ignored, file.sha256


@pytest.mark.parametrize("name", FILES)
def test_a_confined_process_reads_what_this_one_would(name: str) -> None:
    data = FILES[name]
    chunks = [data[at : at + 50_000] for at in range(0, len(data), 50_000)]
    assert _read(ConfinedFile(TERMS, iter(chunks))) == _read(ListFile(chunks))


def test_an_unknown_algorithm_is_refused_before_anything_is_read() -> None:
    with pytest.raises(InvalidInput):
        ConfinedFile(TERMS, iter(()), "crc32")


def test_an_instance_reads_no_list_itself(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads lines here is taken away; the import does without, for it is done elsewhere."""

    def taken_away(*_given: object) -> None:
        pytest.fail("a list was read in the process that holds the keys")

    monkeypatch.setattr(formats_csv.Headed, "read", taken_away)
    monkeypatch.setattr(formats_ndjson.Objects, "read", taken_away)
    for data in (FILES["csv"], FILES["ndjson"]):
        assert platform.lists.import_file(SHELL, "others", data).added


@pytest.mark.parametrize(
    ("trick", "what"),
    [
        ("#connect", "confinement violated"),
        ("#flood", "too much output"),
        ("#hang", "timed out"),
        ("#lie 1~~a~~~~~~~~~~~", "decoder crashed"),
        ("#lie nonsense", "decoder crashed"),
        ("#end {}", "decoder crashed"),
        ('#end {"format": "csv", "ignored": {}}', "decoder crashed"),
        ('#end {"format": "csv", "ignored": 4}', "decoder crashed"),
        ('#end {"invalid": ["why"]}', "decoder crashed"),
        ('#end {"invalid": {"what": 1}}', "decoder crashed"),
        ('#end {"fault": []}', "decoder failed"),
    ],
)
def test_a_process_that_was_taken_over_costs_its_file_alone(
    trick: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(confined_file, "WORKER", "tests.list_attacker")
    monkeypatch.setattr(confined_file, "TURN", replace(confined_file.TURN, seconds=5.0))
    with pytest.raises(InvalidInput, match=what):
        list(ConfinedFile(TERMS, [f"{trick}\n".encode()]))


ENTRY = Entry("a", (EntryHash("md5", b"\x0f" * 16), EntryHash("pdq", b"\x3c" * 32, 80)), ("x", "y"))


def test_what_is_said_is_understood() -> None:
    lines = [
        Line(3, ENTRY, (Problem(3, "labels: not a text", whole=False),)),
        Line(4, None, (Problem(4, "not valid JSON"), Problem(4, "again"))),
        Line(9, Entry("b", (), (), "A1", "we", "2024", "yes")),
    ]
    assert list(understood(spoken(lines))) == lines
    assert list(understood(b"")) == []


def _said(**other: str) -> bytes:
    fields = {
        "number": "1",
        "problems": "",
        "id": "a",
        "md5": MD5,
        "sha1": "",
        "sha256": "",
        "pdq": "",
        "quality": "",
        "labels": "",
        "classification": "",
        "source": "",
        "added": "",
        "withdrawn": "",
        "sketches": "",
    } | other
    return "\t".join(fields.values()).encode()


@pytest.mark.parametrize(
    "said",
    [
        _said(md5="d41d8cd98f00b204e9800998ecf8427e"),
        _said(md5="0" * 32),
        _said(md5="0f"),
        _said(md5=""),
        _said(pdq=PDQ, quality="30"),
        _said(pdq=PDQ, quality="101"),
        _said(number="-1"),
        _said(number="0"),
        _said(number="²"),
        _said(id="a" * 256),
        _said(id="a\x1b[2J"),
        _said(id=""),
        _said(labels=";"),
        _said(labels=";".join("x" * 101)),
        _said(labels="x" * 101),
        _said(classification="x" * 17),
        _said(sketches="VFVT"),
        _said(problems="reason"),
        _said(problems="!" + "x" * 300),
        _said() + b"\tmore",
        _said() + b"\n" + _said(),
        b"\xff",
    ],
)
def test_what_no_honest_process_says_is_not_taken(said: bytes) -> None:
    assert list(understood(_said()))
    with pytest.raises(ValueError):
        list(understood(said))
