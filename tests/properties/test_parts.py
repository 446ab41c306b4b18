"""Bytes that come in parts of any sizes are the same bytes in pieces of the size that is wanted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutela.evidence.parts import ending, sized, split


@given(st.lists(st.binary(max_size=50)), st.integers(1, 20))
def test_pieces_are_the_same_bytes_each_of_the_size_but_the_last(
    parts: list[bytes], size: int
) -> None:
    whole = b"".join(parts)
    assert list(sized(parts, size)) == [whole[at : at + size] for at in range(0, len(whole), size)]


@given(st.lists(st.binary(max_size=20)), st.integers(0, 30))
def test_what_is_split_off_the_start_is_missing_from_the_rest(
    parts: list[bytes], size: int
) -> None:
    whole = b"".join(parts)
    head, rest = split(parts, size)
    assert (head, head + b"".join(rest)) == (whole[:size], whole)


@given(st.lists(st.binary(min_size=1, max_size=4)))
def test_one_piece_is_the_last_also_where_there_is_none(pieces: list[bytes]) -> None:
    told = list(ending(iter(pieces)))
    assert [last for _, last in told] == [False] * (len(told) - 1) + [True]
    assert [piece for piece, _ in told] == (pieces or [b""])
