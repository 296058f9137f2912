"""Plots of what a net does and how it learned, with matplotlib; each gives back the axes it drew on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .module import Module

__all__ = ["decision_boundary", "learning_curve"]


def decision_boundary(
    model: Module, X: Any, y: Any, ax: Any = None, *, level: float = 0.0, resolution: int = 150
) -> Any:
    """Draw which class the model gives to each point of the plane, with the data on it.

    Args:
        model: takes two inputs. With one output, the boundary is where it is `level`; with several, the class is
            that of the largest.
        X: the points, shape `(n, 2)`.
        y: their classes, shape `(n,)`.
        ax: the matplotlib axes to draw on; new ones if left out.
        level: 0 for logits and scores, 0.5 for a model that was trained to give 0 or 1.
        resolution: the number of grid points along each side.

    Returns:
        The axes.

    Raises:
        ValueError: `X` does not have two columns, or `y` not as many rows.
        ImportError: matplotlib is missing.
    """
    X, y = np.asarray(X, dtype=float), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"`X` has shape {X.shape}; a plane needs two columns, (n, 2)")
    if y.size != len(X):
        raise ValueError(f"`X` has {len(X)} rows and `y` has shape {y.shape}; there must be one class for each row")
    ax = _axes(ax)
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.15 * np.maximum(high - low, 1e-9)
    columns, rows = (np.linspace(a, b, resolution) for a, b in zip(low - margin, high + margin, strict=True))
    grid = np.stack(np.meshgrid(columns, rows), axis=-1)
    outputs = model.outputs(grid.reshape(-1, 2)).reshape(resolution, resolution, -1)
    if outputs.shape[-1] == 1:
        score = outputs[..., 0] - level
        reach = float(np.abs(score).max()) or 1.0
        ax.contourf(columns, rows, score, levels=np.linspace(-reach, reach, 21), cmap="RdBu", alpha=0.7)
        if score.min() < 0 < score.max():
            ax.contour(columns, rows, score, levels=[0.0], colors="black", linewidths=1.5)
        colours: dict[str, Any] = {"cmap": "RdBu"}
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
        ValueError: there is nothing in it.
        ImportError: matplotlib is missing.
    """
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


def _axes(ax: Any) -> Any:
    """Take the axes that are given, or make new ones."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError('plots need matplotlib, which is missing: pip install "chalkgrad[plot]"') from None
    return pyplot.subplots(figsize=(5.5, 4.5), layout="constrained")[1]
