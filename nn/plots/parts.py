"""Plots of the parts of a net: activations, weights and gradients, and how a shallow net makes its function."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, grad

from ..activations import Activation, Function, function_of, name_of
from ..checks import count
from ..module import Module
from ..stages import Stage, arrays
from .axes import axes_of, many_axes

__all__ = ["activation", "histograms", "shallow"]


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
    """
    f = function_of(function)
    if not -np.inf < low < high < np.inf:
        raise ValueError(f"`low` must be below `high`, both finite, not {low!r} and {high!r}")
    x = np.linspace(low, high, 801)
    slope = np.asarray(grad(lambda t: f(t).sum())(Tensor(x)).data)
    ax = axes_of(ax, 5.0, 3.2)
    ax.axhline(0, color="#8c959f", linewidth=0.6)
    ax.axvline(0, color="#8c959f", linewidth=0.6)
    ax.plot(x, f(x), color="#2166ac", linewidth=2, label="$f(x)$")
    jumps = np.abs(np.diff(slope)) > 0.2 + 20 * np.median(np.abs(np.diff(slope)))
    ax.plot(x, np.where(np.append(jumps, False), np.nan, slope), color="#b35806", linestyle="--", linewidth=2,
            label="$f'(x)$")  # fmt: skip
    ax.set(xlabel="$x$", title=name_of(f))
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
    """
    if not isinstance(model, Module):
        raise TypeError(f"`model` is a Module, such as `MLP(2, [16, 1])`, not {model!r:.60}")
    if what not in ("data", "grad"):
        raise ValueError(f"`what` is 'data' or 'grad', not {what!r:.40}")
    bins = count(bins, "bins")
    layers: dict[str, list[np.ndarray]] = {}
    kinds = {path: kind for path, kind, *_ in model._rows()}
    for name, parameter in model.named_parameters():
        path = max((p for p in kinds if not p or name == p or name.startswith(f"{p}.")), key=len, default="")
        if what == "grad" and parameter.grad is None:
            raise ValueError(f"`{name}` has no gradient yet: call `backward()` on a loss first")
        numbers = parameter.data if what == "data" else parameter.grad
        numbers = numbers if isinstance(numbers, (float, np.ndarray)) else numbers.data
        layers.setdefault(f"{path} {kinds.get(path, '')}".strip(), []).append(np.ravel(numbers))
    if not layers:
        raise ValueError(f"{model!r:.60} has no parameters")
    gathered = {name: np.concatenate(parts) for name, parts in layers.items()}
    edges = np.histogram_bin_edges(np.concatenate([*gathered.values()]), bins)
    ax = axes_of(ax, 5.5, 3.5)
    for name, numbers in gathered.items():
        ax.hist(numbers, edges, density=True, histtype="step", linewidth=1.8, label=f"{name}: {len(numbers)}")
    ax.set(xlabel="gradient" if what == "grad" else "parameter", ylabel="density", title="Layer by layer")
    ax.legend(fontsize="small")
    return ax


def shallow(model: Module, low: float = -1.0, high: float = 1.0, axes: Any = None) -> Any:
    """Draw in four steps how a net with one input and one hidden layer makes its function.

    The sums of each unit, behind the activation, weighted, and their sum.

    Args:
        model: one input, one hidden layer, one output.
        low, high: the interval.
        axes: four matplotlib axes; new ones if left out.

    Returns:
        An array of the four axes.

    Raises:
        TypeError, ValueError: `model` is another net, or `low` is not below `high`.
        ImportError: matplotlib is missing.

    Source: Prince, Understanding Deep Learning, figure 3.3.
    """
    if not isinstance(model, Module):
        raise TypeError(f"`model` is a Module, such as `MLP(1, [3, 1])`, not {model!r:.60}")
    if not -np.inf < low < high < np.inf:
        raise ValueError(f"`low` must be below `high`, both finite, not {low!r} and {high!r}")
    stages = model._stages()
    dense = [stage for stage in stages if stage.weight is not None]
    if len(dense) != 2:
        raise ValueError(f"{model!r:.60} has {len(dense)} layers with weights; a shallow net has 2")
    (w, b), (v, c) = (arrays(stage) for stage in dense)
    if len(w) != 1 or v.shape[1] != 1:
        raise ValueError(f"{model!r:.60} has {len(w)} inputs and {v.shape[1]} outputs; 1 and 1 can be drawn so")
    x = np.linspace(low, high, 801)
    sums = x[:, None] * w + b
    after = _behind(stages, dense, sums)
    parts = after * v[:, 0]
    told = [("sums", sums), ("activations", after), ("weighted", parts)]
    axes = many_axes(axes, 4)
    for ax, (title, curves) in zip(axes, told, strict=False):
        ax.plot(x, curves)
        ax.set(title=title, xlabel="$x$")
    axes[3].plot(x, parts.sum(axis=1) + c[0], color="black", linewidth=2)
    axes[3].set(title="their sum", xlabel="$x$")
    for ax in axes:
        ax.axhline(0, color="#8c959f", linewidth=0.6, zorder=0)
    return axes


def _behind(stages: list[Stage], dense: list[Stage], sums: np.ndarray) -> np.ndarray:
    """Apply what stands between the two layers."""
    first, second = stages.index(dense[0]), stages.index(dense[1])
    for stage in stages[first:second]:
        sums = stage.apply(sums)
    return sums
