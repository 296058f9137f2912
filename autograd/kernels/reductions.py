"""Kernels that put many numbers together: an array seen as (outer, n, inner) is reduced over n.

Sums of float32 are gathered in float64. (Sums of columns are products with ones, by the kernel for these.)
"""

from __future__ import annotations

import math

import numpy as np

from .build import kernel, view
from .formulas import exp_, log_

INFINITY = math.inf


@kernel
def _sum(dtype, out, a, outer, n, inner):
    ys = view(out, outer * inner, dtype)
    if inner == 1:
        for i in range(outer):
            xs = view(a, n, dtype, i * n)
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
            whole = n - n % 8
            for j in range(0, whole, 8):
                s0 += xs[j]
                s1 += xs[j + 1]
                s2 += xs[j + 2]
                s3 += xs[j + 3]
                s4 += xs[j + 4]
                s5 += xs[j + 5]
                s6 += xs[j + 6]
                s7 += xs[j + 7]
            total = ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7))
            for j in range(whole, n):
                total += xs[j]
            ys[i] = total
        return 0
    for i in range(outer):
        for k in range(inner):
            total = 0.0
            xs = view(a, n * inner, dtype, i * n * inner + k)
            for j in range(n):
                total += xs[j * inner]
            ys[i * inner + k] = total
    return 0


@kernel
def _extremum(dtype, sign, out, a, outer, n, inner):
    ys = view(out, outer * inner, dtype)
    for i in range(outer):
        for k in range(inner):
            xs = view(a, n * inner, dtype, i * n * inner + k)
            best = xs[0]
            for j in range(1, n):
                x = xs[j * inner]
                best = x if x * sign > best * sign or x != x else best
            ys[i * inner + k] = best
    return 0


@kernel
def _logsumexp(dtype, out, a, shifted, outer, n, inner):
    ys = view(out, outer * inner, dtype)
    room = view(shifted, n, np.float64)  # one loop for the exponentials alone, which become vectors
    for i in range(outer):
        for k in range(inner):
            xs = view(a, n * inner, dtype, i * n * inner + k)
            top = xs[0]
            for j in range(1, n):
                x = xs[j * inner]
                top = x if x > top or x != x else top
            if top == INFINITY or top == -INFINITY:
                top = dtype(0)
            for j in range(n):
                room[j] = xs[j * inner] - top
            for j in range(n):
                room[j] = exp_(room[j])
            total = 0.0
            for j in range(n):
                total += room[j]
            ys[i * inner + k] = top + log_(total)
    return 0


@kernel
def _norm(dtype, out, a, outer, n, inner):
    ys = view(out, outer * inner, dtype)
    for i in range(outer):
        for k in range(inner):
            xs = view(a, n * inner, dtype, i * n * inner + k)
            scale = 0.0
            for j in range(n):
                x = math.fabs(np.float64(xs[j * inner]))
                scale = x if x > scale or x != x else scale
            if not (scale > 0 and scale < INFINITY):
                scale = 1.0
            total = 0.0
            for j in range(n):
                x = xs[j * inner] / scale
                total += x * x
            ys[i * inner + k] = scale * math.sqrt(total)
    return 0


REDUCTIONS = {"sum": _sum, "max": _extremum, "min": _extremum, "logsumexp": _logsumexp, "norm": _norm}
"""From the name of a primitive to its kernel."""
