"""Nets made of nets: two composed into one, linear layers merged, and a net through given points."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.arrays import plain_array
from ..diagram import arrays
from ..layers.activations import ReLU
from ..layers.layers import Linear, Sequential
from ..module import Module, brief


def compose(second: Module, first: Module) -> Sequential:
    r"""Make one network of two, $x \mapsto f_2(f_1(x))$, with the linear layers that meet in the middle merged.

    Args:
        second, first: nets of Linear layers and activations; `second` takes what `first` gives.

    Raises:
        ValueError: the widths do not fit.
        TypeError: a net that is no Sequential and no MLP.

    Source: Prince, Understanding Deep Learning, section 4.2.

    >>> from chalkgrad.nn import TensorMLP
    >>> one, two = TensorMLP(1, [3, 1], rng=1), TensorMLP(1, [3, 1], rng=2)
    >>> deep = compose(two, one)
    >>> deep.num_parameters(), np.allclose(deep.outputs([[0.3]]), two.outputs(one.outputs([[0.3]])))
    (22, True)
    """
    return merged(Sequential(*_layers(first, "first"), *_layers(second, "second")))


def merged(model: Module) -> Sequential:
    r"""Merge Linear layers that stand side by side: $(xW_1 + b_1)W_2 + b_2 = x\,W_1W_2 + (b_1W_2 + b_2)$.

    A deep net without activations becomes a single layer. The parameters are new, those of `model` stay.

    Raises:
        ValueError: the widths do not fit.
        TypeError: `model` is no Sequential and no MLP.

    >>> from chalkgrad.nn import Linear
    >>> merged(Sequential(Linear(2, 5, rng=1), Linear(5, 3, rng=2)))
    Sequential(
      0: Linear(2, 3)
    )
    """
    kept: list[Module] = []
    for layer in _layers(model, "model"):
        if isinstance(layer, Linear) and kept and isinstance(kept[-1], Linear):
            kept[-1] = _product(kept[-1], layer)
        elif isinstance(layer, Linear):
            kept.append(_linear(*arrays(layer._stages()[0]), layer.weight.dtype))
        else:
            kept.append(layer)
    return Sequential(*kept)


def through(x: Any, y: Any) -> Sequential:
    r"""Make the shallow ReLU net whose function goes in straight lines through given points: nothing is trained.

    $f(x) = y_0 + \sum_i (m_i - m_{i-1})\,\mathrm{relu}(x - x_i)$, where $m_i$ is the slope from point $i$ to the
    next, and $m_{-1} = 0$. So $n$ points need $n - 1$ hidden units, each with its joint at a point.

    Args:
        x: where, rising, shape `(n,)`, from two points on.
        y: how high, shape `(n,)`.

    Returns:
        A Sequential of `Linear(1, n - 1)`, `ReLU()` and `Linear(n - 1, 1)`: constant to the left of the points, with
        the last slope to the right.

    Raises:
        TypeError, ValueError: there are no numbers, fewer than two points, unequally many, or `x` does not rise.

    Source: Prince, Understanding Deep Learning, section 3.2 (universal approximation in one dimension).

    >>> net = through([-1.0, 0.0, 1.0], [0.0, 2.0, 1.0])
    >>> net.outputs([[-1.0], [-0.5], [0.0], [1.0]]).ravel(), net.num_parameters()
    (array([0., 1., 2., 1.]), 7)
    """
    x, y = plain_array(x, "x").astype(np.float64), plain_array(y, "y").astype(np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
        raise ValueError(f"`x` and `y` are rows of two points or more, not of shapes {x.shape} and {y.shape}")
    if np.any(np.diff(x) <= 0):
        raise ValueError("`x` must rise from point to point: put the points in order, and leave out those that repeat")
    slopes = np.diff(y) / np.diff(x)
    first = _linear(np.ones((1, len(slopes))), -x[:-1], np.float64)
    last = _linear(np.diff(slopes, prepend=0.0)[:, None], y[:1], np.float64)
    return Sequential(first, ReLU(), last)


def _layers(model: Module, name: str) -> list[Module]:
    model = getattr(model, "to_tensors", lambda: model)()
    if not isinstance(model, Sequential):
        raise TypeError(f"`{name}` is a Sequential, a TensorMLP or an MLP, not {brief(model)}")
    return list(model)


def _product(one: Linear, two: Linear) -> Linear:
    """Make the Linear layer that does what two do, one behind the other."""
    if one.fan_out != two.fan_in:
        raise ValueError(f"{one!r} gives {one.fan_out} numbers, and {two!r} takes {two.fan_in}: they do not fit")
    (w1, b1), (w2, b2) = arrays(one._stages()[0]), arrays(two._stages()[0])
    return _linear(w1 @ w2, b1 @ w2 + b2, one.weight.dtype)


def _linear(weight: np.ndarray, bias: np.ndarray, dtype: Any) -> Linear:
    made = Linear(*weight.shape, initializer=lambda n, m, rng: weight, dtype=dtype)
    made.load_state_dict({"weight": weight, "bias": bias})
    return made
