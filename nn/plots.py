"""Plots of what a net does and how it learned, with matplotlib; each gives back the axes it drew on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .data import plain_array
from .module import Module

__all__ = ["decision_boundary", "learning_curve"]

AREAS = ["#f6a04d", "#f7f7f7", "#79b4e3"]  # as in the drawings: orange for negative, blue for positive
POINTS = ["#b35806", "#f7f7f7", "#2166ac"]


def decision_boundary(
    model: Module, X: Any, y: Any, ax: Any = None, *, level: float = 0.0, resolution: int = 150
) -> Any:
    """Draw which class the model gives to each point of the plane, with the data on it.

    Args:
        model: takes two inputs. With one output, the boundary is where it is `level`, orange below and blue above;
            with two, where they are equal, blue for the second; with more, the class is that of the largest.
        X: the points, shape `(n, 2)`.
        y: their classes, shape `(n,)`.
        ax: the matplotlib axes to draw on; new ones if left out.
        level: 0 for logits and scores, 0.5 for a model that was trained to give 0 or 1.
        resolution: the number of grid points along each side.

    Returns:
        The axes.

    Raises:
        TypeError: `model` is not a Module, or `X` or `y` holds something that is no number.
        ValueError: `X` is empty or does not have two columns, `y` not as many rows, or `resolution` is less than 2.
        ImportError: matplotlib is missing.
    """
    if not isinstance(model, Module):
        raise TypeError(f"`model` is a Module, such as `MLP(2, [16, 1])`, not {model!r:.60}")
    X, y = plain_array(X, "X"), plain_array(y, "y")
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"`X` has shape {X.shape}; a plane needs two columns, (n, 2)")
    if not X.size:
        raise ValueError("`X` has no rows: there is no part of the plane to draw")
    if y.size != len(X):
        raise ValueError(f"`X` has {len(X)} rows and `y` has shape {y.shape}; there must be one class for each row")
    if not isinstance(resolution, (int, np.integer)) or resolution < 2:
        raise ValueError(f"`resolution` is a whole number from 2, not {resolution!r:.60}")
    ax = _axes(ax)
    from matplotlib.colors import LinearSegmentedColormap

    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.15 * np.maximum(high - low, 1e-9)
    columns, rows = (np.linspace(a, b, resolution) for a, b in zip(low - margin, high + margin, strict=True))
    grid = np.stack(np.meshgrid(columns, rows), axis=-1)
    outputs = model.outputs(grid.reshape(-1, 2)).reshape(resolution, resolution, -1)
    if outputs.shape[-1] <= 2:
        score = outputs[..., 0] - level if outputs.shape[-1] == 1 else outputs[..., 1] - outputs[..., 0]
        areas, points = (LinearSegmentedColormap.from_list("orange to blue", c) for c in (AREAS, POINTS))
        reach = float(np.abs(score).max()) or 1.0
        ax.contourf(columns, rows, score, levels=np.linspace(-reach, reach, 22), cmap=areas)
        if score.min() < 0 < score.max():
            ax.contour(columns, rows, score, levels=[0.0], colors="black", linewidths=1.5)
        colours: dict[str, Any] = {"cmap": points, "vmin": min(y.min(), 0), "vmax": max(y.max(), 1)}
    else:
        chosen, k = outputs.argmax(axis=-1), outputs.shape[-1]
        ax.contourf(columns, rows, chosen, levels=np.arange(k + 1) - 0.5, cmap="tab10", alpha=0.4, vmin=0, vmax=9)
        colours = {"cmap": "tab10", "vmin": 0, "vmax": 9}
    ax.scatter(X[:, 0], X[:, 1], c=y.reshape(-1), edgecolors="black", s=30, **colours)
    ax.set(xlabel="$x_0$", ylabel="$x_1$", title="Decision boundary")
    return ax


def learning_curve(history: Mapping[str, Sequence[float]], ax: Any = None) -> Any:
    """Draw the lists of a `History` over the epochs.

    Args:
        history: from names to lists of numbers, one per epoch, as `nn.fit` gives it.
        ax: the matplotlib axes to draw on; new ones if left out.

    Returns:
        The axes.

    Raises:
        TypeError: `history` does not map names to lists of numbers.
        ValueError: there is nothing in it.
        ImportError: matplotlib is missing.
    """
    if not isinstance(history, Mapping) or not all(_are_numbers(row) for row in history.values()):
        raise TypeError(f"`history` maps names to lists of numbers, as `nn.fit` gives it, not {history!r:.60}")
    rows = {name: row for name, row in history.items() if len(row)}
    if not rows:
        raise ValueError("`history` is empty: there is nothing to draw")
    ax = _axes(ax)
    for name, row in rows.items():
        ax.plot(np.arange(1, len(row) + 1), row, label=name)
    ax.set(xlabel="epoch", ylabel=next(iter(rows)) if len(rows) == 1 else "", title="Learning curve")
    if all(value > 0 for row in rows.values() for value in row):
        ax.set_yscale("log")
    if len(rows) > 1:
        ax.legend()
    return ax


def _are_numbers(row: Any) -> bool:
    return np.ndim(row) == 1 and np.asarray(row).dtype.kind in "iuf"


def _axes(ax: Any) -> Any:
    """Take the axes that are given, or make new ones."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError('plots need matplotlib, which is missing: pip install "chalkgrad[plot]"') from None
    return pyplot.subplots(figsize=(5.5, 4.5), layout="constrained")[1]
