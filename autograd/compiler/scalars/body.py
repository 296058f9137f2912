"""Programs of single numbers: a structure of arrays, scheduled, in memory for the machine."""

from __future__ import annotations

import functools
import math
import struct
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...graph import Node, fixed, topological
from ...locks import lock
from ..arrays.body import Stats
from ..printing import LISTED, printed_flow, printed_groups
from .dataflow import Flow
from .reverse_pass import reverse_pass
from .scalarize import scalarize
from .schedule import FIRST, Place, Schedule
from .structure_of_arrays import structure_of_arrays
from .sums import forward_pass


class _Scalars:
    """A flow over one array of float64: the constants, the leaves, what the calls compute, and the results."""

    def __init__(self, flow: Flow, nodes: int, given: np.ndarray | None = None) -> None:
        from ...kernels import catalogue

        self.lock = lock(threading.Lock)
        self.notes = flow.notes
        schedule = Schedule(flow)
        self.groups = schedule.groups
        constants, leaves, results = len(flow.data), flow.leaves, len(flow.outputs)
        self._values = np.zeros(schedule.filled + results + 1)
        self._values[:constants] = schedule.numbers
        self._results = self._values[schedule.filled : schedule.filled + results]
        self._order = np.argsort(schedule.place[constants : constants + leaves])
        self._held: list[Any] = []
        self._clock = np.zeros(1, np.int64)
        gather, calls = ("identity", "float64", "at"), list(schedule.calls)
        if given is not None and leaves:
            order = self._order.astype(np.uint32)
            calls.insert(0, (gather, {"out": Place(constants), "values": given, "a": order, "n": leaves}))
        last = schedule.place[flow.outputs].astype(np.uint32)
        calls.append((gather, {"out": Place(schedule.filled), "values": Place(0), "a": last, "n": results}))
        made: list[int] = []
        for kernel, operands in calls:
            catalogue.write(made, kernel, operands, functools.partial(self._word, catalogue=catalogue))
        self._words = np.array(made, np.int64)
        self._run = catalogue.machine()
        start = self._words.ctypes.data
        self._arguments = start, start + self._words.nbytes, self._clock.ctypes.data, 0, 1
        self._flow = flow if len(flow) <= LISTED else None
        size = self._values.nbytes + self._words.nbytes + sum(x.nbytes for x in self._held)
        self.stats = Stats(
            nodes, len(flow) - constants - leaves, len(calls), 0, int(flow.level.max()), size, size,
            sum(group.flops for group in self.groups),
        )  # fmt: skip

    def _word(self, x: Any, catalogue: Any) -> int:
        """Return the address of an array operand, and hold on to the array."""
        if isinstance(x, Place):
            return self._values.ctypes.data + 8 * x.number
        if isinstance(x, tuple):
            kind, names = x
            x = np.zeros(256, np.int64)
            for i, name in enumerate(names, FIRST):
                x[i] = catalogue.address(name, "float64", "one") if kind == "functions" else catalogue.ARITY[name]
        self._held.append(x)
        return x.ctypes.data

    def run(self) -> None:
        """Run on the numbers that the leaves had last."""
        self._run(*self._arguments)

    def text(self, results: Sequence[str]) -> str:
        """List the program."""
        if self._flow is None:
            return printed_groups(len(self._order), self.groups, self.notes)
        return printed_flow(self._flow, results)


class GraphOfScalars(_Scalars):
    """The program of a graph of Values, or of Values that meet arrays of cases, forward and backward.

    Attributes:
        leaves: whose data it reads, and whose gradients it gives.
    """

    @classmethod
    def of(cls, root: Node) -> GraphOfScalars | None:
        """Make the program; None where the graph holds more than Values and rows that have a kernel."""
        from ...kernels import catalogue  # LLVM comes with it: only when the first program is compiled

        made = structure_of_arrays(root, catalogue.ELEMENTWISE) if root._data.__class__ is float else None
        if made is None:
            leaves = [leaf for leaf in topological(root)[1] if leaf.op is not fixed]
            leaves.sort(key=lambda leaf: leaf._data.__class__ is not float)
            made = scalarize([root], leaves, catalogue.ELEMENTWISE, lanes=True)
        if made is None:
            return None
        nodes = len(made.code)
        return cls(reverse_pass(made, catalogue.run_pass), made.leaves, nodes)

    def __init__(self, flow: Flow, leaves: list[Any], nodes: int) -> None:
        self.leaves = leaves
        self._singles = sum(leaf._data.__class__ is float for leaf in leaves)  # these come first
        self._arrays = leaves[self._singles :]
        given = np.zeros(flow.leaves) if self._arrays else None
        super().__init__(flow, nodes, given)
        self._struct = struct.Struct(f"{self._singles}d")  # the quickest way for many floats into an array
        if given is None:
            self._read = [leaves[i] for i in self._order.tolist()]
            self._bytes, self._first = self._values.data.cast("B"), 8 * len(flow.data)
        else:
            self._read = leaves[: self._singles]
            self._bytes, self._first = given.data.cast("B"), 0
            shapes = [tuple(leaf.shape) for leaf in self._arrays]
            self._inputs = _parts(given[self._singles :], shapes)
            self._gradients = _parts(self._results[1 + self._singles :], shapes)

    def __call__(self) -> list[Any]:
        """Run on the leaves' data; gives the root's value, and the gradients of the leaves."""
        with self.lock:
            self._struct.pack_into(self._bytes, self._first, *[leaf._data for leaf in self._read])
            if not self._arrays:
                self._run(*self._arguments)
                return self._results.tolist()
            for place, leaf in zip(self._inputs, self._arrays, strict=True):
                place[...] = leaf._data
            self._run(*self._arguments)
            return [*self._results[: 1 + self._singles].tolist(), *(x.copy() for x in self._gradients)]


class FunctionOfScalars(_Scalars):
    """The program of a graph of Values and small Tensors, from `inputs` to `outputs`, without a backward pass.

    Attributes:
        inputs, outputs: the arrays that it reads and that it leaves its results in.
    """

    @classmethod
    def of(cls, outputs: Sequence[Node], inputs: Sequence[Node]) -> FunctionOfScalars | None:
        """Make the program; None where the graph has few Values, or rows that have no kernel for elements."""
        from ...kernels import catalogue

        made = scalarize(outputs, inputs, catalogue.ELEMENTWISE)
        if made is None:
            return None
        nodes = len(made.code)
        flow = forward_pass(made, catalogue.run_pass)
        return cls(flow, nodes, [tuple(x.shape) for x in inputs], [tuple(x.shape) for x in outputs])

    def __init__(self, flow: Flow, nodes: int, inputs: list[Any], outputs: list[Any]) -> None:
        given = np.zeros(flow.leaves)
        super().__init__(flow, nodes, given)
        self.inputs, self.outputs = _parts(given, inputs), _parts(self._results, outputs)


def _parts(flat: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    return [x.reshape(shape) for x, shape in zip(np.split(flat, ends), shapes, strict=True)] if shapes else []
