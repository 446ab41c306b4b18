"""How many changed copies are found and what it costs, by budget."""

import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path

import numpy as np
import pdqhash
from bench.home import Home
from bench.photos import pictures, source
from bench.report import Table, machine
from bench.variants import VARIANTS, saved
from PIL import Image, UnidentifiedImageError
from threatexchange.signal_type.pdq.signal import PdqSignal

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.hashing.look import Budget
from tutela.hashing.pdq import distance

_RADIUS = 31
_Z = 1.96
_PEERS = ("pdqhash", "threatexchange")
_HASH_ONLY = "full, listed as PDQ only"
_HASH_ONLY_PHOTOS = 24
"""So many of the photos are looked for by hash alone: it costs as much as all the rest."""
_BUDGETS = tuple(str(one) for one in Budget)


@dataclass(slots=True)
class Tally:
    """How often each engine found the listed picture, of how many variants."""

    of: int = 0
    few: int = 0
    found: Counter[str] = field(default_factory=Counter)

    def asked(self, engine: str) -> int:
        """Return how many variants this engine was asked about."""
        return self.few if engine == _HASH_ONLY else self.of

    def share(self, engine: str) -> float:
        """Return the share found."""
        return self.found[engine] / self.asked(engine)

    def shown(self, engine: str) -> str:
        """Return the share with its 95 % interval (E. B. Wilson, JASA 1927)."""
        share, many = self.share(engine), self.asked(engine)
        middle = (share + _Z**2 / (2 * many)) / (1 + _Z**2 / many)
        half = _Z / (1 + _Z**2 / many) * (share * (1 - share) / many + (_Z / 2 / many) ** 2) ** 0.5
        return f"{share:.1%} ({max(0, middle - half):.1%} to {min(1, middle + half):.1%})"


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return recall by family and by transform, and cost."""
    photos = 3 if quick_run else 200 if large else 24
    distractors = 10_000 if quick_run else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        home = Home(Path(name))
        home.distract(distractors)
        families, transforms, strangers = _recall(home, Home(Path(name)), photos)
        cost = _cost(home, photos, 8 if quick_run else 30)
    tables = [
        _recall_table(f"Copies found, by family: {photos} photos", "family", families),
        cost,
        _recall_table(f"Copies found, by change: {photos} photos", "change", transforms),
    ]
    listed = f"{photos} photos listed with `lists build` among {distractors:,} other hashes."
    tables[0].notes += [
        f"{listed} Entries matched other than the copy's own: {strangers}.",
        "The share found, with its 95 % interval. pdqhash: Pillow and pdqhash; both peers match "
        f"within {_RADIUS} bits. Listed as PDQ only: copies of at most {_HASH_ONLY_PHOTOS} photos.",
        source(),
        machine("threatexchange", "pdqhash", "pillow", "opencv-python-headless"),
    ]
    return tables


def _recall(home: Home, bare: Home, photos: int) -> tuple[dict[str, Tally], dict[str, Tally], int]:
    originals, copies, few = (home.folder / name for name in ("originals", "copies", "few"))
    for folder in (originals, copies, few):
        folder.mkdir()
    families: dict[str, Tally] = defaultdict(Tally)
    transforms: dict[str, Tally] = defaultdict(Tally)
    of_name: dict[str, tuple[str, str]] = {}
    with ProcessPoolExecutor() as pool:
        make = partial(_copied, originals, copies)
        for number, found in enumerate(pool.map(make, count(), pictures(photos))):
            for place, (variant, peers) in enumerate(zip(VARIANTS, found, strict=True)):
                name = f"{number}-{place}"
                if number < _HASH_ONLY_PHOTOS:
                    (few / name).hardlink_to(copies / name)
                of_name[name] = (variant.family, f"{variant.family}: {variant.name}")
                for tally in (families[of_name[name][0]], transforms[of_name[name][1]]):
                    tally.of += 1
                    tally.few += number < _HASH_ONLY_PHOTOS
                    tally.found.update(peers)
    home.list_folder("originals", originals)
    bare.list_hashes("originals", originals)
    strangers = 0
    runs = [(home, copies, budget, budget) for budget in _BUDGETS]
    runs.append((bare, few, str(Budget.FULL), _HASH_ONLY))
    for asked, folder, budget, engine in runs:
        for name, matches in asked.scan(folder, budget).items():
            own = any(one["entry"] == name.split("-")[0] for one in matches)
            strangers += sum(one["entry"] != name.split("-")[0] for one in matches)
            family, transform = of_name[name]
            families[family].found[engine] += own
            transforms[transform].found[engine] += own
    return families, transforms, strangers


def _copied(originals: Path, copies: Path, number: int, picture: Image.Image) -> list[list[str]]:
    """Save a picture and its copies, and return which peers find each copy."""
    whole = saved(picture, quality=90)
    (originals / f"{number}").write_bytes(whole)
    theirs = _theirs(whole)
    found = []
    for place, variant in enumerate(VARIANTS):
        data = variant.make(picture, np.random.default_rng((number, place)))
        (copies / f"{number}-{place}").write_bytes(data)
        hashed = _theirs(data)
        found.append([peer for peer in _PEERS if _near(hashed[peer], theirs[peer])])
    return found


def _theirs(data: bytes) -> dict[str, bytes | None]:
    """Return the peers' hashes; None where a peer reads nothing."""
    return {"pdqhash": _of_pdqhash(data), "threatexchange": _of_threatexchange(data)}


def _of_pdqhash(data: bytes) -> bytes | None:
    try:
        with Image.open(BytesIO(data)) as file:
            bits, _quality = pdqhash.compute(np.asarray(file.convert("RGB")))
    except (UnidentifiedImageError, OSError, ValueError):
        return None
    return np.packbits(bits).tobytes()


def _of_threatexchange(data: bytes) -> bytes | None:
    try:
        text = PdqSignal.hash_from_bytes(data)
    except Exception:  # noqa: BLE001 - whatever it raises, it has found nothing
        return None
    return bytes.fromhex(text) if text else None


def _near(one: bytes | None, other: bytes | None) -> bool:
    return one is not None and other is not None and distance(one, other) <= _RADIUS


def _recall_table(title: str, kind: str, tallies: dict[str, Tally]) -> Table:
    engines = (*_PEERS, *_BUDGETS, _HASH_ONLY)
    shown = (f"--looks {one}" for one in engines[len(_PEERS) :])
    table = Table(title, (kind, "copies", *_PEERS, *shown))
    whole = Tally()
    for name, tally in tallies.items():
        table.row(name, tally.of, *(tally.shown(one) for one in engines))
        whole.of += tally.of
        whole.few += tally.few
        whole.found.update(tally.found)
    table.row("all", whole.of, *(f"**{whole.share(one):.1%}**" for one in engines))
    return table


def _cost(home: Home, listed: int, photos: int) -> Table:
    """Return milliseconds a photo that is not listed, one thread, from bytes to verdict."""
    strangers = [saved(one, quality=85) for one in pictures(photos, start=listed)]
    platform = bootstrap.open_platform(settings_file.load(home.folder))
    screener = platform.screener.trusting(1)
    table = Table("What a look costs", ("budget", "ms a photo: median (90 %)"))
    try:
        for budget in Budget:
            look = partial(screener.screen_bytes, limits=platform.limits, looks=budget)
            taken = [_seconds(partial(look, data)) for data in strangers]
            low, high = np.quantile(taken, (0.5, 0.9)) * 1000
            table.row(f"--looks {budget}", f"{low:.1f} ({high:.1f})")
    finally:
        platform.close()
    table.notes.append(
        "Photos of 0.3 to 1 MP that are not listed, so nothing is stopped early. The sketches are "
        f"those of {listed} pictures."
    )
    return table


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
