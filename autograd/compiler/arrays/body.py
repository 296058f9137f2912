"""The body of a program: calls of kernels over an arena."""

from __future__ import annotations

import ctypes
import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ...locks import lock
from ...threads import pool
from ..ir.instructions import IR
from ..printing import printed
from .lowering import Calls, PythonCall
from .memory import ALIGNMENT, planned
from .split import Fork
from .views import View

_BYTES = ctypes.c_char * 0  # to ask an array for its address so takes a quarter of the time of `array.ctypes`


@dataclass(frozen=True, slots=True)
class Stats:
    """The sizes of a program.

    Attributes:
        nodes: the number of nodes in the graph of the forward and the backward pass. For a graph of Values it counts
            the forward pass only.
        instructions: the number of instructions after all passes.
        calls: the number of calls in one run, of kernels and of Python.
        in_python: the number of calls of Python, for instructions without a kernel.
        bytes: the size of the arena and of the encoded calls.
    """

    nodes: int
    instructions: int
    calls: int
    in_python: int
    bytes: int


class Body:
    """Instructions in machine form, over memory of their own. One run at a time.

    Args:
        ir: the instructions, after all passes.
        nodes: how many nodes they came from.
        prologue, epilogue: add calls before and behind those of the IR, given the `Calls`; for loops.
    """

    def __init__(
        self,
        ir: IR,
        nodes: int,
        prologue: Callable[[Calls], None] = lambda calls: None,
        epilogue: Callable[[Calls], None] = lambda calls: None,
    ) -> None:
        from ...kernels import catalogue  # LLVM comes with it: only when the first program is compiled

        self.lock = lock(threading.Lock)
        self.ir, self.notes = ir, ir.notes
        calls = Calls(ir, prologue)
        epilogue(calls)
        kept = [calls.clock.base, *calls.constants]
        kept += [calls.views[i].base for i in (*ir.inputs, *ir.outputs)]
        sizes = [view.size * view.dtype.itemsize for view in calls.views_of]
        self._offsets, size = planned(sizes, [call.bases for call in calls.calls], kept)
        memory = np.zeros(size + ALIGNMENT, np.uint8)
        start = -memory.ctypes.data % ALIGNMENT
        self._arena = memory[start : start + size]
        self._calls = calls
        for base, data in calls.constants.items():
            self._arena[self._offsets[base] :][: data.nbytes] = data.reshape(-1).view(np.uint8)
        self._start = self._arena.ctypes.data
        self.slots: dict[str, list[tuple[np.ndarray, int]]] = {}
        self._arrays: list[np.ndarray] = []  # whose addresses the instructions hold
        self._segments: list[PythonCall | int] = []  # calls of Python, and addresses of programs of kernels
        clock = self._start + self._offsets[calls.clock.base]
        words = 0
        for in_python, part in itertools.groupby(calls.calls, lambda call: isinstance(call, PythonCall)):
            if in_python:
                self._segments += cast("Iterable[PythonCall]", part)
                continue
            made = self._encoded(part, catalogue.write)
            program = np.array([made.ctypes.data, made.ctypes.data + made.nbytes, clock])
            self._arrays.append(program)
            self._segments.append(program.ctypes.data)
            words += made.nbytes
        self._run = catalogue.machine()
        self._once = None  # one run of a program without Python, made beforehand since its words cost a call time
        if len(self._segments) == 1 and not isinstance(self._segments[0], PythonCall):
            self._once = functools.partial(self._run, *map(ctypes.c_int64, (self._segments[0], 0, 1)))
        self._threads = None
        if any(isinstance(call, Fork) for call in calls.calls):
            self._threads, self._worker = self.array(calls.clock)[1:], catalogue.worker()
        self.inputs = [self.array(calls.views[i]) for i in ir.inputs]
        self.outputs = [self.array(calls.views[i]) for i in ir.outputs]
        self.stats = Stats(
            nodes, len(ir.instructions), len(calls.calls), sum(isinstance(x, PythonCall) for x in calls.calls),
            size + words,
        )  # fmt: skip

    def _encoded(self, calls: Iterable[Any], write: Callable[..., None]) -> np.ndarray:
        """Return calls as 64-bit words for the machine."""
        words: list[int] = []
        slots = []

        def address(x: Any) -> int:
            if isinstance(x, View):
                return self._start + self._offsets[x.base] + x.offset * x.dtype.itemsize
            if isinstance(x, str):  # memory that comes with a run
                slots.append((x, len(words)))
                return 0
            self._arrays.append(x if isinstance(x, np.ndarray) else np.array([address(view) for view in x], np.int64))
            return self._arrays[-1].ctypes.data

        for call in calls:
            if isinstance(call, Fork):
                parts = [self._encoded([part], write) for part in call.parts]
                operands = {
                    "clock": self._calls.clock, "parts": np.array([part.ctypes.data for part in parts]),
                    "times": np.array([0, 0, 0, 8, 0, 0, 0]), "pool": pool.address, "n": len(parts),
                    "most_spins": 500 + round(200 * call.cost),  # looks of 10 to 40 nanoseconds: some parts later
                }  # fmt: skip
                write(words, ("fork", "", ""), operands, address)
            else:
                write(words, call.kernel, call.operands, address)
        made = np.array(words, dtype=np.int64)
        self._arrays.append(made)
        for name, at in slots:
            self.slots.setdefault(name, []).append((made, at))
        return made

    def array(self, view: View) -> np.ndarray:
        """Return a value in the arena as an array."""
        return np.ndarray(
            view.shape, view.dtype, self._arena.data,
            self._offsets[view.base] + view.offset * view.dtype.itemsize,
            [stride * view.dtype.itemsize for stride in view.strides],
        )  # fmt: skip

    def bind(self, name: str, array: np.ndarray, offset: int = 0) -> None:
        """Set the memory of a named operand, from an offset in bytes. The caller keeps it alive."""
        of_python: Any = array  # whose buffer mypy does not know
        start = ctypes.addressof(_BYTES.from_buffer(of_python)) if array.flags.writeable else array.ctypes.data
        for words, at in self.slots.get(name, ()):
            words[at] = start + offset

    def run(self, first: int = 0, steps: int = 1) -> int:
        """Run all instructions `steps` times. Return the number of finished runs."""
        if self._threads is not None:
            self._threads[0] = pool.ready(self._worker)
        if self._once is not None:
            return self._once() if steps == 1 and not first else self._run(self._segments[0], first, steps)
        for step in range(first, first + steps):
            for part in self._segments:
                if isinstance(part, PythonCall):
                    self._evaluate(part)
                elif self._run(part, step, 1) != 1:
                    return step - first
        return steps

    def text(self, results: Sequence[str]) -> str:
        """Return the program as text."""
        return printed(self.ir, results)

    def _evaluate(self, part: PythonCall) -> None:
        instr = part.instr
        operands = [
            float(self.array(v)) if self.ir.instructions[i].single else self.array(v).copy()
            for v, i in zip(part.operands, instr.inputs, strict=True)
        ]
        assert instr.op is not None
        out = instr.op.evaluate(operands, instr.params)
        self.array(part.out)[...] = out
