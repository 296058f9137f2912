"""Loops over a formula, element by element: over arrays in rows and columns, and over scattered numbers.

Where all operands are contiguous the loop is plain, so that LLVM makes vector instructions of it.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .build import OPEN, VERSION, view
from .formulas import FORMULAS

__all__ = ["ARITY", "dense", "scattered"]

ARITY = {name: len(inspect.signature(f).parameters) for name, f in FORMULAS.items()}
"""The number of operands of each formula."""

# dense:     kernel, length, rows, columns, out, then for each operand: address, row stride, column stride
# scattered: kernel, length, n, out, values, then for each operand: the address of its n places among the values


def dense(formula: Any, arity: int, dtype: Any) -> Any:
    """Make the kernel that applies a formula to arrays, each broadcast along rows or columns by a stride of 0."""
    return (_unary, _binary, _ternary)[arity - 1](formula, dtype, np.dtype(dtype).itemsize, VERSION)


def _unary(formula: Any, dtype: Any, size: int, version: int) -> Any:
    def unary(instruction):
        version  # noqa: B018
        w = view(instruction, 8, np.int64)
        n = w[3]
        for row in range(w[2]):
            out = view(w[4] + row * n * size, n, dtype)
            if w[7] == 1:
                a = view(w[5] + row * w[6] * size, n, dtype)
                for i in range(n):
                    out[i] = formula(a[i])
            else:
                a = view(w[5] + row * w[6] * size, n * w[7] + 1, dtype)
                for i in range(n):
                    out[i] = formula(a[i * w[7]])
        return 0

    return unary


def _binary(formula: Any, dtype: Any, size: int, version: int) -> Any:
    def binary(instruction):
        version  # noqa: B018
        w = view(instruction, 11, np.int64)
        n = w[3]
        step_a, step_b = w[7], w[10]
        for row in range(w[2]):
            out = view(w[4] + row * n * size, n, dtype)
            a = view(w[5] + row * w[6] * size, n * step_a + 1, dtype)
            b = view(w[8] + row * w[9] * size, n * step_b + 1, dtype)
            if step_a == 1 and step_b == 1:
                for i in range(n):
                    out[i] = formula(a[i], b[i])
            elif step_a == 1 and step_b == 0:
                y = b[0]
                for i in range(n):
                    out[i] = formula(a[i], y)
            elif step_a == 0 and step_b == 1:
                x = a[0]
                for i in range(n):
                    out[i] = formula(x, b[i])
            else:
                for i in range(n):
                    out[i] = formula(a[i * step_a], b[i * step_b])
        return 0

    return binary


def _ternary(formula: Any, dtype: Any, size: int, version: int) -> Any:
    def ternary(instruction):
        version  # noqa: B018
        w = view(instruction, 14, np.int64)
        n = w[3]
        step_a, step_b, step_c = w[7], w[10], w[13]
        for row in range(w[2]):
            out = view(w[4] + row * n * size, n, dtype)
            a = view(w[5] + row * w[6] * size, n * step_a + 1, dtype)
            b = view(w[8] + row * w[9] * size, n * step_b + 1, dtype)
            c = view(w[11] + row * w[12] * size, n * step_c + 1, dtype)
            if step_a == 1 and step_b == 1 and step_c == 1:
                for i in range(n):
                    out[i] = formula(a[i], b[i], c[i])
            elif step_a == 1 and step_b == 1 and step_c == 0:
                z = c[0]
                for i in range(n):
                    out[i] = formula(a[i], b[i], z)
            elif step_a == 1 and step_b == 0 and step_c == 1:
                y = b[0]
                for i in range(n):
                    out[i] = formula(a[i], y, c[i])
            elif step_a == 0 and step_b == 1 and step_c == 1:
                x = a[0]
                for i in range(n):
                    out[i] = formula(x, b[i], c[i])
            elif step_a == 1 and step_b == 0 and step_c == 0:
                y, z = b[0], c[0]
                for i in range(n):
                    out[i] = formula(a[i], y, z)
            else:
                for i in range(n):
                    out[i] = formula(a[i * step_a], b[i * step_b], c[i * step_c])
        return 0

    return ternary


def scattered(formula: Any, arity: int) -> Any:
    """Make the kernel that applies a formula to float64 numbers at given places, into consecutive ones."""
    return (_unary_at, _binary_at, _ternary_at)[arity - 1](formula, VERSION)


def _unary_at(formula: Any, version: int) -> Any:
    def unary_at(instruction):
        version  # noqa: B018
        w = view(instruction, 6, np.int64)
        n = w[2]
        out, v, at = view(w[3], n, np.float64), view(w[4], OPEN, np.float64), view(w[5], n, np.uint32)
        for i in range(n):
            out[i] = formula(v[at[i]])
        return 0

    return unary_at


def _binary_at(formula: Any, version: int) -> Any:
    def binary_at(instruction):
        version  # noqa: B018
        w = view(instruction, 7, np.int64)
        n = w[2]
        out, v = view(w[3], n, np.float64), view(w[4], OPEN, np.float64)
        a, b = view(w[5], n, np.uint32), view(w[6], n, np.uint32)
        for i in range(n):
            out[i] = formula(v[a[i]], v[b[i]])
        return 0

    return binary_at


def _ternary_at(formula: Any, version: int) -> Any:
    def ternary_at(instruction):
        version  # noqa: B018
        w = view(instruction, 8, np.int64)
        n = w[2]
        out, v = view(w[3], n, np.float64), view(w[4], OPEN, np.float64)
        a, b, c = view(w[5], n, np.uint32), view(w[6], n, np.uint32), view(w[7], n, np.uint32)
        for i in range(n):
            out[i] = formula(v[a[i]], v[b[i]], v[c[i]])
        return 0

    return ternary_at
