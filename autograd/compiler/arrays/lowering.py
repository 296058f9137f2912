"""From instructions to calls of kernels: what each line of a program needs of the machine.

A call names its kernel and its operands: integers, and arrays. An array is a view, whose address is known when the
memory is planned; numbers that never change; views, of which the kernel gets the addresses; or the name of memory that
comes with a run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...modes import quiet
from ...primitives import TABLE
from ...shapes import axes_of
from ...threads import get_num_threads
from ..ir.instructions import Instruction, Listing
from .split import Call, Fork, split
from .views import View, collapsed, contiguous_strides, whole


@dataclass(slots=True)
class PythonCall:
    """A line that no kernel computes: Python evaluates its row."""

    line: Instruction
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
    """Turns a listing into calls.

    Attributes:
        calls: in order.
        views: where the value of each line lies.
        views_of: all memory of each base; a base is memory of its own, many lines are views of others.
        constants: the data of bases that never change.
        kept: further bases that keep their memory for the whole run.
        clock: the base of the number of the step, and of the number of threads.
    """

    def __init__(
        self,
        listing: Listing,
        native: Collection[str],
        reductions: Collection[str],
        prologue: Callable[[Calls], None] = lambda calls: None,
    ) -> None:
        self.listing, self.native, self.reductions = listing, native, reductions
        self.calls: list[Call | Fork | PythonCall] = []
        self.threads = get_num_threads()
        self.views: list[View] = []
        self.views_of: list[View] = []
        self.constants: dict[int, np.ndarray] = {}
        self.kept: list[int] = []
        self._converted: dict[tuple[View, np.dtype], View] = {}
        self.clock = self.base((2,), np.dtype(np.int64))
        for line in listing.lines:
            if line.name == "input":
                self.views.append(self.base(line.shape, line.dtype))
            else:
                break
        prologue(self)
        for line in listing.lines[len(self.views) :]:
            first = len(self.calls)
            self.views.append(self._lower(line))
            line.parts = max((len(x.parts) for x in self.calls[first:] if isinstance(x, Fork)), default=1)

    @property
    def sizes(self) -> list[int]:
        """Bytes of each base."""
        return [view.size * view.dtype.itemsize for view in self.views_of]

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
        made = split(Call((kernel, str(dtype), extra), operands), self.clock, self.threads)
        if isinstance(made, Fork) and "shifted" in operands:  # a kernel's own room
            for part in made.parts:
                part.operands["shifted"] = self.base(operands["shifted"].shape, operands["shifted"].dtype)
        self.calls.append(made)

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
        lengths, out_steps, a_steps = (np.array(x, np.int64) for x in (shape, to, at))
        self.call(
            "copy", out.dtype, extra="" if out.dtype == view.dtype else str(view.dtype), out=out, a=view,
            lengths=lengths, out_steps=out_steps, a_steps=a_steps, axes=len(shape),
        )  # fmt: skip

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

    def _lower(self, line: Instruction) -> View:
        if line.name == "constant":
            return self.constant(line.data.astype(line.dtype, copy=False).reshape(line.shape))
        operands = [self.views[i] for i in line.inputs]
        if line.op is not None and line.op is not TABLE.get(line.name):
            return self._in_python(line, operands)  # a row of your own
        if line.name in _OWN_WAY:
            return getattr(self, f"_{line.name}")(line, *operands)
        if line.name in self.native:
            return self.elementwise(line.name, line.shape, line.dtype, operands)
        if line.name in self.reductions:
            return self._reduced(line, operands[0])
        return self._in_python(line, operands)

    def _in_python(self, line: Instruction, operands: list[View]) -> View:
        out = self.base(line.shape, line.dtype)
        self.calls.append(PythonCall(line, operands, out))
        line.in_python = True
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

    def _reduced(self, line: Instruction, x: View) -> View:
        axes = axes_of(line.params.get("axis"), len(x.shape))
        x = self.converted(x, line.dtype)
        inner_axes = [i for i in range(len(x.shape)) if i not in axes]
        first, last = (min(axes), max(axes)) if axes else (0, -1)
        if any(first < i < last for i in inner_axes):  # bring the axes together, at the end
            x = x.permuted((*inner_axes, *axes))
            first, last = len(inner_axes), len(x.shape) - 1
        x = self.contiguous(x)
        outer, inner = math.prod(x.shape[:first]), math.prod(x.shape[last + 1 :])
        n = math.prod(x.shape[first : last + 1])
        out = self.base(line.shape, line.dtype)
        if n == 0 and line.name != "sum":
            return self._in_python(line, [x])
        if line.name == "sum" and inner > 1:  # columns: ones times a matrix
            self.call(
                "matmul", line.dtype, out=out, a=self.constant(np.ones(1, line.dtype)), b=x, m=1, k=n, n=inner,
                out_row=inner, a_row=0, a_column=0, b_row=inner, b_column=1, batches=outer, out_batch=inner,
                b_batch=n * inner,
            )  # fmt: skip
            return out
        more: dict[str, Any] = {"shifted": self.base((n,), np.dtype(np.float64))} if line.name == "logsumexp" else {}
        self.call(line.name, line.dtype, out=out, a=x, outer=outer, n=n, inner=inner, **more)
        return out

    def _sum_to(self, line: Instruction, x: View) -> View:
        lead = len(x.shape) - len(line.shape)
        axes = (*range(lead), *(i + lead for i, n in enumerate(line.shape) if n == 1 and x.shape[i + lead] != 1))
        summed = Instruction("sum", line.op, (), {"axis": axes}, line.shape, line.dtype, line.single)
        return self._reduced(summed, x)

    def _broadcast_to(self, line: Instruction, x: View) -> View:
        return x.broadcast(line.shape)

    def _reshape(self, line: Instruction, x: View) -> View:
        made = self.contiguous(x).reshaped(line.shape)
        assert made is not None
        return made

    def _transpose(self, line: Instruction, x: View) -> View:
        return x.permuted(line.params["axes"])

    def _swapaxes(self, line: Instruction, x: View) -> View:
        axes = list(range(len(x.shape)))
        i, j = line.params["axis1"], line.params["axis2"]
        axes[i], axes[j] = axes[j], axes[i]
        return x.permuted(axes)

    def _flip(self, line: Instruction, x: View) -> View:
        axes = axes_of(line.params["axis"], len(x.shape))
        made = x.indexed(tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(len(x.shape))))
        assert made is not None
        return made

    def _astype(self, line: Instruction, x: View) -> View:
        return self.converted(x, line.dtype)

    def _identity(self, line: Instruction, x: View) -> View:
        return x

    def _getitem(self, line: Instruction, x: View) -> View:
        made = x.indexed(line.params["index"])
        if made is not None:
            return made
        places = np.array(np.arange(x.size).reshape(x.shape)[line.params["index"]], np.int64).reshape(-1)
        x, out = self.contiguous(x), self.base(line.shape, line.dtype)
        self.call("pick", line.dtype, out=out, a=x, places=places, n=places.size)
        return out

    def _element(self, line: Instruction, x: View) -> View:
        made = self._getitem(line, x) if x.dtype == line.dtype else None
        if made is None:
            picked = x.indexed(line.params["index"])
            assert picked is not None
            made = self.converted(picked, line.dtype)
        return made

    def _scatter(self, line: Instruction, x: View) -> View:
        out = self.base(line.shape, line.dtype)
        target = out.indexed(line.params["index"])
        if target is not None:
            self.call("zero", line.dtype, out=out, n=out.size)
            self.copy_into(target, x.broadcast(target.shape))
            return out
        places = np.array(np.arange(out.size).reshape(out.shape)[line.params["index"]], np.int64, order="C")
        x = self.contiguous(x.broadcast(places.shape))
        self.call("put", line.dtype, out=out, a=x, places=places, n=places.size, size=out.size)
        return out

    def _array_of(self, line: Instruction, *xs: View) -> View:
        out = self.base(line.shape, line.dtype)
        self.call("spread", line.dtype, out=out, addresses=list(xs), n=len(xs))
        return out

    def _concatenate(self, line: Instruction, *xs: View) -> View:
        out = self.base(line.shape, line.dtype)
        axis, start = line.params["axis"] % len(line.shape), 0
        for x in xs:
            target = out.indexed((slice(None),) * axis + (slice(start, start + x.shape[axis]),))
            assert target is not None
            self.copy_into(target, x)
            start += x.shape[axis]
        return out

    def _stack(self, line: Instruction, *xs: View) -> View:
        out = self.base(line.shape, line.dtype)
        axis = line.params["axis"] % len(line.shape)
        for i, x in enumerate(xs):
            target = out.indexed((slice(None),) * axis + (i,))
            assert target is not None
            self.copy_into(target, x)
        return out

    # Products --------------------------------------------------------------------------------------------------

    def _matmul(self, line: Instruction, a: View, b: View) -> View:
        return self._linear(line, a, b)

    def _linear(self, line: Instruction, a: View, b: View, third: View | None = None) -> View:
        dtype = line.dtype
        third = None if third is None else self.contiguous(self.converted(third, dtype))
        a, b = (self.forward(self.converted(x, dtype)) for x in (a, b))
        if len(a.shape) == 1:
            a = View(a.base, (1, *a.shape), dtype, a.offset, (0, *a.strides))
        if len(b.shape) == 1:
            b = View(b.base, (*b.shape, 1), dtype, b.offset, (*b.strides, 1))
        many = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = a.broadcast((*many, *a.shape[-2:])), b.broadcast((*many, *b.shape[-2:]))
        (m, k), n = a.shape[-2:], b.shape[-1]
        if n == 1 and (a.strides[-1], b.strides[-2]) != (1, 1) and third is None:  # better as one row times a matrix
            a, b = self._swapped(b), self._swapped(a)
            m, n = n, m
        out = self.base(line.shape, dtype)
        lengths, (to, at, bt) = collapsed(
            many, [contiguous_strides((*many, m, n))[: len(many)], a.strides[:-2], b.strides[:-2]]
        )
        if len(lengths) > 1:
            a, b = self.contiguous(a), self.contiguous(b)
            lengths, (to, at, bt) = collapsed(
                many, [contiguous_strides((*many, m, n))[: len(many)], a.strides[:-2], b.strides[:-2]]
            )
        more: dict[str, Any] = {} if third is None else {line.params.get("gate", "bias"): third}
        if "gate" in line.params:
            more["gate_row"] = n
        if lengths:
            more |= {"batches": lengths[0], "out_batch": to[0], "a_batch": at[0], "b_batch": bt[0]}
        self.call(
            "matmul", dtype, out=out, a=a, b=b, m=m, k=k, n=n, out_row=n, a_row=a.strides[-2], a_column=a.strides[-1],
            b_row=b.strides[-2] if k > 1 else 1, b_column=b.strides[-1] if n > 1 else 1,
            relu=int(line.params.get("relu", False)), **more,
        )  # fmt: skip
        return out

    def _swapped(self, x: View) -> View:
        axes = list(range(len(x.shape)))
        return x.permuted([*axes[:-2], axes[-1], axes[-2]])


_OWN_WAY = {
    "sum_to", "broadcast_to", "reshape", "transpose", "swapaxes", "flip", "astype", "identity", "getitem", "element",
    "scatter", "array_of", "concatenate", "stack", "matmul", "linear",
}  # fmt: skip
"""Lines that have a method here; the others are loops of their formula, or run in Python."""
