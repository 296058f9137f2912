"""What all plots share: axes to draw on, and colours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["AREAS", "POINTS", "axes_of", "colour_map", "many_axes"]

AREAS = ["#f6a04d", "#f7f7f7", "#79b4e3"]  # as in the drawings: orange for negative, blue for positive
POINTS = ["#b35806", "#f7f7f7", "#2166ac"]


def axes_of(ax: Any, width: float = 5.5, height: float = 4.5) -> Any:
    """Take the axes that are given, or make new ones."""
    if ax is not None:
        return ax
    return _pyplot().subplots(figsize=(width, height), layout="constrained")[1]


def many_axes(axes: Any, count: int) -> np.ndarray:
    """Take as many axes as are needed of those that are given, or make new ones, side by side."""
    if axes is None:
        columns = min(4, count)
        rows = math.ceil(count / columns)
        size = (2.1 * columns, 2.1 * rows)
        _, axes = _pyplot().subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
        for ax in axes.reshape(-1)[count:]:
            ax.set_axis_off()
    axes = np.array(axes, dtype=object).reshape(-1)
    if len(axes) < count:
        raise ValueError(f"`axes` has {len(axes)} axes; {count} are needed, one for each unit")
    return axes[:count]


def colour_map(colours: list[str]) -> Any:
    """Give the colours between some, as matplotlib has it."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("orange to blue", colours)


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError('plots need matplotlib, which is missing: pip install "chalkgrad[plot]"') from None
    return pyplot
