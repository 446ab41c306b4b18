"""The ratios of a measurement as bars, for the documentation."""

from bench.report import PAGE, Table

_PICTURES = PAGE.parent.parent / "pictures"
_PEER, _OURS = "#8a8a8a", "#2f6f4f"


def keep(name: str, tables: list[Table]) -> None:
    """Draw how many times faster than the peers we are, on a logarithmic axis."""
    ratios = [ratio for table in tables for ratio in table.ratios]
    if not ratios:
        return
    import matplotlib as mpl

    mpl.use("svg")
    # The same figures give the same file.
    mpl.rcParams["svg.hashsalt"] = "tutela"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 0.4 * len(ratios) + 1.2))
    names, times = zip(*reversed(ratios), strict=True)
    bars = axes.barh(names, times, color=_OURS)
    axes.bar_label(bars, [f"{value:.3g}×" for value in times], padding=3)
    axes.axvline(1, color=_PEER)
    axes.set_xscale("log")
    axes.set_xlim(0.5, max(times) * 3)
    axes.set_xlabel("times faster than the peer, in one run (1 = as fast)")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(_PICTURES / f"bench-{name}.svg", metadata={"Date": None})
    plt.close(figure)
