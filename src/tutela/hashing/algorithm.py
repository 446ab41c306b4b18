"""The hash algorithms in use, and the known answers that each build must give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tutela.errors import Tampered
from tutela.hashing.digests import digests
from tutela.hashing.pdq import pdq


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A hash algorithm. `exact`: equal or nothing; otherwise matched within a radius in bits."""

    name: str
    bits: int
    exact: bool
    version: str


ALGORITHMS = {
    one.name: one
    for one in (
        Algorithm("md5", 128, exact=True, version="RFC 1321"),
        Algorithm("sha1", 160, exact=True, version="FIPS 180-4"),
        Algorithm("sha256", 256, exact=True, version="FIPS 180-4"),
        Algorithm("pdq", 256, exact=False, version="pdqhash 0.2.8, full size"),
    )
}

# RFC 1321 §A.5 and FIPS 180 examples for "abc"; the PDQ answer is pdqhash 0.2.8's.
_ABC = (
    "900150983cd24fb0d6963f7d28e17f72",
    "a9993e364706816aba3e25717850c26c9cd0d89d",
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
)
PDQ_ANSWER = ("55bbd554a8d5a4a4ada5296f2cc8499d99931b3a3102e31f0f1f783cc0f83ff0", 100)


def pattern() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the drawn pattern of the PDQ self-test: waves in three colours, 200 by 300."""
    y, x = np.mgrid[0:200, 0:300].astype(np.int64)
    red = (x * x + 3 * y * x) // 97 % 256
    green = (x * 5 + y * y) // 41 % 256
    blue = (x * y) // 29 % 256
    return np.stack((red, green, blue), axis=2).astype(np.uint8)


def verify_known_answers() -> None:
    """Raise `Tampered` when this build computes another answer than the published one."""
    abc = digests((b"abc",))
    printed = pdq(pattern())
    if (abc.md5, abc.sha1, abc.sha256) != _ABC or (printed.hex, printed.quality) != PDQ_ANSWER:
        raise Tampered(
            "This build computes wrong hashes.",
            "Do not screen with it: reinstall Tutela, and report the machine's processor.",
        )
