"""Splitting a secret so that any `threshold` shares restore it and fewer say nothing about it.

Shamir's scheme (Communications of the ACM 22, 1979) over GF(2^8) with the polynomial of AES
(FIPS 197 §4.2): one random polynomial for each byte, its value at 0 is the byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_REDUCING = 0x11B
MOST_SHARES = 255


def split(
    secret: bytes, threshold: int, shares: int, random: Callable[[int], bytes]
) -> dict[int, bytes]:
    """Return shares by their places 1 to `shares`. `random`: gives so many unguessable bytes."""
    if not 1 < threshold <= shares <= MOST_SHARES:
        raise ValueError("at least two of at most 255 shares restore a secret")
    polynomials = [bytes((byte,)) + random(threshold - 1) for byte in secret]
    return {
        place: bytes(_value(polynomial, place) for polynomial in polynomials)
        for place in range(1, shares + 1)
    }


def restore(shares: Mapping[int, bytes]) -> bytes:
    """Return what the polynomials through the shares give at 0 (Lagrange).

    Too few shares give other bytes, not an error: who restores checks what comes out.
    """
    if len({len(share) for share in shares.values()}) != 1 or not all(
        0 < place <= MOST_SHARES for place in shares
    ):
        raise ValueError("shares are of one length, at places from 1 to 255")
    weights = {place: _weight(place, list(shares)) for place in shares}
    columns = zip(*shares.values(), strict=True)
    return bytes(
        _sum([_times(weights[place], byte) for place, byte in zip(shares, column, strict=True)])
        for column in columns
    )


def _weight(place: int, places: Sequence[int]) -> int:
    above, below = 1, 1
    for other in places:
        if other != place:
            above = _times(above, other)
            below = _times(below, other ^ place)
    return _times(above, _inverse(below))


def _value(polynomial: bytes, place: int) -> int:
    value = 0
    for coefficient in reversed(polynomial):
        value = _times(value, place) ^ coefficient
    return value


def _sum(values: Sequence[int]) -> int:
    total = 0
    for value in values:
        total ^= value
    return total


def _times(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left <<= 1
        if left & 0x100:
            left ^= _REDUCING
        right >>= 1
    return product


def _inverse(value: int) -> int:
    # The group has 255 elements, so value^254 is 1/value.
    result, square, exponent = 1, value, 254
    while exponent:
        if exponent & 1:
            result = _times(result, square)
        square = _times(square, square)
        exponent >>= 1
    return result
