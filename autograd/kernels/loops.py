"""Loops over a formula, element by element: over arrays in rows and columns, and over scattered numbers.

Where all operands are contiguous the loop is plain, so that LLVM makes vector instructions of it. A formula of one or
two operands is given the last of them again, which LLVM leaves out.
"""

from __future__ import annotations

import numpy as np

from .build import OPEN, kernel, view


@kernel
def dense(formula, dtype, out, a, b, c, rows, columns, a_row, a_column, b_row, b_column, c_row, c_column):
    """Apply a formula to arrays, each broadcast along rows or columns by a stride of 0."""
    n = columns
    for row in range(rows):
        to = view(out, n, dtype, row * n)
        xs = view(a, n * a_column + 1, dtype, row * a_row)
        ys = view(b, n * b_column + 1, dtype, row * b_row)
        zs = view(c, n * c_column + 1, dtype, row * c_row)
        if a_column == 1 and b_column == 1 and c_column == 1:
            for i in range(n):
                to[i] = formula(xs[i], ys[i], zs[i])
        elif a_column == 1 and b_column == 1 and c_column == 0:
            z = zs[0]
            for i in range(n):
                to[i] = formula(xs[i], ys[i], z)
        elif a_column == 1 and b_column == 0 and c_column == 1:
            y = ys[0]
            for i in range(n):
                to[i] = formula(xs[i], y, zs[i])
        elif a_column == 0 and b_column == 1 and c_column == 1:
            x = xs[0]
            for i in range(n):
                to[i] = formula(x, ys[i], zs[i])
        elif a_column == 1 and b_column == 0 and c_column == 0:
            y, z = ys[0], zs[0]
            for i in range(n):
                to[i] = formula(xs[i], y, z)
        else:
            for i in range(n):
                to[i] = formula(xs[i * a_column], ys[i * b_column], zs[i * c_column])
    return 0


@kernel
def scattered(formula, out, values, a, b, c, n):
    """Apply a formula to float64 numbers at given places, and write the results to consecutive ones."""
    to, v = view(out, n, np.float64), view(values, OPEN, np.float64)
    xs, ys, zs = view(a, n, np.uint32), view(b, n, np.uint32), view(c, n, np.uint32)
    for i in range(n):
        to[i] = formula(v[xs[i]], v[ys[i]], v[zs[i]])
    return 0
