"""A function of another library as steps of ours: what `from_torch` and `from_jax` trace, check and call."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from .. import modes
from ..containers import flatten, rebuild
from ..graph import Node
from ..primitives import arrays
from ..primitives.layout import shape_of
from ..reverse import pullback
from ..tensor import Tensor
from .scalars import as_values, scalarized

_TOLERANCES = {8: (1e-6, 1e-9), 4: (1e-3, 1e-4)}
"""By bytes of a number: how far gradients may differ, relative to their own and to the largest one."""


@dataclass(frozen=True)
class Slot:
    """The number of a value that is known when the program runs."""

    number: int


@dataclass(frozen=True)
class Step:
    """One operation: `rule` computes it on nodes, `theirs`, the other library, on plain arrays.

    Attributes:
        args, settings: its operands, with Slots in the places of values.
        scope: the module and operation that it is, for pictures; of several nodes it makes one box.
        site: its line of code.
    """

    _unwatched: ClassVar = frozenset({"theirs"})  # a compiled program never calls it

    rule: Callable[..., Any]
    theirs: Callable[..., Any]
    args: tuple[Any, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    scope: str = ""
    site: str = ""

    def run(self, values: Sequence[Any]) -> Any:
        """Compute the step with `values` in place of its Slots."""
        args = _filled(self.args, values)
        settings = {name: _filled(x, values) for name, x in self.settings.items()}
        operands = {id(x) for x in flatten([args, settings]) if isinstance(x, Node)}
        if not operands and modes.tracer() is None:  # a compiled program cannot call another library
            return self.theirs(*args, **settings)
        out = self.rule(*args, **settings)
        stack = [x for x in flatten(out) if isinstance(x, Node)]
        while stack:  # what is between the result and the operands was made here
            node = stack.pop()
            if node.inputs and id(node) not in operands and not node._note("scope"):
                node._take_note("scope", self.scope)
                node._take_note("site", self.site)
                stack += node.inputs
        return out


def _filled(x: Any, values: Sequence[Any]) -> Any:
    if isinstance(x, Slot):
        return values[x.number]
    if isinstance(x, (list, tuple)):
        return type(x)([_filled(part, values) for part in x])
    return x


class Program:
    """Steps in order. During the trace, values that depend on no input are computed at once.

    Attributes:
        inputs: the number of input values.
        arguments, outputs: positional and named arguments, and results, in their containers: with Slots.
    """

    def __init__(self, inputs: int) -> None:
        self.inputs, self.steps = inputs, list[Step]()
        self.arguments: Any = ()
        self.outputs: Any = ()

    def add(
        self, rule: Any, theirs: Any, args: Sequence[Any], settings: Any = None, scope: str = "", site: str = ""
    ) -> Any:
        """Add a step and return its Slot, or return its value if it is already known."""
        settings = settings or {}
        if not any(isinstance(x, Slot) for x in flatten([list(args), settings])):
            return theirs(*args, **settings)
        self.steps.append(Step(rule, theirs, tuple(args), settings, scope, site))
        return Slot(self.inputs + len(self.steps) - 1)

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs of the program for these inputs."""
        values = list(inputs)
        for step in self.steps:
            values.append(step.run(values))
        return [_filled(x, values) for x in flatten(self.outputs)]


def moved(theirs: Callable[..., Any], shape: tuple[int, ...], given: Sequence[Any], fill: float = 0.0) -> Any:
    """Return the rule of an operation that moves elements: the other library moves their numbers, and we pick by them.

    Args:
        theirs: the operation, on plain arrays.
        shape: that of its first operand.
        given: its further operands; where these are known, so are the places, and a compiled program watches nothing.
        fill: what stands where no element comes.
    """
    numbers = np.arange(1, math.prod(shape) + 1).reshape(shape)
    if any(isinstance(x, Slot) for x in flatten(list(given))):
        return lambda x, *rest, **_: arrays.picked(x, theirs(numbers, *rest), fill)
    known = theirs(numbers, *given)
    return lambda x, *_, **__: arrays.picked(x, known, fill)


Gradients = Callable[[list[np.ndarray], list[Any]], tuple[list[Any], list[Any]]]
"""Compute the outputs at some inputs, and the gradients of their products with cotangents by the inputs."""


class Imported:
    """A function of another library as a function of ours, for arguments of the shapes of its example.

    Attributes:
        parameters: a dict of the trainable leaves by their names in the other library, such as "0.weight". They are
            Tensors, or nested lists of Values with `scalars=True`.
        inputs: the arguments of the example by name, with real numbers as labelled leaves, and integers as arrays.
        example: the arguments of the example, for `f(*f.example)`.
        steps: the operations, in order.
    """

    def __init__(self, f: Any, program: Program, parameters: dict[str, Any], arguments: dict[str, Any], scalars: bool):
        self.__name__ = getattr(f, "__name__", type(f).__name__)
        self._program, self._scalars, self._arguments = program, scalars, arguments
        self.parameters = {key: self._leaf(x, key) for key, x in parameters.items()} if scalars else parameters
        self.steps = program.steps
        self.inputs = {label: self._leaf(x, label) for label, x in arguments.items()}
        leaves = [*self.parameters.values(), *self.inputs.values()]
        self.example: tuple[Any, ...] = rebuild(program.arguments, [
            leaves[x.number] if isinstance(x, Slot) else x for x in flatten(program.arguments)])[0]  # fmt: skip

    def _leaf(self, x: Any, label: str) -> Any:
        x = x.data if isinstance(x, Node) else x
        if x.dtype.kind != "f":
            return x
        return as_values(x, label) if self._scalars else Tensor(x, label=label)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        first = self._program.inputs - len(self._arguments)
        given = dict(_taken(self._program.arguments, (args, kwargs)))
        inputs = [self._input(given[i], *known) for i, known in enumerate(self._arguments.items(), first)]
        own = [Tensor(x) if isinstance(x, list) else x for x in self.parameters.values()][:first]
        outs = self._program([*own, *inputs])
        if self._scalars:
            outs = [scalarized(x) if isinstance(x, Node) else x for x in outs]
        return rebuild(self._program.outputs, outs)

    def _input(self, x: Any, label: str, like: np.ndarray) -> Any:
        """Take an argument as a node, if it is of real numbers, or as an array."""
        if isinstance(x, (list, tuple)) and any(isinstance(part, Node) for part in flatten(x)):
            x = Tensor(x)
        if shape_of(x if isinstance(x, Node) else np.asarray(x)) != like.shape:
            raise ValueError(
                f"`{label}` has shape {shape_of(np.asarray(getattr(x, 'data', x)))}, and the example had {like.shape}: "
                "import the function again, with an example of this shape"
            )
        if like.dtype.kind != "f":
            return np.asarray(x.data if isinstance(x, Node) else x).astype(like.dtype)
        if isinstance(x, Node):
            return x
        return Tensor(np.asarray(x, dtype=like.dtype), label=label, requires_grad=False)

    def compare(self, library: str, gradients: Gradients, values: list[np.ndarray]) -> None:
        """Compare outputs and gradients at `values`, and if they differ also near `values`, with those of the library.

        Raises:
            ValueError: they differ. The reason is a custom derivative rule, which a trace does not show.
        """
        names = [*self.parameters, *self._arguments][-self._program.inputs :]
        wrong = self._differences(gradients, values, names)
        if not wrong:
            return
        rng = np.random.default_rng(0)
        beside = [x + 1e-3 * rng.normal(size=x.shape).astype(x.dtype) if x.dtype.kind == "f" else x for x in values]
        listed = ", ".join(f"`{name}`" for name in wrong)
        if self._differences(gradients, beside, names, strict=False):
            raise ValueError(
                f"{library} has other gradients by {listed}: the function holds a derivative rule of its own, which no "
                "tracer sees. Pass `check=False` to get the derivatives of what is computed"
            )
        warnings.warn(
            f"{library} has other gradients by {listed} at this example, and the same beside it: a kink, as of abs or "
            "clip, where the conventions differ", stacklevel=4,
        )  # fmt: skip

    def _differences(self, gradients: Gradients, values: list[Any], names: list[str], strict: bool = True) -> list[str]:
        leaves = [Tensor(x) if x.dtype.kind == "f" else x for x in values]
        outs = [x if isinstance(x, Node) else np.asarray(x) for x in self._program(leaves)]
        weights = [_cotangent(x._data) if isinstance(x, Node) else None for x in outs]
        theirs, found = gradients(values, weights)
        pairs = [("the result", getattr(x, "_data", x), y) for x, y in zip(outs, theirs, strict=True)]
        seeds = [(x, w) for x, w in zip(outs, weights, strict=True) if isinstance(x, Node) and x.requires_grad]
        nodes = [x for x in leaves if isinstance(x, Node)]
        ours = iter(pullback(seeds, nodes, graph=False) if seeds else [None] * len(nodes))
        pairs += [(name, next(ours), y) for name, x, y in zip(names, leaves, found, strict=True) if isinstance(x, Node)]
        return list(dict.fromkeys(name for name, x, y in pairs if not _close(x, y, strict)))


def _taken(tree: Any, given: Any) -> Iterator[tuple[int, Any]]:
    """Yield the values that stand in the places of Slots, with the numbers of these."""
    if isinstance(tree, Slot):
        yield tree.number, given
    elif isinstance(tree, dict) and isinstance(given, dict) and tree.keys() == given.keys():
        for key, part in tree.items():
            yield from _taken(part, given[key])
    elif isinstance(tree, (list, tuple)) and isinstance(given, (list, tuple)) and len(tree) == len(given):
        for part, x in zip(tree, given, strict=True):
            yield from _taken(part, x)
    elif isinstance(tree, (dict, list, tuple)) or (tree is not given and tree != given):
        raise TypeError(f"the arguments are not like those of the example: {given!r:.60} stands for {tree!r:.60}")


def _cotangent(x: np.ndarray) -> np.ndarray:
    return np.cos(np.arange(1.0, x.size + 1)).reshape(x.shape).astype(x.dtype)


def _close(ours: Any, theirs: Any, strict: bool) -> bool:
    """Return whether both are equal up to rounding; if not `strict`, also where theirs are NaN and ours are numbers."""
    if ours is None and theirs is None:
        return True
    ours, theirs = (0.0 if x is None else np.asarray(x) for x in (ours, theirs))
    theirs = theirs if strict else np.where(np.isnan(theirs), ours, theirs)
    relative, absolute = _TOLERANCES[min(getattr(theirs, "itemsize", 8), getattr(ours, "itemsize", 8))]
    size = max(1.0, float(np.max(np.abs(theirs), initial=0.0, where=np.isfinite(theirs))))
    return bool(np.allclose(ours, theirs, relative, absolute * size, equal_nan=True))
