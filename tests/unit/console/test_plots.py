"""Plots: bars as long as their figures, within the drawing, each with its words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutela.console import plots

LEGEND = [("one", "first"), ("two", "second")]
counts = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=12)


@given(counts)
def test_bars_are_as_long_as_their_figures(values: list[tuple[int, int]]) -> None:
    labels = [f"row {place}" for place in range(len(values))]
    plot = plots.stacked("a-plot", "A plot", labels, values, LEGEND)
    assert [row.label for row in plot.rows] == labels
    longest = max((sum(row) for row in values), default=0)
    for row, value in zip(plot.rows, values, strict=True):
        assert row.figure == f"{sum(value):g}"
        assert len(row.pieces) == sum(one > 0 for one in value)
        assert all(piece.x >= 0 and piece.x + piece.width <= plot.width for piece in row.pieces)
        wide = sum(piece.width for piece in row.pieces)
        if longest:
            room = plots.WIDTH - 150 - 60
            assert abs(wide - sum(value) / longest * room) < 0.2
        assert row.baseline < plot.height


def test_an_interval_holds_its_share() -> None:
    plot = plots.intervals("a-plot", "A plot", [("list", 0.5, 0.25, 0.75, "1 of 2 right")])
    span, point = plot.rows[0].pieces
    assert span.x < point.x < span.x + span.width
    assert plot.rows[0].figure == "50 %"
    assert point.said == "1 of 2 right"
