"""Kernels that put many numbers together: an array seen as (outer, n, inner) is reduced over n.

Sums of float32 are gathered in float64. (Sums of columns are products with ones, by the kernel for these.)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .build import VERSION, view
from .formulas import exp_, log_

__all__ = ["REDUCTIONS"]

# kernel, length, out, a, outer, n, inner; for logsumexp also n places of float64


def _sum(dtype: Any) -> Any:
    size, version = np.dtype(dtype).itemsize, VERSION

    def sum(instruction):
        version  # noqa: B018
        w = view(instruction, 7, np.int64)
        outer, n, inner = w[4], w[5], w[6]
        if inner == 1:
            out = view(w[2], outer, dtype)
            for i in range(outer):
                a = view(w[3] + i * n * size, n, dtype)
                s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
                whole = n - n % 8
                for j in range(0, whole, 8):
                    s0 += a[j]
                    s1 += a[j + 1]
                    s2 += a[j + 2]
                    s3 += a[j + 3]
                    s4 += a[j + 4]
                    s5 += a[j + 5]
                    s6 += a[j + 6]
                    s7 += a[j + 7]
                total = ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7))
                for j in range(whole, n):
                    total += a[j]
                out[i] = total
            return 0
        out = view(w[2], outer * inner, dtype)
        for i in range(outer):
            for k in range(inner):
                total = 0.0
                a = view(w[3] + (i * n * inner + k) * size, n * inner, dtype)
                for j in range(n):
                    total += a[j * inner]
                out[i * inner + k] = total
        return 0

    return sum


def _extremum(dtype: Any, sign: float) -> Any:
    size, version = np.dtype(dtype).itemsize, VERSION

    def extremum(instruction):
        version  # noqa: B018
        w = view(instruction, 7, np.int64)
        outer, n, inner = w[4], w[5], w[6]
        out = view(w[2], outer * inner, dtype)
        for i in range(outer):
            for k in range(inner):
                a = view(w[3] + (i * n * inner + k) * size, n * inner, dtype)
                best = a[0]
                for j in range(1, n):
                    x = a[j * inner]
                    best = x if x * sign > best * sign or x != x else best
                out[i * inner + k] = best
        return 0

    return extremum


def _max(dtype: Any) -> Any:
    return _extremum(dtype, 1.0)


def _min(dtype: Any) -> Any:
    return _extremum(dtype, -1.0)


def _logsumexp(dtype: Any) -> Any:
    size, version, infinity = np.dtype(dtype).itemsize, VERSION, math.inf

    def logsumexp(instruction):
        version  # noqa: B018
        w = view(instruction, 8, np.int64)
        outer, n, inner = w[4], w[5], w[6]
        out = view(w[2], outer * inner, dtype)
        shifted = view(w[7], n, np.float64)  # one loop for the exponentials alone, which become vectors
        for i in range(outer):
            for k in range(inner):
                a = view(w[3] + (i * n * inner + k) * size, n * inner, dtype)
                top = a[0]
                for j in range(1, n):
                    x = a[j * inner]
                    top = x if x > top or x != x else top
                if top == infinity or top == -infinity:
                    top = dtype(0)
                for j in range(n):
                    shifted[j] = a[j * inner] - top
                for j in range(n):
                    shifted[j] = exp_(shifted[j])
                total = 0.0
                for j in range(n):
                    total += shifted[j]
                out[i * inner + k] = top + log_(total)
        return 0

    return logsumexp


def _norm(dtype: Any) -> Any:
    size, version, infinity = np.dtype(dtype).itemsize, VERSION, math.inf

    def norm(instruction):
        version  # noqa: B018
        w = view(instruction, 7, np.int64)
        outer, n, inner = w[4], w[5], w[6]
        out = view(w[2], outer * inner, dtype)
        for i in range(outer):
            for k in range(inner):
                a = view(w[3] + (i * n * inner + k) * size, n * inner, dtype)
                scale = 0.0
                for j in range(n):
                    x = math.fabs(np.float64(a[j * inner]))
                    scale = x if x > scale or x != x else scale
                if not (scale > 0 and scale < infinity):
                    scale = 1.0
                total = 0.0
                for j in range(n):
                    x = a[j * inner] / scale
                    total += x * x
                out[i * inner + k] = scale * math.sqrt(total)
        return 0

    return norm


REDUCTIONS = {"sum": _sum, "max": _max, "min": _min, "logsumexp": _logsumexp, "norm": _norm}
"""From the name of a row to what makes its kernel for a dtype."""
