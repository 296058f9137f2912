"""Layers on Tensors: Linear and Maxout, which have weights, and the containers Sequential and Residual."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

import autograd as ag
from autograd import Node, Tensor

from .. import init
from ..arguments import as_array, cast, count, flag
from ..data.arrays import node_or_floats
from ..diagram import Stage
from ..module import Module, brief
from ..randomness import RandomLike


class Linear(Module):
    r"""The layer $y = xW + b$, row by row; with a mask $M$ of connections, $y = x(W \odot M) + b$.

    Args:
        fan_in: the width of the input.
        fan_out: the width of the output.
        bias: whether there is a $b$.
        initializer: the initializer of the weights, one of `nn.init` or its name; the default is `glorot_uniform`.
            The bias starts at 0.
        mask: $M$, shape `(fan_in, fan_out)`: 1 or True for a connection, else 0. None means all connections.
        rng: a seed, a generator or None.
        dtype: float64 or float32.

    Attributes:
        weight: $W$, shape `(fan_in, fan_out)`. (PyTorch keeps $W^T$.)
        bias: $b$, shape `(fan_out,)`, or None.

    Raises:
        ValueError: a width is not an integer from 1, or `mask` is not an array of 0 and 1 of that shape.
        TypeError: `dtype` is neither float64 nor float32.

    Source: Glorot and Bengio (2010) for the weights.

    >>> layer = Linear(3, 2, rng=1)
    >>> layer(np.ones((5, 3))).shape, layer
    ((5, 2), Linear(3, 2))
    """

    if TYPE_CHECKING:

        def __call__(self, x: Any) -> Tensor: ...

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        *,
        bias: bool = True,
        initializer: str | init.Initializer = init.glorot_uniform,
        mask: Any = None,
        rng: RandomLike = None,
        dtype: Any = np.float64,
    ) -> None:
        self.fan_in, self.fan_out = count(fan_in, "fan_in"), count(fan_out, "fan_out")
        self.mask = None if mask is None else _connections(mask, (self.fan_in, self.fan_out))
        weight = init.weights(initializer, self.fan_in, self.fan_out, rng)
        self.weight = Tensor(weight if self.mask is None else weight * self.mask, dtype=dtype)
        self.bias = Tensor(np.zeros(self.fan_out), dtype=dtype) if flag(bias, "bias") else None

    def forward(self, x: Any) -> Tensor:
        """Return the output, shape `(..., fan_out)`, for `x`, shape `(..., fan_in)`, in the dtype of the weights.

        Raises:
            ValueError: the last axis of `x` does not have the length `fan_in`.
            TypeError: `x` holds something that is not a real number.
        """
        x = node_or_floats(x, "x", self)
        if x.shape[-1:] != (self.fan_in,):
            raise ValueError(
                f"`x` has shape {x.shape}; {self!r} needs (..., {self.fan_in}): {self.fan_in} numbers in each row"
            )
        x = cast(x, self.weight.dtype)
        weight = self.weight if self.mask is None else self.weight * self.mask.astype(self.weight.dtype)
        y = x @ weight
        return y if self.bias is None else y + self.bias

    def _stages(self) -> list[Stage]:
        weight = self.weight
        if self.mask is not None:
            weight = Tensor(weight.data * self.mask)
            weight.grad = self.weight.grad
        return [Stage(weight, self.bias)]

    def config(self) -> dict[str, Any]:
        """Return both widths, whether there is a bias, the dtype, and the mask if there is one."""
        has_bias = self.bias is not None
        own = {"fan_in": self.fan_in, "fan_out": self.fan_out, "bias": has_bias, "dtype": str(self.weight.dtype)}
        return own if self.mask is None else {**own, "mask": self.mask}


def _connections(mask: Any, shape: tuple[int, int]) -> np.ndarray:
    """Check a mask of connections."""
    mask = as_array(mask, "mask")
    if mask.shape != shape or mask.dtype.kind not in "biuf" or not np.all((mask == 0) | (mask == 1)):
        raise ValueError(
            f"`mask` is an array of shape {shape} of 0 and 1, or False and True; got {mask.dtype} of shape {mask.shape}"
        )
    return mask.astype(np.float64)


class Maxout(Module):
    r"""The layer $y_j = \max_i\,(xW_i + b_i)_j$ with $k$ pieces: each unit returns the largest of $k$ sums.

    Args:
        fan_in: the width of the input.
        fan_out: the width of the output.
        pieces: $k$, from 1.
        initializer: the initializer of the weights of each piece; the default is `glorot_uniform`. The biases are 0.
        rng: a seed, a generator or None.
        dtype: float64 or float32.

    Attributes:
        linear: the layer `Linear(fan_in, fan_out * pieces)` of all sums; the sums of a unit are adjacent.

    Raises:
        ValueError: a width, or `pieces`, is not an integer from 1.

    Source: Goodfellow, Warde-Farley, Mirza, Courville and Bengio (2013).

    >>> layer = Maxout(3, 2, pieces=4, rng=1)
    >>> layer(np.ones((5, 3))).shape, layer, layer.num_parameters()
    ((5, 2), Maxout(3, 2, pieces=4), 32)
    """

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        *,
        pieces: int = 2,
        initializer: str | init.Initializer = init.glorot_uniform,
        rng: RandomLike = None,
        dtype: Any = np.float64,
    ) -> None:
        n, m, self.pieces = count(fan_in, "fan_in"), count(fan_out, "fan_out"), count(pieces, "pieces")
        drawn = init.weights(initializer, n, m, rng, (n, m * self.pieces))
        self.linear = Linear(n, m * self.pieces, initializer=lambda *_: drawn, dtype=dtype)

    def forward(self, x: Any) -> Tensor:
        """Return the output, shape `(..., fan_out)`, for `x`, shape `(..., fan_in)`. Ties share the gradient."""
        sums = self.linear(x)
        apart = (*sums.shape[:-1], sums.shape[-1] // self.pieces, self.pieces)
        return ag.max(ag.reshape(sums, shape=apart), axis=-1)

    def config(self) -> dict[str, Any]:
        """Return both widths, the number of pieces and the dtype."""
        fan_in, fan_out = self.linear.weight.shape
        dtype = str(self.linear.weight.dtype)
        return {"fan_in": fan_in, "fan_out": fan_out // self.pieces, "pieces": self.pieces, "dtype": dtype}

    def __repr__(self) -> str:
        return f"Maxout({self._arguments()})"


class Flatten(Module):
    """The layer that flattens each row: `(n, a, b, ...)` becomes `(n, a * b * ...)`.

    >>> Flatten()(np.ones((5, 8, 8))).shape
    (5, 64)
    """

    def forward(self, x: Any) -> Any:
        """Map `x`, shape `(n, ...)`, to shape `(n, width)`.

        Raises:
            ValueError: `x` has no rows.
        """
        x = x if isinstance(x, Node) else as_array(x)
        if len(x.shape) < 1:
            raise ValueError("`x` is a single number; Flatten needs rows, shape (n, ...)")
        return ag.reshape(x, shape=(x.shape[0], math.prod(x.shape[1:])))


class Residual(Module):
    r"""A residual layer $y = x + f(x)$. The gradient flows through the skip connection as well as through $f$.

    Args:
        inner: $f$, a Module that keeps the shape; a `Sequential` for several layers.

    Raises:
        TypeError: `inner` is not a Module, or is one of Values.

    Source: He, Zhang, Ren and Sun (2016).

    >>> layer = Residual(Sequential(Linear(3, 3, initializer="zeros")))
    >>> layer(np.ones((1, 3))).data
    array([[1., 1., 1.]])
    """

    def __init__(self, inner: Module) -> None:
        if not isinstance(inner, Module):
            raise TypeError(f"`inner` is a Module, not {brief(inner)}{_remedy(inner)}")
        if not inner.batched:
            raise TypeError(f"`inner` is {brief(inner)}, of Values; a Residual is put around layers of Tensors")
        self.inner = inner

    def forward(self, x: Any) -> Any:
        """Map `x` to the same shape.

        Raises:
            ValueError: `inner` changes the shape.
        """
        y = self.inner(x)
        x = x if isinstance(x, Tensor) else np.asarray(x)
        if x.shape != y.shape:
            raise ValueError(f"`inner` makes of shape {x.shape} shape {y.shape}; around it, the shape must stay")
        return (x if x.dtype == y.dtype else x.astype(y.dtype)) + y

    def config(self) -> dict[str, Any]:
        """Return the inner Module."""
        return {"inner": self.inner}


def _remedy(layer: Any) -> str:
    """Return a hint for an object that is not a layer."""
    if isinstance(layer, (list, tuple)):
        return ": write Sequential(*layers)"
    if isinstance(layer, type):
        return f": write {layer.__name__}()" if issubclass(layer, Module) else ""
    return f": write Activation({getattr(layer, '__name__', 'f')})" if callable(layer) else ""


class Sequential(Module):
    r"""A chain of layers, $f_n(\dots f_2(f_1(x)))$.

    Args:
        *layers: Modules in the order of their application. Their index is part of the names, as in `0.weight`.

    Raises:
        TypeError: one of them is not a Module.

    >>> from chalkgrad.nn import ReLU
    >>> model = Sequential(Linear(2, 3, rng=1), ReLU(), Linear(3, 1, rng=2))
    >>> model(np.ones((4, 2))).shape, model.num_parameters(), len(model), model[0].weight.label
    ((4, 1), 13, 3, '0.weight')
    """

    def __init__(self, *layers: Module) -> None:
        for i, layer in enumerate(layers):
            if not isinstance(layer, Module):
                raise TypeError(f"`layers[{i}]` is {layer!r:.60}, not a Module{_remedy(layer)}")
            setattr(self, str(i), layer)

    @property
    def layers(self) -> list[Module]:
        """The layers, in order."""
        return [part for name, part in vars(self).items() if name.isdigit()]

    def config(self) -> dict[str, Any]:
        """Return the layers."""
        return {"layers": self.layers}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return the chain of the layers."""
        made = cls.__new__(cls)  # also for a TensorMLP, which would make layers of its own
        Sequential.__init__(made, *config["layers"])
        return made

    def forward(self, x: Any) -> Any:
        """Return the output of the last layer for the input `x` of the first one."""
        for layer in self.layers:
            x = layer(x)
        return x

    def _stages(self) -> list[Stage]:
        return [stage for layer in self.layers for stage in layer._stages()]

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    def __getitem__(self, i: int) -> Module:
        return self.layers[i]
