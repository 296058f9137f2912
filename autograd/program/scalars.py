"""The program of a graph of Values: columns, differentiated and scheduled, in memory for the machine."""

from __future__ import annotations

import struct
import threading
from typing import Any

import numpy as np

from ..graph import Node
from .adjoint import differentiated
from .columns import columns
from .flow import Flow
from .printing import LISTED, printed_flow, printed_groups
from .program import Stats
from .schedule import Group, Schedule

__all__ = ["Scalars"]


class Scalars:
    """A program over one array of float64: the constants, the leaves, what the calls compute, and the results."""

    @classmethod
    def of(cls, root: Node) -> Scalars | None:
        """Make the program of a graph and its gradients; None where the graph is more than Values and known rows."""
        from ..kernels import catalogue  # numba comes with it: only when the first program is compiled

        made = columns(root, catalogue.ELEMENTWISE)
        return None if made is None else cls(differentiated(made, catalogue.walked), made.leaves, len(made.code))

    def __init__(self, flow: Flow, leaves: list[Any], nodes: int) -> None:
        from ..kernels import catalogue

        self.lock = threading.Lock()
        self.leaves, self.notes = leaves, flow.notes
        schedule = Schedule(flow)
        self.groups: list[Group] = schedule.groups
        results = len(flow.outputs)
        self.values = np.zeros(schedule.filled + results + 1)
        self.values[: len(flow.data)] = flow.data
        at = schedule.place[flow.outputs]
        words = [results, ("value", schedule.filled), ("value", 0), np.ascontiguousarray(at, np.uint32)]
        schedule.calls.append((("identity", "float64", "at"), words))
        self._held: list[Any] = []
        made: list[int] = []
        for kernel, words in schedule.calls:
            made += [catalogue.address(*kernel), len(words) + 2]
            made += [self._word(word, catalogue) for word in words]
        self._words = np.array(made, np.int64)
        self._clock = np.zeros(1, np.int64)
        self._run = catalogue.machine()
        self._ends = self._words.ctypes.data, self._words.ctypes.data + self._words.nbytes
        self._pack = struct.Struct(f"{len(leaves)}d")
        place = schedule.place[schedule.constants : schedule.constants + flow.leaves]
        order = np.argsort(place)
        self._in_order = [leaves[i] for i in order.tolist()]
        self._first_leaf = 8 * schedule.constants
        self._bytes = self.values.data.cast("B")
        self._results = self.values[schedule.filled : schedule.filled + results]
        held = sum(x.nbytes for x in self._held)
        self._flow = flow if len(flow) <= LISTED else None
        size = self.values.nbytes + self._words.nbytes + held
        self.stats = Stats(
            nodes, len(flow) - schedule.constants - flow.leaves, len(schedule.calls),
            int(flow.level.max(initial=0)), size, size, sum(group.flops for group in self.groups),
        )  # fmt: skip

    def _word(self, word: Any, catalogue: Any) -> int:
        if isinstance(word, tuple):
            kind, x = word
            if kind == "value":
                return self.values.ctypes.data + 8 * x
            table = np.zeros(256, np.int64)
            first = 5
            for i, name in enumerate(x, first):
                table[i] = catalogue.address(name, "float64", "one") if kind == "functions" else catalogue.ARITY[name]
            word = table
        if isinstance(word, np.ndarray):
            self._held.append(word)
            return word.ctypes.data
        return int(word)

    def replay(self) -> None:
        """Run on the data that the leaves had last."""
        self._run(*self._ends, self._clock.ctypes.data, 0, 1)

    def __call__(self) -> list[float]:
        """Run on the leaves' data; gives the root's value, and the gradients of the leaves."""
        with self.lock:
            self._pack.pack_into(self._bytes, self._first_leaf, *[leaf._data for leaf in self._in_order])
            self._run(*self._ends, self._clock.ctypes.data, 0, 1)
            return self._results.tolist()

    def __str__(self) -> str:
        if self._flow is None:
            return printed_groups(len(self.leaves), self.groups, self.notes)
        return printed_flow(self._flow, [leaf._note("label") for leaf in self.leaves])
