"""Plots over the plane of two inputs: the decision boundary, that of each hidden unit, the linear regions."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from ..arguments import count, within
from ..data.arrays import label_array, plain_array
from ..diagram import arrays, columns_of
from ..inspect import regions
from ..module import Module, check_model
from .axes import AREAS, POINTS, axes_of, check_named, colour_map, interval, many_axes, relief


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

    Source: the demo of micrograd (Karpathy, 2020).

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import MLP
    >>> ax = decision_boundary(MLP(2, [4, 1], rng=0), [[0.0, 0.0], [1.0, 1.0]], [0, 1], Figure().subplots())
    >>> ax.get_title(), ax.collections[-1].get_offsets().tolist()
    ('Decision boundary', [[0.0, 0.0], [1.0, 1.0]])
    """
    check_model(model)
    X, y = _points(model, X, y)
    resolution, level = count(resolution, "resolution", 2), within(level, "level", -1e300, 1e300)
    ax = axes_of(ax)
    columns, rows, grid = _grid(X, resolution)
    outputs = model.outputs(grid).reshape(resolution, resolution, -1)
    if outputs.shape[-1] <= 2:
        score = outputs[..., 0] - level if outputs.shape[-1] == 1 else outputs[..., 1] - outputs[..., 0]
        relief(ax, columns, rows, score, 0.0)
        colours = _two_classes(y)
    else:
        chosen, k = outputs.argmax(axis=-1), outputs.shape[-1]
        ax.contourf(columns, rows, chosen, levels=np.arange(k + 1) - 0.5, cmap="tab10", alpha=0.4, vmin=0, vmax=9)
        colours = {"cmap": "tab10", "vmin": 0, "vmax": 9}
    ax.scatter(X[:, 0], X[:, 1], c=y.reshape(-1), edgecolors="black", s=30, **colours)
    ax.set(xlabel="$x_0$", ylabel="$x_1$", title="Decision boundary")
    return ax


def hidden_units(
    model: Module, X: Any, y: Any = None, layer: int = 1, axes: Any = None, *, resolution: int = 60, most: int = 16
) -> Any:
    """Draw what each hidden unit makes of the plane: orange where it is negative, blue where it is positive.

    The line is where the sum of the unit's weighted inputs, before its activation, is 0.

    Args:
        model: a chain of layers with two inputs, as for `chalkgrad.draw`.
        X, y: points and their classes, as for `decision_boundary`; `y` may be left out.
        layer: which column of hidden units, from 1.
        axes: matplotlib axes, at least one for each unit; new ones if left out.
        resolution: the number of grid points along each side.
        most: how many units are drawn.

    Returns:
        An array of the axes, one for each unit.

    Raises:
        TypeError, ValueError: as for `decision_boundary`; there is no such `layer`, or there are too few `axes`.
        ImportError: matplotlib is missing.

    Source: TensorFlow Playground (Smilkov et al., 2017).

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import MLP
    >>> axes = hidden_units(MLP(2, [3, 1], rng=0), [[0.0, 0.0], [1.0, 1.0]], axes=Figure().subplots(1, 3))
    >>> [ax.get_title() for ax in axes]
    ['unit 0', 'unit 1', 'unit 2']
    """
    check_model(model)
    X, y = _points(model, X, np.zeros(len(X)) if y is None else y)
    resolution, most = count(resolution, "resolution", 2), count(most, "most")
    columns, rows, grid = _grid(X, resolution)
    if model._stages()[0].weight is not None and len(arrays(model._stages()[0])[0]) != 2:
        raise ValueError(f"`model` has {len(arrays(model._stages()[0])[0])} inputs; the plane has two")
    sums, values = columns_of(model._stages(), grid)
    layer = count(layer, "layer", 1, len(values) - 1)
    axes = many_axes(axes, min(most, values[layer].shape[1]))
    for j, ax in enumerate(axes):
        before, after = (x[layer][:, j].reshape(resolution, resolution) for x in (sums, values))
        relief(ax, columns, rows, after, None)
        if before.min() < 0 < before.max():
            ax.contour(columns, rows, before, levels=[0.0], colors="black", linewidths=1.2)
        ax.scatter(X[:, 0], X[:, 1], c=y.reshape(-1), edgecolors="black", linewidths=0.4, s=8, **_two_classes(y))
        ax.set(xticks=[], yticks=[], xlabel="$x_0$", ylabel="$x_1$", title=f"unit {j}")
    return axes


def linear_regions(model: Module, low: float = -1.0, high: float = 1.0, ax: Any = None) -> Any:
    """Draw the linear regions of a ReLU net with one or two inputs, exactly, as `inspect.regions` finds them.

    With one input, the function with its joints, for each output; with two, the parts of the plane, each in the
    colour of the first output's value in its middle.

    Args:
        model, low, high: as for `inspect.regions`; finite.
        ax: the matplotlib axes to draw on; new ones if left out.

    Returns:
        The axes.

    Raises:
        TypeError, ValueError: as for `inspect.regions`.
        ImportError: matplotlib is missing.

    Source: Montúfar, Pascanu, Cho and Bengio (2014).

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import Neuron
    >>> unit = Neuron(1, "relu")
    >>> unit.w[0].data, unit.b.data = 2.0, -1.0
    >>> ax = linear_regions(unit, ax=Figure().subplots())
    >>> ax.get_title(), ax.lines[1].get_xdata().tolist()
    ('2 linear regions', [0.5])
    """
    low, high = interval(low, high)
    found = regions(model, low, high)
    ax = axes_of(ax)
    if found[0].slope.shape[0] == 1:
        ends = np.array([*(r.corners[0, 0] for r in found), found[-1].corners[1, 0]])
        for k, heights in enumerate(model.outputs(ends[:, None]).reshape(len(ends), -1).T):
            (line,) = ax.plot(ends, heights, label=f"output {k}")
            ax.plot(ends[1:-1], heights[1:-1], "o", color=line.get_color(), markersize=5)
        if found[0].slope.shape[1] > 1:
            for x in ends[1:-1]:
                ax.axvline(x, color="#8c959f", linewidth=0.6, zorder=0)
            ax.legend()
        ax.set(xlabel="$x$", ylabel="$y$")
    else:
        from matplotlib.collections import PolyCollection

        middles = model.outputs(np.array([r.corners.mean(axis=0) for r in found])).reshape(len(found), -1)[:, 0]
        reach = float(np.abs(middles).max()) or 1.0
        shapes = PolyCollection([r.corners for r in found], edgecolors="black", linewidths=0.8, cmap=colour_map(AREAS))
        shapes.set_array(middles)
        shapes.set_clim(-reach, reach)
        ax.add_collection(shapes)
        ax.set(xlim=(low, high), ylim=(low, high), xlabel="$x_0$", ylabel="$x_1$", aspect="equal")
    ax.set_title(f"{len(found)} linear region{'s' * (len(found) != 1)}")
    return ax


def snapshots(
    model: Module, states: Mapping[str, Mapping[str, Any]], X: Any, y: Any, axes: Any = None, *, level: float = 0.0,
    resolution: int = 80,
) -> Any:  # fmt: skip
    """Draw the decision boundary at several moments of a training, side by side.

    Args:
        model: as for `decision_boundary`; its parameters are changed on the way, and put back.
        states: from a title to the parameters at that moment, as `model.state_dict()` gave them: in `nn.fit`, keep
            them with `callbacks=lambda epoch, logs: states.append(model.state_dict())`.
        X, y, level, resolution: as for `decision_boundary`.
        axes: matplotlib axes, at least one for each moment; new ones if left out.

    Returns:
        An array of the axes, one for each moment.

    Raises:
        TypeError, ValueError: as for `decision_boundary`; `states` is empty, or one is no dict or does not fit.
        ImportError: matplotlib is missing.

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import MLP
    >>> model = MLP(2, [4, 1], rng=0)
    >>> states = {"start": model.state_dict(), "end": model.state_dict()}
    >>> axes = snapshots(model, states, [[0.0, 0.0], [1.0, 1.0]], [0, 1], Figure().subplots(1, 2))
    >>> [ax.get_title() for ax in axes]
    ['start', 'end']
    """
    check_model(model)
    kind = "parameters, as in {'at the end': model.state_dict()}"
    check_named(states, "states", lambda state: isinstance(state, Mapping), kind)
    axes, here = many_axes(axes, len(states), 2.4, 2.4), model.state_dict()
    try:
        for ax, (title, state) in zip(axes, states.items(), strict=True):
            model.load_state_dict(state)
            decision_boundary(model, X, y, ax, level=level, resolution=resolution)
            ax.collections[-1].set(sizes=[10], linewidths=0.4)
            ax.set(xticks=[], yticks=[], title=title)
    finally:
        model.load_state_dict(here)
    return axes


# Parts ---------------------------------------------------------------------------------------------------------


def _points(model: Module, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    X, y = plain_array(model.arranged(X), "X"), label_array(y, "y")
    with suppress(TypeError, ValueError):  # of labels that the model does not know
        y = y if model.output_decoder is None else model.output_decoder.targets(y)
    if y.dtype.kind not in "iufb":
        y = np.unique(y, return_inverse=True)[1].reshape(y.shape)  # texts: each class by its number
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"`X` has shape {X.shape}; a plane needs two columns, (n, 2)")
    if not X.size:
        raise ValueError("`X` has no rows: there is no part of the plane to draw")
    if y.size != len(X):
        raise ValueError(f"`X` has {len(X)} rows and `y` has shape {y.shape}; there must be one class for each row")
    return X, y


def _grid(X: np.ndarray, resolution: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the coordinates of a grid around the points, and its points as rows."""
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.15 * np.maximum(high - low, 1e-9)
    columns, rows = (np.linspace(a, b, resolution) for a, b in zip(low - margin, high + margin, strict=True))
    return columns, rows, np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)


def _two_classes(y: np.ndarray) -> dict[str, Any]:
    return {"cmap": colour_map(POINTS), "vmin": min(y.min(), 0), "vmax": max(y.max(), 1)}
