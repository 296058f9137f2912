"""Activations: the functions of the table of primitives as layers, and by name.

A new row in the table is an activation at once: `Activation(autograd.sin)`. Those with a name of their own are made
of `NAMES`; there is no class by hand.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import autograd as ag

from .module import Module

__all__ = [
    "ELU", "GELU", "NAMES", "Activation", "LeakyReLU", "Identity", "ReLU", "SiLU", "Sigmoid", "Softplus", "Tanh",
    "function_of", "layer_of", "linear", "name_of", "named", "on_values",
]  # fmt: skip

Function = Callable[..., Any]


def linear(x: Any) -> Any:
    """Hand on `x` as it is: no activation.

    >>> linear(3.0)
    3.0
    """
    return x


NAMES: dict[str, Function] = {
    "linear": linear,
    "relu": ag.relu,
    "leaky_relu": ag.leaky_relu,
    "elu": ag.elu,
    "gelu": ag.gelu,
    "silu": ag.silu,
    "softplus": ag.softplus,
    "sigmoid": ag.sigmoid,
    "tanh": ag.tanh,
}
"""The activations that go by a name, as in `MLP(2, [16, 1], activation="tanh")`."""


def function_of(activation: Any) -> Function:
    """Find the function that an argument `activation` means: a name, a function, or a layer.

    Raises:
        ValueError: there is no activation of that name.
        TypeError: it is neither a name nor a function.

    >>> function_of("tanh")
    tanh
    """
    if isinstance(activation, str):
        found = _found(activation)
        if found is None:
            raise ValueError(
                f"`activation` {activation!r} is unknown: use one of {', '.join(map(repr, NAMES))}, the name of "
                "another elementwise function of one number, such as 'sin', or a function"
            )
        return found
    if any(activation is layer for layer in _LAYERS):  # the class ReLU for the layer ReLU()
        activation = activation()
    if isinstance(activation, Activation):
        return activation.forward if activation.settings else activation.function
    if not callable(activation) or isinstance(activation, (type, Module)):
        raise TypeError(
            f"`activation` is a name, such as 'relu', or an elementwise function, such as `autograd.relu`, "
            f"not {activation!r:.60}"
        )
    return activation


def _found(name: str) -> Function | None:
    """Look for a name among `NAMES`, then among the elementwise rows of the table that need one number."""
    row = ag.TABLE.get(name)
    fits = row is not None and row.elementwise and row.arity == 1 + len(row.defaults)
    return NAMES.get(name, row if fits else None)


def name_of(function: Function) -> str:
    """Say how a function is called, for a repr: `relu`."""
    layer = getattr(function, "__self__", None)
    return repr(layer) if isinstance(layer, Activation) else getattr(function, "__name__", repr(function))


def named(function: Function) -> Any:
    """Give what an argument `activation` may be to mean this function: a name where there is one.

    >>> named(ag.relu), named(ag.sin), named(print)
    ('relu', 'sin', <built-in function print>)
    """
    own, name = getattr(function, "__self__", None), name_of(function)
    return own if isinstance(own, Activation) else name if _found(name) is function else function


def on_values(function: Function) -> Function:
    """Give the faster form that a row has as a method of `Value`, where it has one."""
    name = getattr(function, "name", None)
    return getattr(ag.Value, name, function) if name and ag.TABLE.get(name) is function else function


class Activation(Module):
    r"""The layer $y = f(x)$, element by element, of an elementwise function of the library.

    Args:
        function: its name (one of `NAMES`), or the function, such as `autograd.sin`.
        **settings: the function's own, such as `slope` of `leaky_relu`.

    Raises:
        ValueError, TypeError: as `function_of`, or there is no such setting.

    >>> import autograd as ag
    >>> Activation(ag.sin)(ag.Tensor([0.0, 1.0])).data.round(3)
    array([0.   , 0.841])
    """

    def __init__(self, function: str | Function, **settings: float) -> None:
        self.function = function_of(function)
        known = [p.name for p in list(inspect.signature(self.function).parameters.values())[1:]]
        for name in settings:
            if name not in known:
                has = f"its settings: {', '.join(known)}" if known else "it has no settings"
                raise TypeError(f"{name_of(self.function)} got an unknown setting `{name}`; {has}")
        self.settings = settings

    def forward(self, x: Any) -> Any:
        """Apply the function; the shape stays."""
        if not self.settings:
            return self.function(x)
        bound = inspect.signature(self.function).bind(x, **self.settings)
        bound.apply_defaults()
        return self.function(*bound.args, **bound.kwargs)

    def config(self) -> dict[str, Any]:
        """Give the settings, and the function where the class does not."""
        return {**({"function": named(self.function)} if type(self) is Activation else {}), **self.settings}


def _layer(name: str, function: Function) -> Any:
    """Make the class of layers with one function of the table."""

    def __init__(self: Activation, **settings: float) -> None:
        Activation.__init__(self, function, **settings)

    equation, _, _ = (inspect.getdoc(function) or "").partition("\n>>>")
    doc = f"The layer of `{name_of(function)}`, element by element.\n\n{equation}"
    __init__.__qualname__ = f"{name}.__init__"
    return type(name, (Activation,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})


Identity = _layer("Identity", linear)
ReLU = _layer("ReLU", ag.relu)
LeakyReLU = _layer("LeakyReLU", ag.leaky_relu)
ELU = _layer("ELU", ag.elu)
GELU = _layer("GELU", ag.gelu)
SiLU = _layer("SiLU", ag.silu)
Softplus = _layer("Softplus", ag.softplus)
Sigmoid = _layer("Sigmoid", ag.sigmoid)
Tanh = _layer("Tanh", ag.tanh)

_LAYERS = (ReLU, LeakyReLU, ELU, GELU, SiLU, Softplus, Sigmoid, Tanh, Identity)


def layer_of(function: Function) -> Activation:
    """Make the layer of a function that `function_of` gave.

    >>> layer_of(ag.tanh), layer_of(ag.sin)
    (Tanh(), Activation(sin))
    """
    own = getattr(function, "__self__", None)
    if isinstance(own, Activation):
        return own
    for layer in _LAYERS:
        if layer().function is function:
            return layer()
    return Activation(function)
