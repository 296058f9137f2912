"""`Loop`: run a step that updates a carry many times in one native call."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..checks import count, float_of, function, items
from ..containers import flatten, rebuild
from ..graph import Node, constant, new_constant, new_variable, variable
from ..locks import lock
from ..shapes import describe
from ..threads import get_num_threads
from .arrays.body import Body
from .arrays.lowering import Calls
from .ir.instructions import ir_of
from .ir.passes import optimize
from .tracing.captured import Captured
from .tracing.purity import library
from .tracing.trace import Trace, refuse_inside

DRAWN_AT_ONCE = 1 << 24
"""The most bytes of random numbers that are drawn for one native call."""
PARKED = 16
"""The number of programs that are kept for later loops."""
_parked: list[tuple[Any, ...]] = []
_parking = lock()
_NOTHING = np.empty(0)
_OF_NODES = AttributeError, TypeError, ValueError
"""The errors that a step for nodes only raises for plain numbers."""


class Loop:
    r"""A step $(s, x_t) \mapsto (s', y_t)$ that is traced once and then runs many times in one native call.

    The state $s$ (the carry) stays in the program between runs. Step $t$ reads row $t$ of the `inputs`, and as its
    minibatch the rows of `data` that `rows[t]` names. The loop records the results $y_t$ of every step.

    To train many nets at once, write the step for single numbers and give it a state of arrays with one element for
    each net. `benchmarks/ensemble.py` trains 1,000 nets in this way.

    Args:
        step: `step(state, inputs, batch)` returns the new state, in the same containers, and a list of results, which
            are numbers and arrays. It uses the library's operations.
        state: nested containers of numbers, arrays and leaves. A leaf, such as a parameter of a model, is passed to
            `step` itself, so `step` can also reach it through the model.
        inputs: numbers and arrays, an example of the inputs of one step.
        data: arrays of rows (the dataset). Each step reads `batch_size` rows.
        batch_size: the number of rows in a batch. 0 stands for all rows.
        finite: stop before the first step with a first result or new state that is not finite. The state is then that
            of the step before.
        reads: the objects that the step reads, by name, if they cannot be found from `step` itself.
        carried: the leaves whose data and gradients the caller may set between two runs. By default, all leaves in
            `state`.
        eager: a function that returns the result of eager code for the first batch, in the containers of the result of
            `step`. The loop compares the numbers when it traces. By default, `step` runs with plain numbers.
        key: what else the step depends on. Loops with equal keys whose steps read equal objects share a program, one
            after the other (see `park`). None gives the loop a program of its own.

    Raises:
        ValueError: the step reads the number of a node in Python, which a program cannot repeat; or the new state does
            not have the shapes of the old one.

    Source: JAX has the same loop under the name `lax.scan`.

    >>> from chalkgrad import Loop, Value
    >>> loop = Loop(lambda s, x, batch: (s - x[0] * 2.0 * s, [s * s]), state=1.0, inputs=[0.1])
    >>> finished, (losses,) = loop.run(3, [np.full(3, 0.25)])
    >>> finished, losses.tolist(), loop.state
    (3, [1.0, 0.25, 0.0625], 0.125)
    """

    def __init__(
        self,
        step: Callable[[Any, Any, Any], tuple[Any, Sequence[Any]]],
        state: Any,
        inputs: Sequence[Any] = (),
        data: Sequence[np.ndarray] = (),
        batch_size: int = 0,
        *,
        finite: bool = False,
        reads: dict[str, Any] | None = None,
        carried: Sequence[Node] | None = None,
        key: Any = None,
        eager: Callable[[], Any] | None = None,
    ) -> None:
        function(step, "step", "of a state, inputs and a batch")
        self._step, self._finite = step, finite
        self._roots = {getattr(step, "__name__", "self"): step} if reads is None else reads
        self._tree, self._key, self._eager = state, key, eager
        self.aside: Any = None
        self._carried = [x for x in flatten(state) if isinstance(x, Node)] if carried is None else carried
        self._data = [_rows(x) for x in items(data, "data")]
        self.batch_size = count(batch_size, "batch_size", 0, 2**31 - 1)
        self._inputs = list(items(inputs, "inputs"))
        self._make(state)

    def _make(self, state: Any) -> None:
        """Make the program. This runs again after a change of something that the step reads."""
        size = self.batch_size
        self._states = [_variable(x, "state") for x in flatten(self._tree)]
        self._xs = [_variable(x, "inputs") for x in self._inputs]
        self._batches = [new_variable(np.resize(x, (size, *x.shape[1:])) if size else x) for x in self._data]
        self._kind = self._key and self._dependence()
        if not self._take_over():
            self._captured = Captured(self._roots, self._carried)
            self._traced = Trace(self._captured)
            outputs = self._trace()
            inputs = self._traced.inputs(outputs, [*self._states, *self._xs, *self._batches])
            if self._traced.uses_history:
                raise ValueError("the step captures the result of an operation: compute it inside the step")
            program = optimize(ir_of(outputs, inputs))
            self._body = Body(program, self._traced.nodes, self._feed, self._keep)  # allocates
        for i, x in enumerate(self._data):
            self._body.bind(f"data {i}", x)
        places, parameters = self._body.inputs, self._traced.parameters
        self._captured_leaves = [*zip(reversed(places), reversed(parameters), strict=False)]
        whole = () if size else self._data
        self._whole = [*zip(places[len(self._states) + len(self._xs) :], whole, strict=False)]
        self.state = state

    # Programs that loops share one after the other ----------------------------------------------------------

    def _dependence(self) -> Any:
        """Return what a program depends on, apart from the objects that the step reads."""
        shapes = rebuild(self._tree, [(x.shape, x.dtype if x.shape else None) for x in self._states])
        sizes = [(x.shape, x.dtype) for x in self._batches], [x.shape for x in self._xs]
        return self._key, shapes, sizes, self.batch_size, self._finite, get_num_threads(), library()

    def park(self) -> None:
        """Hand the program over to later loops, without its data and results. Do not use this loop afterwards."""
        if not self._key or self._traced.draws or self._traced.parameters:
            return
        for name in self._body.slots:
            self._body.bind(name, _NOTHING)
        found = self._captured.found
        parked = self._kind, self._captured.ran, found.facts, found.by_id, self._body, self._result_shapes, self.aside
        with _parking:
            _parked.append(parked)
            del _parked[:-PARKED]

    def _take_over(self) -> bool:
        for one in reversed(_parked.copy()) if self._key else ():
            kind, ran, facts, _, *program = one
            if kind == self._kind and (captured := Captured(self._roots, self._carried, ran)).reads(facts):
                with _parking:
                    if not any(x is one for x in _parked):
                        continue  # another thread took it
                    _parked[:] = [x for x in _parked if x is not one]
                self._captured, self._traced = captured, Trace(captured)
                self._body, self._result_shapes, self.aside = program
                return True
        return False

    def is_as_it_was(self) -> bool:
        """Return whether everything that the step reads is unchanged since the trace."""
        return self._captured.holds(self._roots)

    def _trace(self) -> list[Node]:
        """Run the step on variables. Return the nodes of the new state, followed by those of the results."""
        states = self._states
        tree, numbers = rebuild(self._tree, list(states)), [x._data for x in states]

        def eager() -> Any:
            return self._step(rebuild(self._tree, _plain(states)), _plain(self._xs), _plain(self._batches))

        def run() -> Any:
            return self._step(tree, self._xs, self._batches)

        movable = [x for x in states if x.op is None] if self._eager else [*states, *self._xs, *self._batches]
        moved, given = self._traced.follow(run, self._eager or eager, movable, () if self._eager else _OF_NODES)
        if [*map(id, flatten(tree))] != [*map(id, states)] or any(
            x._data is not was for x, was in zip(states, numbers, strict=True)
        ):
            raise RuntimeError("the step changed its state in place while it was traced: return the new state instead")
        if self._traced.guards:
            raise ValueError(
                "the step asks in Python for numbers of nodes, as in `if x > 0` or `x.data`; a loop cannot follow "
                "that: write it with `where` and the library's functions"
            )
        moved = [_fitting(new, old) for new, old in zip(flatten(moved), states, strict=True)]
        given = [x if isinstance(x, Node) else new_constant(float(x)) for x in given]
        self._result_shapes = [x.shape for x in given]
        return [*moved, *given]

    def _feed(self, calls: Calls) -> None:
        """Add the calls that read the inputs and the batch of a step. They come first."""
        before, size, uses = len(self._states), self.batch_size, calls.ir.uses()
        fed = [*self._xs, *self._batches, *(node for node, _ in self._traced.draws)]
        for i, (x, out) in enumerate(zip(fed, calls.views[before:], strict=False)):
            batch = i - len(self._xs)
            if not 0 <= batch < len(self._batches):
                if uses[before + i]:
                    calls.feed(out, f"xs {i}")
            elif size:
                calls.call("batch", out.dtype, out=out, clock=calls.clock, data=f"data {batch}", numbers="rows",
                           rows=size, width=math.prod(x.shape[1:]), size=size)  # fmt: skip

    def _keep(self, calls: Calls) -> None:
        """Add the calls that record the results, check that they are finite, and then store the new state."""
        ir, n = calls.ir, len(self._states)
        views = [calls.views[i] for i in ir.outputs]
        new, results = views[:n], [calls.contiguous(v) for v in views[n:]]
        for i, v in enumerate(results):
            calls.record(f"result {i}", v)
        constant_bases = {calls.views[i].base for i in ir.inputs} | set(calls.constants)
        new = [calls.copied(v, v.dtype) if v.base in constant_bases else v for v in new]
        if self._finite:
            uses = ir.uses()
            checked = [v for i, v in zip(ir.inputs, new, strict=False) if uses[i]]
            for v in map(calls.contiguous, [*results[:1], *checked]):
                calls.call("check", v.dtype, a=v, n=v.size)
        for i, v in zip(ir.inputs, new, strict=False):
            calls.copy_into(calls.views[i], v)

    def numbers(self) -> list[Any]:
        """Return copies of the arrays of the state, as a flat list."""
        with self._body.lock:
            return [x.copy() for x in self._body.inputs[: len(self._states)]]

    @property
    def state(self) -> Any:
        """The state in its containers, as floats and copies of arrays. Assign to it to continue from another state.

        >>> loop = Loop(lambda s, x, batch: (2.0 * s, []), state=1.0)
        >>> loop.state = 5.0
        >>> loop.run(1)[0], loop.state
        (1, 10.0)
        """
        return rebuild(self._tree, [x if x.shape else float(x) for x in self.numbers()])

    @state.setter
    def state(self, tree: Any) -> None:
        self.put([x._data if isinstance(x, Node) else x for x in flatten(tree)])

    def put(self, numbers: Sequence[Any]) -> None:
        """Set the state, or the first part of it, from a flat list."""
        with self._body.lock:
            for place, x in zip(self._body.inputs[: len(self._states)], numbers, strict=False):
                place[...] = x

    def go_on_from(self, other: Loop) -> None:
        """Copy the state of another loop into this one. In an epoch, two loops for different batch sizes alternate."""
        with other._body.lock:
            self.put(other._body.inputs)

    def run(
        self, steps: int, inputs: Sequence[np.ndarray] = (), rows: np.ndarray | None = None
    ) -> tuple[int, list[np.ndarray]]:
        """Run `steps` steps, and return the number of finished steps and the results.

        Args:
            steps: the number of steps.
            inputs: one array for each input of a step. The first axis has length `steps`.
            rows: indices of rows of `data`, whole numbers of shape `(steps, batch_size)`.

        Returns:
            The number of finished steps, and a list with one float64 array for each result of a step. The first axis
            of each array has length `steps`.

        Raises:
            ValueError: an array does not have this shape, or an index is out of range.

        >>> loop = Loop(lambda s, x, batch: (s + x[0], [s]), state=0.0, inputs=[1.0])
        >>> loop.run(3, [np.array([1.0, 2.0, 3.0])])
        (3, [array([0., 1., 3.])])
        """
        if not self.is_as_it_was():
            self._make(self.state)
        results = self.load(steps, inputs, rows)
        return self.advance(0, steps), results

    def load(self, steps: int, inputs: Sequence[np.ndarray], rows: np.ndarray | None) -> list[np.ndarray]:
        """Set the inputs for `steps` steps and return the arrays for their results. `advance` runs the steps."""
        refuse_inside("a Loop")
        body = self._body
        xs = [np.ascontiguousarray(x, dtype=np.float64) for x in inputs]
        for x, one in zip(xs, self._xs, strict=True):
            if x.shape != (steps, *one.shape):
                raise ValueError(f"`inputs` hold an array of shape {x.shape} where {(steps, *one.shape)} is needed")
        numbers = self._row_numbers(rows, steps)
        results = [np.empty((steps, *shape)) for shape in self._result_shapes]
        self._loaded = xs, numbers, results  # keeps the arrays alive
        with body.lock:
            for place, leaf in self._captured_leaves:
                place[...] = leaf._data
            for i, x in enumerate(xs):
                body.bind(f"xs {i}", x)
            for place, x in self._whole:
                place[...] = x
            if numbers is not None:
                body.bind("rows", numbers)
            for i, x in enumerate(results):
                body.bind(f"result {i}", x)
        return results

    def advance(self, first: int, steps: int) -> int:
        """Run `steps` of the loaded steps, from step `first` on. Return the number of finished steps.

        Steps that draw random numbers run in several native calls, which bounds the memory for these numbers.
        """
        nodes, finished = [node for node, _ in self._traced.draws], 0
        most = DRAWN_AT_ONCE // (8 * sum(math.prod(x.shape) for x in nodes) + 1) if nodes else steps
        place = len(self._xs) + len(self._data)
        with self._body.lock:
            while finished < steps:
                if finished and not self.is_as_it_was():  # a function that draws may change anything
                    raise RuntimeError("a function that draws for the loop changed an object that the step reads")
                start, size = first + finished, min(max(1, most), steps - finished)
                drawn = [np.empty((size, *node.shape)) for node in nodes]
                for step in range(size if nodes else 0):
                    for x, number in zip(drawn, self._traced.redraw(), strict=True):
                        x[step] = number
                for i, x in enumerate(drawn, place):
                    self._body.bind(f"xs {i}", x, -start * x[0].nbytes)  # the step counter counts all steps
                finished += (taken := self._body.run(start, size))
                if taken < size:
                    break
        return finished

    def _row_numbers(self, rows: Any, steps: int) -> np.ndarray | None:
        if not self._data or not self.batch_size:
            return None
        numbers = np.ascontiguousarray(rows, dtype=np.int64)
        if numbers.shape != (steps, self.batch_size):
            raise ValueError(f"`rows` has shape {numbers.shape}; it needs {(steps, self.batch_size)}")
        n = min(len(x) for x in self._data)
        if numbers.size and (numbers.min() < 0 or numbers.max() >= n):
            raise ValueError(f"`rows` are numbers from 0 to {n - 1}; found {numbers.min()} to {numbers.max()}")
        return numbers

    def __str__(self) -> str:
        names = ["new state"] * len(self._states) + [f"result {i}" for i in range(len(self._result_shapes))]
        return self._body.text(names)

    def __deepcopy__(self, memo: Any) -> Loop:  # the step may refer to these very leaves
        return copy.copy(self)

    def __reduce__(self) -> Any:
        parts = self._step, self._tree, self._inputs, self._data, self.batch_size
        make = functools.partial(Loop, finite=self._finite, reads=self._roots, carried=self._carried, eager=self._eager)
        return make, parts, self.state

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __repr__(self) -> str:
        return f"Loop({self._body.stats.instructions} instructions)"


def _rows(x: Any) -> np.ndarray:
    array = np.ascontiguousarray(x)
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(f"`data` are arrays of float32 or float64, not {describe(x)} ({x!r:.40})")
    return array


def _variable(x: Any, name: str) -> Any:
    if isinstance(x, Node):
        if x.op is constant or not x.is_leaf:
            raise TypeError(f"`{name}` holds {x!r:.60}: give leaves, numbers and arrays")
        return x
    if isinstance(x, (int, float, np.floating)) and not isinstance(x, bool):
        return new_variable(float_of(x, name))
    if isinstance(x, np.ndarray) and x.dtype in (np.float32, np.float64):
        return new_variable(np.array(x, order="C"))
    raise TypeError(f"`{name}` holds {describe(x)} ({x!r:.40}): give numbers, arrays of floats, and leaves")


def _plain(nodes: list[Any]) -> list[Any]:
    """Return the data in place of variables; leaves stay as they are."""
    return [copy.copy(x._data) if x.op is variable else x for x in nodes]


def _fitting(new: Any, old: Node) -> Any:
    """Return one part of a new state as a node, after a check of its shape."""
    node = new if isinstance(new, Node) else new_constant(np.asarray(new, float) if old.shape else float(new))
    if node.shape != old.shape:
        raise ValueError(f"the new state has shape {node.shape} where the old one has {old.shape}")
    return node
