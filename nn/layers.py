"""Layers on Tensors: Linear, and Sequential, which puts layers one behind the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np

from autograd import Node, Tensor

from . import init
from .module import Module
from .randomness import RandomLike, source
from .stages import Stage

__all__ = ["Linear", "Sequential", "width"]


def width(n: Any, name: str) -> int:
    """Check that a size is a whole number from 1."""
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
        raise ValueError(f"`{name}` is a whole number from 1, not {n!r}")
    return int(n)


class Linear(Module):
    r"""The layer $y = xW + b$, row by row.

    Args:
        fan_in: the width of the input.
        fan_out: the width of the output.
        bias: whether there is a $b$.
        law: from which the weights are drawn, one of `nn.init`; `glorot_uniform` if left out. The bias is 0.
        rng: a seed, a generator or None.
        dtype: float64 or float32.

    Attributes:
        weight: $W$, shape `(fan_in, fan_out)`. (PyTorch keeps $W^T$.)
        bias: $b$, shape `(fan_out,)`, or None.

    Source: Glorot and Bengio (2010) for the weights.

    >>> layer = Linear(3, 2, rng=1)
    >>> layer(np.ones((5, 3))).shape, layer
    ((5, 2), Linear(3, 2))
    """

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        *,
        bias: bool = True,
        law: init.Law = init.glorot_uniform,
        rng: RandomLike = None,
        dtype: Any = np.float64,
    ) -> None:
        self.fan_in, self.fan_out = width(fan_in, "fan_in"), width(fan_out, "fan_out")
        if not callable(law):
            raise TypeError(f"`law` is a function such as `nn.init.he_uniform`, not {law!r:.60}")
        weight = np.asarray(law(self.fan_in, self.fan_out, source(rng)))
        if weight.shape != (self.fan_in, self.fan_out):
            raise ValueError(f"`law` gave shape {weight.shape}; the weights need {(self.fan_in, self.fan_out)}")
        self.weight = Tensor(weight, dtype=dtype)
        self.bias = Tensor(np.zeros(self.fan_out), dtype=dtype) if bias else None

    def forward(self, x: Any) -> Tensor:
        """Map `x`, shape `(..., fan_in)`, to shape `(..., fan_out)`; a plain array takes the dtype of the weights.

        Raises:
            ValueError: the last axis of `x` is not `fan_in` long.
            TypeError: `x` holds something that is no real number.
        """
        if not isinstance(x, Node):
            x = self._array(x)
        if x.shape[-1:] != (self.fan_in,):
            raise ValueError(
                f"`x` has shape {x.shape}; {self!r} needs (..., {self.fan_in}): {self.fan_in} numbers in each row"
            )
        y = x @ self.weight
        return y if self.bias is None else y + self.bias

    def _stages(self) -> list[Stage]:
        return [Stage(self.weight, self.bias)]

    def _array(self, x: Any) -> Any:
        """Take plain numbers in the dtype of the weights, and lists of Values with their graph."""
        try:
            array = np.asarray(x)
        except ValueError:
            raise ValueError("`x` is a nested list whose rows differ in length") from None
        if array.dtype.kind in "iufb":
            return array.astype(self.weight.dtype, copy=False)
        if array.dtype.kind == "O" and isinstance(x, (list, tuple)):
            return Tensor(x)
        raise TypeError(f"`x` is {x!r:.40} of {array.dtype}; {self!r} needs real numbers, {self.fan_in} in each row")

    def config(self) -> dict[str, Any]:
        """Give both widths, whether there is a bias, and the dtype."""
        has_bias = self.bias is not None
        return {"fan_in": self.fan_in, "fan_out": self.fan_out, "bias": has_bias, "dtype": str(self.weight.dtype)}


def _remedy(layer: Any) -> str:
    """Say what may have been meant by something that is no layer."""
    if isinstance(layer, (list, tuple)):
        return ": write Sequential(*layers)"
    if isinstance(layer, type):
        return f": write {layer.__name__}()" if issubclass(layer, Module) else ""
    return f": write Activation({getattr(layer, '__name__', 'f')})" if callable(layer) else ""


class Sequential(Module):
    r"""Layers one behind the other: $f_n(\dots f_2(f_1(x)))$.

    Args:
        *layers: Modules; they are named by their place, as in `0.weight`.

    Raises:
        TypeError: one of them is not a Module.

    >>> from nn import ReLU
    >>> model = Sequential(Linear(2, 3, rng=1), ReLU(), Linear(3, 1, rng=2))
    >>> model(np.ones((4, 2))).shape, model.count(), len(model), model[0].weight.label
    ((4, 1), 13, 3, '0.weight')
    """

    def __init__(self, *layers: Module) -> None:
        for i, layer in enumerate(layers):
            if not isinstance(layer, Module):
                raise TypeError(f"layer {i} is {layer!r:.60}, not a Module{_remedy(layer)}")
            setattr(self, str(i), layer)

    @property
    def layers(self) -> list[Module]:
        """The layers, in order."""
        return [part for name, part in vars(self).items() if name.isdigit()]

    def config(self) -> dict[str, Any]:
        """Give the layers."""
        return {"layers": self.layers}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Put the layers one behind the other."""
        made = cls.__new__(cls)  # also for a TensorMLP, which would make layers of its own
        Sequential.__init__(made, *config["layers"])
        return made

    def forward(self, x: Any) -> Any:
        """Hand `x` through all layers."""
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
