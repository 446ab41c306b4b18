"""What is found by mistake: pictures looked for in lists of others that have no copy of them."""

import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from bench.home import Home
from bench.photos import SETS, pictures, source
from bench.report import Table, machine
from bench.variants import saved
from numpy.typing import NDArray
from PIL import Image

from tutela.hashing.look import Budget
from tutela.hashing.pdq import pdq

_BUDGETS = tuple(str(one) for one in Budget)
_SHARE = 5_000
_uncut: list[tuple[Image.Image, NDArray[np.uint8]]] = []
"""What a worker process cuts crops from; put there once rather than sent with every share."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Pictures that are listed, others that are looked at, and how many crops of each besides."""

    what: str
    listed: list[Image.Image]
    asked: list[Image.Image]
    listed_crops: int
    asked_crops: int = 0


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return how many files match anything in lists of other pictures, by budget."""
    table = Table(
        "Found by mistake: files that match anything",
        ("listed", "looked at", "files", *(f"--looks {one}" for one in _BUDGETS)),
    )
    with tempfile.TemporaryDirectory() as name:
        for trial in _trials(few=quick_run, many=large):
            _try(trial, Home(Path(name)), table)
    table.notes += [
        "Every second picture is listed, whole with its sketch, and crops at random places that "
        "have a PDQ quality of at least 50. Near scenes are photos of one place from elsewhere. "
        "Crops that are looked at are files of their own, cut in the same way.",
        source(),
        machine("pillow", "opencv-python-headless"),
    ]
    return [table]


def _try(trial: Trial, home: Home, table: Table) -> None:
    built, looked = home.folder / "listed", home.folder / "asked"
    _written(built, trial.listed)
    count = _written(looked, trial.asked)
    home.list_folder("pictures", built)
    others = home.folder / "crops.csv"
    crops = _cuts(trial.listed, trial.listed_crops)
    others.write_text("".join(f"{one}\n" for one in crops))
    home.list_file("crops", others)
    listed = f"{trial.what}, and {trial.listed_crops:,} crops of them"
    table.row(listed, "the other half", count, *_wrong(home, looked))
    if trial.asked_crops:
        cut = home.folder / "cut"
        cut.mkdir()
        for _ in _cuts(trial.asked, trial.asked_crops, cut):
            pass
        table.row(listed, "crops of the other half", trial.asked_crops, *_wrong(home, cut))


def _wrong(home: Home, folder: Path) -> list[int]:
    return [
        sum(bool(matches) for matches in home.scan(folder, budget).values()) for budget in _BUDGETS
    ]


def _trials(*, few: bool, many: bool) -> Iterator[Trial]:
    crops = 2_000 if few else 100_000
    for what, listed, asked in _halves(few):
        if many and what == "main":
            yield Trial(what, listed, asked, 1_000_000, 10_000)
        else:
            yield Trial(what, listed, asked, crops, 20 if few else 0)


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


def _cuts(some: list[Image.Image], count: int, folder: Path | None = None) -> Iterator[str]:
    """Yield the PDQ of crops, which are saved where a folder is given."""
    # Shares of a fixed size, so that the crops do not depend on how many cores there are.
    shares = [
        (seed, min(_SHARE, count - start), folder)
        for seed, start in enumerate(range(0, count, _SHARE))
    ]
    with ProcessPoolExecutor(initializer=_cut_from, initargs=(some,)) as pool:
        yield from chain.from_iterable(pool.map(_share_of_cuts, shares))


def _cut_from(some: list[Image.Image]) -> None:
    _uncut[:] = [(one, np.asarray(one.convert("L"))) for one in some]


def _share_of_cuts(share: tuple[int, int, Path | None]) -> list[str]:
    seed, count, folder = share
    rng = np.random.default_rng((3, seed))
    made: list[str] = []
    while len(made) < count:
        picture, grey = _uncut[rng.integers(len(_uncut))]
        rows, columns = (np.array(grey.shape) * rng.uniform(0.3, 1, 2)).astype(int).tolist()
        top, left = (rng.integers(0, np.array(grey.shape) - (rows, columns) + 1)).tolist()
        printed = pdq(np.ascontiguousarray(grey[top : top + rows, left : left + columns]))
        if printed.quality < 50:
            continue
        if folder is not None:
            cut = picture.crop((left, top, left + columns, top + rows))
            (folder / f"{seed}-{len(made)}").write_bytes(saved(cut, quality=90))
        made.append(printed.hex)
    return made
