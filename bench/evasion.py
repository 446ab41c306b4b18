"""How many changed copies are found, what is found by mistake, and what it costs, by budget."""

import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pdqhash
from bench.photos import SETS, pictures, source
from bench.report import Table, machine
from bench.variants import VARIANTS, saved
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from threatexchange.signal_type.pdq.signal import PdqSignal

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.hashing.look import Budget
from tutela.hashing.pdq import distance, pdq

_RADIUS = 31
_BESIDE = Path(sys.executable).parent
_Z = 1.96
_PEERS = ("pdqhash", "threatexchange")
_HASH_ONLY = "full, listed as PDQ only"
_HASH_ONLY_PHOTOS = 24
"""So many of the photos are looked for by hash alone: it costs as much as all the rest."""
_BUDGETS = tuple(str(one) for one in Budget)
_SHARE = 5_000
_uncut: list[NDArray[np.uint8]] = []
"""What a worker process cuts crops from; put there once rather than sent with every share."""


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
    """Return recall by family and by transform, false alarms, and cost."""
    photos = 3 if quick_run else 200 if large else 24
    distractors = 10_000 if quick_run else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        home = Home(Path(name))
        home.distract(distractors)
        families, transforms, strangers = _recall(home, Home(Path(name)), photos)
        alarms = _false_alarms(Path(name), few=quick_run, many=large)
        cost = _cost(home, photos, 8 if quick_run else 30)
    tables = [
        _recall_table(f"Copies found, by family: {photos} photos", "family", families),
        alarms,
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


class Home:
    """An instance for measuring, used through its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / f"home-{secrets.token_hex(4)}"
        self._run("init", "--no-passphrase")

    def distract(self, count: int) -> None:
        """List so many hashes that nothing has."""
        listed = self.folder / "others.csv"
        listed.write_text("".join(f"{secrets.token_hex(32)}\n" for _ in range(count)))
        self.list_file("others", listed)

    def list_file(self, name: str, listed: Path) -> None:
        """List the hashes of a file."""
        self._run("lists", "import", name, str(listed), "--algorithm", "pdq")

    def list_folder(self, name: str, folder: Path) -> None:
        """List the pictures of a folder."""
        self._run("lists", "build", name, str(folder))

    def list_hashes(self, name: str, folder: Path) -> None:
        """List the pictures of a folder as another's list has them: PDQ, and nothing else."""
        rows = json.loads(f"[{','.join(self._run('--json', 'hash', str(folder)).splitlines())}]")
        listed = self.folder / f"{name}.csv"
        lines = [f"{Path(row['path']).name},{row['pdq']}\n" for row in rows if row["pdq"]]
        listed.write_text("id,pdq\n" + "".join(lines))
        self._run("lists", "import", name, str(listed))

    def scan(self, folder: Path, budget: str) -> dict[str, list[dict[str, Any]]]:
        """Return the matches of each file."""
        out = self._run("--json", "scan", str(folder), "--looks", budget)
        rows = map(json.loads, out.splitlines())
        return {Path(row["path"]).name: row["matches"] for row in rows}

    def _run(self, *words: str) -> str:
        command = [str(_BESIDE / "tutela"), "--home", str(self.folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        # Some of the variants may be unscreened (3), which is a copy not found.
        if done.returncode not in {0, 3}:
            raise RuntimeError(done.stderr)
        return str(done.stdout)


def _recall(home: Home, bare: Home, photos: int) -> tuple[dict[str, Tally], dict[str, Tally], int]:
    originals, copies, few = (home.folder / name for name in ("originals", "copies", "few"))
    for folder in (originals, copies, few):
        folder.mkdir()
    families: dict[str, Tally] = defaultdict(Tally)
    transforms: dict[str, Tally] = defaultdict(Tally)
    of_name: dict[str, tuple[str, str]] = {}
    for number, picture in enumerate(pictures(photos)):
        (originals / f"{number}").write_bytes(saved(picture, quality=90))
        theirs = _theirs(saved(picture, quality=90))
        for place, variant in enumerate(VARIANTS):
            data = variant.make(picture, np.random.default_rng((number, place)))
            name = f"{number}-{place}"
            (copies / name).write_bytes(data)
            if number < _HASH_ONLY_PHOTOS:
                (few / name).hardlink_to(copies / name)
            of_name[name] = (variant.family, f"{variant.family}: {variant.name}")
            hashed = _theirs(data)
            for tally in (families[of_name[name][0]], transforms[of_name[name][1]]):
                tally.of += 1
                tally.few += number < _HASH_ONLY_PHOTOS
                for peer in _PEERS:
                    tally.found[peer] += _near(hashed[peer], theirs[peer])
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


def _false_alarms(folder: Path, *, few: bool, many: bool) -> Table:
    table = Table(
        "Found by mistake: files that match anything",
        ("listed", "looked at", "files", *(f"--looks {one}" for one in _BUDGETS)),
    )
    for what, listed, asked in _halves(few):
        crops = 2_000 if few else 1_000_000 if many and what.startswith("main") else 100_000
        home = Home(folder)
        built, looked = home.folder / "listed", home.folder / "asked"
        _written(built, listed)
        count = _written(looked, asked)
        home.list_folder("pictures", built)
        others = home.folder / "crops.csv"
        others.write_text("".join(f"{one}\n" for one in _crop_hashes(listed, crops)))
        home.list_file("crops", others)
        wrong = [
            sum(bool(matches) for matches in home.scan(looked, budget).values())
            for budget in _BUDGETS
        ]
        table.row(f"{what}, and {crops:,} crops of them", "the other half", count, *wrong)
    table.notes.append(
        "Every second picture is listed, whole with its sketch, and crops at random places that "
        "have a PDQ quality of at least 50. Near scenes are photos of one place from elsewhere."
    )
    return table


def _halves(few: bool) -> Iterator[tuple[str, list[Image.Image], list[Image.Image]]]:
    for kind in SETS:
        whole = list(pictures(8 if few else 400, kind))
        if whole:
            yield kind, whole[::2], whole[1::2]
            yield f"{kind}, the other way round", whole[1::2], whole[::2]
    whole = list(pictures(36 if few else 400))
    yield "contact sheets of nine", _sheets(whole[::2]), _sheets(whole[1::2])


def _sheets(some: list[Image.Image]) -> list[Image.Image]:
    """Return contact sheets with white gutters, each picture being on one."""
    sheets = []
    for start in range(0, len(some) - 8, 9):
        sheet = Image.new("RGB", (3 * 330 + 10, 3 * 250 + 10), "white")
        for place, picture in enumerate(some[start : start + 9]):
            at = (10 + place % 3 * 330, 10 + place // 3 * 250)
            sheet.paste(picture.resize((320, 240)), at)
        sheets.append(sheet)
    return sheets


def _written(folder: Path, some: Iterable[Image.Image]) -> int:
    folder.mkdir()
    count = 0
    for count, picture in enumerate(some, 1):
        (folder / str(count)).write_bytes(saved(picture, quality=90))
    return count


def _crop_hashes(listed: list[Image.Image], count: int) -> Iterator[str]:
    pixels = [np.asarray(one.convert("L")) for one in listed]
    # Shares of a fixed size, so that the crops do not depend on how many cores there are.
    shares = [
        (seed, min(_SHARE, count - start)) for seed, start in enumerate(range(0, count, _SHARE))
    ]
    with ProcessPoolExecutor(initializer=_cut_from, initargs=(pixels,)) as pool:
        yield from chain.from_iterable(pool.map(_share_of_crops, shares))


def _cut_from(pixels: list[NDArray[np.uint8]]) -> None:
    _uncut[:] = pixels


def _share_of_crops(share: tuple[int, int]) -> list[str]:
    seed, count = share
    rng = np.random.default_rng((3, seed))
    made: list[str] = []
    while len(made) < count:
        grey = _uncut[rng.integers(len(_uncut))]
        rows, columns = (np.array(grey.shape) * rng.uniform(0.3, 1, 2)).astype(int)
        top, left = (rng.integers(0, np.array(grey.shape) - (rows, columns) + 1)).tolist()
        printed = pdq(np.ascontiguousarray(grey[top : top + rows, left : left + columns]))
        if printed.quality >= 50:
            made.append(printed.hex)
    return made


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
