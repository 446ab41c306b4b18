"""Bytes to a verdict: decode, hash and match against a million hashes, ours and the peers'."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import faiss
import numpy as np
import pdqhash
from bench.photos import MEGAPIXELS, jpegs, source
from bench.report import Table, machine
from bench.rounds import taking_turns
from numpy.typing import NDArray
from PIL import Image
from threatexchange.signal_type.pdq.pdq_index import PDQIndex
from threatexchange.signal_type.pdq.signal import PdqSignal

from tutela.content.decoding import DecodeLimits
from tutela.hashlists import tables
from tutela.hashlists.tables import hash_entries, hash_lists
from tutela.matching.screening import Screener, ScreeningPolicy
from tutela.storage.clock import utc_now
from tutela.storage.database import Database, metadata

Hashes = NDArray[np.uint8]

_LIMITS = DecodeLimits()
_AT_ONCE = 20_000


@contextmanager
def screening(hashes: Hashes) -> Iterator[Screener]:
    """Yield a screener of an instance with one list of these hashes."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/tutela.db")
        with database.bookkeeping() as connection:
            metadata.create_all(connection)
            connection.execute(
                hash_lists.insert().values(
                    id="lst_bench",
                    name="bench",
                    file_sha256="",
                    imported_by="bench",
                    imported_at=utc_now(),
                    entries=len(hashes),
                    hashes=len(hashes),
                )
            )
            for start in range(0, len(hashes), _AT_ONCE):
                some = hashes[start : start + _AT_ONCE]
                rows = [
                    {
                        "list_id": "lst_bench",
                        "entry_id": str(start + place),
                        "algorithm": "pdq",
                        "value": value.tobytes(),
                        "quality": 100,
                        "labels": "",
                    }
                    for place, value in enumerate(some)
                ]
                connection.execute(hash_entries.insert(), rows)
            tables.changed(connection)
        screener = Screener(database, ScreeningPolicy(), Path(folder) / "index")
        screener.prove_ready()
        yield screener.trusting(0.25)  # as `tutela scan` does
        database.close()


class _ThreatExchange:
    """threatexchange's own pipeline."""

    name = "threatexchange (hash_from_bytes + PDQIndex)"

    def __init__(self, hashes: Hashes) -> None:
        self._index = PDQIndex.build(
            [(one.tobytes().hex(), place) for place, one in enumerate(hashes)]
        )

    def __call__(self, data: bytes) -> object:
        return self._index.query(PdqSignal.hash_from_bytes(data))


class _Parts:
    """The same parts put together by hand, for sizes at which PDQIndex takes too long to build."""

    name = "Pillow + pdqhash + faiss MultiHash"

    def __init__(self, hashes: Hashes) -> None:
        self._index = faiss.IndexBinaryMultiHash(256, 16, 16)
        self._index.nflip = 1
        self._index.add(hashes)

    def __call__(self, data: bytes) -> object:
        from io import BytesIO

        with Image.open(BytesIO(data)) as file:
            bits, _quality = pdqhash.compute(np.asarray(file.convert("RGB")))
        return self._index.range_search(np.packbits(bits)[None], 32)


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return milliseconds a picture and ratios."""
    sizes = (10**5,) if quick_run else (10**6, *((10**7,) if large else ()))
    return [_measured(size, quick_run=quick_run) for size in sizes]


def _measured(size: int, *, quick_run: bool) -> Table:
    hashes = np.random.default_rng(1).integers(0, 256, (size, 32), np.uint8)
    theirs = _ThreatExchange(hashes) if size <= 10**6 else _Parts(hashes)
    columns = ("megapixels", theirs.name, "Tutela", "faster", "Tutela, exact only", "faster")
    title = f"Bytes to verdict against {size:,} hashes, one thread, ms a picture: median (range)"
    table = Table(title, columns)
    with screening(hashes) as screener:
        for megapixels in MEGAPIXELS[: 2 if quick_run else None]:
            # Different pictures, so that no part of an index is warm from the one before.
            files = jpegs(megapixels, 24 if megapixels < 2 else 8)
            taken = taking_turns(
                {
                    "theirs": lambda: [theirs(one) for one in files],
                    "ours": lambda: [screener.screen_bytes(one, _LIMITS) for one in files],
                    "exact": lambda: [
                        screener.screen_bytes(one, _LIMITS, exact=True) for one in files
                    ],
                },
                rounds=3 if megapixels > 2 or quick_run else 5,
                calls=len(files),
            )
            peer = taken["theirs"].median
            table.row(
                megapixels,
                taken["theirs"].shown(),
                taken["ours"].shown(),
                table.ratio(
                    f"end to end, {megapixels:g} MP, {size:.0e}".replace("e+0", "e"),
                    peer / taken["ours"].median,
                ),
                taken["exact"].shown(),
                f"**{peer / taken['exact'].median:.3g}×**",
            )
    table.notes.append(
        "Ours includes SHA-256 of the file, and asking the database whether a list has changed,"
        " four times a second; the peer does neither. MD5 and SHA-1 are not taken, as this list"
        " has no digests to compare them with."
    )
    table.notes.append(source())
    table.notes.append(machine("threatexchange", "pdqhash", "faiss-cpu", "pillow", "simplejpeg"))
    return table
