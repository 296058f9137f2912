"""Lowering: turn the instructions of a program into calls of kernels.

A call has the name of a kernel and its operands, which are integers and arrays. An array operand is one of these: a
view, whose address the memory plan sets; constant numbers; a list of views, whose addresses the kernel gets; or the
name of memory that the caller binds before a run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...modes import quiet
from ...primitives import TABLE
from ...shapes import axes_of, is_view, repeated_axes
from ...threads import get_num_threads
from ..ir.instructions import FLOAT64, IR, Instruction
from .split import Call, Fork, split
from .views import Shape, View, collapsed, contiguous_strides, whole


@dataclass(slots=True)
class PythonCall:
    """A Python fallback: an instruction without a kernel, which Python evaluates."""

    instr: Instruction
    operands: list[View]
    out: View

    @property
    def bases(self) -> list[int]:
        """The bases that it writes and reads."""
        return [self.out.base, *(x.base for x in self.operands)]


def named_operands(arrays: Sequence[Any], strides: Sequence[tuple[int, ...]] = ()) -> dict[str, Any]:
    """Return the operands of a loop over a formula by their names: a, b, c, with the strides of rows and columns."""
    named = dict(zip("abc", arrays, strict=False))
    for name, (row, column) in zip("abc", strides, strict=False):
        named |= {f"{name}_row": row, f"{name}_column": column}
    return named


class Calls:
    """Turns an IR into calls.

    Attributes:
        calls: in order.
        views: where the value of each instruction lies.
        views_of: all memory of each base; a base is memory of its own, many instructions are views of others.
        constants: the data of bases that never change.
        clock: the base of the number of the step, and of the number of threads.
    """

    def __init__(self, ir: IR, prologue: Callable[[Calls], None]) -> None:
        from ...kernels import catalogue  # LLVM comes with it: only when the first program is compiled

        self.ir, self._native, self._reductions = ir, catalogue.ELEMENTWISE, catalogue.REDUCED
        self.calls: list[Call | Fork | PythonCall] = []
        self.threads = get_num_threads()
        self.views_of: list[View] = []
        self.constants: dict[int, np.ndarray] = {}
        self._converted: dict[tuple[View, np.dtype], View] = {}
        self.clock = self.base((2,), np.dtype(np.int64))
        inputs = itertools.takewhile(lambda instr: instr.name == "input", ir.instructions)
        self.views = [self.base(instr.shape, instr.dtype) for instr in inputs]
        prologue(self)
        for instr in ir.instructions[len(self.views) :]:
            first = len(self.calls)
            self.views.append(self._lower(instr))
            instr.parts = max((len(x.parts) for x in self.calls[first:] if isinstance(x, Fork)), default=1)

    # Memory ----------------------------------------------------------------------------------------------------

    def base(self, shape: tuple[int, ...], dtype: np.dtype) -> View:
        """Ask for memory."""
        self.views_of.append(whole(len(self.views_of), shape, dtype))
        return self.views_of[-1]

    def constant(self, data: np.ndarray) -> View:
        view = self.base(data.shape, data.dtype)
        self.constants[view.base] = np.ascontiguousarray(data)
        return view

    def call(self, kernel: str, dtype: Any, /, *, extra: str = "", **operands: Any) -> None:
        """Add a call of a kernel for a dtype, with the operands of its signature."""
        self.calls.append(split(Call((kernel, str(dtype), extra), operands), self.threads))

    # Operands --------------------------------------------------------------------------------------------------

    def contiguous(self, view: View) -> View:
        """Return a view whose elements lie in row order, by a copy where they do not."""
        return view if view.is_contiguous else self.copied(view, view.dtype)

    def forward(self, view: View) -> View:
        """Return a view without steps backward, which the loops do not take."""
        return self.copied(view, view.dtype) if min(view.strides, default=0) < 0 else view

    def copied(self, view: View, dtype: np.dtype) -> View:
        out = self.base(view.shape, dtype)
        self.copy_into(out, view)
        return out

    def copy_into(self, out: View, view: View) -> None:
        """Copy, by strides on both sides, and convert."""
        shape, (to, at) = collapsed(view.shape, [out.strides, view.strides])
        if not shape:
            shape, to, at = (1,), (1,), (1,)
        self._copy(out, view, (out.dtype, view.dtype), shape, to, at)

    def _copy(self, out: Any, a: Any, dtypes: Sequence[np.dtype], *shape_and_steps: Shape, **turns: Any) -> None:
        lengths, out_steps, a_steps = (np.array(x, np.int64) for x in shape_and_steps)
        extra = "" if dtypes[0] == dtypes[1] else str(dtypes[1])
        self.call("copy", dtypes[0], extra=extra, out=out, a=a, lengths=lengths, out_steps=out_steps, a_steps=a_steps,
                  axes=len(lengths), **turns)  # fmt: skip

    def feed(self, out: View, name: str) -> None:
        """Read the numbers of a step from the memory `name`, which has those of all steps (float64)."""
        self._copy(out, name, (out.dtype, FLOAT64), (out.size,), (1,), (1,), clock=self.clock, a_turn=out.size)

    def record(self, name: str, view: View) -> None:
        """Write the numbers of a step to the memory `name`, which has those of all steps (float64)."""
        self._copy(name, view, (FLOAT64, view.dtype), (view.size,), (1,), (1,), clock=self.clock, out_turn=view.size)

    def converted(self, view: View, dtype: np.dtype) -> View:
        """Return a view in another dtype, converted once for all its uses."""
        if view.dtype == dtype:
            return view
        if (view, dtype) not in self._converted:
            if view.base in self.constants and view.size == 1:
                x = self.constants[view.base].reshape(-1)[view.offset]
                with quiet():  # a number too large for float32 becomes infinite, as at run time
                    self._converted[view, dtype] = self.constant(x.astype(dtype).reshape(view.shape))
            else:
                self._converted[view, dtype] = self.copied(view, dtype)
        return self._converted[view, dtype]

    # Lines -----------------------------------------------------------------------------------------------------

    def _lower(self, instr: Instruction) -> View:
        if instr.name == "constant":
            return self.constant(instr.data.astype(instr.dtype, copy=False).reshape(instr.shape))
        operands = [self.views[i] for i in instr.inputs]
        if instr.op is not None and instr.op is not TABLE.get(instr.name):
            return self._in_python(instr, operands)  # a primitive of your own
        if instr.name in _OWN_WAY:
            return _OWN_WAY[instr.name](self, instr, *operands)
        if instr.name in self._native:
            return self.elementwise(instr.name, instr.shape, instr.dtype, operands)
        if instr.name in self._reductions:
            return self._reduced(instr, instr.name, operands[0], axes_of(instr.params["axis"], len(operands[0].shape)))
        return self._in_python(instr, operands)

    def _in_python(self, instr: Instruction, operands: list[View]) -> View:
        out = self.base(instr.shape, instr.dtype)
        self.calls.append(PythonCall(instr, operands, out))
        instr.in_python = True
        return out

    def elementwise(self, name: str, shape: tuple[int, ...], dtype: np.dtype, operands: list[View]) -> View:
        """Apply a formula, with broadcasting."""
        out = self.base(shape, dtype)
        operands = [self.forward(self.converted(v, dtype)).broadcast(shape) for v in operands]
        lengths, (_, *steps) = collapsed(shape, [out.strides, *(v.strides for v in operands)])
        if len(lengths) > 2:  # more axes than a kernel has loops
            operands = [self.contiguous(v) for v in operands]
            lengths, (_, *steps) = collapsed(shape, [out.strides, *(v.strides for v in operands)])
        rows, columns = (1, *lengths)[-2:] if lengths else (1, 1)
        strides = [(0, *step)[-2:] if step else (0, 1) for step in steps]
        self.call(name, dtype, out=out, rows=rows, columns=columns, **named_operands(operands, strides))
        return out

    def _reduced(self, instr: Instruction, name: str, x: View, axes: tuple[int, ...]) -> View:
        x, out = self.converted(x, instr.dtype), self.base(instr.shape, instr.dtype)
        kept = [i for i in range(len(x.shape)) if i not in axes]
        first, last = (min(axes), max(axes)) if axes else (0, -1)
        inner, n = math.prod(x.shape[last + 1 :]), math.prod(x.shape[i] for i in axes)
        if n == 0 and name != "sum":
            return self._in_python(instr, [x])
        if name == "sum" and inner > 1 and not any(first < i < last for i in kept):  # columns: ones times a matrix
            self.call(
                "matmul", instr.dtype, out=out, a=self.constant(np.ones(1, instr.dtype)), b=self.contiguous(x), m=1,
                k=n, n=inner, out_row=inner, a_row=0, a_column=0, b_row=inner, b_column=1,
                batches=math.prod(x.shape[:first]), out_batch=inner, b_batch=n * inner,
            )  # fmt: skip
            return out
        rows = self.contiguous(x.moved(lambda a: a.transpose((*kept, *sorted(axes)))))
        self.call(name, instr.dtype, out=out, a=rows, outer=out.size, n=n)
        return out

    def _reshape(self, instr: Instruction, x: View) -> View:
        return self.contiguous(x).moved(lambda a: a.reshape(instr.shape))

    def _moved(self, instr: Instruction, x: View) -> View:
        return x.moved(lambda a: TABLE[instr.name].forward(a, **instr.params)) if x.shape else x  # NumPy copies it

    def _getitem(self, instr: Instruction, x: View) -> View:
        if is_view(instr.params["index"]):
            return x.indexed(instr.params["index"])
        places = np.array(np.arange(x.size).reshape(x.shape)[instr.params["index"]], np.int64).reshape(-1)
        x, out = self.contiguous(x), self.base(instr.shape, instr.dtype)
        self.call("pick", instr.dtype, out=out, a=x, places=places, n=places.size)
        return out

    def _scatter(self, instr: Instruction, x: View) -> View:
        out = self.copied(self.constant(np.zeros((), instr.dtype)).broadcast(instr.shape), instr.dtype)
        if is_view(instr.params["index"]):
            target = out.indexed(instr.params["index"])
            self.copy_into(target, x.broadcast(target.shape))
            return out
        places = np.array(np.arange(out.size).reshape(out.shape)[instr.params["index"]], np.int64, order="C")
        x = self.contiguous(x.broadcast(places.shape))
        self.call("put", instr.dtype, out=out, a=x, places=places, n=places.size)
        return out

    def _array_of(self, instr: Instruction, *xs: View) -> View:
        out = self.base(instr.shape, instr.dtype)
        self.call("spread", instr.dtype, out=out, addresses=list(xs), n=len(xs))
        return out

    def _concatenate(self, instr: Instruction, *xs: View) -> View:
        out = self.base(instr.shape, instr.dtype)
        axis, start = instr.params["axis"] % len(instr.shape), 0
        for x in xs:
            if instr.name == "stack":
                x = x.indexed((slice(None),) * axis + (None,))
            end = start + x.shape[axis]
            self.copy_into(out.indexed((slice(None),) * axis + (slice(start, end),)), x)
            start = end
        return out

    # Products --------------------------------------------------------------------------------------------------

    def _linear(self, instr: Instruction, a: View, b: View, bias: View | None = None) -> View:
        dtype = instr.dtype
        bias = None if bias is None else self.contiguous(self.converted(bias, dtype))
        a, b = (self.forward(self.converted(x, dtype)) for x in (a, b))
        a = a.indexed(None) if len(a.shape) == 1 else a
        b = b.indexed((..., None)) if len(b.shape) == 1 else b
        many = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = a.broadcast((*many, *a.shape[-2:])), b.broadcast((*many, *b.shape[-2:]))
        (m, k), n = a.shape[-2:], b.shape[-1]
        if n == 1 and (a.strides[-1], b.strides[-2]) != (1, 1) and bias is None:  # better as one row times a matrix
            a, b = (x.moved(lambda a: a.swapaxes(-1, -2)) for x in (b, a))
            m, n = n, m
        out = self.base(instr.shape, dtype)
        of_out = contiguous_strides((*many, m, n))[:-2]
        lengths, (to, at, bt) = collapsed(many, [of_out, a.strides[:-2], b.strides[:-2]])
        if len(lengths) > 1:
            a, b = self.contiguous(a), self.contiguous(b)
            lengths, (to, at, bt) = collapsed(many, [of_out, a.strides[:-2], b.strides[:-2]])
        more: dict[str, Any] = {} if bias is None else {"bias": bias}
        if lengths:
            more |= {"batches": lengths[0], "out_batch": to[0], "a_batch": at[0], "b_batch": bt[0]}
        self.call(
            "matmul", dtype, out=out, a=a, b=b, m=m, k=k, n=n, out_row=n, a_row=a.strides[-2], a_column=a.strides[-1],
            b_row=b.strides[-2] if k > 1 else 1, b_column=b.strides[-1] if n > 1 else 1,
            relu=int(instr.params.get("relu", False)), **more,
        )  # fmt: skip
        return out


_OWN_WAY: dict[str, Callable[..., View]] = {
    "array_of": Calls._array_of,
    "astype": lambda calls, instr, x: calls.converted(x, instr.dtype),
    "broadcast_to": lambda calls, instr, x: x.broadcast(instr.shape),
    "concatenate": Calls._concatenate,
    "element": lambda calls, instr, x: calls.converted(x.indexed(instr.params["index"]), instr.dtype),
    "flip": Calls._moved,
    "getitem": Calls._getitem,
    "identity": lambda calls, instr, x: x,
    "linear": Calls._linear,
    "matmul": Calls._linear,
    "reshape": Calls._reshape,
    "scatter": Calls._scatter,
    "stack": Calls._concatenate,
    "sum_to": lambda calls, instr, x: calls._reduced(instr, "sum", x, repeated_axes(x.shape, instr.shape)),
    "swapaxes": Calls._moved,
    "transpose": Calls._moved,
}
"""How instructions are lowered that are no loop of their formula, and do not run in Python."""
