"""Plots of the results: bars of ratios, and growth on logarithmic scales."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .report import Result, families, pairs

__all__ = ["plots"]


def plots(results: list[Result], folder: Path) -> list[str]:
    """Draw growth and ratios; gives the names of the files, none without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return []
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    written = []
    for name, figure in (("growth.svg", _growth(plt, results)), ("ratios.svg", _bars(plt, results))):
        if figure is not None:
            with matplotlib.rc_context({"svg.hashsalt": "chalkgrad"}):  # the same names in the file each time
                figure.savefig(folder / name, metadata={"Date": None})
            plt.close(figure)
            written.append(name)
    return written


def _growth(plt: Any, results: list[Result]) -> Any:
    panels = []
    for family, races in families(results).items():
        lines: dict[str, list[tuple[float, float]]] = {}
        for result in races:
            for name, x in result["times"].items():
                lines.setdefault(name, []).append((result["size"], x["wall"]["median"]))
        panels.append((family, f"seconds for one {races[0]['unit']}", lines))
    for result in results:
        if "series" in result:
            nodes = result["series"]["nodes"]
            lines = {
                name: list(zip(nodes, y, strict=True))
                for name, y in result["series"].items()
                if name != "nodes" and "bytes" not in name
            }
            panels.append((result["work"], "seconds", lines | {"10 ns a node": [(n, 1e-8 * n) for n in nodes]}))
    if not panels:
        return None
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(11, 3.6 * rows), layout="constrained", squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, label, lines) in zip(axes.flat, panels, strict=False):
        for name, points in lines.items():
            style = "k:" if name == "10 ns a node" else "o-"
            ax.loglog(*zip(*points, strict=True), style, label=name)
        ax.set_title(title, fontsize=9)
        ax.set(xlabel="nodes", ylabel=label)
        ax.grid(alpha=0.3)
        ax.legend(fontsize=7)
    return figure


def _bars(plt: Any, results: list[Result]) -> Any:
    bars = [(f"{work}: {peer}", ratio["wall"]) for work, peer, ratio in pairs(results)]
    if not bars:
        return None
    figure, ax = plt.subplots(figsize=(11, 0.6 + 0.2 * len(bars)), layout="constrained")
    names, ratios = [name for name, _ in bars], [x["median"] for _, x in bars]
    reach = [[x["median"] - x["low"] for _, x in bars], [x["high"] - x["median"] for _, x in bars]]
    ax.barh(names, ratios, xerr=reach, color=["#4477aa" if r >= 1 else "#cc6677" for r in ratios], ecolor="#888888")
    ax.axvline(1, color="black")
    ax.set(xscale="log", xlabel="time of the peer / time of ours (above 1 we are faster); whiskers: quartiles")
    ax.set_ylim(len(bars) - 0.4, -0.6)
    ax.tick_params(labelsize=7)
    return figure
