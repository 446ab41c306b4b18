"""Plots as numbers: where bars and intervals lie. The templates draw them as SVG, without style."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.console.sentences import _, isolated

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 640.0
_LABEL, _VALUE = 150.0, 60.0
_ROW, _BAR = 26.0, 16.0


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a bar, from `x` on, `width` wide; `tone` is the class that colours it."""

    x: float
    width: float
    tone: str
    said: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its label, its pieces, and the figure at its end. `y`: the top of its bar."""

    label: str
    y: float
    pieces: tuple[Piece, ...]
    figure: str

    @property
    def baseline(self) -> float:
        """Return where its words stand."""
        return self.y + _BAR - 4


@dataclass(frozen=True, slots=True)
class Plot:
    """Rows of bars under a name; `legend`: the tones and what they mean."""

    name: str
    title: str
    rows: tuple[Row, ...]
    legend: tuple[tuple[str, str], ...] = ()
    width: float = WIDTH
    bar: float = _BAR

    @property
    def height(self) -> float:
        """Return how high it is."""
        return _ROW * len(self.rows) + 4


def stacked(
    name: str,
    title: str,
    labels: Sequence[str],
    values: Sequence[Sequence[float]],
    legend: Sequence[tuple[str, str]],
) -> Plot:
    """Return a plot of stacked bars: a row for each label, a piece for each tone."""
    longest = max((sum(row) for row in values), default=0) or 1
    room = WIDTH - _LABEL - _VALUE
    rows = []
    for place, (label, row) in enumerate(zip(labels, values, strict=True)):
        x, pieces = _LABEL, []
        for (tone, meaning), value in zip(legend, row, strict=True):
            wide = value / longest * room
            if value:
                pieces.append(Piece(round(x, 1), round(wide, 1), tone, f"{meaning}: {value:g}"))
            x += wide
        rows.append(Row(label, _ROW * place + 4, tuple(pieces), f"{sum(row):g}"))
    return Plot(name, title, tuple(rows), tuple(legend))


def intervals(name: str, title: str, rows: Sequence[tuple[str, float, float, float, str]]) -> Plot:
    """Return a plot of shares from 0 to 1: label, share, lower and upper end, words."""
    room = WIDTH - _LABEL - _VALUE
    made = []
    for place, (label, share, low, high, said) in enumerate(rows):
        pieces = (
            Piece(round(_LABEL + low * room, 1), round((high - low) * room, 1), "span", said),
            Piece(round(_LABEL + share * room - 2, 1), 4.0, "point", said),
        )
        made.append(Row(label, _ROW * place + 4, pieces, isolated(f"{share * 100:.0f} %")))
    legend = (
        ("point", _("share found right")),
        ("span", _("where it lies with 95 % confidence")),
    )
    return Plot(name, title, tuple(made), legend)
