"""The runner that takes steps natively: forward, backward and update are one program, and many steps one call.

What `runner.eager_runner` does node by node, with the same numbers but for rounding.
"""

from __future__ import annotations

import copy
import itertools
import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import compress
from typing import Any

import numpy as np

from autograd import Loop, Tensor, gradients

from ..arguments import cast
from ..mlp import MLP
from ..module import Module
from ..optim.schedules import OnPlateau
from ..optim.update_rules import Groups, Optimizer
from ..state import is_buffer
from .runner import Objective, Runner, eager_runner


class EagerFallback(UserWarning):
    """Warns that `fit` trains eagerly, node by node, and names what a compiled program could not follow."""


class _Arrays:
    """The parameters that a program works on, and how they stand in the model that is trained.

    A net of Values is trained as the tensor net of the same numbers; each array of that one is many parameters here.

    Attributes:
        model: a model of Tensors.
        parameters: its leaves.
        indices: for each of them the numbers of the parameters of the trained model that it is made of; None where
            the two are one.
    """

    def __init__(self, model: Module, parameters: list[Any]) -> None:
        self.model: Module = model
        self.parameters = parameters
        self.indices: list[np.ndarray] | None = None
        if not all(isinstance(p, Tensor) for p in model.parameters()):
            if not isinstance(model, MLP) or [*map(id, parameters)] != [*map(id, model.parameters())]:
                raise ValueError("only an MLP of Values, with all its parameters, has a counterpart of Tensors")
            numbered = copy.deepcopy(model)
            for i, parameter in enumerate(numbered.parameters()):
                parameter.data = float(i)
            self.indices = [p.data.astype(int) for p in numbered.to_tensors().parameters()]
            if any(len({parameters[i].requires_grad for i in index.flat}) > 1 for index in self.indices):
                raise ValueError("an array of weights would be frozen in part: freeze whole layers")
            self.model = model.to_tensors()
            self.parameters = self.model.parameters()
            for parameter in self.parameters:
                parameter.op = None  # frozen ones are in the state of the program as well

    def gathered(self, own: Sequence[Any]) -> list[np.ndarray]:
        """Arrange one number, or array, for each parameter of the trained model as the program has them."""
        if self.indices is None:
            return [np.asarray(x) for x in own]
        flat = np.array(own, dtype=np.float64)
        return [flat[index] for index in self.indices]

    def spread(self, arrays: Sequence[Any], count: int) -> list[Any]:
        """Undo `gathered`."""
        if self.indices is None:
            return list(arrays)
        flat = np.empty(count)
        for index, array in zip(self.indices, arrays, strict=True):
            flat[index] = array
        return flat.tolist()

    def gathered_states(self, states: list[Any]) -> list[Any]:
        """Arrange the states of the optimiser, numbers and arrays by name, likewise."""
        if self.indices is None:
            return states
        columns = {name: self.gathered([state[name] for state in states]) for name in states[0]}
        return [{name: column[i] for name, column in columns.items()} for i in range(len(self.indices))]

    def spread_states(self, states: list[Any], count: int) -> list[Any]:
        """Undo `gathered_states`."""
        if self.indices is None:
            return states
        columns = {name: self.spread([state[name] for state in states], count) for name in states[0]}
        return [{name: column[i] for name, column in columns.items()} for i in range(count)]


class CompiledRunner:
    """Keeps a program for each size of batch. Parameters and state are taken in and handed back around each run."""

    def __init__(
        self,
        model: Module,
        objective: Objective,
        optimizer: Optimizer,
        data: list[np.ndarray],
        eager: Runner,
        needed: bool,
    ) -> None:
        self.trained, self.objective, self.optimizer, self.eager = model, objective, optimizer, eager
        self.given, self.needed = data, needed
        self.data: list[np.ndarray] = []
        self.zeros: list[np.ndarray] = []  # for gradients, before the first step
        self.watches = True  # whether callbacks, which may change everything, come between two calls
        self.arrays: _Arrays | None = None
        self.loops: dict[Any, Loop] = {}
        self.kinds: list[Any] = []
        self.modules: list[Module] = []
        self.buffers: list[tuple[Module, str, Any]] = []  # of the model, which a program carries along
        self.refused = ""  # why steps are taken eagerly
        self.told = False
        self.unreached: dict[Any, list[int]] = {}  # the parameters that the loss does not depend on, for each program
        self.whole: np.ndarray | None = None  # the last array of row numbers that was seen to name every row in order

    def __call__(self, batches: Sequence[np.ndarray]) -> list[float]:
        """Take the steps; meanwhile frozen parameters and buffers are leaves, which a program has in its state."""
        if self.kinds != (now := [p.op for p in self.optimizer.parameters]):  # which of them are frozen
            self._forget()
            self.kinds = now
        if self.watches or not self.modules:
            self.modules = [module for _, module in self.trained.named_modules()]
            attributes = [(m, n, x) for m in self.modules for n, x in vars(m).items() if is_buffer(x)]
            self.buffers = attributes if len({id(x) for *_, x in attributes}) == len(attributes) else []
            self.constants = [p for p in self.optimizer.parameters if not p.requires_grad]
            self.constants += [x for *_, x in self.buffers]
        with _switched(self.constants, [None] * len(self.constants)) as self.ops:
            return self._take_steps(batches)

    def _take_steps(self, batches: Sequence[np.ndarray]) -> list[float]:
        losses: list[float] = []
        if self.watches:
            self._refresh()
        settings, first = tuple(self._settings()), self.optimizer.steps
        sizes = [0 if rows is self.whole else self._size(rows) for rows in batches]
        loaded: dict[int, Any] = {}  # for each size a program that is laid out for all steps to come, and their losses
        past: dict[int, int] = {}  # how many of them are over
        held, taken, at = None, 0, 0
        groups = [(size, len([*group])) for size, group in itertools.groupby(sizes)]
        while groups:
            size, count = groups.pop(0)
            if size not in loaded:
                loaded[size] = self._loaded(size, settings, batches, sizes, first, at)
            loop, found = loaded[size]
            if loop is None:
                self._hand_back(held, taken)
                held, taken = None, 0
                losses += (some := self._eagerly(batches[at : at + count]))
                self._tell()
                loaded, past = {}, {}
                if len(some) < count or not math.isfinite(some[-1]):
                    return losses
                at += count
                continue
            if held is None:
                self._take_in(loop)
            elif loop is not held:
                loop.go_on_from(held)
            held, start = loop, past.get(size, 0)
            finished = loop.advance(start, count)
            taken, at, past[size] = taken + finished, at + finished, start + finished
            losses += found[start : start + finished].tolist()
            if finished < count:  # say of the next step what the eager runner says of it
                self._hand_back(held, taken)
                held, taken = None, 0
                losses += (some := self._eagerly(batches[at : at + 1]))
                if not some or not math.isfinite(some[0]):
                    return losses
                at, loaded, past = at + 1, {}, {}
                if finished + 1 < count:  # added up in another order, it did not overflow
                    groups.insert(0, (size, count - finished - 1))
        self._hand_back(held, taken)
        return losses

    def _loaded(
        self, size: int, settings: tuple[Any, ...], batches: Sequence[np.ndarray], sizes: list[int], first: int,
        at: int,
    ) -> Any:  # fmt: skip
        """Return the program for batches of this size, laid out for those to come, and the place for their losses."""
        loop = self._loop(size, settings)
        if loop is None:
            return None, None
        which = [i for i in range(at, len(sizes)) if sizes[i] == size]
        rates = [group.lr for group in self.optimizer.groups]
        fed: list[Any]
        if any(map(callable, rates)):
            fed = [*zip(*(self.optimizer.rates(first + i) for i in which), strict=True)]
        else:
            fed = [np.full(len(which), rate) for rate in self.optimizer.rates(first)]
        rows = np.stack([batches[i] for i in which]) if size else None
        (losses,) = loop.load(len(which), [first + 1.0 + np.array(which), *map(np.asarray, fed)], rows)
        return loop, losses

    def _eagerly(self, rows: Sequence[np.ndarray]) -> list[float]:
        with _switched(self.constants, self.ops):
            return self.eager(rows)

    def _size(self, rows: np.ndarray) -> int:
        """Return the size of a batch; 0 for all rows in order, which needs no gathering."""
        if len(rows) == len(self.given[0]) and np.array_equal(rows, np.arange(len(rows))):
            self.whole = rows
            return 0
        return len(rows)

    def _take_in(self, loop: Loop) -> None:
        """Return a program the parameters and the state of the optimiser."""
        arrays = self._arrays()
        numbers = arrays.gathered([p.data for p in self.optimizer.parameters])
        loop.state = (numbers, self.zeros, arrays.gathered_states(self.optimizer.states),
                      [x.data for *_, x in self.buffers])  # fmt: skip

    def park(self) -> None:
        """Leave the programs to the next training of an equal model."""
        for loop in self.loops.values():
            loop.park()
        self._forget()

    def _hand_back(self, loop: Loop | None, taken: int) -> None:
        """Take parameters, gradients and the state of the optimiser out of a program that has finished some steps."""
        if loop is None or not taken:
            return
        arrays, optimizer = self._arrays(), self.optimizer
        own, steps = optimizer.parameters, optimizer.steps + taken
        flat, n = loop.numbers(), len(arrays.parameters)
        numbers, grads = arrays.spread(flat[:n], len(own)), arrays.spread(flat[n : 2 * n], len(own))
        rest = iter(flat[2 * n :])
        names = optimizer.states if arrays.indices is None else optimizer.states[:1] * n
        states: list[Any] = [{name: next(rest) for name in state} for state in names]
        kept = [*rest]
        news, skipped = arrays.spread_states(states, len(own)), list(optimizer.skipped)
        for i in loop.aside:
            grads[i] = None
            skipped[i] += taken

        def commit() -> None:
            for parameter, number, grad in zip(own, numbers, grads, strict=True):
                parameter.data, parameter.grad = number, grad
            for (*_, buffer), number in zip(self.buffers, kept, strict=True):
                buffer.data = number
            optimizer.states, optimizer.steps, optimizer.skipped = news, steps, skipped

        try:
            commit()
        except KeyboardInterrupt:  # what was begun is finished first: no half of a step
            commit()
            raise

    def _tell(self) -> None:
        """Warn once of eager steps; after the first of them, which may say better what is wrong."""
        if not self.told:
            self.told = True
            warnings.warn(
                f"`fit` takes its steps eagerly, node by node: {self.refused} (`compiled=True` raises this as an "
                "error, `compiled=False` asks for eager steps)",
                EagerFallback,
                stacklevel=_levels(),
            )

    def _arrays(self) -> _Arrays:
        if self.arrays is None:
            if isinstance(self.optimizer, Groups) and not all(isinstance(p, Tensor) for p in self.optimizer.parameters):
                raise ValueError("groups of Values may cut through the arrays of a program")
            self.arrays = _Arrays(self.trained, self.optimizer.parameters)
            dtype = np.result_type(*(p.dtype for p in self.arrays.parameters))
            self.data = [np.ascontiguousarray(cast(x, dtype)) for x in self.given]
            self.zeros = [np.zeros_like(p.data) for p in self.arrays.parameters]
        return self.arrays

    def _forget(self) -> None:
        self.loops, self.unreached, self.arrays = {}, {}, None

    def _refresh(self) -> None:
        """Take what was written into the data since it was copied."""
        for own, given in zip(self.data, self.given, strict=False):
            if not np.may_share_memory(own, given):
                own[...] = given

    def _loop(self, size: int, settings: tuple[Any, ...]) -> Loop | None:
        """Return the program for batches of this size; None where the step cannot be compiled, and need not be."""
        unreached = self.unreached.get((size, settings), ())
        skipped = [0 if i in unreached else k for i, k in enumerate(self.optimizer.skipped)]
        key = (size, settings, *skipped)
        if (loop := self.loops.get(key)) is not None and loop.is_as_it_was():
            return loop
        if self.refused:
            return None
        if loop is not None:
            self._forget()
        try:
            self.loops[key] = loop = self._made(size)
            self.unreached[size, settings] = loop.aside
        except Exception as error:  # whatever is wrong with the step itself, the eager runner says better
            if self.needed:
                raise
            self.refused = str(error) or type(error).__name__
            return None
        return loop

    def _settings(self) -> Iterator[Any]:
        """What a callback may change, and a program does not read anew."""
        for optimizer in self.optimizer.groups:
            yield from (repr(x) for name, x in vars(optimizer).items() if name[0] != "_" and name not in _NO_SETTINGS)
        yield from (module.training for module in self.modules)

    def _roots(self) -> dict[str, Any]:
        """Return what a step reads. Parameters and state of the optimiser are in the state of the program."""
        objective = self.objective
        return {
            "model": self.trained, "loss": objective.loss, "penalty": objective.penalty, "optimizer": self.optimizer,
            "lr": [one.lr for one in self.optimizer.groups if callable(one.lr) and not isinstance(one.lr, OnPlateau)],
        }  # fmt: skip

    def _made(self, size: int) -> Loop:
        arrays, optimizer, objective = self._arrays(), self.optimizer, self.objective

        own, unreached = optimizer.parameters, list[int]()
        skipped = arrays.gathered(optimizer.skipped)
        trained, buffers = [p.requires_grad for p in arrays.parameters], self.buffers

        def step(state: Any, fed: list[Any], batch: list[Any]) -> Any:
            t, *rates = fed
            for ahead in range(2):  # a schedule is asked ahead of the steps: it must be pure, too
                optimizer.rates(optimizer.steps + ahead)
            try:
                with _without_gradients(own):
                    value = objective(arrays.model, *batch)
                kept = [vars(module)[name] for module, name, _ in buffers]
            except AttributeError as error:
                if error.name != "grad":
                    raise
                raise ValueError("the step reads the gradient of a parameter, which training sets") from error
            finally:
                for module, name, buffer in buffers:
                    object.__setattr__(module, name, buffer)
            found = iter(gradients(value, list(compress(arrays.parameters, trained)), zeros=False))
            grads = [next(found) if wanted else None for wanted in trained]
            if all(grad is None for grad in grads):
                raise ValueError("the objective depends on no parameter")
            counts = [t - k if np.any(k) else t for k in skipped]
            new, states = optimizer.updates(arrays.parameters, grads, state[2], rates, counts)
            absent = [i for i, grad in enumerate(grads) if grad is None]
            unreached[:] = absent if arrays.indices is None else [n for i in absent for n in arrays.indices[i].flat]
            grads = [old if grad is None else grad for old, grad in zip(state[1], grads, strict=True)]
            return (new, grads, states, kept), [value]

        if arrays.model is not self.trained:
            arrays.model.train(self.trained.training)
        numbers = [p.data for p in arrays.parameters]
        state = (arrays.parameters, [np.zeros_like(x) for x in numbers], arrays.gathered_states(optimizer.states),
                 [x for *_, x in buffers])  # fmt: skip
        fed = [1.0] * (1 + len(self.optimizer.groups))
        numbers_of = {id(p): i for i, p in enumerate(own)}
        key = (
            tuple(self._settings()), optimizer.skipped.copy(), trained, [name for _, name, _ in buffers],
            [[numbers_of[id(p)] for p in group.parameters] for group in optimizer.groups],
        )  # fmt: skip
        loop = Loop(step, state, fed, self.data, size, finite=True, reads=self._roots(),
                    carried=[*own, *(x for *_, x in buffers)], key=key)  # fmt: skip
        if loop.aside is None:
            loop.aside = unreached
        return loop


@contextmanager
def _without_gradients(parameters: list[Any]) -> Iterator[None]:
    """Leave no gradient to be read while a step is traced."""
    grads = [parameter.grad for parameter in parameters]
    for parameter in parameters:
        del parameter.grad
    try:
        yield
    finally:
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.grad = grad


@contextmanager
def _switched(nodes: list[Any], ops: list[Any]) -> Iterator[list[Any]]:
    """Set another `op` of leaves for a while, which says whether they are constants; yield what they had."""
    before = [node.op for node in nodes]
    for node, op in zip(nodes, ops, strict=True):
        node.op = op
    try:
        yield before
    finally:
        for node, op in zip(nodes, before, strict=True):
            node.op = op


_NO_SETTINGS = {"lr", "parameters", "steps", "skipped", "optimizers"}


def compiled_runner(
    model: Module,
    objective: Objective,
    optimizer: Optimizer,
    X: np.ndarray,
    y: np.ndarray,
    sample_weight: np.ndarray | None = None,
    *,
    needed: bool = False,
) -> CompiledRunner:
    """Make the runner that works natively; arguments as for `eager_runner`.

    Where the step cannot be compiled (a `forward` that branches in Python on a number, a net of Values that is no
    MLP, random numbers of its own), its steps are taken eagerly, with one warning; or, if it is `needed`, what is in
    the way is raised by the first call.
    """
    eager = eager_runner(model, objective, optimizer, X, y, sample_weight)
    return CompiledRunner(
        model, objective, optimizer, [X, y] if sample_weight is None else [X, y, sample_weight], eager, needed
    )


def _levels() -> int:
    """Return how far the caller of `fit` is."""
    frame, count, home = sys._getframe(1), 1, __name__.partition("training")[0]
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(home):
        frame, count = frame.f_back, count + 1
    return count
