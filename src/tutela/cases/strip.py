"""A film on the stage: some of its frames side by side, or one of them. Nothing moves, no sound.

The frames are those that were looked at on arrival; which of them stand in the strip is decided
here, from the record, and not by what parses the film.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from tutela.cases.rendering import EDGES, Rung, as_png, reduced, seen, stamped
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tutela.content.item import Item

    Frames = Callable[[bytes, tuple[int, ...], int], dict[int, NDArray[np.uint8]]]
    """Takes a film's bytes, moments and a side; returns the frames shown then, no side longer."""

MOST_FRAMES = 12
"""So many frames make a strip: a look takes them in at once."""
STRIP = -(1 << 62)
"""Stands for the strip where a view is of a frame."""
_ACROSS = 3
"""On a screen each is then large enough to be told from the next; upright ones are narrower."""
_ACROSS_UPRIGHT = 5
_CELL = {Rung.COLOUR: 256, Rung.ORIGINAL: 384}
"""In a strip the highest rungs are smaller than of one frame by itself."""
_GAP, _CAPTION, _LETTERS = 8, 30, 22
_PAPER, _INK, _MET = (236, 236, 232), (30, 34, 38), (22, 74, 120)


def is_film(item: Item) -> bool:
    """Say whether frames of an item have moments."""
    return any(one.moment is not None for one in item.pictures)


def moments(item: Item) -> tuple[int, ...]:
    """Return when the frames are shown that were looked at on arrival, in order, each once."""
    return tuple(sorted({one.moment for one in item.pictures if one.moment is not None}))


def met(item: Item) -> frozenset[int]:
    """Return the moments at which a frame met a list."""
    return frozenset(one.moment for one in item.matches if one.moment is not None)


def chosen(item: Item, most: int = MOST_FRAMES) -> tuple[int, ...]:
    """Return the moments of a strip: those that met a list first, the rest spread evenly."""
    all_of_them, of_lists = moments(item), sorted(met(item))
    taken = _spread(of_lists, most)
    others = [one for one in all_of_them if one not in set(of_lists)]
    return tuple(sorted({*taken, *_spread(others, most - len(taken))}))


def _spread(listed: Sequence[int], most: int) -> list[int]:
    if len(listed) <= most:
        return list(listed)
    if most <= 1:
        return list(listed[:most])
    return [listed[place * (len(listed) - 1) // (most - 1)] for place in range(most)]


def clock(moment: int) -> str:
    """Return a moment as people read it; what an edit list hides lies before zero."""
    whole = abs(moment) // 1000
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    said = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"-{said}" if moment < 0 else said


def checked(item: Item, moment: int | None) -> int | None:
    """Return what a view is of: a moment, `STRIP`, or None for what is no film.

    Raises `InvalidInput` for a moment at which no frame was looked at.
    """
    if not is_film(item):
        return None
    if moment is None:
        return STRIP
    if moment not in moments(item):
        raise InvalidInput("No frame was looked at then.", "Choose one of those that are offered.")
    return moment


def render(
    data: bytes, item: Item, moment: int, rung: Rung, watermark: str, frames: Frames
) -> bytes:
    """Return a PNG of a film at a rung: the strip, or one frame, with times, stamped.

    Each frame is reduced as a picture is. Raises `InvalidInput` where none can be had.
    """
    if rung is Rung.REVEAL:
        raise InvalidInput("A film has no spots to reveal.", "Use another rung, or one frame.")
    strip = moment == STRIP
    wanted = chosen(item) if strip else (moment,)
    edge = _CELL.get(rung, EDGES[rung]) if strip else EDGES[rung]
    found = seen(lambda: frames(data, wanted, edge))
    # Each is stamped by itself, so that the stamp neither hides a time nor leaves a frame out.
    cells = [
        (one, stamped(reduced(Image.fromarray(found[one]), rung), watermark))
        for one in wanted
        if one in found
    ]
    return as_png(_sheet(cells, met(item)) if strip else cells[0][1])


def _sheet(cells: Sequence[tuple[int, Image.Image]], of_lists: frozenset[int]) -> Image.Image:
    """Lay frames out in rows, each with its time; a line around it and a word where it met."""
    first = cells[0][1]
    across = min(_ACROSS if first.width >= first.height else _ACROSS_UPRIGHT, len(cells))
    rows = -(-len(cells) // across)
    width = max(cell.width for _, cell in cells) + _GAP
    height = max(cell.height for _, cell in cells) + _CAPTION + _GAP
    sheet = Image.new("RGB", (across * width + _GAP, rows * height + _GAP), _PAPER)
    draw, letters = ImageDraw.Draw(sheet), ImageFont.load_default(_LETTERS)
    for place, (moment, cell) in enumerate(cells):
        left, top = _GAP + place % across * width, _GAP + place // across * height
        sheet.paste(cell, (left, top))
        said = clock(moment)
        if moment in of_lists:
            box = (left - 3, top - 3, left + cell.width + 2, top + cell.height + 2)
            draw.rectangle(box, outline=_MET, width=3)
            said = f"{said}  met a list"
        draw.text((left, top + cell.height + 4), said, fill=_INK, font=letters)
    return sheet
