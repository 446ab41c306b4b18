"""List files: any bytes are read without a crash, and what was written comes back."""

from __future__ import annotations

import csv
import io
import json
import string

from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import InvalidInput
from tutela.hashlists.formats import ListFile
from tutela.hashlists.hashlist import Entry, EntryHash, derived_id

_SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "pdq": 32}
_HEADER = b"id,md5,pdq,pdq_quality,labels,withdrawn\n"
_TEXT = st.text(string.ascii_letters + string.digits + " -_.,'\"äß日", min_size=1, max_size=30)
_WORDS = _TEXT.map(str.strip).filter(bool)
_OPTIONAL = st.none() | _WORDS


@st.composite
def _entries(draw: st.DrawFn) -> Entry:
    hashes = []
    for algorithm in draw(st.sets(st.sampled_from(list(_SIZES)), min_size=1)):
        size = _SIZES[algorithm]
        # The first byte keeps it from being one of the constants that no list may hold.
        value = b"\x5a" + draw(st.binary(min_size=size - 1, max_size=size - 1))
        quality = draw(st.none() | st.integers(50, 100)) if algorithm == "pdq" else None
        hashes.append(EntryHash(algorithm, value, quality))
    ordered = tuple(sorted(hashes, key=lambda one: list(_SIZES).index(one.algorithm)))
    return Entry(
        draw(_OPTIONAL) or derived_id(ordered),
        ordered,
        tuple(draw(st.lists(_WORDS, max_size=4, unique=True))),
        draw(st.none() | st.sampled_from(("A1", "B2"))),
        draw(_OPTIONAL),
        draw(st.none() | st.just("2024-05-01")),
        draw(st.none() | st.just("2025-01-31")),
    )


def _fields(entry: Entry) -> dict[str, object]:
    fields: dict[str, object] = {one.algorithm: one.value.hex() for one in entry.hashes}
    fields["pdq_quality"] = next((one.quality for one in entry.hashes if one.quality), None)
    fields["id"] = entry.entry_id
    fields["labels"] = list(entry.labels)
    for name in ("classification", "source", "added", "withdrawn"):
        fields[name] = getattr(entry, name)
    return fields


def _read(data: bytes, size: int) -> list[Entry]:
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    lines = list(ListFile(chunks))
    assert [line.problems for line in lines] == [()] * len(lines)
    return [line.entry for line in lines if line.entry is not None]


@given(st.lists(_entries(), min_size=1, max_size=5), st.integers(1, 300))
def test_csv_comes_back(entries: list[Entry], size: int) -> None:
    out = io.StringIO()
    columns = [
        *_SIZES,
        "pdq_quality",
        "id",
        "labels",
        "classification",
        "source",
        "added",
        "withdrawn",
    ]
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    for entry in entries:
        writer.writerow(_fields(entry) | {"labels": ";".join(entry.labels)})
    assert _read(out.getvalue().encode(), size) == entries


@given(st.lists(_entries(), min_size=1, max_size=5), st.integers(1, 300), st.booleans())
def test_ndjson_comes_back(entries: list[Entry], size: int, escaped: bool) -> None:
    text = "\n".join(json.dumps(_fields(one), ensure_ascii=escaped) for one in entries)
    assert _read(text.encode(), size) == entries


@given(st.sampled_from((b"", _HEADER, b"{}\n", b"0" * 32 + b"\n")), st.binary(max_size=400))
def test_any_bytes_are_read_line_by_line(start: bytes, data: bytes) -> None:
    try:
        lines = list(ListFile([start, data]))
    except InvalidInput:
        return
    for line in lines:
        assert (line.entry is None) <= bool(line.problems)
        assert all(one.line == line.number for one in line.problems)
        assert (line.entry is None) == any(one.whole for one in line.problems)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ("id", "md5", "pdq", "pdq_quality", "labels", "added", "withdrawn", "source")
        ),
        _JSON,
    )
)
def test_any_json_values_are_read_or_reported(row: dict[str, object]) -> None:
    good = json.dumps({"md5": "5a" * 16})
    first, second = ListFile([f"{good}\n{json.dumps(row)}\n".encode()])
    assert first.entry is not None
    assert (second.entry is None) <= bool(second.problems)
    if second.entry is not None:
        stored = (second.entry.entry_id, *second.entry.labels, second.entry.source or "")
        assert all(one.isprintable() and one.encode() is not None for one in stored)
