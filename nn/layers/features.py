"""Features: functions of the two inputs that a net gets instead of, or in addition to, the inputs themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

import autograd as ag
from autograd import Node, Tensor

from ..arguments import one_of
from ..module import Module

FEATURES: dict[str, Callable[[Any, Any], Any]] = {
    "x0": lambda a, b: a,
    "x1": lambda a, b: b,
    "x0^2": lambda a, b: ag.square(a),
    "x1^2": lambda a, b: ag.square(b),
    "x0*x1": lambda a, b: a * b,
    "sin x0": lambda a, b: ag.sin(a),
    "sin x1": lambda a, b: ag.sin(b),
}
"""The features by name."""


class Features(Module):
    r"""A layer without parameters that computes features of two inputs, such as $x \mapsto (x_0, x_1, x_0 x_1)$.

    Args:
        *names: the features in order, each one of "x0", "x1", "x0^2", "x1^2", "x0*x1", "sin x0", "sin x1".

    Raises:
        ValueError: there is no feature of that name, or `names` is empty.

    Source: TensorFlow Playground (Smilkov et al., 2017).

    >>> Features("x0", "x0*x1")([[2.0, 3.0], [1.0, -1.0]]).data
    array([[ 2.,  6.],
           [ 1., -1.]])
    """

    def __init__(self, *names: str) -> None:
        for name in names:
            one_of(name, FEATURES, "names")
        if not names:
            raise ValueError('`names` is empty: give at least one feature, such as Features("x0", "x1")')
        self.names = list(names)

    def forward(self, x: Any) -> Tensor:
        """Return the features, shape `(..., features)`, of `x`, shape `(..., 2)`.

        Raises:
            ValueError: the last axis of `x` does not have the length 2.
        """
        x = x if isinstance(x, Node) else Tensor(np.asarray(x), requires_grad=False)
        if x.shape[-1:] != (2,):
            raise ValueError(f"`x` has shape {x.shape}; features are made of two inputs, shape (..., 2)")
        return ag.stack([FEATURES[name](x[..., 0], x[..., 1]) for name in self.names], axis=-1)

    def config(self) -> dict[str, Any]:
        """Return the names."""
        return {"names": self.names}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make the layer of its names."""
        return cls(*config["names"])

    def __repr__(self) -> str:
        return f"Features({', '.join(map(repr, self.names))})"
