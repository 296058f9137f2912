"""Neurons of Values, and layers of them, for study. Each converts exactly into layers of Tensors."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Node, Tensor, Value, dot

from .. import init
from ..arguments import count, within
from ..diagram import Stage
from ..module import Module, brief
from ..randomness import RandomLike, seed, source
from .activations import Function, PReLU, function_of, is_of_rows, layer_of, linear, name_of, named, on_values
from .layers import Linear, Sequential
from .noise import Dropout


class _OfValues(Module):
    """The base class of nets of Values. They take one point at a time, and convert into layers of Tensors.

    A subclass defines `_fire`, from the Values of a point to the outputs. The attributes describe one layer: its
    `neurons`, followed by an activation of the whole row (`rows`) and by `dropout`.
    """

    batched = False
    neurons: Any
    rows: Function | None = None
    dropout: Dropout | None = None
    _nin: Any = property(lambda self: len(self.neurons[0].w))  # the number of inputs; a subclass may have a `nin`
    _fire: Any

    def forward(self, x: Any) -> Any:
        """Return the output for `x`, `nin` numbers or Values: one Value for a neuron, else a list of Values.

        Raises:
            ValueError: `x` does not have `nin` elements, or is a whole batch.
        """
        return self._fire(point(x, self._nin, self))

    def outputs(self, X: Any) -> np.ndarray:
        """Return the outputs for all rows of `X` as a plain array, shape `(n, nout)`; of a neuron, shape `(n,)`."""
        if is_rewritten(self):
            return super().outputs(X)
        return Sequential(*self._tensor_layers()).outputs(X)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._arguments()})"

    def _shared(self) -> Function:
        """Return the activation that all neurons have."""
        if any(neuron.activation != self.neurons[0].activation for neuron in self.neurons):
            raise ValueError("the neurons of a layer differ in activation; a layer has one for all")
        return self.neurons[0].activation

    def _stages(self) -> list[Stage]:
        weight = [list(column) for column in zip(*(neuron.w for neuron in self.neurons), strict=True)]
        function = self._shared()
        name = "" if function is linear else name_of(function)
        stages = [Stage(weight, [neuron.b for neuron in self.neurons], function, name)]
        return stages if self.rows is None else [*stages, Stage(function=self.rows, name=name_of(self.rows))]

    def _tensor_layers(self) -> list[Module]:
        """Make the layers that do the same: Linear, activation, dropout; an array is frozen where all its parts are."""
        made: Any = Linear(self._nin, len(self.neurons), initializer=init.zeros, rng=0)  # no entropy is drawn for zeros
        weight = np.array([[w.data for w in neuron.w] for neuron in self.neurons]).T
        made.load_state_dict({"weight": weight, "bias": [neuron.b.data for neuron in self.neurons]})
        made.weight.requires_grad = any(w.requires_grad for neuron in self.neurons for w in neuron.w)
        made.bias.requires_grad = any(neuron.b.requires_grad for neuron in self.neurons)
        function = self.rows or self._shared()
        layers = [made] if function is linear else [made, layer_of(function)]
        return layers if self.dropout is None else [*layers, copy.copy(self.dropout)]


class Neuron(_OfValues):
    r"""A neuron of Values that returns the Value $f(b + \sum_i w_i x_i)$.

    Args:
        nin: the number of inputs.
        activation: $f$: a name such as "relu", "tanh", "linear", or an elementwise function, or `PReLU`.
        rng: a seed, a generator or None.
        initializer: the initializer of the weights, one of `nn.init` or its name; the default is micrograd's
            $U(-1, 1)$. The bias starts at 0.

    Attributes:
        w: the weights, `nin` Values.
        b: the bias.

    Raises:
        ValueError: `nin` is not an integer from 1, or `activation` is unknown or works on a whole row.

    Source: micrograd (Karpathy, 2020).

    >>> neuron = Neuron(2, "tanh", rng=1)
    >>> neuron.w[0].data, neuron.w[1].data, neuron.b.data = 1.0, -1.0, 0.5
    >>> round(neuron([2.0, 2.0]).data, 6) == round(float(np.tanh(0.5)), 6)
    True
    """

    if TYPE_CHECKING:

        def __call__(self, x: Any) -> Value: ...

    def __init__(
        self,
        nin: int,
        activation: str | Function = "relu",
        *,
        rng: RandomLike = None,
        initializer: str | init.Initializer = init.unit_uniform,
    ) -> None:
        self.activation = function_of(activation)
        if is_of_rows(self.activation):
            raise ValueError(f"`activation` {name_of(self.activation)} is of a whole row: give it to a Layer")
        if isinstance(self.activation, PReLU) and isinstance(self.activation.slope, Tensor):
            self.activation = self.activation.copied(Value)
        nin = count(nin, "nin")
        weights = init.weights(initializer, nin, 1, rng, (nin,))
        self.w = [Value(weight, f"w[{i}]") for i, weight in enumerate(weights.tolist())]
        self.b = Value(0.0, "b")

    neurons = property(lambda self: [self])

    def _fire(self, x: list[Any]) -> Value:
        return on_values(self.activation)(dot(self.w, x, self.b))

    def config(self) -> dict[str, Any]:
        """Return the number of inputs and the activation."""
        return {"nin": len(self.w), "activation": named(self.activation)}

    def shapes(self) -> str:
        """Return the number of weights."""
        return f"{len(self.w)} weights, 1 bias"

    def outputs(self, X: Any) -> np.ndarray:
        """Return the outputs for all rows of `X` as a plain array, shape `(n,)`."""
        out = super().outputs(X)
        return out if is_rewritten(self) else out[..., 0]


class Layer(_OfValues):
    r"""A layer of neurons that returns a list of Values, $y_j = f(b_j + \sum_i w_{ji} x_i)$, also for one neuron.

    Args:
        nin: the number of inputs.
        nout: the number of neurons.
        activation, rng, initializer: as for `Neuron`. The weights of all neurons are drawn together, and the
            activation can work on the whole row, such as "softmax".
        dropout: the rate of dropout after the activation, in training; 0 for none.

    Attributes:
        neurons: the neurons.
        dropout: the layer `Dropout`, or None.

    Raises:
        ValueError: a width is no whole number from 1, `activation` is unknown, or `dropout` is out of its range.

    Source: micrograd (Karpathy, 2020).

    >>> layer = Layer(2, 3, rng=1)
    >>> layer, len(layer([1.0, 2.0])), len(Layer(2, 1)([1.0, 2.0]))
    (Layer(2, 3, relu), 3, 1)
    """

    if TYPE_CHECKING:

        def __call__(self, x: Any) -> list[Value]: ...

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: str | Function = "relu",
        *,
        rng: RandomLike = None,
        initializer: str | init.Initializer = init.unit_uniform,
        dropout: float | Dropout = 0.0,
    ) -> None:
        rng, nin, nout, function = source(rng), count(nin, "nin"), count(nout, "nout"), function_of(activation)
        self.rows = function if is_of_rows(function) else None
        shared = function.copied(Value) if isinstance(function, PReLU) else linear if self.rows else function
        drawn = init.weights(initializer, nin, nout, rng, (nout, nin))
        self.neurons = [Neuron(nin, shared, initializer=lambda *_, w=w: w) for w in drawn]
        self.dropout: Dropout | None = dropout if isinstance(dropout, Dropout) else None
        if not isinstance(dropout, Dropout) and within(dropout, "dropout", 0.0, 1.0):
            self.dropout = Dropout(dropout, rng=seed(rng))
        self._name("")

    def _name(self, number: str) -> None:
        """Label the weights by layer, neuron and input, such as `w2[3,0]`."""
        for j, neuron in enumerate(self.neurons):
            neuron.b.label = f"b{number}[{j}]"
            for i, weight in enumerate(neuron.w):
                weight.label = f"w{number}[{j},{i}]"

    nin = property(lambda self: self._nin, doc="Number of inputs.")

    @property
    def activation(self) -> Function:
        """The activation of its neurons, or of the whole row."""
        return self.rows or self.neurons[0].activation

    def _fire(self, x: list[Any]) -> list[Value]:
        out = [fired(neuron, x) for neuron in self.neurons]
        if self.rows is not None:
            out = self.rows(Tensor(out)).to_values()
        return out if self.dropout is None else self.dropout(out)

    def config(self) -> dict[str, Any]:
        """Return both widths, the activation, and dropout where there is some."""
        activation = named(self.rows or self._shared())
        own = {"nin": self.nin, "nout": len(self.neurons), "activation": activation}
        return own if self.dropout is None else {**own, "dropout": self.dropout}

    def shapes(self) -> str:
        """Return the number of weights, and of learned slopes."""
        slope = ", 1 slope" if isinstance(self.activation, PReLU) else ""
        return f"{len(self.neurons)} × ({self.nin} weights, 1 bias){slope}"


_WRITTEN = (_OfValues.forward, Module.__call__)
"""How nets of Values compute, as it is written here."""


def fired(part: Any, x: list[Any]) -> Any:
    """Return the output of a neuron or layer for a point, from its own `forward` if a subclass defines one."""
    return part(x) if _has_own_forward(part) else part._fire(x)


def _has_own_forward(part: Any) -> bool:
    return "forward" in vars(part) or (type(part).forward, type(part).__call__) != _WRITTEN


def is_rewritten(model: Module) -> bool:
    """Return whether a net of Values contains a user-defined `forward`, which cannot be converted into Tensors."""
    parts = [part for _, part in model.named_modules() if isinstance(part, _OfValues)]
    return any(map(_has_own_forward, parts))


def point(x: Any, nin: int, model: Module) -> list[Any]:
    """Return one point as Values. Numbers become constants with the labels `x[0]`, `x[1]` and so on."""
    if isinstance(x, Tensor):
        x = x.to_values()
    elif isinstance(x, np.ndarray):
        x = x.tolist()
    if isinstance(x, (Node, float, int, str)) or not isinstance(x, Iterable):
        raise TypeError(f"`x` is one point, {nin} numbers or Values in a list or an array, not {x!r:.60}")
    x = list(x)
    if x and isinstance(x[0], (list, tuple, np.ndarray, Tensor)):
        raise ValueError(
            f"`x` is a batch of {len(x)} points; {brief(model)} takes one point, {nin} numbers, at a time: "
            "write `[model(row) for row in x]`, or use `model.to_tensors()`"
        )
    if len(x) != nin:
        raise ValueError(f"`x` has {len(x)} elements; {brief(model)} needs {nin}")
    return [
        number if isinstance(number, Value) else Value(number, f"x[{i}]", requires_grad=False)
        for i, number in enumerate(x)
    ]


def layer_from(part: Linear, activation: Function = linear, dropout: Dropout | None = None) -> Layer:
    """Return the layer of neurons with the weights and biases of a Linear layer, its activation and its dropout.

    Raises:
        ValueError: the layer has a mask.
    """
    if part.mask is not None:
        raise ValueError("a Linear layer with a mask has no counterpart in Values: each neuron has all its inputs")
    made = Layer(part.fan_in, part.fan_out, activation, initializer=init.zeros)
    made.dropout = copy.copy(dropout)
    biases = np.zeros(part.fan_out) if part.bias is None else part.bias.data
    for neuron, weights, bias in zip(made.neurons, part.weight.data.T.tolist(), biases.tolist(), strict=True):
        neuron.b.data = bias
        neuron.b.requires_grad = part.bias is None or part.bias.requires_grad
        for w, weight in zip(neuron.w, weights, strict=True):
            w.data = weight
            w.requires_grad = part.weight.requires_grad
    return made
