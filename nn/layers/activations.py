"""Activations: the functions of the table of primitives as layers, and by name.

A new elementwise primitive is an activation at once: `Activation(chalkgrad.sin)`, or "sin". Those that have a class of
their own are made by one line each, below; only PReLU, which learns, is written out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor, Value

from ..arguments import cast, found
from ..data.arrays import node_or_floats, plain_array
from ..diagram import Stage
from ..module import Module

__all__ = [
    "ELU", "GELU", "NAMES", "Abs", "Activation", "Identity", "LeakyReLU", "LogSoftmax", "PReLU", "ReLU", "SiLU",
    "Sigmoid", "Sign", "Softmax", "Softplus", "Step", "Tanh", "function_of", "is_of_rows", "layer_of", "linear",
    "name_of", "named", "on_values",
]  # fmt: skip

Function = Callable[..., Any]


def linear(x: Any) -> Any:
    """Return `x` as it is: no activation.

    >>> linear(3.0)
    3.0
    """
    return x


def function_of(activation: Any) -> Function:
    """Return the function that an argument `activation` means: a name, a function, or a layer.

    Raises:
        ValueError: there is no activation of that name.
        TypeError: it is neither a name nor a function.

    >>> function_of("tanh")
    tanh
    """
    if isinstance(activation, str):
        activation = PReLU() if activation == "prelu" else _known(activation) or activation
    elif any(activation is layer for layer in (*_LAYERS, PReLU)):  # the class ReLU for the layer ReLU()
        activation = activation()
    if isinstance(activation, Activation):
        return activation if activation.settings or isinstance(activation, PReLU) else activation.function
    if isinstance(activation, Module):
        raise TypeError(f"`activation` is a name or an elementwise function, such as 'relu', not {activation!r:.60}")
    other = "'prelu', the name of another elementwise function of one number, such as 'sin', or such a function"
    return found(activation, NAMES, "activation", other)


def _known(name: str) -> Function | None:
    """Look for a name among `NAMES`, then among the elementwise primitives of one number."""
    primitive = ag.TABLE.get(name)
    fits = primitive is not None and primitive.elementwise and primitive.arity == 1 + len(primitive.defaults)
    return NAMES.get(name, primitive if fits else None)


def name_of(function: Function) -> str:
    """Return the name of a function, for a repr.

    >>> name_of(ag.relu), name_of(LeakyReLU(slope=0.1))
    ('relu', 'LeakyReLU(slope=0.1)')
    """
    return getattr(function, "__name__", "") or repr(function)


def named(function: Function) -> Any:
    """Return what an argument `activation` may be to mean this function: a name where there is one.

    >>> named(ag.relu), named(ag.sin), named(print)
    ('relu', 'sin', <built-in function print>)
    """
    name = name_of(function)
    return name if _known(name) is function else function


def on_values(function: Function) -> Function:
    """Return the faster form of a function: the method of `Value` of a primitive, and `forward` of a layer.

    >>> on_values(ag.tanh) is Value.tanh, on_values(linear) is linear
    (True, True)
    """
    if isinstance(function, Activation):
        return function.forward
    name = getattr(function, "name", None)
    return getattr(ag.Value, name, function) if name and ag.TABLE.get(name) is function else function


def is_of_rows(function: Function) -> bool:
    """Return whether a function, such as `softmax`, is one of a whole row and not of each number.

    >>> is_of_rows(ag.softmax), is_of_rows(ag.tanh)
    (True, False)
    """
    function = function.function if isinstance(function, Activation) else function
    return any(function is f for f in (ag.softmax, ag.log_softmax))


class Activation(Module):
    r"""The layer $y = f(x)$, element by element, of an elementwise function of the library.

    Args:
        function: its name (one of `NAMES`), or the function, such as `chalkgrad.sin`.
        **settings: the function's own, such as `slope` of `leaky_relu`.

    Raises:
        ValueError, TypeError: as `function_of`, or there is no such setting.

    >>> from chalkgrad import autograd as ag
    >>> Activation(ag.sin)(ag.Tensor([0.0, 1.0])).data.round(3)
    array([0.   , 0.841])
    """

    def __init__(self, function: str | Function, **settings: float) -> None:
        self.function = function_of(function)
        if isinstance(self.function, PReLU):
            raise TypeError("`function` is PReLU, which has a parameter: use the layer itself, PReLU()")
        _, *known = inspect.signature(self.function).parameters
        if unknown := settings.keys() - set(known):
            has = f"its settings: {', '.join(known)}" if known else "it has no settings"
            raise TypeError(f"{name_of(self.function)} got an unknown setting `{min(unknown)}`; {has}")
        self.settings = settings

    def forward(self, x: Any) -> Any:
        """Apply the function; the shape stays."""
        if not self.settings:
            return self.function(x)
        bound = inspect.signature(self.function).bind(x, **self.settings)
        bound.apply_defaults()
        return self.function(*bound.args, **bound.kwargs)

    def config(self) -> dict[str, Any]:
        """Return the settings, and the function where the class does not."""
        return {**({"function": named(self.function)} if type(self) is Activation else {}), **self.settings}


def _layer(name: str, function: Function, source: str = "") -> Any:
    """Make the class of layers with one function of the table."""

    def __init__(self: Activation, **settings: Any) -> None:
        Activation.__init__(self, function, **settings)

    equation, _, example = (inspect.getdoc(function) or "").partition("\n>>>")
    reach = "along an axis, the last if left out" if is_of_rows(function) else "element by element"
    text, mark, origin = (equation.rstrip() + source).partition("\n\nSource: ")
    text, _, errors = text.partition("\n\nRaises:\n")
    doc = f"The layer of `{name_of(function)}`, {reach}; the shape stays.\n\n{text}"
    doc += f"\n\nRaises:\n    TypeError: the function has no such setting.\n{errors}".rstrip() + mark + origin
    doc += f"\n\n>>>{example}".replace(f"{name_of(function)}(", f"{name}()(")
    __init__.__qualname__ = f"{name}.__init__"
    made = type(name, (Activation,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})
    _LAYERS[made] = function
    return made


_LAYERS: dict[Any, Function] = {}


Identity = _layer("Identity", linear)
Step = _layer("Step", ag.step)
Sign = _layer("Sign", ag.sign, "\n\nSource: Rosenblatt (1958), the perceptron.")
Abs = _layer("Abs", ag.abs, "\n\nSource: Jarrett et al. (2009).")
ReLU = _layer("ReLU", ag.relu)
LeakyReLU = _layer("LeakyReLU", ag.leaky_relu)
ELU = _layer("ELU", ag.elu)
GELU = _layer("GELU", ag.gelu)
SiLU = _layer("SiLU", ag.silu)
Softplus = _layer("Softplus", ag.softplus)
Sigmoid = _layer("Sigmoid", ag.sigmoid, " Verhulst (1845); Rumelhart, Hinton and Williams (1986) for nets.")
Tanh = _layer("Tanh", ag.tanh, " (By LeCun, Bottou, Orr and Müller, section 4.4.)")
Softmax = _layer("Softmax", ag.softmax)
LogSoftmax = _layer("LogSoftmax", ag.log_softmax)

NAMES: dict[str, Function] = {"linear": linear, "identity": linear} | {name_of(f): f for f in _LAYERS.values()}
"""The activations that go by a name, as in `MLP(2, [16, 1], activation="tanh")`; and "prelu", which makes a `PReLU`."""


class PReLU(Activation):
    r"""Leaky ReLU whose slope is learned: $x$ where $x > 0$, else $a x$.

    Args:
        slope: $a$ to begin with: a number for the whole layer, or an array with one for each unit.

    Attributes:
        slope: $a$, shape `()` or `(units,)`.

    Raises:
        ValueError: `slope` is not finite, or has more than one axis.

    Source: He, Zhang, Ren and Sun (2015), where the slopes begin with 0.25.

    >>> layer = PReLU()
    >>> layer(Tensor([-2.0, 1.0])).sum().backward()
    >>> layer, layer.slope.grad.item()
    (PReLU(slope=0.25), -2.0)
    """

    def __init__(self, *, slope: Any = 0.25) -> None:
        super().__init__(ag.leaky_relu)
        self.slope: Any = Tensor(plain_array(slope, "slope").astype(np.float64))
        if self.slope.ndim > 1 or not self.slope.size or not np.all(np.isfinite(self.slope.data)):
            raise ValueError(f"`slope` is a finite number, or one for each unit in an array, not {slope!r:.60}")

    def forward(self, x: Any) -> Any:
        """Apply the function; the shape stays.

        Raises:
            ValueError: there is another number of slopes than of units.
        """
        slope = self.slope
        if isinstance(slope, Tensor):
            x = node_or_floats(x, "x", self)
            if slope.shape not in ((), x.shape[-1:]):
                raise ValueError(f"`x` has shape {x.shape}; this PReLU has {len(slope)} slopes, one for each unit")
            slope = cast(slope, np.float32) if getattr(x, "dtype", None) == np.float32 else slope
        return ag.leaky_relu(x, slope)

    def config(self) -> dict[str, Any]:
        """Return the slope as it is now."""
        slope = self.slope.data
        return {"slope": float(slope) if np.ndim(slope) == 0 else slope.copy()}

    def _arguments(self) -> str:
        slope = self.config()["slope"]
        return f"slope={slope:.4g}" if np.ndim(slope) == 0 else f"slope=array{slope.shape}"

    def _stages(self) -> list[Stage]:
        return [Stage(function=self.outputs, name="PReLU")]

    def copied(self, kind: Any = Tensor) -> PReLU:
        """Make another with the same numbers, on a Tensor, or on a Value for neurons, which share it.

        Raises:
            ValueError: there is a slope for each unit; neurons have one for all.
        """
        slope = self.config()["slope"]
        if kind is Value and np.ndim(slope):
            raise ValueError(f"`activation` has {len(slope)} slopes; neurons of Values share one: use a TensorMLP")
        made = PReLU(slope=slope)
        made.slope = kind(slope)
        made.slope.requires_grad = self.slope.requires_grad
        return made


def layer_of(function: Function) -> Activation:
    """Make the layer of a function that `function_of` gave.

    >>> layer_of(ag.tanh), layer_of(ag.sin)
    (Tanh(), Activation(sin))
    """
    if isinstance(function, PReLU):
        return function.copied()  # each layer learns a slope of its own
    if isinstance(function, Activation):
        return function
    return next((layer() for layer, f in _LAYERS.items() if f is function), None) or Activation(function)
