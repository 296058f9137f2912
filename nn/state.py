"""The state of a Module: parameters, frozen ones included, buffers, and plain arrays."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from typing import Any, Literal, Self

import numpy as np

from autograd import Node, Tensor, Value, display

from .arguments import as_array
from .data.arrays import StandardScaler
from .randomness import Random

in_forward: ContextVar[int] = ContextVar("in_forward", default=0)
"""How many `forward` of Modules are running inside one another."""

Casting = Literal["safe", "same_kind"]


def buffer(x: Any, label: str = "") -> Any:
    """Return a buffer: a constant in the state of a Module that `forward` can update, such as a running mean.

    Assign to the attribute, as in `self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)`. The buffer stores the numbers
    without their graph. It is saved with the parameters, optimisers do not change it, and compiled training updates it.

    Args:
        x: a number, for a Value, or an array, for a Tensor; it is copied.
        label: a name for drawings and messages; by default the name of the attribute.

    Raises:
        TypeError: `x` is not a real number or an array of real numbers.

    >>> from chalkgrad.nn import Module
    >>> class Counter(Module):
    ...     def __init__(self):
    ...         self.calls = buffer(0.0)
    ...     def forward(self, x):
    ...         self.calls = self.calls + 1.0
    ...         return x
    >>> counter = Counter()
    >>> _ = counter(1.0), counter(2.0)
    >>> counter.state_dict(), counter.parameters()
    ({'calls': 2.0}, [])
    """
    x = x.data if isinstance(x, (Value, Tensor)) else x
    kind: Any = Value if isinstance(x, (int, float, np.number)) else Tensor
    return _marked(kind(x, label, requires_grad=False))


def _marked(node: Any) -> Any:
    node.role = "buffer"
    return node


def is_buffer(x: Any) -> bool:
    """Return whether `x` was declared by `buffer`."""
    return isinstance(x, Node) and x.role == "buffer"


def is_parameter(x: Any) -> bool:
    """Return whether `x` is a parameter: a leaf that is not a constant. A frozen parameter is one as well.

    >>> is_parameter(Value(1.0)), is_parameter(Value(1.0, requires_grad=False))
    (True, False)
    """
    return isinstance(x, Node) and x.is_leaf and x.role != "buffer" and (x.requires_grad or x.role == "frozen")


def _written(old: Any, new: Any) -> Any:
    """Write a buffer; return what the attribute is to be, which in a trace is the node that computes the numbers."""
    new = new.detach() if isinstance(new, (Value, Tensor)) else new
    if old.is_leaf and old.op is not None:  # not in the trace of a training step
        old.data = new.data if isinstance(new, (Value, Tensor)) else new
        return old
    new = new if isinstance(new, Node) else type(old)(new, requires_grad=False)
    if new.shape != old.shape:
        raise ValueError(f"the buffer {old.label!r} has shape {old.shape}, and cannot take shape {new.shape}")
    if old.is_leaf:
        old._data = _Written()
    return _marked(new)


class _Written:
    """Stands, in the trace of a step, for the numbers of a buffer that was written, which eager code reads no more."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("the step keeps a buffer under another name, and reads that after it has written the buffer")


class Stateful(display.Shown):
    """The base class of `Module`: finds parameters, buffers and Modules inside it, and gives them dotted names."""

    def __setattr__(self, name: str, thing: Any) -> None:
        old = vars(self).get(name)
        if is_buffer(old) and thing is not old and thing is not None and not is_buffer(thing):
            object.__setattr__(self, name, _written(old, thing))
            return
        if isinstance(thing, _HOLDERS):
            self._note_scratch(name, old, thing)
        object.__setattr__(self, name, thing)
        for path, part in _parts(name, thing):
            for below, node in part.named_parameters() if isinstance(part, Stateful) else [("", part)]:
                full = _joined(path, below)
                if isinstance(node, Node) and (not node.label or full.endswith(f".{node.label}")):
                    node.label = full

    def _note_scratch(self, name: str, old: Any, thing: Any) -> None:
        """Note an attribute that `forward` creates, such as stored hidden values: it does not belong to the state."""
        scratch = vars(self).get("_scratch", frozenset())
        if not in_forward.get():
            new = scratch - {name}
        else:
            new = scratch | {name} if _holds_arrays(thing) and not _holds_arrays(old) else scratch
        if new != scratch:
            object.__setattr__(self, "_scratch", new)

    def named_modules(self) -> Iterator[tuple[str, Any]]:
        """Iterate over the dotted names and Modules of this Module, named "", and all inside it, each once."""
        return self._modules("", set())

    def _modules(self, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
        if id(self) in seen:
            return
        seen.add(id(self))
        yield path, self
        for name, part in self._attributes():
            if isinstance(part, Stateful):
                yield from part._modules(_joined(path, name), seen)

    def _attributes(self) -> Iterator[tuple[str, Any]]:
        for name, thing in vars(self).items():
            if isinstance(thing, _HOLDERS):
                yield from _parts(name, thing)

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Iterate over all parameters, frozen ones included. A shared parameter appears once, by its first name."""
        seen: set[int] = set()
        for name, _, _, part in self.places():
            if is_parameter(part) and id(part) not in seen:
                seen.add(id(part))
                yield name, part

    def named_buffers(self) -> Iterator[tuple[str, Any]]:
        """Iterate over the state that is never trained, by dotted names: buffers, constants and arrays.

        >>> from chalkgrad.nn import Linear
        >>> [name for name, _ in Linear(2, 1, mask=[[1], [0]]).named_buffers()]
        ['mask']
        """
        seen: set[int] = set()
        for path, module in self.named_modules():
            scratch = vars(module).get("_scratch", ())
            for name, part in module._attributes():
                if isinstance(part, Stateful) or is_parameter(part) or id(part) in seen:
                    continue
                if is_buffer(part) or name.partition(".")[0] not in scratch:
                    seen.update([id(part)] if isinstance(part, Node) else [])
                    yield _joined(path, name), part

    def places(self, path: str = "", above: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any, str, Any]]:
        """Iterate over all attributes that hold nodes, with repeats: dotted name, Module, attribute, node."""
        parts = list(self._attributes())
        yield from ((_joined(path, name), self, name, part) for name, part in parts if isinstance(part, Node))
        for name, part in parts:
            if isinstance(part, Stateful) and part not in (*above, self):
                yield from part.places(_joined(path, name), (*above, self))

    def ties(self) -> dict[str, str]:
        """Return the further names of shared parameters and buffers, each with the first name."""
        first: dict[int, str] = {}
        named = {name: first.setdefault(id(node), name) for name, _, _, node in self.places()}
        return {name: known for name, known in named.items() if name != known}

    def named_generators(self) -> Iterator[tuple[str, Random]]:
        """Iterate over the random generators of the Modules, such as that of Dropout, by dotted names."""
        for path, module in self.named_modules():
            for name, part in vars(module).items():
                if isinstance(part, Random):
                    yield _joined(path, name), part

    def parameters(self) -> list[Any]:
        """List the parameters, Values and Tensors, in the order of `named_parameters`.

        As in PyTorch, the list includes frozen parameters (`requires_grad` is False). Optimisers do not change them
        until they are unfrozen.
        """
        return [parameter for _, parameter in self.named_parameters()]

    def freeze(self, *names: str) -> Self:
        """Exclude parameters from training; return the Module.

        Args:
            *names: patterns of parameter names, where `*` matches any text; by default all parameters.

        Raises:
            ValueError: no parameter has such a name.

        >>> from chalkgrad.nn import TensorMLP
        >>> print(TensorMLP(2, [16, 1]).freeze("0.*").summary().splitlines()[-1])
        trainable                                            17
        """
        return self._set_trainable(names, False)

    def unfreeze(self, *names: str) -> Self:
        """Include frozen parameters in training again. Arguments and result are those of `freeze`."""
        return self._set_trainable(names, True)

    def _set_trainable(self, names: tuple[str, ...], wanted: bool) -> Self:
        own = dict(self.named_parameters())
        found = {name: [path for path in own if fnmatchcase(path, name)] for name in names or ["*"]}
        if unknown := [name for name in names if not found[name]]:
            some = ", ".join([*list(own)[:8], *(["..."] if len(own) > 8 else [])])
            raise ValueError(f"no parameter has the name {unknown[0]!r}; there are {some or 'none'}")
        for path in (path for paths in found.values() for path in paths):
            own[path].requires_grad = wanted
        return self

    def num_parameters(self, *, trainable: bool = False) -> int:
        """Return the number of parameters, counted as single numbers; with `trainable`, without frozen ones."""
        return sum(math.prod(p.shape) for p in self.parameters() if p.requires_grad or not trainable)

    def zero_grad(self) -> None:
        """Set the gradients of all parameters that are not frozen to zero."""
        for parameter in self.parameters():
            if parameter.requires_grad:
                parameter.zero_grad()

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Return a context manager that restores the buffers at the end, for calls of `forward` without training."""
        before = [(part, copy.copy(part.data)) for _, part in self.named_buffers() if is_buffer(part)]
        try:
            yield
        finally:
            for part, numbers in before:
                part.data = numbers

    # State -------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of all parameters and `named_buffers`, by name: a float for a Value, else an array."""
        return {name: copy.copy(_plain(x)) for name, x in self._state().items()}

    def _state(self) -> dict[str, Any]:
        return {**dict(self.named_parameters()), **dict(self.named_buffers())}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set all parameters, buffers and arrays to the numbers of `state`, a result of `state_dict`.

        All entries are checked before anything is changed.

        Raises:
            TypeError: `state` is not a mapping.
            ValueError: entries are missing or unexpected, have a wrong shape, or are not real numbers. The message
                lists them all.
        """
        own, new = self._state(), dict[int, np.ndarray]()
        for name, entry in loaded(own, state, type(self).__name__).items():
            if isinstance(own[name], np.ndarray):
                new[id(own[name])] = entry
            else:
                own[name].data = entry
        for _, module in self.named_modules() if new else ():
            for name, thing in vars(module).items():
                object.__setattr__(module, name, _with_arrays(thing, new))

    def misfits(self, state: Mapping[str, Any], *, exact: bool = False) -> list[str]:
        """List the entries of `state` that cannot be loaded, one line each; with `exact`, also inexact numbers.

        >>> from chalkgrad.nn import Linear
        >>> Linear(2, 1).misfits({"weight": [[1.0, 2.0]]})
        ["missing: 'bias', of shape (1,)", "shape: 'weight' is (1, 2), and must be (2, 1)"]
        """
        return _entries(self._state(), state, "safe" if exact else "same_kind")[1]


def loaded(own: Mapping[str, Any], state: Any, kind: str) -> dict[str, Any]:
    """Return the entries of a state in the kind of the numbers, arrays or nodes `own` that they are to replace.

    Raises:
        TypeError: `state` is not a mapping.
        ValueError: names all that is wrong: entries that are missing, unexpected, of another shape, or no numbers.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"`state` is a dict, as `state_dict()` gives it, not {type(state).__name__}")
    new, wrong = _entries(own, state)
    if wrong:
        raise ValueError(f"`state` does not fit this {kind}, so nothing was changed:\n  " + "\n  ".join(wrong))
    return new


def _entries(
    own: Mapping[str, Any], state: Mapping[str, Any], casting: Casting = "same_kind"
) -> tuple[dict[str, Any], list[str]]:
    """Return the entries that fit, and a line for each that does not."""
    wrong = [f"missing: {name!r}, of shape {np.shape(_plain(x))}" for name, x in own.items() if name not in state]
    wrong += [f"unexpected: {name!r}" for name in state if name not in own]
    new = {}
    for name in (name for name in own if name in state):
        try:
            new[name] = _entry(own[name], state[name], name, casting)
        except ValueError as error:
            wrong.append(str(error))
    return new, wrong


def _entry(own: Any, entry: Any, name: str, casting: Casting) -> Any:
    old = _plain(own)
    if isinstance(old, str):
        return old
    array = as_array(_plain(entry), name)
    if array.dtype.kind not in ("iuf" if isinstance(own, Node) else "iufb"):
        raise ValueError(f"{name!r} holds {array.dtype}, not real numbers")
    if array.shape != np.shape(old):
        raise ValueError(f"shape: {name!r} is {array.shape}, and must be {np.shape(old)}")
    if not np.can_cast(array.dtype, to := np.asarray(old).dtype, casting):
        raise ValueError(f"dtype: {name!r} holds {array.dtype}, which {to} cannot hold exactly")
    return type(old)(array[()]) if type(old) in (float, int) else np.array(array, dtype=to)


def _plain(x: Any) -> Any:
    return x.data if isinstance(x, (Value, Tensor)) else x


_HOLDERS = (Stateful, Node, np.ndarray, list, tuple, dict, StandardScaler)


def _parts(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """Find the Statefuls, leaves and arrays of numbers in an attribute, with their dotted names."""
    if isinstance(thing, Stateful):
        yield name, thing
    elif isinstance(thing, Node):
        if thing.is_leaf or is_buffer(thing):
            yield name, thing
    elif isinstance(thing, np.ndarray):
        if thing.dtype.kind in "iufb":
            yield name, thing
    elif isinstance(thing, (list, tuple)):
        for i, part in enumerate(thing):
            yield from _parts(f"{name}.{i}", part)
    elif isinstance(thing, (dict, StandardScaler)):
        for key, part in (thing if isinstance(thing, dict) else vars(thing)).items():
            yield from _parts(f"{name}.{key}", part)


def _holds_arrays(thing: Any) -> bool:
    return any(not isinstance(part, Stateful) and not is_parameter(part) for _, part in _parts("", thing))


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _with_arrays(thing: Any, new: Mapping[int, np.ndarray]) -> Any:
    """Put the arrays `new`, by the `id` of the old ones, into what an attribute holds; return that."""
    if isinstance(thing, np.ndarray):
        return new.get(id(thing), thing)
    if isinstance(thing, list):
        thing[:] = [_with_arrays(part, new) for part in thing]
    elif isinstance(thing, tuple):
        made: Callable[[Any], Any] = getattr(type(thing), "_make", tuple)
        return made(_with_arrays(part, new) for part in thing)
    elif isinstance(thing, (dict, StandardScaler)):
        table = thing if isinstance(thing, dict) else vars(thing)
        table.update({key: _with_arrays(part, new) for key, part in table.items()})
    return thing
