"""What all plots share: axes to draw on, and colours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..arguments import optional

AREAS = ["#f6a04d", "#f7f7f7", "#79b4e3"]  # as in the drawings: orange for negative, blue for positive
POINTS = ["#b35806", "#f7f7f7", "#2166ac"]
COLOURS = ("#2166ac", "#b35806", "#2d7a3d", "#7b3294", "#1f2328", "#c2185b")
STYLES = ("-", "--", "-.", ":")
LINES: list[dict[str, Any]] = [{"color": c, "linestyle": style} for c, style in zip(COLOURS, itertools.cycle(STYLES))]
"""Several lines in one plot: never by colour alone."""


def axes_of(ax: Any, width: float = 5.5, height: float = 4.5) -> Any:
    """Take the axes that are given, or make new ones."""
    return many_axes(ax, 1, width, height)[0]


def many_axes(axes: Any, count: int, width: float = 2.1, height: float = 2.1, columns: int = 4) -> np.ndarray:
    """Take as many axes as are needed of those that are given, or make new ones, side by side."""
    if axes is None:
        columns = min(columns, count)
        rows = math.ceil(count / columns)
        size = (width * columns, height * rows)
        pyplot = optional("matplotlib.pyplot", "a plot")
        _, axes = pyplot.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
        for ax in axes.reshape(-1)[count:]:
            ax.set_axis_off()
    axes = np.array(axes, dtype=object).reshape(-1)
    if len(axes) < count:
        raise ValueError(f"`axes` has {len(axes)} axes; {count} are needed")
    return axes[:count]


def interval(low: Any, high: Any, one: str = "low", other: str = "high") -> tuple[float, float]:
    """Check the ends of an interval that is drawn."""
    if not all(isinstance(x, (int, float, np.number)) for x in (low, high)) or not -1e300 < low < high < 1e300:
        raise ValueError(f"`{one}` must be below `{other}`, both finite, not {low!r} and {high!r}")
    return float(low), float(high)


def check_named(x: Any, name: str, fits: Callable[[Any], bool], what: str) -> None:
    """Check that an argument maps names to what can be drawn, each of which `fits`, and is not empty."""
    if not isinstance(x, Mapping) or not all(map(fits, x.values())):
        raise TypeError(f"`{name}` maps names to {what}, not {x!r:.60}")
    if not x:
        raise ValueError(f"`{name}` is empty: there is nothing to draw")


def colour_map(colours: list[str]) -> Any:
    """Return the colours between some, as matplotlib has it."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("orange to blue", colours)


def relief(
    ax: Any, columns: np.ndarray, rows: np.ndarray, score: np.ndarray, line: float | None, reach: float = 0.0
) -> None:
    """Draw heights over the plane, symmetric round 0, to `reach` or as far as they go, and the line of one height."""
    reach = reach or float(np.abs(score).max()) or 1.0
    ax.contourf(columns, rows, score, levels=np.linspace(-reach, reach, 22), cmap=colour_map(AREAS))
    if line is not None and score.min() < line < score.max():
        ax.contour(columns, rows, score, levels=[line], colors="black", linewidths=1.5)
