"""Plots of functions: beside their derivatives, as level lines with paths on them, and fitted to points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd import Tensor, Value, grad, no_grad

from ..arguments import count
from ..data.arrays import plain_array
from ..module import Module
from .axes import LINES, axes_of, check_named, interval, many_axes

Function = Callable[[Any], Any]


def functions(
    curves: Mapping[str, Function], low: float = -4.0, high: float = 4.0, axes: Any = None, *, variable: str = "x"
) -> Any:
    """Draw functions of one number, and beside them their derivatives.

    Args:
        curves: from a name to a function that works element by element on a Tensor.
        low, high: the interval.
        axes: two matplotlib axes; new ones if left out.
        variable: what the number is called.

    Returns:
        An array of the two axes: the values on the left, the derivatives on the right.

    Raises:
        TypeError: `curves` does not map names to functions.
        ValueError: there are none, one is not element by element, or `low` is not below `high`.
        ImportError: matplotlib is missing.

    >>> from matplotlib.figure import Figure
    >>> left, right = functions({"square": lambda x: x * x}, -1.0, 1.0, Figure().subplots(1, 2))
    >>> left.lines[0].get_ydata()[[0, 400]].tolist(), right.lines[0].get_ydata()[[0, 400]].tolist()
    ([1.0, 0.0], [-2.0, 0.0])
    """
    check_named(curves, "curves", callable, "functions, as in {'square': lambda x: x * x}")
    low, high = interval(low, high)
    x = np.linspace(low, high, 801)
    drawn = [value_and_slope(f, x, name) for name, f in curves.items()]
    axes = many_axes(axes, 2, 4.4, 3.4)
    for i, (name, rows) in enumerate(zip(curves, drawn, strict=True)):
        for ax, row in zip(axes, rows, strict=True):
            ax.plot(x, row, label=name, linewidth=2, **LINES[i % len(LINES)])
    for ax, title in zip(axes, ("value", "derivative"), strict=True):
        ax.axhline(0, color="#8c959f", linewidth=0.6, zorder=0)
        ax.set(xlabel=f"${variable}$", ylabel="value", title=title)
    axes[0].legend()
    return axes


def value_and_slope(f: Function, x: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the values at all points, and the slopes with a gap where they jump."""
    y = plain_array(f(Tensor(x)), name)
    if y.shape != x.shape:
        raise ValueError(f"the function {name!r} makes shape {y.shape} of {x.shape}: it must be element by element")
    slope = np.asarray(grad(lambda t: f(t).sum())(x))
    steps = np.abs(np.diff(slope))
    return y, np.where(np.append(steps > 0.2 + 20 * np.median(steps), False), np.nan, slope)


def contour(
    f: Function,
    paths: Mapping[str, Any] | None = None,
    *,
    x: Sequence[float] | None = None,
    y: Sequence[float] | None = None,
    resolution: int = 61,
    ax: Any = None,
) -> Any:
    """Draw the level lines of a function of two numbers, and paths on them: darker is lower.

    Args:
        f: a function of a point, a Tensor of shape `(2,)`, to a single number.
        paths: from a name to points, shape `(n, 2)`, as `nn.descend` gives them. A circle marks the first, a star the
            last. What leads out of the picture is cut off.
        x, y: the ends of both sides, such as `(-2, 2)`; around the paths if left out.
        resolution: the number of points along each side.
        ax: the matplotlib axes to draw on; new ones if left out.

    Returns:
        The axes.

    Raises:
        TypeError, ValueError: an argument is not as above.
        ImportError: matplotlib is missing.

    Source: Prince, Understanding Deep Learning, section 6.1.

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import SGD, descend
    >>> bowl = lambda p: p[0] ** 2 + 4.0 * p[1] ** 2
    >>> path = descend(bowl, [1.0, 1.0], SGD(lr=0.1), steps=5)
    >>> ax = contour(bowl, {"sgd": path}, x=(-2, 2), y=(-2, 2), ax=Figure().subplots())
    >>> np.array_equal(ax.lines[0].get_xydata(), path)
    True
    """
    if not callable(f):
        raise TypeError(f"`f` is a function of a point, not {f!r:.60}")
    if not isinstance(paths, Mapping | None):
        raise TypeError(f"`paths` maps names to points, as in {{'descent': path}}, not {paths!r:.60}")
    walked = {name: _path(name, points) for name, points in (paths or {}).items()}
    resolution = count(resolution, "resolution", 2)
    sides = [_side(ends, name, [path[:, k] for path in walked.values()]) for k, (name, ends) in enumerate(
        (("x", x), ("y", y)))]  # fmt: skip
    grid = [np.linspace(*side, resolution) for side in sides]
    with no_grad(), np.errstate(all="ignore"):
        heights = np.array([[_height(f, a, b) for a in grid[0]] for b in grid[1]])
    ax = axes_of(ax)
    _levels(ax, grid, heights)
    for i, (name, path) in enumerate(walked.items()):
        look = LINES[i % len(LINES)]
        ax.plot(*path.T, label=name, marker=".", markersize=4, linewidth=1.3, zorder=3, **look)
        ax.plot(*path[-1], "*", color=look["color"], markersize=13, markeredgecolor="white", zorder=4)
    for path in walked.values():
        ax.plot(*path[0], "o", color="black", markersize=7, markerfacecolor="white", zorder=4)
    ax.set(xlim=sides[0], ylim=sides[1], xlabel="$x_0$", ylabel="$x_1$")
    if walked:
        ax.legend(fontsize="small")
    return ax


def _path(name: str, points: Any) -> np.ndarray:
    path = plain_array(points, f"paths[{name!r}]").astype(np.float64)
    if path.ndim != 2 or path.shape[1] != 2:
        raise ValueError(f"`paths[{name!r}]` has shape {path.shape}; a path is points of two numbers, shape (n, 2)")
    return path


def _side(ends: Any, name: str, walked: list[np.ndarray]) -> tuple[float, float]:
    if ends is not None:
        if not isinstance(ends, (tuple, list)) or len(ends) != 2:
            raise TypeError(f"`{name}` are the two ends of a side, such as (-2, 2), not {ends!r:.60}")
        return interval(ends[0], ends[1], f"{name}[0]", f"{name}[1]")
    if not walked:
        raise ValueError(f"`{name}` is left out, and there are no `paths` to go by: give both ends, such as (-2, 2)")
    low, high = min(float(row.min()) for row in walked), max(float(row.max()) for row in walked)
    margin = 0.15 * max(high - low, 1e-6)
    return low - margin, high + margin


def _height(f: Function, a: float, b: float) -> float:
    out: Any = f(Tensor([a, b]))
    return float(out.data if isinstance(out, (Tensor, Value)) else out)


def _levels(ax: Any, grid: list[np.ndarray], heights: np.ndarray) -> None:
    """Draw lines that leave equal distances in a round bowl, and can be told apart in a bent valley."""
    from matplotlib.colors import BoundaryNorm

    finite = heights[np.isfinite(heights)]
    levels = np.unique(np.quantile(finite, np.linspace(0.0, 1.0, 16) ** 2))
    if len(levels) < 3:
        return  # flat: there are no levels to tell apart
    ax.contourf(*grid, heights, levels=levels, norm=BoundaryNorm(levels, 256), cmap="Blues_r", alpha=0.55)
    ax.contour(*grid, heights, levels=levels[1:-1], colors="white", linewidths=0.7)


def regression(models: Mapping[str, Module], X: Any, y: Any, ax: Any = None) -> Any:
    """Draw the curves of models with one input and one output, with the points that they were fitted to.

    Args:
        models: from a name to a model.
        X: the inputs, shape `(n, 1)`.
        y: the targets, shape `(n,)` or `(n, 1)`.
        ax: the matplotlib axes to draw on; new ones if left out.

    Returns:
        The axes.

    Raises:
        TypeError: `models` does not map names to Modules.
        ValueError: there are none; `X` has more than one column, or `y` not as many rows.
        ImportError: matplotlib is missing.

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import Linear
    >>> line = Linear(1, 1, initializer="zeros")
    >>> ax = regression({"line": line}, [[0.0], [1.0]], [0.0, 2.0], Figure().subplots())
    >>> ax.lines[0].get_ydata().tolist(), ax.lines[1].get_label()
    ([0.0, 2.0], 'line')
    """
    check_named(models, "models", lambda model: isinstance(model, Module), "Modules, as in {'net': model}")
    X, y = plain_array(X, "X"), plain_array(y, "y")
    if X.ndim != 2 or X.shape[1] != 1 or y.size != len(X) or not X.size:
        raise ValueError(f"`X` has shape {X.shape} and `y` {y.shape}; curves need (n, 1) and (n,)")
    low, high = float(X.min()), float(X.max())
    margin = 0.05 * max(high - low, 1e-6)
    x = np.linspace(low - margin, high + margin, 601)
    ax = axes_of(ax, 5.5, 3.6)
    ax.plot(X[:, 0], y.ravel(), "o", color="black", markersize=4, markerfacecolor="white", zorder=3)
    for i, (name, model) in enumerate(models.items()):
        heights = model.outputs(x[:, None]).reshape(len(x), -1)
        ax.plot(x, heights[:, 0], label=name, linewidth=2, **LINES[i % len(LINES)])
    ax.set(xlabel="$x$", ylabel="$y$")
    ax.legend(fontsize="small")
    return ax
