"""Kernels that move numbers: copies with strides, picking and adding by index, rows of a batch, records of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from .build import OPEN, VERSION, view

__all__ = ["batch", "check", "copy", "feed", "pick", "put", "record", "spread", "zero"]


def copy(dtype: Any, source: Any = None) -> Any:
    """Copy between arrays of up to six axes by strides, and convert: kernel, length, axes, out, a, then for each
    axis its length, the stride of out and the stride of a (in elements)."""
    version, source = VERSION, source or dtype
    size, from_size = np.dtype(dtype).itemsize, np.dtype(source).itemsize

    def copy(instruction):
        version  # noqa: B018
        axes = view(instruction, 5, np.int64)[2]
        w = view(instruction, 5 + 3 * axes, np.int64)
        n, out_step, a_step = w[2 + 3 * axes], w[3 + 3 * axes], w[4 + 3 * axes]
        rows = 1
        for axis in range(axes - 1):
            rows *= w[5 + 3 * axis]
        for row in range(rows):
            to, at, rest = 0, 0, row
            for axis in range(axes - 2, -1, -1):
                length = w[5 + 3 * axis]
                i = rest % length
                rest //= length
                to += i * w[6 + 3 * axis]
                at += i * w[7 + 3 * axis]
            if out_step == 1 and a_step == 1:
                out, a = view(w[3] + to * size, n, dtype), view(w[4] + at * from_size, n, source)
                for i in range(n):
                    out[i] = a[i]
            elif out_step == 1 and a_step == 0:
                out, x = view(w[3] + to * size, n, dtype), view(w[4] + at * from_size, 1, source)[0]
                for i in range(n):
                    out[i] = x
            else:
                for i in range(n):
                    x = view(w[4] + (at + i * a_step) * from_size, 1, source)[0]
                    view(w[3] + (to + i * out_step) * size, 1, dtype)[0] = x
        return 0

    return copy


def pick(dtype: Any) -> Any:
    """Take elements at flat places: kernel, length, n, out, a, places (int64)."""
    version = VERSION

    def pick(instruction):
        version  # noqa: B018
        w = view(instruction, 6, np.int64)
        n = w[2]
        out, a, places = view(w[3], n, dtype), view(w[4], OPEN, dtype), view(w[5], n, np.int64)
        for i in range(n):
            out[i] = a[places[i]]
        return 0

    return pick


def put(dtype: Any) -> Any:
    """Add elements at flat places into zeros: kernel, length, n, out, a, places, size of out."""
    version = VERSION

    def put(instruction):
        version  # noqa: B018
        w = view(instruction, 7, np.int64)
        n, size = w[2], w[6]
        out, a, places = view(w[3], size, dtype), view(w[4], n, dtype), view(w[5], n, np.int64)
        for i in range(size):
            out[i] = 0
        for i in range(n):
            out[places[i]] += a[i]
        return 0

    return put


def spread(dtype: Any) -> Any:
    """Gather single numbers from given addresses: kernel, length, n, out, then the addresses (float64)."""
    version = VERSION

    def spread(instruction):
        version  # noqa: B018
        n = view(instruction, 4, np.int64)[2]
        w = view(instruction, 4 + n, np.int64)
        out = view(w[3], n, dtype)
        for i in range(n):
            out[i] = view(w[4 + i], 1, np.float64)[0]
        return 0

    return spread


def zero(dtype: Any) -> Any:
    """Set to zero: kernel, length, n, out."""
    version = VERSION

    def zero(instruction):
        version  # noqa: B018
        w = view(instruction, 4, np.int64)
        out = view(w[3], w[2], dtype)
        for i in range(w[2]):
            out[i] = 0
        return 0

    return zero


def batch(dtype: Any) -> Any:
    """Take the rows of this step: kernel, length, clock, rows, width, out, data, the rows of all steps by number."""

    version, size = VERSION, np.dtype(dtype).itemsize

    def batch(instruction):
        version  # noqa: B018
        w = view(instruction, 8, np.int64)
        step, rows, width = view(w[2], 1, np.int64)[0], w[3], w[4]
        numbers = view(w[7] + 8 * step * rows, rows, np.int64)
        for r in range(rows):
            out = view(w[5] + r * width * size, width, dtype)
            data = view(w[6] + numbers[r] * width * size, width, dtype)
            for i in range(width):
                out[i] = data[i]
        return 0

    return batch


def feed(dtype: Any) -> Any:
    """Take the numbers of this step: kernel, length, clock, n, out, data of all steps (float64)."""
    return _between(dtype, np.float64, 0, 1)


def record(dtype: Any) -> Any:
    """Write down the numbers of this step: kernel, length, clock, n, out for all steps (float64), a."""
    return _between(np.float64, dtype, 1, 0)


def _between(dtype: Any, source: Any, out_moves: int, a_moves: int) -> Any:
    """Copy between numbers that stay and those of all steps, which move on with the clock."""
    version, size, from_size = VERSION, np.dtype(dtype).itemsize, np.dtype(source).itemsize

    def between(instruction):
        version  # noqa: B018
        w = view(instruction, 6, np.int64)
        n = w[3]
        moved = view(w[2], 1, np.int64)[0] * n
        out = view(w[4] + out_moves * moved * size, n, dtype)
        a = view(w[5] + a_moves * moved * from_size, n, source)
        for i in range(n):
            out[i] = a[i]
        return 0

    return between


def check(dtype: Any) -> Any:
    """Stop the program where a number is not finite: kernel, length, n, a."""
    version = VERSION

    def check(instruction):
        version  # noqa: B018
        w = view(instruction, 4, np.int64)
        a, wrong = view(w[3], w[2], dtype), 0
        for i in range(w[2]):
            wrong += 0 if a[i] - a[i] == 0 else 1
        return wrong

    return check
