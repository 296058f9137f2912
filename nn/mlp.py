"""Multilayer perceptrons: `MLP` of Values, as in micrograd, for study; and `TensorMLP` of Tensors, for use.

Both compute the same function, and each converts exactly into the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autograd import Tensor, Value

from . import init
from .arguments import count, within
from .diagram import Stage
from .layers.activations import NAMES, Activation, Function, PReLU, function_of, layer_of, linear, name_of
from .layers.layers import Linear, Sequential
from .layers.neurons import Layer as Layer
from .layers.neurons import Neuron as Neuron
from .layers.neurons import _OfValues, fired, is_rewritten, layer_from
from .layers.noise import Dropout
from .module import Module, brief
from .randomness import RandomLike, seed, source


class MLP(_OfValues):
    r"""A multilayer perceptron of Values as in micrograd, $h_k = f(b_k + W_k h_{k-1})$. Its last layer is linear.

    It returns a list with one Value per output, **also for a single output**: write `(score,) = model(x)` or
    `model(x)[0]`. (micrograd returns a Value without a list in this case.)

    Args:
        nin: the number of inputs.
        nouts: the widths of the layers.
        activation: the activation of all layers but the last: a name such as "relu" or "tanh", a function, or a layer
            such as `PReLU`.
        rng: a seed, a generator or None. `random.Random(1337)` gives the weights that micrograd draws after
            `random.seed(1337)`.
        initializer: the initializer of the weights, one of `nn.init` or its name; the default is micrograd's
            $U(-1, 1)$. The biases start at 0.
        dropout: the rate of dropout after each layer but the last, in training.

    Raises:
        ValueError, TypeError: an argument is invalid.

    Source: micrograd (Karpathy, 2020).

    >>> model = MLP(2, [16, 16, 1], rng=1)
    >>> model
    MLP(2, [16, 16, 1], relu; 337 parameters)
    >>> (score,) = model([0.5, -1.0])
    >>> score.backward()
    """

    if TYPE_CHECKING:

        def __call__(self, x: Any) -> list[Value]: ...

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: str | Function = "relu",
        *,
        rng: RandomLike = None,
        initializer: str | init.Initializer = init.unit_uniform,
        dropout: float = 0.0,
    ) -> None:
        rng, sizes = source(rng), _sizes(nin, nouts)
        *hidden, last = pairwise(sizes)
        layers = [Layer(n, m, activation, rng=rng, initializer=initializer, dropout=dropout) for n, m in hidden]
        self._take([*layers, Layer(*last, linear, rng=rng, initializer=initializer)])

    def _take(self, layers: Iterable[Layer]) -> None:
        self.layers = list(layers)
        for k, layer in enumerate(self.layers, start=1):
            layer._name(str(k))

    _nin = property(lambda self: self.layers[0].nin)

    def _fire(self, x: list[Any]) -> list[Value]:
        for layer in self.layers:
            x = fired(layer, x)
        return x

    def config(self) -> dict[str, Any]:
        """Return the layers."""
        return {"layers": self.layers}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return the MLP with the given layers."""
        layers = config["layers"]
        if not layers or not all(isinstance(layer, Layer) for layer in layers):
            raise TypeError(f"`layers` of an MLP are one or more of Layer, not {layers!r:.60}")
        made = cls.__new__(cls)
        made._take(layers)
        return made

    def __repr__(self) -> str:
        nouts = [len(layer.neurons) for layer in self.layers]
        name = name_of(self.layers[0].activation)
        return f"MLP({self._nin}, {nouts}, {name}; {self.num_parameters()} parameters)"

    def _rows(self) -> list[tuple[str, str, str, int]]:
        rows = enumerate(self.layers)
        return [(f"layers.{k}", repr(layer), layer.shapes(), layer.num_parameters()) for k, layer in rows]

    def _stages(self) -> list[Stage]:
        return [stage for layer in self.layers for stage in layer._stages()]

    def _tensor_layers(self) -> list[Module]:
        return [part for layer in self.layers for part in layer._tensor_layers()]

    def to_tensors(self) -> TensorMLP:
        """Return the TensorMLP with the same weights. Outputs and gradients are equal up to rounding.

        Raises:
            ValueError: the neurons of a layer have different activations; or the net, a layer or a neuron has a
                user-defined `forward`, which cannot be converted.

        >>> model = MLP(2, [3, 1], "tanh", rng=1)
        >>> x = [0.5, -1.0]
        >>> abs(model.to_tensors()(x).item() - model(x)[0].data) < 1e-12
        True
        """
        if is_rewritten(self):
            raise ValueError("this net of Values has a `forward` of its own: no tensor MLP computes the same")
        return TensorMLP.from_config({"layers": self._tensor_layers()})

    @classmethod
    def from_tensors(cls, model: Sequential) -> MLP:
        """Return the scalar MLP for a Sequential of Linear layers, each with an optional activation and Dropout.

        Raises:
            TypeError: `model` is not a Sequential.
            ValueError: a layer has another type, or the order of the layers is different.
        """
        if not isinstance(model, Sequential):
            raise TypeError(f"`model` is a Sequential of Linear layers, or a TensorMLP, not {brief(model)}")
        rows: list[list[Any]] = []  # of each layer: Linear, activation, dropout
        for i, part in enumerate(model):
            if isinstance(part, Linear):
                rows.append([part, linear, None])
            elif rows and isinstance(part, Activation) and rows[-1][1:] == [linear, None]:
                rows[-1][1] = part
            elif rows and isinstance(part, Dropout) and rows[-1][2] is None:
                rows[-1][2] = part
            else:
                raise ValueError(
                    f"layer {i}, {part!r:.60}, has no counterpart in a scalar MLP: that is made of Linear layers, "
                    "each with at most one activation behind it, and at most one Dropout behind that"
                )
        if not rows:
            raise ValueError("`model` has no Linear layer")
        return cls.from_config({"layers": [layer_from(*row) for row in rows]})


class TensorMLP(Sequential):
    r"""A multilayer perceptron of Tensors, $H_k = f(H_{k-1} W_k + b_k)$ for rows of inputs. Its last layer is linear.

    Args:
        nin: the number of inputs.
        nouts: the widths of the layers.
        activation: the activation of all layers but the last: a name such as "relu" or "tanh", a function, or a layer
            such as `PReLU`.
        rng: a seed, a generator or None.
        initializer: the initializer of the weights, one of `nn.init` or its name. The default is `he_uniform` for ReLU
            and similar functions, else `glorot_uniform`. The biases start at 0.
        dropout: the rate of dropout after each layer but the last, in training.
        dtype: float64 or float32.

    Raises:
        ValueError, TypeError: an argument is invalid.

    Source: Rumelhart, Hinton and Williams (1986).

    >>> model = TensorMLP(2, [16, 16, 1], rng=1)
    >>> model(np.zeros((100, 2))).shape, model.num_parameters()
    ((100, 1), 337)
    """

    if TYPE_CHECKING:

        def __call__(self, x: Any) -> Tensor: ...

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: str | Function = "relu",
        *,
        rng: RandomLike = None,
        initializer: str | init.Initializer | None = None,
        dropout: float = 0.0,
        dtype: Any = np.float64,
    ) -> None:
        rng, sizes, function = source(rng), _sizes(nin, nouts), function_of(activation)
        if initializer is None:
            rectifies = function in RECTIFIERS or isinstance(function, PReLU)
            initializer = init.he_uniform if rectifies else init.glorot_uniform
        layers: list[Module] = []
        for n, m in pairwise(sizes):
            if layers and function is not linear:
                layers.append(layer_of(function))
            if within(dropout, "dropout", 0.0, 1.0) and layers:
                layers.append(Dropout(dropout, rng=seed(rng)))
            layers.append(Linear(n, m, initializer=initializer, rng=rng, dtype=dtype))
        super().__init__(*layers)

    def to_values(self) -> MLP:
        """Return the scalar MLP with the same weights. Outputs and gradients are equal up to rounding.

        Raises:
            ValueError: a layer has no counterpart in a scalar MLP.

        >>> TensorMLP(2, [3, 1], "tanh", rng=1).to_values()
        MLP(2, [3, 1], tanh; 13 parameters)
        """
        return MLP.from_tensors(self)


RECTIFIERS = [NAMES[name] for name in ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus")]


def _sizes(nin: Any, nouts: Any) -> list[int]:
    """List all widths, from the input on."""
    listed = isinstance(nouts, Sequence) or (isinstance(nouts, np.ndarray) and nouts.ndim == 1)
    if not listed or isinstance(nouts, (str, bytes)) or not len(nouts):
        raise ValueError(f"`nouts` is a list of the widths of the layers, such as [16, 16, 1], not {nouts!r}")
    return [count(nin, "nin"), *(count(n, "nouts") for n in nouts)]
