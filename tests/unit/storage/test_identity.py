"""Identifiers: shape, order and room."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tutela.storage.identity import new_id

_LETTERS = set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(_MOMENTS)
def test_an_id_is_its_prefix_and_a_ulid(now: datetime) -> None:
    prefix, _, ulid = new_id("itm", now).partition("_")
    assert prefix == "itm"
    assert len(ulid) == 26
    assert set(ulid) <= _LETTERS
    # A ULID has 128 bits in 26 letters of five bits: the first letter is at most 7.
    assert ulid[0] <= "7"


@given(_MOMENTS, st.integers(1, 10**9))
def test_later_ids_sort_after_earlier_ones(now: datetime, milliseconds: int) -> None:
    later = now + timedelta(milliseconds=milliseconds)
    assert new_id("itm", now) < new_id("itm", later)


def test_many_ids_of_one_instant_differ() -> None:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    assert len({new_id("itm", now) for _ in range(10_000)}) == 10_000
