"""The index over the reference set: what a plain loop finds, and the shipped set as drawn."""

from __future__ import annotations

import numpy as np
from scripts.draw_references import OUT, text

from tutela.hashlists.hashlist import Entry, EntryHash
from tutela.hashlists.references import Reference, shipped
from tutela.matching.ordinary_index import Known


def test_the_shipped_set_is_what_the_code_draws() -> None:
    assert text() == OUT.read_text(), "run scripts/draw_references.py"
    assert {one.hash.algorithm for one in shipped()} == {"md5", "sha1", "sha256", "pdq"}


def test_it_finds_what_a_loop_finds() -> None:
    random = np.random.default_rng(7)
    values = random.integers(0, 256, (300, 32), np.uint8)
    references = [
        Reference("set", str(number), EntryHash("pdq", one.tobytes()))
        for number, one in enumerate(values)
    ]
    entries = []
    for number in range(400):
        bits = np.unpackbits(values[number % 300])
        bits[random.choice(256, int(random.integers(0, 60)), replace=False)] ^= 1
        entries.append(Entry(str(number), (EntryHash("pdq", np.packbits(bits).tobytes()),)))
    found = Known(references).like(entries, 31)
    for entry in entries:
        query = np.frombuffer(entry.hashes[0].value, np.uint8)
        distances = np.bitwise_count(values ^ query).sum(axis=1)
        nearest = int(distances.min())
        if nearest > 31:
            assert entry.entry_id not in found
        else:
            like = found[entry.entry_id]
            assert (like.distance, distances[int(like.label)]) == (nearest, nearest)
    assert 100 < len(found) < 400
