"""The runner that takes steps natively: forward, backward and update are one program, and many steps one call.

What `runner.eager_runner` does node by node, with the same numbers but for rounding.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import compress, groupby, islice, repeat
from typing import Any

import numpy as np

from autograd import Loop, Tensor, gradients

from ..arguments import cast, warn
from ..mlp import MLP
from ..module import Module
from ..optim.schedules import OnPlateau
from ..optim.update_rules import Groups, Optimizer
from ..state import is_buffer
from .preparation import Dataset
from .runner import Objective, eager_runner


class EagerFallback(UserWarning):
    """Warns that `fit` trains eagerly, node by node, and names what a compiled program could not follow.

    `warnings.simplefilter("ignore", nn.EagerFallback)` silences it, `fit(..., compiled=True)` makes an error of it.

    >>> import warnings
    >>> from chalkgrad.nn import MLP, SGD, EagerFallback, Groups, fit
    >>> net = MLP(1, [1], rng=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", EagerFallback)
    ...     fit(net, [[1.0]], [2.0], optimizer=Groups(SGD(net.parameters(), lr=0.1)), epochs=2).compiled
    False
    """


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
        self.parameters, self.count = parameters, len(parameters)
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

    def gathered(self, own: list[Any]) -> list[Any]:
        """Arrange what each parameter of the trained model has, a number or numbers by name, as the program has it."""
        if self.indices is None:
            return own
        if isinstance(own[0], dict):
            return _by_name(own, self.gathered, len(self.indices))
        flat = np.array(own, dtype=np.float64)
        return [flat[index] for index in self.indices]

    def spread(self, arrays: list[Any]) -> list[Any]:
        """Undo `gathered`."""
        if self.indices is None:
            return arrays
        if isinstance(arrays[0], dict):
            return _by_name(arrays, self.spread, self.count)
        flat = np.empty(self.count)
        for index, array in zip(self.indices, arrays, strict=True):
            flat[index] = array
        return flat.tolist()


def _by_name(things: list[dict[str, Any]], arrange: Callable[[list[Any]], list[Any]], count: int) -> list[Any]:
    """Arrange the numbers of each name; gives `count` dicts of them."""
    columns = {name: arrange([thing[name] for thing in things]) for name in things[0]}
    return [{name: column[i] for name, column in columns.items()} for i in range(count)]


class CompiledRunner:
    """Takes steps natively; arguments as for `eager_runner`. It keeps a program for each size of batch.

    Parameters and state are taken in and handed back around each run. Where the step cannot be compiled (a `forward`
    that branches in Python on a number, a net of Values that is no MLP, random numbers of its own), its steps are taken
    eagerly, with one warning; or, if `compiled` is True, what is in the way is raised by the first call. If it is
    False, all steps are eager.

    Attributes:
        watches: whether callbacks, which may change everything, come between two calls.
        refused: why steps are taken eagerly, or "".
    """

    def __init__(
        self, model: Module, objective: Objective, optimizer: Optimizer, data: Dataset, compiled: bool | None = None
    ) -> None:
        self.trained, self.objective, self.optimizer, self.needed = model, objective, optimizer, bool(compiled)
        self.eager = eager_runner(model, objective, optimizer, data)
        self.given = [x for x in data if x is not None]
        self.has_warned = compiled is not None and not compiled
        self.watches, self.refused = True, "`compiled` is False" if self.has_warned else ""
        self.data: list[np.ndarray] = []
        self.arrays: Any = None  # `_Arrays`, made with the first program
        self.loops: dict[int, tuple[Loop, list[Any]]] = {}  # for each size of batch, with `_kinds`
        self.buffers: list[tuple[Module, str, Any]] = []  # of the model, which a program carries along
        self.constants: list[Any] = []  # the nodes of these, and frozen parameters

    def __call__(self, batches: Sequence[np.ndarray]) -> list[float]:
        """Take the steps; meanwhile frozen parameters and buffers are leaves, which a program has in its state."""
        losses: list[float] = []
        while len(losses) < len(batches):
            if not self.refused:
                losses += self._natively(batches[len(losses) :])
            rest = batches[len(losses) :]
            rest = rest if self.refused else rest[:1]  # of a step that is not finite the eager runner says more
            if rest:
                losses += (some := self.eager(rest))
                self._warn()
                if len(some) < len(rest) or not math.isfinite(losses[-1]):
                    break
        return losses

    def _is_as_it_was(self, sizes: set[int]) -> bool:
        """Return whether nothing has changed that the programs for these sizes read, and what is trained neither."""
        made = [self.loops[size] for size in sizes] if sizes <= self.loops.keys() else self.loops.values()
        return all(kinds == self._kinds(loop) and loop.is_as_it_was() for loop, kinds in made)

    def _look(self) -> None:
        """Leave the programs there are, and find the buffers of the model and all else that is not trained."""
        self.park()
        modules = [module for _, module in self.trained.named_modules()]
        attributes = [(m, n, x) for m in modules for n, x in vars(m).items() if is_buffer(x)]
        self.buffers = attributes if len({id(x) for *_, x in attributes}) == len(attributes) else []
        self.constants = [p for p in self.optimizer.parameters if not p.requires_grad]
        self.constants += [x for *_, x in self.buffers]

    def _natively(self, batches: Sequence[np.ndarray]) -> list[float]:
        """Take steps by programs, as long as all stays finite; gives their losses."""
        whole = len(batches[0]) == len(self.given[0])  # there is no other size then
        sizes = [len(batches[0])] if whole else [*map(len, batches)]
        different = set(sizes)
        with _swapped(self.constants, "op"):
            known = bool(self.loops) and self._is_as_it_was(different)
        if not known:
            self._look()
        with _swapped(self.constants, "op") as self.constant_ops:
            try:
                self._make(different)
            except Exception as error:  # whatever is wrong with the step itself, the eager runner says better
                if self.needed:
                    raise
                self.refused = str(error) or type(error).__name__
                return []
            return self._run({size: self.loops[size][0] for size in different}, sizes, batches)

    def _run(self, loops: dict[int, Any], sizes: list[int], batches: Sequence[np.ndarray]) -> list[float]:
        """Take steps, each by the program for its size."""
        for copied, given in zip(self.data, self.given, strict=True) if self.watches else ():
            if not np.may_share_memory(copied, given):
                copied[...] = given  # what was written into it since
        losses: list[float] = []
        of_size = {size: [i for i, n in enumerate(sizes) if n == size] for size in loops} if len(loops) > 1 else {}
        found = {size: self._load(loop, of_size.get(size), batches) for size, loop in loops.items()}
        places = dict.fromkeys(loops, 0)  # how many steps of each size are over
        arrays, own, states = self.arrays, self.optimizer.parameters, self.optimizer.states
        held: Any = None
        for size, group in groupby(sizes) if of_size else [(sizes[0], batches)]:
            loop, place, count = loops[size], places[size], len([*group])
            if held is None:
                states = arrays.gathered(states)
                numbers = [x for state in states for x in state.values()]
                loop.put([*arrays.gathered([p._data for p in own]), *numbers, *(x._data for *_, x in self.buffers)])
            elif loop is not held:
                loop.go_on_from(held)
            held, finished = loop, loop.advance(place, count)
            places[size] += finished
            losses += found[size][place : place + finished].tolist()
            if finished < count:
                break
        if losses:
            self._hand_back(held, states, len(losses))
        return losses

    def _load(self, loop: Loop, which: list[int] | None, batches: Sequence[np.ndarray]) -> np.ndarray:
        """Lay a program out for all steps of its size, numbered `which`, or all; gives the place for their losses."""
        first, groups = self.optimizer.steps, self.optimizer.groups
        steps = np.arange(len(batches)) if which is None else np.array(which)
        rates = [np.full(len(steps), rate) for rate in self.optimizer.rates()]
        if any(callable(group.lr) for group in groups):
            rates = [*np.array([self.optimizer.rates(first + i) for i in steps.tolist()]).T]
        rows = None
        if loop.batch_size:
            some = batches if which is None else [batches[i] for i in which]
            rows = np.concatenate(some).reshape(len(some), loop.batch_size)
        (losses,) = loop.load(len(steps), [first + 1.0 + steps, *rates], rows)
        return losses

    def _hand_back(self, loop: Loop, before: list[dict[str, Any]], taken: int) -> None:
        """Take parameters, gradients and the state of the optimiser out of a program that has finished some steps."""
        optimizer, spread, left = self.optimizer, self.arrays.spread, iter(loop.numbers())
        count = len(before)
        numbers = spread([*islice(left, count)])
        states = spread([dict(zip(state, left, strict=False)) for state in before])
        kept = [*islice(left, len(self.buffers))]
        grads, steps, skipped = spread([*left]), optimizer.steps + taken, list(optimizer.skipped)
        for i in loop.aside:
            grads[i] = None
            skipped[i] += taken

        def commit() -> None:
            for parameter, number, grad in zip(optimizer.parameters, numbers, grads, strict=True):
                parameter._data, parameter.grad = number, grad
            for (*_, buffer), number in zip(self.buffers, kept, strict=True):
                buffer.data = number if number.shape else number.item()
            optimizer._states, optimizer.steps, optimizer.skipped = states, steps, skipped

        try:
            commit()
        except KeyboardInterrupt:  # what was begun is finished first: no half of a step
            commit()
            raise

    def _warn(self) -> None:
        """Warn once of eager steps; after the first of them, which may say better what is wrong."""
        if self.refused and not self.has_warned:
            self.has_warned = True
            warn(
                f"`fit` takes its steps eagerly, node by node: {self.refused} (`compiled=True` raises this as an "
                "error, `compiled=False` asks for eager steps)",
                EagerFallback,
            )

    def _make(self, sizes: set[int]) -> None:
        """Make the programs for batches of these sizes, where there are none."""
        if self.arrays is None:
            if isinstance(self.optimizer, Groups) and not all(isinstance(p, Tensor) for p in self.optimizer.parameters):
                raise ValueError("groups of Values may cut through the arrays of a program")
            self.arrays = _Arrays(self.trained, self.optimizer.parameters)
            dtype = np.result_type(*(p.dtype for p in self.arrays.parameters))
            self.data = [np.ascontiguousarray(cast(x, dtype)) for x in self.given]
        for size in sizes - self.loops.keys():
            loop = self._loop(size)
            self.loops[size] = loop, self._kinds(loop)

    def park(self) -> None:
        """Leave the programs to the next training of an equal model."""
        for loop, _ in self.loops.values():
            loop.park()
        self.loops, self.arrays = {}, None

    def _kinds(self, loop: Loop) -> list[Any]:
        """Return whether each parameter is trained, and how many steps one that a program updates has sat out."""
        pairs = zip(self.optimizer.parameters, self.optimizer.skipped, strict=True)
        return [(p.requires_grad, 0 if i in loop.aside else n) for i, (p, n) in enumerate(pairs)]

    def _loop(self, size: int) -> Loop:
        """Return the program for batches of this size."""
        arrays, optimizer, objective = self.arrays, self.optimizer, self.objective
        own, unreached = optimizer.parameters, list[int]()
        skipped = arrays.gathered(optimizer.skipped)
        trained, buffers = [p.requires_grad for p in arrays.parameters], self.buffers
        found = list[Any]()

        def differentiated(batch: list[Any]) -> Any:
            """Return the objective, the buffers as it leaves them and their numbers, and its gradients."""
            before = [x._data for *_, x in buffers]
            try:
                value = objective(arrays.model, *batch)
                kept = [vars(module)[name] for module, name, _ in buffers]
                after = [x._data for x in kept]
            finally:
                for (module, name, buffer), number in zip(buffers, before, strict=True):
                    object.__setattr__(module, name, buffer)
                    buffer._data = number
            grads = iter(gradients(value, list(compress(arrays.parameters, trained)), zeros=False))
            return value, kept, after, [next(grads) if wanted else None for wanted in trained]

        def step(state: Any, inputs: list[Any], batch: list[Any]) -> Any:
            t, *rates = inputs
            for ahead in range(2):  # a schedule is asked ahead of the steps: it must be pure, too
                optimizer.rates(optimizer.steps + ahead)
            try:
                with _swapped(own, "grad"):
                    for parameter in own:
                        del parameter.grad  # to read one is an error
                    value, kept, _, grads = differentiated(batch)
            except AttributeError as error:
                if error.name != "grad":
                    raise
                raise ValueError("the step reads the gradient of a parameter, which training sets") from error
            absent = [i for i, grad in enumerate(grads) if grad is None]
            if len(absent) == len(grads):
                raise ValueError("the objective depends on no parameter")
            unreached[:] = absent if arrays.indices is None else [n for i in absent for n in arrays.indices[i].flat]
            new, states = optimizer.updates(arrays.parameters, grads, state[1], rates, counted(t))
            found[:] = grads
            grads = [old if grad is None else grad for old, grad in zip(state[3], grads, strict=True)]
            return (new, states, kept, grads), [value]

        def counted(t: Any) -> list[Any]:
            return [t - n if np.any(n) else t for n in skipped]

        def eager() -> Any:
            rows = np.arange(size)
            batch = [x[rows] for x in self.given]
            with _swapped(self.constants, "op", self.constant_ops):
                value, _, kept, grads = differentiated(batch)
                numbers = [objective(twin, *(x[:2] for x in batch)).data for twin in twins]  # slow: for a few rows
                if numbers and not np.allclose(numbers, numbers[0], 1e-9, 1e-12):
                    raise ValueError("a net of Values gives something else to the objective than one of Tensors")
            grads = [old if grad is None else grad for old, grad in zip(zeros, grads, strict=True)]
            traced = [x if x is None else x._data for x in found]  # the very same, for what is steep in them
            given = copy.deepcopy(([p._data for p in arrays.parameters], traced, start[1]))
            new, states = optimizer.updates(*given, [1.0] * len(groups), counted(1))
            return (new, states, kept, grads), [value]

        twins: Any = ()
        if arrays.model is not self.trained:
            arrays.model.train(self.trained.training)
            in_use: Any = copy.deepcopy(self.trained).eval()
            twins = in_use, in_use.to_tensors()
        zeros = [np.zeros_like(p.data) for p in arrays.parameters]
        start = arrays.parameters, arrays.gathered(optimizer.states), [x for *_, x in buffers], zeros
        numbers = {id(p): i for i, p in enumerate(own)}
        groups = [[numbers[id(p)] for p in group.parameters] for group in optimizer.groups]
        batch_size = 0 if size == len(self.given[0]) else size  # all rows need no gathering
        schedules = [group.lr for group in optimizer.groups if callable(group.lr)]
        reads = {"model": self.trained, "loss": objective.loss, "penalty": objective.penalty, "optimizer": optimizer,
                 "lr": [lr for lr in schedules if not isinstance(lr, OnPlateau)]}  # fmt: skip
        loop = Loop(step, start, [1.0] * (1 + len(groups)), self.data, batch_size, finite=True, reads=reads,
                    carried=[*own, *(x for *_, x in buffers)], eager=eager,
                    key=(optimizer.skipped.copy(), trained, [name for _, name, _ in buffers], groups))  # fmt: skip
        if loop.aside is None:
            loop.aside = unreached
        return loop


@contextmanager
def _swapped(nodes: list[Any], attribute: str, things: Iterable[Any] = repeat(None)) -> Iterator[list[Any]]:
    """Give nodes another `grad` or `op` for a while, and the caller those they had; without an `op` all are leaves."""
    before = [getattr(node, attribute) for node in nodes]
    for node, thing in zip(nodes, things, strict=False):
        setattr(node, attribute, thing)
    try:
        yield before
    finally:
        for node, thing in zip(nodes, before, strict=True):
            setattr(node, attribute, thing)
