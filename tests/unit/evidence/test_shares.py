"""Any k of n shares restore a key; fewer say nothing; spoilt ones are found."""

from __future__ import annotations

import secrets
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import InvalidInput, Tampered, UsageError
from tutela.evidence import secret_sharing
from tutela.evidence.keys import OpeningKey
from tutela.evidence.shares import Share, restore, split

BYTE = st.integers(0, 255)


@given(st.integers(1, 255), BYTE, BYTE)
def test_the_field_is_one(one: int, left: int, right: int) -> None:
    times, inverse = secret_sharing._times, secret_sharing._inverse
    assert times(one, inverse(one)) == 1
    assert times(left, right) == times(right, left)
    assert times(one, left ^ right) == times(one, left) ^ times(one, right)


def test_the_field_is_that_of_aes() -> None:
    # FIPS 197 §4.2: {57} • {83} = {c1}; §4.2.1: {57} • {13} = {fe}.
    assert secret_sharing._times(0x57, 0x83) == 0xC1
    assert secret_sharing._times(0x57, 0x13) == 0xFE


@given(st.binary(min_size=1, max_size=40), st.integers(2, 6), st.integers(0, 4), st.data())
def test_any_threshold_of_shares_restores(
    secret: bytes, threshold: int, more: int, choice: st.DataObject
) -> None:
    shares = secret_sharing.split(secret, threshold, threshold + more, secrets.token_bytes)
    places = choice.draw(st.lists(st.sampled_from(sorted(shares)), unique=True, min_size=threshold))
    assert secret_sharing.restore({place: shares[place] for place in places}) == secret


@given(st.integers(2, 6), BYTE, BYTE, st.data())
def test_fewer_shares_fit_every_secret_equally(
    threshold: int, secret: int, other: int, choice: st.DataObject
) -> None:
    """For any k-1 shares and any other secret there is one polynomial, so they rule nothing out."""
    shares = secret_sharing.split(bytes((secret,)), threshold, threshold + 2, secrets.token_bytes)
    known = choice.draw(
        st.lists(
            st.sampled_from(sorted(shares)),
            unique=True,
            min_size=threshold - 1,
            max_size=threshold - 1,
        )
    )
    missing = next(place for place in shares if place not in known)
    fitting = [
        value
        for value in range(256)
        if secret_sharing.restore(
            {**{place: shares[place] for place in known}, missing: bytes((value,))}
        )
        == bytes((other,))
    ]
    assert len(fitting) == 1


@pytest.mark.parametrize("secret", [0, 7, 255])
def test_one_share_of_two_is_spread_evenly_whatever_the_secret(secret: int) -> None:
    chosen = iter(range(256))

    def random(_number: int) -> bytes:
        return bytes((next(chosen),))

    seen = {secret_sharing.split(bytes((secret,)), 2, 2, random)[1] for _ in range(256)}
    assert len(seen) == 256


@pytest.mark.parametrize(("threshold", "shares"), [(1, 3), (0, 1), (4, 3), (2, 256)])
def test_what_cannot_be_split_so_is_refused(threshold: int, shares: int) -> None:
    with pytest.raises(UsageError):
        split(OpeningKey.generate(), threshold, shares)


def test_every_three_of_five_printed_shares_restore_the_key() -> None:
    key = OpeningKey.generate()
    texts = [share.text() for share in split(key, 3, 5)]
    for some in combinations(texts, 3):
        restored = restore([Share.read(text) for text in some])
        assert restored.private.encode() == key.private.encode()
    for few in combinations(texts, 2):
        with pytest.raises(InvalidInput, match="takes 3"):
            restore([Share.read(text) for text in few])
    with pytest.raises(InvalidInput):
        restore([Share.read(texts[0])] * 3)


@given(st.data())
def test_a_mistyped_share_is_found(choice: st.DataObject) -> None:
    text = SHARES[0].text()
    place = choice.draw(st.integers(0, len(text) - 2))
    letter = choice.draw(st.sampled_from("ABCXYZ234567 0189abcf"))
    changed = text[:place] + letter + text[place + 1 :]
    try:
        assert Share.read(changed) == SHARES[0]
    except (InvalidInput, Tampered):
        return


def test_a_made_up_share_is_found_by_the_key_it_gives() -> None:
    forged = Share(**{**{n: getattr(SHARES[1], n) for n in Share.__slots__}, "data": bytes(32)})
    with pytest.raises(Tampered):
        restore([SHARES[0], Share.read(forged.text())])


def test_shares_of_two_splittings_do_not_mix() -> None:
    key = OpeningKey.generate()
    with pytest.raises(InvalidInput, match="belong together"):
        restore([split(key, 2, 2)[0], split(key, 2, 2)[1]])


SHARES = split(OpeningKey.generate(), 2, 3)
