"""Plots of the parts of a net: activations, weights and gradients, rows of weights as pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import count, one_of
from ..data.arrays import plain_array
from ..layers.activations import Activation, Function, function_of, name_of
from ..module import Module, brief, check_model
from .axes import AREAS, axes_of, colour_map, interval, many_axes
from .curves import value_and_slope


def activation(function: str | Function | Activation, low: float = -4.0, high: float = 4.0, ax: Any = None) -> Any:
    """Draw an activation beside its derivative.

    Args:
        function: a name such as "tanh", an elementwise function, or a layer, as for `nn.Activation`.
        low, high: the interval.
        ax: the matplotlib axes to draw on; new ones if left out.

    Returns:
        The axes.

    Raises:
        TypeError, ValueError: `function` is none, or `low` is not below `high`.
        ImportError: matplotlib is missing.

    Source: Goodfellow, Bengio and Courville (2016), section 6.3.

    >>> from matplotlib.figure import Figure
    >>> ax = activation("relu", -2.0, 2.0, Figure().subplots())
    >>> value, slope = ax.lines[-2:]
    >>> value.get_ydata()[[0, -1]].tolist(), slope.get_ydata()[[0, -1]].tolist()
    ([0.0, 2.0], [0.0, 1.0])
    """
    f = function_of(function)
    low, high = interval(low, high)
    x = np.linspace(low, high, 801)
    y, slope = value_and_slope(f, x, "function")
    ax = axes_of(ax, 5.0, 3.2)
    ax.axhline(0, color="#8c959f", linewidth=0.6)
    ax.axvline(0, color="#8c959f", linewidth=0.6)
    ax.plot(x, y, color="#2166ac", linewidth=2, label="$f(x)$")
    ax.plot(x, slope, color="#b35806", linestyle="--", linewidth=2, label="$f$′$(x)$")
    ax.set(xlabel="$x$", ylabel="value", title=name_of(f))
    ax.legend()
    return ax


def histograms(model: Module, what: str = "data", bins: int = 20, ax: Any = None) -> Any:
    """Draw how the parameters of each layer are distributed, or their gradients.

    Args:
        model: a Module; its parameters are put together by layer.
        what: "data", or "grad" after a backward pass.
        bins: the number of bins.
        ax: the matplotlib axes to draw on; new ones if left out.

    Returns:
        The axes.

    Raises:
        TypeError: `model` is not a Module.
        ValueError: `what` is another word, there are no parameters, or no gradients yet.
        ImportError: matplotlib is missing.

    Source: Glorot and Bengio (2010).

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import TensorMLP
    >>> ax = histograms(TensorMLP(2, [16, 1], rng=0), ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['0 Linear(2, 16): 48', '2 Linear(16, 1): 17']
    """
    check_model(model)
    one_of(what, ("data", "grad"), "what")
    bins = count(bins, "bins")
    layers: dict[str, list[np.ndarray]] = {}
    kinds = {path: kind for path, kind, *_ in model._rows()}
    for name, parameter in model.named_parameters():
        path = max((p for p in kinds if not p or name == p or name.startswith(f"{p}.")), key=len, default="")
        if what == "grad" and not parameter.requires_grad:
            continue
        if (numbers := getattr(parameter, what)) is None:
            raise ValueError(f"`{name}` has no gradient yet: call `backward()` on a loss first")
        numbers = np.ravel(getattr(numbers, "data", numbers))
        layers.setdefault(f"{path} {kinds.get(path, '')}".strip(), []).append(numbers)
    if not layers:
        raise ValueError(f"{brief(model)} has no parameters")
    gathered = {name: np.concatenate(parts) for name, parts in layers.items()}
    edges = np.histogram_bin_edges(np.concatenate([*gathered.values()]), bins)
    ax = axes_of(ax, 5.5, 3.5)
    for name, numbers in gathered.items():
        ax.hist(numbers, edges, density=True, histtype="step", linewidth=1.8, label=f"{name}: {len(numbers)}")
    ax.set(xlabel="gradient" if what == "grad" else "parameter", ylabel="density", title="Layer by layer")
    ax.legend(fontsize="small")
    return ax


def images(
    rows: Any, shape: tuple[int, ...] | None = None, titles: Sequence[str] = (), axes: Any = None, *, most: int = 16
) -> Any:
    """Draw each row of an array as a picture: images, or the weights of units that look at images.

    Rows without negative numbers are drawn as they are, black for 0. Rows with some, such as weights, in orange for
    negative and blue for positive, on one scale for all; in colour, grey is 0.

    Args:
        rows: shape `(k, pixels)`. For the weights of a `Linear` layer, `layer.weight.data.T`.
        shape: of a picture: `(height, width)`, or `(3, height, width)` for red, green and blue; if left out, the
            square, in grey or else in colour, that has as many pixels.
        titles: what stands above each.
        axes: matplotlib axes, at least one for each picture; new ones if left out.
        most: how many rows are drawn.

    Returns:
        An array of the axes, one for each picture.

    Raises:
        TypeError, ValueError: `rows` are no rows of numbers, or `shape` does not fit.
        ImportError: matplotlib is missing.

    Source: the course CS231n, notes on linear classification (templates of classes).

    >>> from matplotlib.figure import Figure
    >>> axes = images(np.eye(4), titles=["a", "b"], axes=Figure().subplots(1, 4))
    >>> axes[0].images[0].get_array().tolist(), axes[1].get_title()
    ([[1.0, 0.0], [0.0, 0.0]], 'b')
    """
    rows = plain_array(rows, "rows").astype(np.float64)
    if rows.ndim != 2 or not rows.size:
        raise ValueError(f"`rows` has shape {rows.shape}; it needs a row of pixels for each picture, (k, pixels)")
    if isinstance(titles, str) or not np.iterable(titles):
        raise TypeError(f"`titles` is a list of texts, not {titles!r:.60}")
    shape = _square(rows.shape[1]) if shape is None else shape
    if not _fits(shape, rows.shape[1]):
        raise ValueError(
            f"`shape` {shape!r:.60} does not fit rows of {rows.shape[1]} numbers: "
            "give (height, width) or (3, height, width)"
        )
    rows = rows[: count(most, "most")]
    low, high = min(float(rows.min()), 0.0), float(rows.max())
    reach = max(-low, high) or 1.0
    settings: dict[str, Any] = {"cmap": "gray", "vmin": 0.0, "vmax": high}
    if low < 0:
        settings = {"cmap": colour_map(AREAS), "vmin": -reach, "vmax": reach}
    axes = many_axes(axes, len(rows), 1.7, 1.8, columns=5)
    for ax, row, title in zip(axes, rows, [*titles, *[""] * len(rows)], strict=False):
        picture = row.reshape(shape)
        if len(shape) == 3:
            picture = picture.transpose(1, 2, 0) / (2 * reach if low < 0 else reach) + (0.5 if low < 0 else 0.0)
        ax.imshow(picture, interpolation="nearest", **(settings if len(shape) == 2 else {}))
        ax.set(xticks=[], yticks=[], title=title)
    return axes


def _fits(shape: Any, pixels: int) -> bool:
    if not isinstance(shape, (list, tuple)) or not all(isinstance(n, (int, np.integer)) and n > 0 for n in shape):
        return False
    return math.prod(shape) == pixels and (len(shape) == 2 or (len(shape) == 3 and shape[0] == 3))


def _square(pixels: int) -> tuple[int, ...]:
    """Find the shape of a square picture."""
    for colours in (1, 3):
        side = round((pixels / colours) ** 0.5)
        if colours * side * side == pixels:
            return (side, side) if colours == 1 else (3, side, side)
    raise ValueError(f"`rows` of {pixels} numbers are no squares: give a `shape`, (height, width)")
