"""Kernels that put many numbers together: each row of an array is reduced.

Sums of float32 are gathered in float64. (Sums of columns are products with ones, by the kernel for these.)
"""

from __future__ import annotations

import math

import numpy as np

from .build import kernel, view

INFINITY = math.inf


@kernel
def reduce(dtype, formula, out, a, outer, n):
    """Apply one of the formulas below to `outer` rows of `n` numbers."""
    ys = view(out, outer, dtype)
    for i in range(outer):
        ys[i] = formula(view(a, n, dtype, i * n), n)
    return 0


@kernel
def _sum(xs, n):
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
    return total


@kernel
def _max(xs, n):
    best = xs[0]
    for j in range(1, n):
        x = xs[j]
        best = x if x > best or x != x else best
    return best


@kernel
def _min(xs, n):
    best = xs[0]
    for j in range(1, n):
        x = xs[j]
        best = x if x < best or x != x else best
    return best


@kernel
def _norm(xs, n):
    scale = 0.0
    for j in range(n):
        x = math.fabs(np.float64(xs[j]))
        scale = x if x > scale or x != x else scale
    if not (scale > 0 and scale < INFINITY):
        scale = 1.0
    total = 0.0
    for j in range(n):
        x = xs[j] / scale
        total += x * x
    return scale * math.sqrt(total)


REDUCTIONS = {"sum": _sum, "max": _max, "min": _min, "norm": _norm}
"""From the name of a primitive to its formula."""
