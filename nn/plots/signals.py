"""Plots of the size and distribution of the outputs and gradients of each layer of a net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..arguments import count
from ..data.arrays import as_inputs
from ..inspect import Signal
from ..layers.layers import Linear, Sequential
from ..module import brief
from .axes import LINES, check_named, many_axes


def signal_sizes(runs: Mapping[str, Sequence[Signal]], axes: Any = None) -> Any:
    """Draw the standard deviation of what comes out of each layer, and of the gradient that comes back to it.

    Args:
        runs: from a name to a list of Signals, as `inspect.signals` gives it, or a part of that.
        axes: two matplotlib axes; new ones if left out.

    Returns:
        An array of the two axes, both with logarithmic heights: forward on the left, backward on the right.

    Raises:
        TypeError: `runs` does not map names to lists of Signals.
        ValueError: there are none, or a list is empty.
        ImportError: matplotlib is missing.

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import TensorMLP, inspect
    >>> found = inspect.signals(TensorMLP(2, [3, 1], rng=0), [[1.0, 2.0], [-1.0, 0.5]])
    >>> forward, backward = signal_sizes({"He": found}, Figure().subplots(1, 2))
    >>> len(forward.lines[0].get_xdata()), backward.get_title()
    (3, 'backward: gradients')
    """
    check_named(runs, "runs", _are_signals, "lists of Signals, as `inspect.signals` gives them")
    if not all(runs.values()):
        raise ValueError("`runs` has lists without Signals: there is nothing to draw")
    axes = many_axes(axes, 2, 4.4, 3.4)
    for ax, name, title in zip(axes, ("std", "grad_std"), ("forward: signals", "backward: gradients"), strict=True):
        for i, (run, row) in enumerate(runs.items()):
            sizes = [getattr(signal, name) or np.nan for signal in row]  # there is no 0 on this axis
            if not np.any(np.isfinite(sizes)):
                run = f"{run} (all 0)"
            ax.plot(range(1, len(row) + 1), sizes, "o", label=run, markersize=4, **LINES[i % len(LINES)])
        ax.set(xlabel="layer", ylabel="standard deviation", title=title, yscale="log")
    axes[0].legend(fontsize="small")
    return axes


def _are_signals(row: Any) -> bool:
    return isinstance(row, (list, tuple)) and all(isinstance(signal, Signal) for signal in row)


def layer_outputs(model: Sequential, X: Any, bins: int = 30, axes: Any = None) -> Any:
    """Draw how the outputs of each hidden layer are distributed, over all rows and units; all on the same scale.

    Args:
        model: a Sequential, such as a TensorMLP. A Linear layer and what stands behind it, up to the next, are one.
        X: the inputs, shape `(n, fan_in)`.
        bins: the number of bins.
        axes: matplotlib axes, at least one for each hidden layer; new ones if left out.

    Returns:
        An array of the axes.

    Raises:
        TypeError: `model` is no Sequential.
        ValueError: it has no hidden layer.
        ImportError: matplotlib is missing.

    Source: Glorot and Bengio (2010), figure 6.

    >>> from matplotlib.figure import Figure
    >>> from chalkgrad.nn import TensorMLP
    >>> axes = layer_outputs(TensorMLP(2, [8, 8, 1], rng=0), np.eye(2), axes=Figure().subplots(1, 2))
    >>> [ax.get_title().partition(":")[0] for ax in axes]
    ['layer 1', 'layer 2']
    """
    if not isinstance(model, Sequential):
        raise TypeError(f"`model` is a Sequential such as a TensorMLP, not {brief(model)}: see `MLP.to_tensors`")
    bins = count(bins, "bins")
    rows, linear = as_inputs(X), 0
    behind: dict[int, np.ndarray] = {}
    for layer in model:
        rows, linear = layer.outputs(rows), linear + isinstance(layer, Linear)
        if linear and not isinstance(layer, Linear):
            behind[linear] = rows.ravel()
    if not behind:
        raise ValueError(f"{brief(model)} has no hidden layer with an activation")
    edges = np.histogram_bin_edges(np.concatenate([*behind.values()]), bins)
    axes = many_axes(axes, len(behind))
    for i, (ax, numbers) in enumerate(zip(axes, behind.values(), strict=True), start=1):
        ax.hist(numbers, edges, density=True, color=LINES[0]["color"])
        ax.set(title=f"layer {i}: std {numbers.std():.2g}", xlabel="output", ylabel="density", yticks=[])
        ax.title.set_fontsize("small")
    return axes
