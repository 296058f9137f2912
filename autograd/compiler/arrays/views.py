"""Views: the elements of a value have an offset and strides in the memory of an instruction.

Layout operations (reshape, transpose, slices, broadcasting) become views, and cost nothing at run time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def contiguous_strides(shape: Shape) -> Shape:
    """Return the strides, in elements, of an array in row order.

    >>> contiguous_strides((2, 3, 4))
    (12, 4, 1)
    """
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


@dataclass(frozen=True, slots=True)
class View:
    """A value inside the memory `base`: `offset` and `strides` count elements."""

    base: int
    shape: Shape
    dtype: np.dtype
    offset: int
    strides: Shape

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def is_contiguous(self) -> bool:
        """Return whether the elements lie one after the other in row order; lengths of 1 have no say."""
        step = 1
        for n, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if n != 1 and stride != step:
                return self.size == 0
            step *= n
        return True

    def broadcast(self, shape: Shape) -> View:
        """Repeat to `shape` by strides of 0."""
        lead = len(shape) - len(self.shape)
        strides = (0,) * lead + tuple(
            0 if have == 1 and want != 1 else stride
            for have, want, stride in zip(self.shape, shape[lead:], self.strides, strict=True)
        )
        return View(self.base, shape, self.dtype, self.offset, strides)

    def moved(self, move: Callable[[np.ndarray], np.ndarray]) -> View:
        """Return the view that NumPy computes for an array with our strides. `move` must not read or copy it."""
        shadow = np.lib.stride_tricks.as_strided(np.empty(1, np.int8), self.shape, self.strides, writeable=False)
        made = move(shadow)
        if made.size and not np.may_share_memory(made, shadow):
            raise RuntimeError(f"a layout of shape {self.shape} was copied, so its place in memory is unknown")
        by = made.__array_interface__["data"][0] - shadow.__array_interface__["data"][0]
        return View(self.base, made.shape, self.dtype, self.offset + by, made.strides)

    def indexed(self, index: Any) -> View:
        """Pick with whole numbers and slices."""
        parts = index if isinstance(index, tuple) else (index,)
        rest = () if any(part is Ellipsis for part in parts) else (Ellipsis,)
        return self.moved(lambda x: x[(*parts, *rest)])  # a view also where whole numbers alone pick


def whole(base: int, shape: Shape, dtype: np.dtype) -> View:
    """Return a view of all memory of a base."""
    return View(base, shape, dtype, 0, contiguous_strides(shape))


def collapsed(shape: Shape, strides: list[Shape]) -> tuple[Shape, list[Shape]]:
    """Join neighbouring axes that all operands step through alike, and drop those of length 1.

    >>> collapsed((2, 3, 4), [(12, 4, 1), (12, 4, 1)])
    ((24,), [(1,), (1,)])
    >>> collapsed((2, 3), [(3, 1), (0, 1)])
    ((2, 3), [(3, 1), (0, 1)])
    """
    axes = [i for i, n in enumerate(shape) if n != 1]
    lengths: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for i in axes:
        if lengths and all(s[-1] == stride[i] * shape[i] for s, stride in zip(steps, strides, strict=True)):
            lengths[-1] *= shape[i]
            for s, stride in zip(steps, strides, strict=True):
                s[-1] = stride[i]
        else:
            lengths.append(shape[i])
            for s, stride in zip(steps, strides, strict=True):
                s.append(stride[i])
    return tuple(lengths), [tuple(s) for s in steps]
