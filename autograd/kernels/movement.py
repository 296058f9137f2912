"""Kernels that move numbers: copies with strides, picking and adding by index, and rows of a batch."""

from __future__ import annotations

import numpy as np

from .build import OPEN, kernel, size_of, view


@kernel
def copy(dtype, source, out, a, lengths, out_steps, a_steps, clock, axes, out_turn, a_turn):
    """Copy between arrays by the strides of each axis, and convert from the dtype `source`.

    Of memory that holds the numbers of all steps, so many for each, take the part of the step of the clock."""
    if clock != 0:
        step = view(clock, 1, np.int64)[0]
        out, a = out + step * out_turn * size_of(dtype), a + step * a_turn * size_of(source)
    size, to, at = view(lengths, axes, np.int64), view(out_steps, axes, np.int64), view(a_steps, axes, np.int64)
    n, out_step, a_step = size[axes - 1], to[axes - 1], at[axes - 1]
    rows = 1
    for axis in range(axes - 1):
        rows *= size[axis]
    for row in range(rows):
        first, from_first, rest = 0, 0, row
        for axis in range(axes - 2, -1, -1):
            i = rest % size[axis]
            rest //= size[axis]
            first += i * to[axis]
            from_first += i * at[axis]
        if out_step == 1 and a_step == 1:
            ys, xs = view(out, n, dtype, first), view(a, n, source, from_first)
            for i in range(n):
                ys[i] = xs[i]
        elif out_step == 1 and a_step == 0:
            ys, x = view(out, n, dtype, first), view(a, 1, source, from_first)[0]
            for i in range(n):
                ys[i] = x
        else:
            for i in range(n):
                x = view(a, 1, source, from_first + i * a_step)[0]
                view(out, 1, dtype, first + i * out_step)[0] = x
    return 0


@kernel
def pick(dtype, out, a, places, n):
    """Take elements at flat places."""
    ys, xs, at = view(out, n, dtype), view(a, OPEN, dtype), view(places, n, np.int64)
    for i in range(n):
        ys[i] = xs[at[i]]
    return 0


@kernel
def put(dtype, out, a, places, n):
    """Add elements at flat places."""
    ys, xs, at = view(out, OPEN, dtype), view(a, n, dtype), view(places, n, np.int64)
    for i in range(n):
        ys[at[i]] += xs[i]
    return 0


@kernel
def spread(dtype, out, addresses, n):
    """Gather single float64 numbers from given addresses."""
    ys, at = view(out, n, dtype), view(addresses, n, np.int64)
    for i in range(n):
        ys[i] = view(at[i], 1, np.float64)[0]
    return 0


@kernel
def batch(dtype, out, clock, data, numbers, rows, width, size, first):
    """Take rows of this step out of `data`: so many of its `size` numbers, from the `first` on."""
    step = view(clock, 1, np.int64)[0]
    at = view(numbers, rows, np.int64, step * size + first)
    for r in range(rows):
        ys, xs = view(out, width, dtype, r * width), view(data, width, dtype, at[r] * width)
        for i in range(width):
            ys[i] = xs[i]
    return 0


@kernel
def check(dtype, a, n):
    """Stop the program where a number is not finite."""
    xs, wrong = view(a, n, dtype), 0
    for i in range(n):
        wrong += 0 if xs[i] - xs[i] == 0 else 1
    return wrong
