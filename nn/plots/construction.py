"""How a net makes its function: a shallow one of joints, in steps; two nets, one behind the other, by folding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..diagram import Stage, arrays, columns_of
from ..inspect import Region, compose, regions
from ..module import Module, brief, check_model
from .axes import interval, many_axes, relief


def shallow(model: Module, low: float = -1.0, high: float = 1.0, axes: Any = None) -> Any:
    """Draw in steps how a net with one or two inputs makes its function, one hidden layer after the other.

    For each hidden layer the sums of its units (their pre-activations) and the sums behind the activation; then, for
    each output, the activations times its weights, and their sum. A dot, or a black line for two inputs, is where the
    sum of a unit is 0: its joint.

    Args:
        model: one or two inputs, one or more hidden layers, one or more outputs.
        low, high: the interval, or the square.
        axes: matplotlib axes; new ones if left out. One input takes two for each hidden layer and two for each
            output; two inputs take as many as there are units in each of these steps, and one for each output.

    Returns:
        An array of the axes, in the order of the steps; with two inputs each step has one scale of colours.

    Raises:
        TypeError, ValueError: `model` is another net, `low` is not below `high`, or there are too few `axes`.
        ImportError: matplotlib is missing.

    Source: Prince, Understanding Deep Learning, figures 3.3, 3.8 and 4.5.

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import MLP
    >>> axes = shallow(MLP(1, [3, 1], rng=0), axes=Figure().subplots(1, 4))
    >>> [ax.get_title() for ax in axes]
    ['sums', 'activations', 'weighted', 'their sum']
    """
    check_model(model)
    low, high = interval(low, high)
    stages = model._stages()
    dense = [stage for stage in stages if stage.weight is not None]
    if len(dense) < 2:
        raise ValueError(f"{brief(model)} has {len(dense)} layers with weights; at least 2 can be drawn in steps")
    inputs = len(arrays(dense[0])[0])
    if inputs not in (1, 2):
        raise ValueError(f"{brief(model)} has {inputs} inputs; 1 or 2 can be drawn in steps")
    if inputs == 2:
        return _over_the_plane(stages, low, high, axes)
    x = np.linspace(low, high, 801)[:, None]
    steps = _steps(stages, x)
    axes = many_axes(axes, len(steps))
    for ax, (title, _, curves) in zip(axes, steps, strict=True):
        ax.plot(x, curves, **({"color": "black", "linewidth": 2} if title.startswith(_SUM) else {}))
        ax.set(title=title, xlabel="$x$", ylabel="height")
        ax.axhline(0, color="#8c959f", linewidth=0.6, zorder=0)
    for layer, sums in enumerate(columns_of(stages, x)[0][1:-1]):
        before, after = sums[:-1], sums[1:]
        for i, j in np.argwhere((before * after < 0) | ((before == 0) & (after != 0))):
            turn = x[i, 0] - before[i, j] * (x[i + 1, 0] - x[i, 0]) / (after[i, j] - before[i, j])
            for ax, (title, at, heights) in zip(axes, _steps(stages, np.array([[turn]])), strict=True):
                if at == layer or title.startswith(_SUM):
                    ax.plot(turn, heights[0, min(j, heights.shape[1] - 1)], "o", color="black", markersize=4)
    return axes


_SUM = "their sum"


def _steps(stages: Sequence[Stage], rows: np.ndarray) -> list[tuple[str, int, np.ndarray]]:
    """Compute what each step gives for rows of inputs, with its title and the number of its hidden layer."""
    sums, values = columns_of(stages, rows)
    v = arrays([stage for stage in stages if stage.weight is not None][-1])[0]
    hidden, outputs, steps = len(sums) - 2, v.shape[1], []
    for k in range(1, hidden + 1):
        layer = f" {k}" if hidden > 1 else ""
        steps += [(f"sums{layer}", k - 1, sums[k]), (f"activations{layer}", k - 1, values[k])]
    for m in range(outputs):
        output = f", output {m}" if outputs > 1 else ""
        steps.append((f"weighted{output}", hidden - 1, values[-2] * v[:, m]))
        steps.append((f"{_SUM}{output}", hidden - 1, values[-1][:, [m]]))
    return steps


def _over_the_plane(stages: Sequence[Stage], low: float, high: float, axes: Any) -> Any:
    side = np.linspace(low, high, 81)
    rows = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    steps, sums = _steps(stages, rows), columns_of(stages, rows)[0]
    axes = _beside_the_units(steps) if axes is None else many_axes(axes, sum(step[2].shape[1] for step in steps))
    free = iter(axes)
    for title, layer, heights in steps:
        lines, reach = sums[layer + 1], float(np.abs(heights).max())
        for j, height in enumerate(heights.T):
            ax, last = next(free), title.startswith(_SUM)
            relief(ax, side, side, height.reshape(81, 81), None, reach)
            for unit in range(lines.shape[1]) if last else [j]:
                line = lines[:, unit].reshape(81, 81)
                if line.min() < 0 < line.max():
                    ax.contour(side, side, line, levels=[0.0], colors="black", linewidths=1.0)
            ax.set(xticks=[], yticks=[], aspect="equal", xlabel="$x_0$", ylabel="$x_1$")
            ax.set_title(title if last else f"{title}, unit {j}", fontsize="small")
    return axes


def _beside_the_units(steps: Sequence[tuple[str, int, np.ndarray]]) -> np.ndarray:
    """Make a row of axes for the units of each step; a sum stands at the end of the row before."""
    widths = [0 if title.startswith(_SUM) else heights.shape[1] for title, _, heights in steps]
    columns = max(widths) + 1
    grid = many_axes(None, columns * sum(width > 0 for width in widths), columns=columns).reshape(-1, columns)
    used, row = [], -1
    for width in widths:
        row += width > 0
        used += list(grid[row, :width] if width else grid[row, -1:])
    for ax in set(grid.reshape(-1)) - set(used):
        ax.set_axis_off()
    return np.array(used, dtype=object)


def folding(second: Module, first: Module, low: float = -1.0, high: float = 1.0, axes: Any = None) -> Any:
    r"""Draw how the first of two nets folds its input, so that the second draws on several layers at once.

    From left to right: $y = f_1(x)$; the line of all $x$, folded so that what has the same $y$ lies together;
    $f_2(y)$, drawn once; and $f_2(f_1(x))$, where it comes again in each layer, turned round where the layer is.

    Args:
        second, first: ReLU nets. `first` has one or two inputs and one output, `second` one input and any outputs.
        low, high: the interval of $x$, or the square. What has the same $y$ is then a line of one height.
        axes: four matplotlib axes; new ones if left out.

    Returns:
        An array of the four axes.

    Raises:
        TypeError, ValueError: as for `inspect.compose` and `inspect.regions`; a net has more inputs or outputs.
        ImportError: matplotlib is missing.

    Source: Prince, Understanding Deep Learning, figures 4.1 to 4.3; Montúfar, Pascanu, Cho and Bengio (2014).

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import MLP
    >>> axes = folding(MLP(1, [3, 1], rng=1), MLP(1, [3, 1], rng=0), axes=Figure().subplots(1, 4))
    >>> [ax.get_title().partition(":")[0] for ax in axes]
    ['first', 'the line of x, folded', 'second', 'together']
    """
    low, high = interval(low, high)
    for net, most in ((second, 1), (first, 2)):
        inputs, outputs = regions(net, low, high)[0].slope.shape
        if inputs > most or (net is first and outputs > 1):
            raise ValueError(f"{brief(net)} has {inputs} inputs and {outputs} outputs, not {most} and 1")
    layers, whole = regions(first, low, high), regions(compose(second, first), low, high)
    axes = many_axes(axes, 4)
    heights = [layer.corners @ layer.slope[:, 0] + layer.intercept[0] for layer in layers]
    if inputs == 1:
        for k, layer in enumerate(layers):
            axes[0].plot(layer.corners[:, 0], heights[k], color=f"C{k % 10}", linewidth=2)
            for part in whole:
                inside = np.clip(part.corners[:, 0], *layer.corners[:, 0])
                if inside[0] < inside[1]:
                    _lines(axes[3], inside, part, f"C{k % 10}")
        _folded(axes[1], heights)
    else:
        _folded_plane([axes[k] for k in (0, 1, 3)], first, second, low, high)
    ends = np.concatenate(heights)
    for part in regions(second, float(ends.min()), float(ends.max())) if np.ptp(ends) > 0 else []:
        _lines(axes[2], part.corners[:, 0], part, "black")
    names = ("$x$", "$y$", "$x$", "output") if inputs == 1 else ("$x_0$", "$x_1$", "$x_0$", "$x_1$")
    axes[0].set(title=f"first: {_parts(layers)}", xlabel=names[0], ylabel=names[1])
    folded = {"title": "the line of x, folded", "xlabel": "$y$", "yticks": []}
    axes[1].set(**(folded if inputs == 1 else {"title": "lines of one y", "xlabel": "$x_0$", "ylabel": "$x_1$"}))
    axes[2].set(title="second", xlabel="$y$", ylabel="output")
    axes[3].set(title=f"together: {_parts(whole)}", xlabel=names[2], ylabel=names[3])
    return axes


def _lines(ax: Any, x: np.ndarray, part: Region, color: str) -> None:
    """Draw a region over an interval, a line for each output."""
    for k, (slope, intercept) in enumerate(zip(part.slope[0], part.intercept, strict=True)):
        ax.plot(x, x * slope + intercept, color=color, linewidth=2, linestyle=("-", "--", ":", "-.")[k % 4])


def _folded_plane(axes: Sequence[Any], first: Module, second: Module, low: float, high: float) -> None:
    """Draw y over the plane, the lines on which it is one number, and the first output of the second net."""
    side = np.linspace(low, high, 121)
    rows = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    y = columns_of(first._stages(), rows)[1][-1]
    output = columns_of(second._stages(), y)[1][-1][:, 0].reshape(121, 121)
    relief(axes[0], side, side, y.reshape(121, 121), None)
    axes[1].contour(side, side, y.reshape(121, 121), levels=12, colors="black", linewidths=0.8, linestyles="solid")
    relief(axes[2], side, side, output, None)
    for ax in axes:
        ax.set_aspect("equal")


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


def _parts(found: Sequence[Region]) -> str:
    return f"{len(found)} region{'s' * (len(found) != 1)}"
