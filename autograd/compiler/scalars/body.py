"""The body of a program of single numbers: a scheduled dataflow graph over an array of float64."""

from __future__ import annotations

import math
import struct
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...graph import Node
from ...locks import lock
from ..arrays.body import Stats
from .dataflow import Dataflow
from .printing import LISTED, printed_calls, printed_flow
from .reverse_pass import reverse_pass
from .scalarize import scalarize
from .schedule import Place, Schedule
from .sums import forward_pass


class _Scalars:
    """A dataflow graph over one array of float64: constants, leaves, what the calls compute, and the results."""

    def __init__(self, flow: Dataflow, nodes: int) -> None:
        from ...kernels import catalogue

        self.lock = lock(threading.Lock)
        self.notes = flow.notes
        schedule = Schedule(flow)
        constants, leaves, results = len(flow.data), flow.leaves, len(flow.outputs)
        self._values = np.zeros(schedule.filled + results + 1)
        self._values[:constants] = schedule.numbers
        self._results = self._values[schedule.filled : schedule.filled + results]
        self._given = np.zeros(leaves)
        self._clock = np.zeros(1, np.int64)
        order = np.argsort(schedule.place[constants : constants + leaves]).astype(np.uint32)
        last = schedule.place[flow.outputs].astype(np.uint32)
        gather = "identity", "float64", "at"
        self.calls = [  # which keep the arrays whose addresses the program holds
            (gather, {"out": Place(constants), "values": self._given, "a": order, "n": leaves}),
            *schedule.calls,
            (gather, {"out": Place(schedule.filled), "values": Place(0), "a": last, "n": results}),
        ]
        made: list[int] = []
        for kernel, operands in self.calls:
            catalogue.write(made, kernel, operands, self._address)
        self._code = np.array(made, np.int64)
        self._run = catalogue.machine()
        start = self._code.ctypes.data
        self._program = np.array([start, start + self._code.nbytes, self._clock.ctypes.data])
        self._arguments = self._program.ctypes.data, 0, 1
        self._flow = flow if len(flow) <= LISTED else None
        arrays = [x for _, each in self.calls for x in each.values() if isinstance(x, np.ndarray)]
        size = self._values.nbytes + self._code.nbytes + sum(x.nbytes for x in arrays)
        self.stats = Stats(nodes, len(flow) - constants - leaves, len(self.calls), 0, size)

    def _address(self, x: Place | np.ndarray) -> int:
        """Return the address of an array operand."""
        return self._values.ctypes.data + 8 * x.number if isinstance(x, Place) else x.ctypes.data

    def run(self) -> None:
        """Run on the numbers that the leaves had last."""
        self._run(*self._arguments)

    def text(self, results: Sequence[str]) -> str:
        """Return the program as text."""
        if self._flow is None:
            return printed_calls(len(self._given), self.calls[1:-1], self.notes)
        return printed_flow(self._flow, results)


class GraphOfScalars(_Scalars):
    """The program of a graph of Values, or of Values that meet arrays of cases, forward and backward.

    Attributes:
        leaves: the leaves whose data it reads and whose gradients it computes.
    """

    @classmethod
    def of(cls, root: Node) -> GraphOfScalars | None:
        """Return the program, or None if the graph has other nodes than Values, or operations without a kernel."""
        from ...kernels import catalogue  # LLVM comes with it: only when the first program is compiled

        made = scalarize([root], None, catalogue.ELEMENTWISE)
        if made is None:
            return None
        nodes = len(made.code)
        return cls(reverse_pass(made, catalogue.run_pass), made.leaves, nodes)

    def __init__(self, flow: Dataflow, leaves: list[Any], nodes: int) -> None:
        self.leaves = leaves
        n = sum(leaf._data.__class__ is float for leaf in leaves)  # these come first
        self._read = leaves[:n]
        super().__init__(flow, nodes)
        self._struct = struct.Struct(f"{n}d")  # the quickest way for many floats into an array
        shapes = [tuple(leaf.shape) for leaf in leaves[n:]]
        self._inputs = list(zip(_parts(self._given[n:], shapes), leaves[n:], strict=True))
        self._bytes, self._numbers = self._given.data, self._results[: 1 + n]
        self._gradients = _parts(self._results[1 + n :], shapes)

    def __call__(self) -> list[Any]:
        """Return the value of the root and the gradients of the leaves, for their current data."""
        with self.lock:
            self._struct.pack_into(self._bytes, 0, *[leaf._data for leaf in self._read])
            for place, leaf in self._inputs:
                place[...] = leaf._data
            self._run(*self._arguments)
            found: list[Any] = self._numbers.tolist()
            for x in self._gradients:
                found.append(x.copy())
            return found


class FunctionOfScalars(_Scalars):
    """The program of a graph of Values and small Tensors, from `inputs` to `outputs`, without a backward pass.

    Attributes:
        inputs, outputs: the arrays that it reads and that it leaves its results in.
    """

    @classmethod
    def of(cls, outputs: Sequence[Node], inputs: Sequence[Node]) -> FunctionOfScalars | None:
        """Return the program, or None if the graph has few Values, or operations without a kernel for elements."""
        from ...kernels import catalogue

        made = scalarize(outputs, inputs, catalogue.ELEMENTWISE)
        if made is None:
            return None
        nodes = len(made.code)
        flow = forward_pass(made, catalogue.run_pass)
        return cls(flow, nodes, [tuple(x.shape) for x in inputs], [tuple(x.shape) for x in outputs])

    def __init__(self, flow: Dataflow, nodes: int, inputs: list[Any], outputs: list[Any]) -> None:
        super().__init__(flow, nodes)
        self.inputs, self.outputs = _parts(self._given, inputs), _parts(self._results, outputs)


def _parts(flat: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    return [x.reshape(shape) for x, shape in zip(np.split(flat, ends), shapes, strict=True)] if shapes else []
