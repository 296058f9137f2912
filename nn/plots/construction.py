"""How a net makes its function: a shallow one of joints, in steps; two nets, one behind the other, by folding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..diagram import Stage, arrays, columns_of
from ..inspect import Region, compose, regions
from ..module import Module
from .axes import interval, many_axes, relief

__all__ = ["folding", "shallow"]


def shallow(model: Module, low: float = -1.0, high: float = 1.0, axes: Any = None) -> Any:
    """Draw in four steps how a net with one or two inputs and one hidden layer makes its function.

    The sums of each unit, behind the activation, weighted, and their sum. A dot, or a black line for two inputs, is
    where the sum of a unit is 0: its joint.

    Args:
        model: one or two inputs, one hidden layer, one output.
        low, high: the interval, or the square.
        axes: matplotlib axes: four for one input, for two inputs three for each unit and one more; new ones if left
            out.

    Returns:
        An array of the axes: for two inputs first the sums of all units, then the activations, then the weighted
        ones, each step on one scale of colours, and last the sum of all.

    Raises:
        TypeError, ValueError: `model` is another net, `low` is not below `high`, or there are too few `axes`.
        ImportError: matplotlib is missing.

    Source: Prince, Understanding Deep Learning, figures 3.3 and 3.8.
    """
    low, high = _checked(model, low, high)
    stages = model._stages()
    dense = [stage for stage in stages if stage.weight is not None]
    if len(dense) != 2:
        raise ValueError(f"{model!r:.60} has {len(dense)} layers with weights; a shallow net has 2")
    (w, b), (v, _) = (arrays(stage) for stage in dense)
    if len(w) not in (1, 2) or v.shape[1] != 1:
        raise ValueError(f"{model!r:.60} has {len(w)} inputs and {v.shape[1]} outputs; 1 or 2 and 1 can be drawn so")
    if len(w) == 2:
        return _over_the_plane(stages, v[:, 0], low, high, axes)
    x = np.linspace(low, high, 801)[:, None]
    axes = many_axes(axes, 4)
    for ax, (title, curves) in zip(axes, _steps(stages, v[:, 0], x), strict=True):
        ax.plot(x, curves, **({"color": "black", "linewidth": 2} if title == _SUM else {}))
        ax.set(title=title, xlabel="$x$")
        ax.axhline(0, color="#8c959f", linewidth=0.6, zorder=0)
    for j in np.flatnonzero(w[0]):
        turn = -b[j] / w[0, j]
        if low < turn < high:
            for ax, (_, heights) in zip(axes, _steps(stages, v[:, 0], np.array([[turn]])), strict=True):
                ax.plot(turn, heights[0, min(j, heights.shape[1] - 1)], "o", color="black", markersize=4)
    return axes


_SUM = "their sum"


def _steps(stages: Sequence[Stage], v: np.ndarray, rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Compute what each of the four steps gives for rows of inputs, with its title."""
    sums, values = columns_of(stages, rows)
    return [("sums", sums[1]), ("activations", values[1]), ("weighted", values[1] * v), (_SUM, values[2])]


def _over_the_plane(stages: Sequence[Stage], v: np.ndarray, low: float, high: float, axes: Any) -> Any:
    side, n = np.linspace(low, high, 81), len(v)
    rows = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    axes = _beside_the_units(n) if axes is None else many_axes(axes, 3 * n + 1)
    steps = _steps(stages, v, rows)
    lines = steps[0][1]
    for k, (title, heights) in enumerate(steps):
        reach = float(np.abs(heights).max())
        for j, ax in enumerate(axes[k * n : (k + 1) * n]):
            relief(ax, side, side, heights[:, j].reshape(81, 81), None, reach)
            for unit in [j] if title != _SUM else range(n):
                line = lines[:, unit].reshape(81, 81)
                if line.min() < 0 < line.max():
                    ax.contour(side, side, line, levels=[0.0], colors="black", linewidths=1.0)
            ax.set(xticks=[], yticks=[], aspect="equal", title=title if title == _SUM else f"{title}, unit {j}")
    return axes


def _beside_the_units(n: int) -> np.ndarray:
    """Make a row of axes for each of three steps, and one at the end of the last row."""
    grid = many_axes(None, 3 * (n + 1), columns=n + 1).reshape(3, n + 1)
    for ax in grid[:2, n]:
        ax.set_axis_off()
    return np.append(grid[:, :n].reshape(-1), grid[2, n])


def folding(second: Module, first: Module, low: float = -1.0, high: float = 1.0, axes: Any = None) -> Any:
    r"""Draw how the first of two nets folds its input, so that the second draws on several layers at once.

    From left to right: $y = f_1(x)$; the line of all $x$, folded so that what has the same $y$ lies together;
    $f_2(y)$, drawn once; and $f_2(f_1(x))$, where it comes again in each layer, turned round where the layer is.

    Args:
        second, first: ReLU nets with one input and one output.
        low, high: the interval of $x$.
        axes: four matplotlib axes; new ones if left out.

    Returns:
        An array of the four axes.

    Raises:
        TypeError, ValueError: as for `inspect.compose` and `inspect.regions`; a net has more inputs or outputs.
        ImportError: matplotlib is missing.

    Source: Prince, Understanding Deep Learning, figures 4.1 to 4.3; Montúfar, Pascanu, Cho and Bengio (2014).
    """
    for net in (second, first):
        low, high = _checked(net, low, high)
        (part, *_) = regions(net, low, high)
        if part.slope.shape != (1, 1):
            raise ValueError(f"{net!r:.60} has {part.slope.shape[0]} inputs and {part.slope.shape[1]} outputs, not 1")
    layers = regions(first, low, high)
    whole = regions(compose(second, first), low, high)
    axes = many_axes(axes, 4)
    for k, layer in enumerate(layers):
        axes[0].plot(layer.corners[:, 0], _heights(layer), color=f"C{k % 10}", linewidth=2)
        for part in whole:
            inside = np.clip(part.corners[:, 0], *layer.corners[:, 0])
            if inside[0] < inside[1]:
                heights = inside * part.slope[0, 0] + part.intercept[0]
                axes[3].plot(inside, heights, color=f"C{k % 10}", linewidth=2)
    _folded(axes[1], [_heights(layer) for layer in layers])
    reach = [float(f([_heights(layer) for layer in layers])) for f in (np.min, np.max)]
    for part in regions(second, *reach) if reach[0] < reach[1] else []:
        axes[2].plot(part.corners[:, 0], _heights(part), color="black", linewidth=2)
    axes[0].set(title=f"first: {_parts(layers)}", xlabel="$x$", ylabel="$y$")
    axes[1].set(title="the line of x, folded", xlabel="$y$", yticks=[])
    axes[2].set(title="second", xlabel="$y$", ylabel="output")
    axes[3].set(title=f"together: {_parts(whole)}", xlabel="$x$", ylabel="output")
    return axes


def _folded(ax: Any, layers: Sequence[np.ndarray]) -> None:
    """Draw intervals of y, one after the other as x goes on, a level further down where the way turns round."""
    bulge = 0.06 * float(np.ptp(layers)) or 1.0
    level, way = 0, 0.0
    for k, (start, end) in enumerate(layers):
        turn = float(np.sign(end - start)) or way
        if turn * way < 0:
            t = np.linspace(0, np.pi, 30)
            ax.plot(start + way * bulge * np.sin(t), level + (1 - np.cos(t)) / 2, color="#8c959f", linewidth=1.5)
            level += 1
        way = turn
        ax.plot([start, end], [level, level], color=f"C{k % 10}", linewidth=3, solid_capstyle="butt")
        ax.plot((start + end) / 2, level, ">" if way >= 0 else "<", color=f"C{k % 10}", markersize=9)
    ax.set_ylim(level + 0.6, -0.6)


def _heights(region: Region) -> np.ndarray:
    """Compute the function at both ends of an interval."""
    return region.corners[:, 0] * region.slope[0, 0] + region.intercept[0]


def _parts(found: Sequence[Region]) -> str:
    return f"{len(found)} region{'s' * (len(found) != 1)}"


def _checked(model: Any, low: float, high: float) -> tuple[float, float]:
    if not isinstance(model, Module):
        raise TypeError(f"`model` is a Module, such as `MLP(1, [3, 1])`, not {model!r:.60}")
    return interval(low, high)
