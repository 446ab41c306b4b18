"""Reading list files: every line is an entry or a reason, whatever the file holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tutela.errors import InvalidInput
from tutela.hashlists.fields import Line, Problem
from tutela.hashlists.formats import LONGEST_LINE, ListFile, lines
from tutela.hashlists.hashlist import EntryHash

if TYPE_CHECKING:
    from tutela.hashlists.hashlist import Entry

MD5, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2
SHA1 = "0123456789" * 4
SHA256 = "0123456789abcdef" * 4
PDQ = "f0e1d2c3b4a59687" * 4


def _read(text: str | bytes, algorithm: str | None = None) -> list[Line]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(ListFile([data], algorithm))


def _entry(line: Line) -> Entry:
    assert line.entry is not None, line.problems
    return line.entry


def _only(text: str | bytes, algorithm: str | None = None) -> Entry:
    (line,) = _read(text, algorithm)
    assert line.problems == ()
    return _entry(line)


def _reasons(text: str | bytes) -> list[tuple[int, str, bool]]:
    return [(one.line, one.reason, one.whole) for line in _read(text) for one in line.problems]


def test_columns_come_in_any_order_and_case() -> None:
    entry = _only(
        "Labels,PDQ_Quality,ID,Sha256,PDQ,md5,SHA1,Classification,Source,Added\r\n"
        f"b; a ;b,80,e-1,{SHA256},{PDQ.upper()},{MD5},{SHA1},A1,a hotline,2024-05-01\r\n"
    )
    assert entry.entry_id == "e-1"
    assert entry.hashes == (
        EntryHash("md5", bytes.fromhex(MD5)),
        EntryHash("sha1", bytes.fromhex(SHA1)),
        EntryHash("sha256", bytes.fromhex(SHA256)),
        EntryHash("pdq", bytes.fromhex(PDQ), 80),
    )
    assert entry.labels == ("b", "a")
    assert (entry.classification, entry.source, entry.added) == ("A1", "a hotline", "2024-05-01")
    assert entry.withdrawn is None


def test_a_byte_order_mark_and_blank_lines_are_passed_over() -> None:
    lines = _read(b"\xef\xbb\xbf\r\nid,md5\r\n\r\n   \r\na," + MD5.encode() + b"\r\n\r\n")
    assert [(line.number, _entry(line).entry_id) for line in lines] == [(5, "a")]


def test_quoted_fields_are_unquoted() -> None:
    entry = _only(f'"id","labels","md5"\n"a ""b"", c","x;y",{MD5}\n')
    assert (entry.entry_id, entry.labels) == ('a "b", c', ("x", "y"))


def test_an_open_quote_costs_its_line_only() -> None:
    first, second = _read(f'id,md5\n"a,{MD5}\nb,{OTHER}\n')
    assert first.problems == (Problem(2, "a quoted field is not closed"),)
    assert _entry(second).entry_id == "b"


def test_missing_fields_are_empty_and_surplus_ones_a_problem() -> None:
    first, second = _read(f"md5,id,labels\n{MD5}\n{OTHER},x,y,z\n")
    assert _entry(first).entry_id.startswith("h-")
    assert second.problems == (Problem(3, "4 fields under 3 columns"),)


def test_unknown_columns_are_passed_over_and_named() -> None:
    file = ListFile([f"md5,Colour,vpdq,\n{MD5},red,x,\n".encode()])
    assert len(list(file)) == 1
    assert file.ignored == ("colour", "vpdq")
    assert file.format == "csv"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("id,colour\n", "The header names no column of hashes."),
        ("id,labels\n", "The header names no column of hashes."),
        ("md5,MD5\n", "The header names md5 more than once."),
        ("", "The file is empty."),
        ("\n \n", "The file is empty."),
        ("hello\n", "The first line is neither"),
        ("\x00\x01\n", "The first line is neither"),
        ("[\n", "The file is one JSON document."),
        ("{\n", "The file is one JSON document."),
        ('{"@odata.context": "x", "value": []}\n', "The file is one JSON document."),
        ("x" * (LONGEST_LINE + 1), "The first line is neither"),
    ],
)
def test_a_file_of_no_known_format_is_refused_whole(header: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _read(header)
    assert refused.value.what.startswith(reason)


def test_utf_16_is_refused_whole() -> None:
    with pytest.raises(InvalidInput):
        _read(f"md5\n{MD5}\n".encode("utf-16"))


def test_bare_hashes_are_known_by_their_length() -> None:
    first, second = _read(f"{MD5}\n{SHA1.upper()}")
    assert _entry(first).hashes == (EntryHash("md5", bytes.fromhex(MD5)),)
    assert _entry(second).hashes == (EntryHash("sha1", bytes.fromhex(SHA1)),)


@pytest.mark.parametrize("text", [SHA256, f"{MD5}\n{SHA256}\n"])
def test_bare_hashes_of_64_digits_must_be_named(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _read(text)
    assert "sha256 or pdq" in refused.value.what
    assert "--algorithm sha256 or --algorithm pdq" in refused.value.remedy


@pytest.mark.parametrize("algorithm", ["sha256", "pdq"])
def test_a_named_algorithm_holds_for_every_bare_line(algorithm: str) -> None:
    first, second = _read(f"{SHA256}\n{MD5}\n", algorithm)
    assert _entry(first).hashes == (EntryHash(algorithm, bytes.fromhex(SHA256)),)
    assert second.problems == (Problem(2, f"{algorithm}: 32 characters instead of 64"),)


@pytest.mark.parametrize("text", [f"md5\n{MD5}\n", json.dumps({"md5": MD5})])
def test_an_algorithm_cannot_be_named_where_the_file_does(text: str) -> None:
    with pytest.raises(InvalidInput):
        _read(text, "md5")
    with pytest.raises(InvalidInput):
        _read(text, "crc32")


def test_a_line_that_is_no_bare_hash_is_a_problem() -> None:
    assert _reasons(f"{MD5}\nhello\n") == [(2, "not a hash of 32, 40 or 64 hex digits", True)]


def test_ndjson_says_the_same_as_csv() -> None:
    row = {
        "ID": 7,
        "md5": MD5,
        "PDQ": PDQ,
        "pdq_quality": 80,
        "labels": ["a", "b;c"],
        "added": None,
    }
    entry = _only(json.dumps(row) + "\n")
    assert entry.entry_id == "7"
    assert entry.hashes == (
        EntryHash("md5", bytes.fromhex(MD5)),
        EntryHash("pdq", bytes.fromhex(PDQ), 80),
    )
    assert entry.labels == ("a", "b", "c")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"md5": ', "not valid JSON"),
        ('{"md5": "' + MD5 + '", "md5": "' + OTHER + '"}', "not valid JSON"),
        ('{"md5": "' + MD5 + '", "MD5": "' + OTHER + '"}', "names a field more than once"),
        ("[" * 60_000, "not valid JSON"),
        ("3", "not a JSON object"),
        ('{"md5": ["' + MD5 + '"]}', "not a text"),
        ('{"id": "x"}', "no hash that this version can match"),
        ('{"id": "\\ud800", "md5": "' + MD5 + '"}', "id: holds characters that cannot be shown"),
        ('{"id": {}, "md5": "' + MD5 + '"}', "id: not a text"),
        ('{"id": "' + "x" * 256 + '", "md5": "' + MD5 + '"}', "id: longer than 255 characters"),
    ],
)
def test_a_bad_object_costs_its_line_only(line: str, reason: str) -> None:
    good = json.dumps({"md5": MD5})
    found = _read(f"{good}\n{line}\n{good}\n")
    assert [one.entry is not None for one in found] == [True, False, True]
    assert found[1].problems == (Problem(2, reason),)


def test_names_that_mean_nothing_are_named_once_each_and_not_without_end() -> None:
    rows = [json.dumps({"md5": MD5, "colour": 1, f"x{i}": 2}) for i in range(200)]
    file = ListFile(["\n".join(rows).encode()])
    assert len(list(file)) == 200
    assert file.ignored[:2] == ("colour", "x0")
    assert len(file.ignored) == 50


def test_a_bad_hash_costs_itself_and_not_the_entry() -> None:
    bad = ("00" * 32, f"{PDQ},49", f"{PDQ},x", "xyz")
    rows = "\n".join(f"e{place},{MD5},{pdq}" for place, pdq in enumerate(bad))
    found = _read(f"id,md5,pdq,pdq_quality\n{rows}\n")
    assert [_entry(one).hashes for one in found] == [(EntryHash("md5", bytes.fromhex(MD5)),)] * 4
    assert [(one.reason, one.whole) for line in found for one in line.problems] == [
        ("pdq: all bits are the same", False),
        ("pdq: quality 49 is below 50", False),
        ("pdq: its quality cannot be read", False),
        ("pdq: 3 characters instead of 64", False),
    ]


def test_an_entry_without_a_good_hash_is_refused_with_each_reason() -> None:
    empty = "d41d8cd98f00b204e9800998ecf8427e"
    (line,) = _read(f"md5,pdq\n{empty},{'ff' * 32}\n")
    assert line.entry is None
    assert [one.reason for one in line.problems] == [
        "md5: the digest of the empty file",
        "pdq: all bits are the same",
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("classification", "x" * 17),
        ("source", "x" * 256),
        ("added", "x" * 41),
        ("labels", "x" * 101),
        ("labels", "tab\there"),
        ("labels", ";".join(str(i) for i in range(101))),
    ],
)
def test_a_remark_that_cannot_be_kept_costs_itself_only(column: str, value: str) -> None:
    (line,) = _read(f"md5,{column}\n{MD5},{value}\n")
    assert _entry(line).hashes
    (problem,) = line.problems
    assert problem.reason.startswith(f"{column}: ")
    assert not problem.whole


@pytest.mark.parametrize(
    ("value", "withdrawn"),
    [
        ("", None),
        ("false", None),
        ("0", None),
        ("No", None),
        ("true", "true"),
        ("2025-01-31", "2025-01-31"),
        ("x" * 50, "yes"),
    ],
)
def test_withdrawn_is_a_date_or_a_word(value: str, withdrawn: str | None) -> None:
    (line,) = _read(f"md5,withdrawn\n{MD5},{value}\n")
    assert _entry(line).withdrawn == withdrawn


@pytest.mark.parametrize(("value", "withdrawn"), [(None, None), (False, None), (True, "yes")])
def test_withdrawn_may_be_a_json_word(value: object, withdrawn: str | None) -> None:
    (line,) = _read(json.dumps({"md5": MD5, "withdrawn": value}))
    assert _entry(line).withdrawn == withdrawn


def test_a_withdrawal_needs_no_hash_but_an_id() -> None:
    entry = _only("id,withdrawn\ne-1,2025-01-31\n")
    assert (entry.entry_id, entry.hashes, entry.withdrawn) == ("e-1", (), "2025-01-31")
    assert _reasons("id,withdrawn\n,2025-01-31\n") == [
        (2, "no hash that this version can match", True)
    ]


def test_lines_that_are_no_text_cost_themselves_only() -> None:
    long = b"x" * (LONGEST_LINE + 1)
    data = b"\n".join((b"id,md5", b"\xffa,b", b"a\x00b,c", long, b"e," + MD5.encode(), long))
    found = _read(data)
    assert [one.entry is not None for one in found] == [False, False, False, True, False]
    assert [one.problems[0].reason for one in found if one.problems] == [
        "not valid UTF-8",
        "holds a NUL byte",
        f"longer than {LONGEST_LINE} bytes",
        f"longer than {LONGEST_LINE} bytes",
    ]


def test_a_header_that_is_not_utf_8_is_still_the_header() -> None:
    found = _read(b"md5,caf\xe9\n" + MD5.encode() + b",x\n")
    assert [one.entry is not None for one in found] == [True]


def test_lines_are_the_same_however_the_file_is_cut() -> None:
    data = b"one\r\n\ntwo\n" + b"x" * 40 + b"\nthree\r\n" + b"y" * 40
    whole = list(lines([data], 30))
    assert whole == [(1, b"one"), (2, b""), (3, b"two"), (4, None), (5, b"three"), (6, None)]
    for size in (1, 2, 3, 7, 64):
        cut = [data[start : start + size] for start in range(0, len(data), size)]
        assert list(lines(cut, 30)) == whole
