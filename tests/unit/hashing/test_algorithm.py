"""Each build proves its hashes before it screens with them."""

from __future__ import annotations

import numpy as np
import pdqhash
import pytest

from tutela.errors import Tampered
from tutela.hashing import algorithm
from tutela.hashing.algorithm import ALGORITHMS, PDQ_ANSWER, pattern, verify_known_answers


def test_this_build_gives_the_known_answers() -> None:
    verify_known_answers()


def test_the_pdq_answer_is_the_reference_bindings() -> None:
    bits, quality = pdqhash.compute(pattern())
    assert (np.packbits(bits.astype(np.uint8)).tobytes().hex(), quality) == PDQ_ANSWER


@pytest.mark.parametrize(
    "answer",
    [
        (f"{int(PDQ_ANSWER[0], 16) ^ 1:064x}", PDQ_ANSWER[1]),
        (PDQ_ANSWER[0], PDQ_ANSWER[1] - 1),
    ],
    ids=["one bit off", "quality off"],
)
def test_another_pdq_answer_stops_the_build(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[str, int]
) -> None:
    monkeypatch.setattr(algorithm, "PDQ_ANSWER", answer)
    with pytest.raises(Tampered, match="wrong hashes"):
        verify_known_answers()


@pytest.mark.parametrize("which", range(3))
def test_another_digest_stops_the_build(monkeypatch: pytest.MonkeyPatch, which: int) -> None:
    changed = list(algorithm._ABC)
    changed[which] = changed[which][:-1] + ("0" if changed[which][-1] != "0" else "1")
    monkeypatch.setattr(algorithm, "_ABC", tuple(changed))
    with pytest.raises(Tampered):
        verify_known_answers()


def test_only_pdq_is_matched_by_nearness() -> None:
    assert [name for name, one in ALGORITHMS.items() if not one.exact] == ["pdq"]
    assert {name: one.bits for name, one in ALGORITHMS.items()} == {
        "md5": 128,
        "sha1": 160,
        "sha256": 256,
        "pdq": 256,
    }
