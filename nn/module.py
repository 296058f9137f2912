"""Module: the base class of layers and nets. It finds parameters by name, predicts, and displays the net."""

from __future__ import annotations

import functools
import inspect
import math
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autograd import Network, Node, Tensor, Value, display, no_grad

from .arguments import as_array, hinted, near
from .data.arrays import arranged, as_inputs
from .diagram import Stage, network_of
from .display import structure
from .losses.output_decoder import OutputDecoder
from .state import Stateful, in_forward, is_parameter

_in_use = threading.RLock()
"""Held where a Module is switched to use and back, so that no thread switches it back under another."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_use._at_fork_reinit)  # type: ignore[attr-defined]


_DEEP = 50


@contextmanager
def _room() -> Iterator[None]:
    """Let Python call deeper, for the next `_DEEP` Modules inside one another."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, min(limit + 10 * _DEEP, 20_000)))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def is_ours(kind: type) -> bool:
    """Return whether a class is one of this library."""
    return kind.__module__.startswith(f"{__name__.rpartition('.')[0]}.")


@functools.lru_cache(maxsize=1024)
def _meant(kind: Any, name: str, attributes: tuple[str, ...]) -> str:
    """Return a hint at what a new attribute of a layer of the library misspells, or nothing."""
    if name[0] == "_" or name.isdigit() or hasattr(kind, name) or not is_ours(kind):
        return ""
    known = [*inspect.signature(kind).parameters, *attributes]
    return "" if name in known else near(name, known)


class Module(Stateful):
    """The base class of layers and nets: a function with parameters. Define `forward`, and assign the parameters.

    A parameter is a leaf (`Value` or `Tensor`, not a constant) that is an attribute, or an item of a list, tuple or
    dict that is an attribute. A Module inside a Module is found in the same way. The names are dotted paths
    (`0.weight`). A parameter without a label gets its name as its label, so that drawings show it.

    Constants, arrays of real numbers and fitted scalers that are attributes also belong to the state: they are saved,
    and never trained. An attribute that `forward` creates does not belong to the state; see `buffer`.

    Attributes:
        training: True in training, False after `eval()`. Layers such as `Dropout` depend on it.
        batched: whether `forward` takes a whole batch, shape `(n, ...)`, or one point at a time.
        output_decoder: the `OutputDecoder` that `predict` uses; `nn.fit` sets it.

    >>> from chalkgrad import Value
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.intercept = Value(2.0), Value(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x + self.intercept
    >>> line = Line()
    >>> line(3.0).data, [name for name, _ in line.named_parameters()], line.slope.label
    (7.0, ['slope', 'intercept'], 'slope')
    """

    training: bool = True
    batched: bool = True
    output_decoder: OutputDecoder | None = None

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "__init__" in vars(cls) and is_ours(cls):
            cls.__init__ = hinted(cls.__init__)  # type: ignore[method-assign]

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            where = {
                "fit": "train it with `nn.fit(model, X, y)`", "compile": "see the arguments of `nn.fit(model, X, y)`",
                "evaluate": "write `nn.evaluate(model, X, y)`", "save": "write `nn.save(model, path)`",
            }.get(name, "see `dir(model)`")  # fmt: skip
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}: {where}")

    def __setattr__(self, name: str, thing: Any) -> None:
        if callable(getattr(Module, name, None)) and (isinstance(thing, Module) or not callable(thing)):
            raise AttributeError(f"`{name}` is a method of every Module: give this attribute another name")
        kind: Any = type(self)
        if name not in vars(self) and (meant := _meant(kind, name, tuple(vars(self)))):
            raise AttributeError(f"{kind.__name__} has no attribute `{name}`, which nothing would read{meant}")
        super().__setattr__(name, thing)

    def forward(self, x: Any) -> Any:
        """Return the output for the input `x`. A subclass defines this method."""
        raise NotImplementedError(f"{type(self).__name__} has no `forward(self, x)`: write one")

    def __call__(self, x: Any) -> Any:
        depth = in_forward.get() + 1
        token = in_forward.set(depth)
        try:
            if depth % _DEEP:
                return self.forward(x)
            with _room():
                return self.forward(x)
        finally:
            in_forward.reset(token)

    # Rows --------------------------------------------------------------------------------------------------

    def forward_rows(self, X: Any) -> Any:
        """Return the outputs for all rows of `X` as one Tensor, shape `(n, ...)`, also if `forward` is not batched."""
        return self(X) if self.batched else Tensor([self(row) for row in X])

    def outputs(self, X: Any) -> np.ndarray:
        """Return the outputs for all rows of `X` as a plain array, in evaluation mode and without a graph.

        Args:
            X: the inputs, shape `(n, fan_in)`.

        Returns:
            The outputs of the net (logits, scores), shape `(n, fan_out)`.

        Raises:
            TypeError: `forward` does not return numbers.
            ValueError: `X` has the wrong shape for the net.

        >>> from chalkgrad.nn import Linear
        >>> Linear(2, 1, initializer="zeros").outputs([[1.0, 2.0], [3.0, 4.0]])
        array([[0.],
               [0.]])
        """
        with _in_use, no_grad(), self.mode(False):
            X = X.data if isinstance(X, (Value, Tensor)) else self.arranged(X)
            X = as_array(X, "X").copy()  # a `forward` may work in place
            out = self.forward_rows(X)
        if not isinstance(out, (Value, Tensor, np.ndarray)):
            kind = type(out).__name__
            raise TypeError(f"`forward` of {type(self).__name__} must give a Tensor for a batch, not {kind}")
        return np.array(out.data if isinstance(out, (Value, Tensor)) else out)

    @contextmanager
    def mode(self, training: bool) -> Iterator[None]:
        """Return a context manager that sets the training mode of this Module and of all Modules inside it.

        On exit each gets its previous mode back. The mode holds for all threads: do not use a Module in another
        thread while it is trained. Many threads can call `outputs`, `predict` and `predict_proba` at other times.
        """
        modules = [module for _, module in self.named_modules()]
        changed = [module for module in modules if module.training != training]

        def switch(training: bool) -> None:
            for module in changed:
                module.training = training

        try:
            switch(training)
            yield
        finally:
            try:
                switch(not training)
            except KeyboardInterrupt:  # what was begun is finished first
                switch(not training)
                raise

    def predict(self, X: Any) -> np.ndarray:
        """Return the class or the value that the net predicts for each row of `X`.

        Args:
            X: the inputs, shape `(n, fan_in)`.

        Returns:
            Labels of the type of `y` in `nn.fit`, or values. The shape is `(n,)` if `y` had it.

        Raises:
            RuntimeError: the model has no `output_decoder`.
            ValueError: `X` has the wrong shape for the net.

        >>> from chalkgrad.nn import Linear, OutputDecoder
        >>> model = Linear(1, 1, initializer="zeros")
        >>> model.bias.data = [1.0]
        >>> model.output_decoder = OutputDecoder("logit", classes=["cat", "dog"])
        >>> model.predict([[0.0]]).tolist(), model.predict_proba([[0.0]]).round(3).tolist()
        (['dog'], [[0.269, 0.731]])
        """
        return self._known().predict(self.outputs(as_inputs(self.arranged(X))))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class for each row of `X`, shape `(n, k)`.

        The columns are in the order of `output_decoder.classes`.

        Raises:
            RuntimeError: the model has no `output_decoder`.
            ValueError: the outputs have no probabilities.
        """
        return self._known().predict_proba(self.outputs(as_inputs(self.arranged(X))))

    def arranged(self, X: Any) -> Any:
        """Return a data frame with its columns in the order of `nn.fit`. Anything else is returned unchanged.

        Raises:
            ValueError: columns are missing, or there are unknown ones.
        """
        return X if self.output_decoder is None else arranged(X, self.output_decoder.columns)

    def _known(self) -> OutputDecoder:
        if self.output_decoder is None:
            raise RuntimeError(
                "it is not known what the outputs of this model mean: train it with `nn.fit`, or say it, as in "
                '`model.output_decoder = nn.OutputDecoder("logits", classes=["cat", "dog"])`; `model.outputs(X)` '
                "gives plain numbers"
            )
        return self.output_decoder

    # Parameters --------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Module:
        """Set training mode, or evaluation mode with False, for this Module and all inside it; return the Module.

        >>> from chalkgrad.nn import Dropout, Linear, Sequential
        >>> Sequential(Linear(2, 3), Dropout(0.5)).eval()[1].training
        False
        """
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Set evaluation mode for this Module and all inside it; return the Module."""
        return self.train(False)

    # What it is made of ------------------------------------------------------------------------------------

    def config(self) -> dict[str, Any]:
        """Return the constructor arguments of this Module, without the parameters. A subclass overrides this.

        The repr shows them, and `nn.save` writes them: numbers, names, functions, arrays, other Modules, and lists of
        those.

        >>> from chalkgrad.nn import Linear
        >>> Linear(2, 16, bias=False).config()
        {'fan_in': 2, 'fan_out': 16, 'bias': False, 'dtype': 'float64'}
        """
        return {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return a new Module with the constructor arguments that `config` returned, and new parameters."""
        return cls(**config)

    def shapes(self) -> str:
        """Return the shapes of the parameters of this Module itself, for `summary`."""
        own = [(name, part) for name, part in self._attributes() if is_parameter(part)]
        return ", ".join(f"{name} {part.shape}" for name, part in own)

    @recursive_repr("...")
    def __repr__(self) -> str:
        parts = [(name, x) for name, x in self._attributes() if isinstance(x, Module)]
        if not parts:
            return f"{type(self).__name__}({self._arguments()})"
        lines = [f"{type(self).__name__}("]
        with _room():
            for name, part in parts:
                lines += f"{name}: {part!r}".split("\n")
        return "\n  ".join(lines) + "\n)"

    def _arguments(self) -> str:
        """Return the arguments as in a call, without generators and arguments that have their default value."""
        known, shown = inspect.signature(type(self)).parameters, []
        for name, argument in self.config().items():
            if name == "rng":
                continue
            p, text = known.get(name), _text(argument)
            if p is not None and p.kind is p.POSITIONAL_OR_KEYWORD:
                shown.append(text)
            elif p is None or text != _text(p.default):
                shown.append(f"{name}={text}")
        return ", ".join(shown)

    def _rows(self) -> list[tuple[str, str, str, int]]:
        """Name, kind and sizes, shapes and count of each layer: the Modules that have parameters or no parts."""
        return [
            (path, repr(module), module.shapes(),
             sum(math.prod(p.shape) for _, p in module._attributes() if is_parameter(p)))
            for path, module in self.named_modules()
            if module.shapes() or not any(isinstance(part, Module) for _, part in module._attributes())
        ]  # fmt: skip

    def _stages(self) -> list[Stage]:
        """Return this Module as a list of stages, one for each column of units. A layer with weights overrides this."""
        if any(isinstance(part, (Node, Module)) for _, part in self._attributes()):
            raise TypeError(f"a {type(self).__name__} is no chain of layers with units to draw: draw its output")
        return [Stage(function=self.outputs, name=repr(self).removesuffix("()"))]

    def _picture_(self, view: str = "forward", at: Any = None) -> Network:
        """Return the picture that `chalkgrad.draw` draws."""
        return network_of(self._title(), self._stages(), view, at)

    def _title(self) -> str:
        """Return a title of one line for this Module."""
        whole, _, rest = repr(self).partition("\n")
        trained = self.num_parameters(trainable=True)
        frozen = "" if trained == self.num_parameters() else f", {trained} trainable"
        return f"{whole.rstrip('(')}, {self.num_parameters()} parameters{frozen}" if rest else f"{whole}{frozen}"

    def _html(self) -> str:
        return structure(self._title(), self._rows(), self.named_parameters())

    def summary(self) -> str:
        """Return a table of the layers, the shapes of their parameters and their number.

        >>> from chalkgrad.nn import TensorMLP
        >>> print(TensorMLP(2, [16, 1]).summary())
        name  layer          parameters                   count
        0     Linear(2, 16)  weight (2, 16), bias (16,)      48
        1     ReLU()                                          0
        2     Linear(16, 1)  weight (16, 1), bias (1,)       17
        total                                                65
        """
        rows = [(name, layer.split("\n")[0], shapes, str(n)) for name, layer, shapes, n in self._rows()]
        table = [("name", "layer", "parameters", "count"), *rows, ("total", "", "", str(self.num_parameters()))]
        if (trained := self.num_parameters(trainable=True)) != self.num_parameters():
            table.append(("trainable", "", "", str(trained)))
        return display.aligned(table, left=3)


def check_model(model: Any) -> None:
    """Check that an argument `model` is a Module."""
    if not isinstance(model, Module):
        raise TypeError(f"`model` is a Module, such as `MLP(2, [16, 1])`, not {model!r:.60}")


def brief(x: Any) -> str:
    """Return a one-line text for a message: the kind and size of a Module, else a short repr."""
    return x._title() if isinstance(x, Module) else f"{x!r:.60}"


def _text(argument: Any) -> str:
    """Write an argument briefly: a function or a type by its name, an array by its shape."""
    if isinstance(argument, np.ndarray):
        return f"array{argument.shape}"
    return str(getattr(argument, "__name__", argument))
