"""The multilayer perceptron twice: of Values, one number at a time, as in micrograd, and of Tensors, row by row.

Both compute the same; each converts into the other exactly. The first is to be looked at, the second to be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np

from autograd import Node, Tensor, Value, dot

from . import init
from .activations import NAMES, Activation, Function, function_of, layer_of, linear, name_of, named, on_values
from .layers import Linear, Sequential, width
from .module import Module
from .randomness import RandomLike, source
from .stages import Stage

__all__ = ["MLP", "Layer", "Neuron", "TensorMLP"]


class Neuron(Module):
    r"""A neuron $f(b + \sum_i w_i x_i)$ of Values. Gives one Value.

    Args:
        nin: the number of inputs.
        activation: $f$: a name such as "relu", "tanh", "linear", or an elementwise function.
        rng: a seed, a generator or None.
        law: from which the weights are drawn; micrograd's $U(-1, 1)$ if left out. The bias is 0.
        nout: how many neurons stand in its layer, which some laws ask for.

    Attributes:
        w: the weights, `nin` Values.
        b: the bias.

    Source: micrograd (Karpathy, 2020).

    >>> neuron = Neuron(2, "tanh", rng=1)
    >>> neuron.w[0].data, neuron.w[1].data, neuron.b.data = 1.0, -1.0, 0.5
    >>> round(neuron([2.0, 2.0]).data, 6) == round(float(np.tanh(0.5)), 6)
    True
    """

    batched = False

    def __init__(
        self,
        nin: int,
        activation: str | Function | Activation = "relu",
        *,
        rng: RandomLike = None,
        law: init.Law = init.unit_uniform,
        nout: int = 1,
    ) -> None:
        self.activation = function_of(activation)
        weights = law(width(nin, "nin"), nout, source(rng), (nin,))
        self.w = [Value(weight, f"w[{i}]") for i, weight in enumerate(weights.tolist())]
        self.b = Value(0.0, "b")

    def forward(self, x: Any) -> Value:
        """Map `x`, `nin` numbers or Values, to a Value."""
        return self._fire(_values(x, len(self.w), self))

    def _fire(self, x: list[Any]) -> Value:
        return on_values(self.activation)(dot(self.w, x, self.b))

    def config(self) -> dict[str, Any]:
        """Give the number of inputs and the activation."""
        return {"nin": len(self.w), "activation": named(self.activation)}

    def _stages(self) -> list[Stage]:
        return _stages_of([self])

    def shapes(self) -> str:
        """Say the number of weights."""
        return f"{len(self.w)} weights, 1 bias"

    def outputs(self, X: Any) -> np.ndarray:
        """Give the outputs for all rows of `X` as a plain array, shape `(n,)`."""
        return np.asarray(self.activation(_linear_of([self]).outputs(X)))[..., 0]


class Layer(Module):
    """Neurons side by side. Gives a list with the Value of each, also where there is only one.

    Args:
        nin: the number of inputs.
        nout: the number of neurons.
        activation, rng, law: as for `Neuron`.

    >>> layer = Layer(2, 3, rng=1)
    >>> layer, len(layer([1.0, 2.0])), len(Layer(2, 1)([1.0, 2.0]))
    (Layer(2, 3, relu), 3, 1)
    """

    batched = False

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: str | Function | Activation = "relu",
        *,
        rng: RandomLike = None,
        law: init.Law = init.unit_uniform,
    ) -> None:
        rng, nout = source(rng), width(nout, "nout")
        self.neurons = [Neuron(nin, activation, rng=rng, law=law, nout=nout) for _ in range(nout)]
        self._name("")

    def _name(self, number: str) -> None:
        """Label the weights by their place, as in the matrix of a Linear layer, but row by neuron: `w2[3,0]`."""
        for j, neuron in enumerate(self.neurons):
            neuron.b.label = f"b{number}[{j}]"
            for i, weight in enumerate(neuron.w):
                weight.label = f"w{number}[{j},{i}]"

    @property
    def nin(self) -> int:
        """Number of inputs."""
        return len(self.neurons[0].w)

    @property
    def activation(self) -> Function:
        """The activation of its neurons."""
        return self.neurons[0].activation

    def forward(self, x: Any) -> list[Value]:
        """Map `x`, `nin` numbers or Values, to a list of `nout` Values."""
        x = _values(x, self.nin, self)
        return [neuron._fire(x) for neuron in self.neurons]

    def config(self) -> dict[str, Any]:
        """Give both widths and the activation."""
        return {"nin": self.nin, "nout": len(self.neurons), "activation": named(self.activation)}

    def __repr__(self) -> str:
        return f"Layer({self._arguments()})"

    def _stages(self) -> list[Stage]:
        return _stages_of(self.neurons)

    def outputs(self, X: Any) -> np.ndarray:
        """Give the outputs for all rows of `X` as a plain array, shape `(n, nout)`."""
        return np.asarray(self.activation(_linear_of(self.neurons).outputs(X)))


class MLP(Module):
    """A multilayer perceptron of Values in micrograd's shape; its last layer is linear.

    It gives a list with one Value per output, **also where there is one output**, so that what comes back does not
    depend on the width: write `(score,) = model(x)` or `model(x)[0]`. (micrograd gives a bare Value there.)

    Args:
        nin: the number of inputs.
        nouts: the widths of the layers.
        activation: of all layers but the last: a name such as "relu" or "tanh", or an elementwise function.
        rng: a seed, a generator or None. `random.Random(1337)` gives the weights that micrograd draws after
            `random.seed(1337)`.
        law: from which the weights are drawn; micrograd's $U(-1, 1)$ if left out. The biases are 0.

    Source: micrograd (Karpathy, 2020).

    >>> model = MLP(2, [16, 16, 1], rng=1)
    >>> model
    MLP(2, [16, 16, 1], relu; 337 parameters)
    >>> (score,) = model([0.5, -1.0])
    >>> score.backward()
    """

    batched = False

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: str | Function | Activation = "relu",
        *,
        rng: RandomLike = None,
        law: init.Law = init.unit_uniform,
    ) -> None:
        rng, sizes = source(rng), _sizes(nin, nouts)
        activations = [activation] * (len(sizes) - 2) + [linear]
        self._take(
            Layer(n, m, f, rng=rng, law=law) for (n, m), f in zip(pairwise(sizes), activations, strict=True)
        )

    def _take(self, layers: Iterable[Layer]) -> None:
        self.layers = list(layers)
        for k, layer in enumerate(self.layers, start=1):
            layer._name(str(k))

    def forward(self, x: Any) -> list[Value]:
        """Map `x`, `nin` numbers or Values, to a list of `nouts[-1]` Values.

        Raises:
            ValueError: `x` does not have `nin` elements, or is a whole batch.
        """
        x = _values(x, self.layers[0].nin, self)
        for layer in self.layers:
            x = [neuron._fire(x) for neuron in layer.neurons]
        return x

    def config(self) -> dict[str, Any]:
        """Give the layers."""
        return {"layers": self.layers}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Put the layers one behind the other."""
        layers = config["layers"]
        if not layers or not all(isinstance(layer, Layer) for layer in layers):
            raise TypeError(f"`layers` of an MLP are one or more of Layer, not {layers!r:.60}")
        made = cls.__new__(cls)
        made._take(layers)
        return made

    def __repr__(self) -> str:
        nouts = [len(layer.neurons) for layer in self.layers]
        name = name_of(self.layers[0].activation)
        return f"MLP({self.layers[0].nin}, {nouts}, {name}; {self.count()} parameters)"

    def _rows(self) -> list[tuple[str, str, str, int]]:
        return [
            (f"layers.{k}", repr(layer), f"{len(layer.neurons)} × ({layer.nin} weights, 1 bias)", layer.count())
            for k, layer in enumerate(self.layers)
        ]

    def _stages(self) -> list[Stage]:
        return [stage for layer in self.layers for stage in layer._stages()]

    def outputs(self, X: Any) -> np.ndarray:
        """Give the outputs for all rows of `X` as a plain array, shape `(n, nouts[-1])`: computed as a tensor MLP."""
        return self.to_tensors().outputs(X)

    def to_tensors(self) -> TensorMLP:
        """Make the tensor MLP with the same numbers: equal outputs and gradients, but for rounding.

        Raises:
            ValueError: the neurons of a layer differ in activation.

        >>> model = MLP(2, [3, 1], "tanh", rng=1)
        >>> x = [0.5, -1.0]
        >>> abs(model.to_tensors()(x).item() - model(x)[0].data) < 1e-12
        True
        """
        layers: list[Module] = []
        for k, layer in enumerate(self.layers):
            if any(neuron.activation != layer.activation for neuron in layer.neurons):
                raise ValueError(f"the neurons of layer {k} differ in activation; a layer of Tensors has one for all")
            layers.append(_linear_of(layer.neurons))
            if layer.activation is not linear:
                layers.append(layer_of(layer.activation))
        return TensorMLP.from_config({"layers": layers})

    @classmethod
    def from_tensors(cls, model: Sequential) -> MLP:
        """Make the scalar MLP of a Sequential of Linear layers, each with an activation behind it or none.

        Raises:
            TypeError: `model` is no Sequential.
            ValueError: there is another layer in it, or an activation in a place where none can be.
        """
        if not isinstance(model, Sequential):
            raise TypeError(f"`model` is a Sequential of Linear layers, or a TensorMLP, not {model!r:.60}")
        layers: list[Layer] = []
        parts = list(model)
        for i, part in enumerate(parts):
            if isinstance(part, Linear):
                behind = parts[i + 1] if i + 1 < len(parts) else None
                layers.append(_layer_of(part, behind if isinstance(behind, Activation) else None))
            elif not isinstance(part, Activation) or i == 0 or not isinstance(parts[i - 1], Linear):
                raise ValueError(
                    f"layer {i}, {part!r:.60}, has no counterpart in a scalar MLP: that is made of Linear layers, "
                    "each with at most one activation behind it"
                )
        if not layers:
            raise ValueError("`model` has no Linear layer")
        return cls.from_config({"layers": layers})


class TensorMLP(Sequential):
    """A multilayer perceptron of Tensors: Linear layers with activations between them; the last is linear.

    Args:
        nin: the number of inputs.
        nouts: the widths of the layers.
        activation: between the layers: a name such as "relu" or "tanh", or an elementwise function.
        rng: a seed, a generator or None.
        law: from which the weights are drawn; if left out, `he_uniform` for ReLU and its kin, else
            `glorot_uniform`. The biases are 0.
        dtype: float64 or float32.

    >>> model = TensorMLP(2, [16, 16, 1], rng=1)
    >>> model(np.zeros((100, 2))).shape, model.count()
    ((100, 1), 337)
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: str | Function | Activation = "relu",
        *,
        rng: RandomLike = None,
        law: init.Law | None = None,
        dtype: Any = np.float64,
    ) -> None:
        rng, sizes, function = source(rng), _sizes(nin, nouts), function_of(activation)
        law = law or (init.he_uniform if function in _RECTIFIERS else init.glorot_uniform)
        layers: list[Module] = []
        for n, m in pairwise(sizes):
            if layers and function is not linear:
                layers.append(layer_of(function))
            layers.append(Linear(n, m, law=law, rng=rng, dtype=dtype))
        super().__init__(*layers)

    def to_values(self) -> MLP:
        """Make the scalar MLP with the same numbers: equal outputs and gradients, but for rounding.

        >>> TensorMLP(2, [3, 1], "tanh", rng=1).to_values()
        MLP(2, [3, 1], tanh; 13 parameters)
        """
        return MLP.from_tensors(self)


_RECTIFIERS = [NAMES[name] for name in ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus")]


def _sizes(nin: Any, nouts: Any) -> list[int]:
    """List all widths, from the input on."""
    if not isinstance(nouts, (Sequence, np.ndarray)) or isinstance(nouts, str) or not len(nouts):
        raise ValueError(f"`nouts` is a list of the widths of the layers, such as [16, 16, 1], not {nouts!r}")
    return [width(nin, "nin"), *(width(n, "nouts") for n in nouts)]


def _values(x: Any, nin: int, model: Module) -> list[Any]:
    """Take one point, as Values; numbers become constants, labelled `x[0]`, `x[1]` and so on."""
    if isinstance(x, Tensor):
        x = x.to_values()
    elif isinstance(x, np.ndarray):
        x = x.tolist()
    if isinstance(x, (Node, float, int, str)) or not isinstance(x, Iterable):
        raise TypeError(f"`x` is one point, {nin} numbers or Values in a list or an array, not {x!r:.60}")
    x = list(x)
    if x and isinstance(x[0], (list, tuple, np.ndarray, Tensor)):
        raise ValueError(
            f"`x` is a batch of {len(x)} points; {model!r:.60} takes one point, {nin} numbers, at a time: "
            "write `[model(row) for row in x]`, or use `model.to_tensors()`"
        )
    if len(x) != nin:
        raise ValueError(f"`x` has {len(x)} elements; {model!r:.60} needs {nin}")
    return [
        number if isinstance(number, Value) else Value(number, f"x[{i}]", requires_grad=False)
        for i, number in enumerate(x)
    ]


def _stages_of(neurons: list[Neuron]) -> list[Stage]:
    """Tell what a row of neurons does, with the weights as a Linear layer has them."""
    weight = [list(column) for column in zip(*(neuron.w for neuron in neurons), strict=True)]
    functions = [neuron.activation for neuron in neurons]
    named = "" if functions[0] is linear else name_of(functions[0])
    stage = Stage(weight, [neuron.b for neuron in neurons], functions[0], named)
    if any(function != functions[0] for function in functions):
        stage.name = "several functions"
        stage.function = lambda rows: np.stack([f(x) for f, x in zip(functions, rows.T, strict=True)], axis=-1)
    return [stage]


def _linear_of(neurons: list[Neuron]) -> Linear:
    """Make the Linear layer with the weights and biases of a row of neurons."""
    made = Linear(len(neurons[0].w), len(neurons), law=init.zeros)
    weight = np.array([[w.data for w in neuron.w] for neuron in neurons]).T
    made.load_state_dict({"weight": weight, "bias": [neuron.b.data for neuron in neurons]})
    return made


def _layer_of(part: Linear, behind: Activation | None) -> Layer:
    """Make the row of neurons with the weights and biases of a Linear layer."""
    made = Layer(part.fan_in, part.fan_out, linear if behind is None else behind, law=init.zeros)
    biases = np.zeros(part.fan_out) if part.bias is None else part.bias.data
    for neuron, weights, bias in zip(made.neurons, part.weight.data.T.tolist(), biases.tolist(), strict=True):
        neuron.b.data = bias
        for w, weight in zip(neuron.w, weights, strict=True):
            w.data = weight
    return made
