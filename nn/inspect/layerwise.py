"""Statistics of the outputs of each layer of a net, and of the gradients with respect to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import Node, Tensor, gradients

from ..layers.layers import Sequential
from ..module import brief


@dataclass
class Signal:
    """Statistics of the outputs of a layer, over all rows and units, and of their gradient.

    Attributes:
        layer: its name and kind.
        mean, std: of its outputs.
        zeros: the fraction of outputs that are 0, such as those of inactive ReLUs.
        grad_std: of the gradient of the sum of the net's outputs with respect to the layer's outputs.

    >>> from chalkgrad.nn import ReLU
    >>> (signal,) = signals(Sequential(ReLU()), [[2.0], [-2.0]])
    >>> signal.layer, signal.mean, signal.std, signal.zeros
    ('0 ReLU()', 1.0, 1.0, 0.5)
    """

    layer: str
    mean: float
    std: float
    zeros: float
    grad_std: float


def signals(model: Sequential, X: Any) -> list[Signal]:
    """Return the statistics of the outputs and gradients of each layer, from one forward and one backward pass.

    With a good initialisation they keep their size; otherwise they vanish or explode with depth.

    Args:
        model: a Sequential of Tensors, such as a TensorMLP; nothing of it is changed.
        X: the inputs, shape `(n, fan_in)`.

    Returns:
        One Signal for each layer, from the first to the last.

    Raises:
        TypeError: `model` is no Sequential.
        ValueError: `X` is empty.

    Source: Glorot and Bengio (2010); He et al. (2015).

    >>> from chalkgrad.nn import TensorMLP
    >>> for signal in signals(TensorMLP(2, [3, 1], rng=0), [[1.0, 2.0], [-1.0, 0.5]]):
    ...     print(signal.layer)
    0 Linear(2, 3)
    1 ReLU()
    2 Linear(3, 1)
    """
    if not isinstance(model, Sequential):
        raise TypeError(f"`model` is a Sequential such as a TensorMLP, not {brief(model)}: see `MLP.to_tensors`")
    x: Any = Tensor(getattr(X, "data", X) if isinstance(X, Node) else X)
    if not x.data.size:
        raise ValueError(f"`X` has shape {x.shape}: there is nothing in it")
    outputs = []
    for layer in model:
        x = layer(x)
        outputs.append(x)
    found = []
    for i, (layer, out, grad) in enumerate(zip(model, outputs, gradients(x.sum(), outputs), strict=True)):
        data, name = out.data, f"{i} {repr(layer).splitlines()[0].rstrip('(')}"
        found.append(Signal(name, float(data.mean()), float(data.std()), float(np.mean(data == 0)),
                            float(np.std(grad.data))))  # fmt: skip
    return found
