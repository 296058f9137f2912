"""Sums of products of scattered numbers: what most of a graph of single numbers consists of, forward and backward."""

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from .build import OPEN, kernel, view
from .formulas import fused


@register_jitable
def _added(total, v, left, right, j):
    """Add term `j`: a product, or a number where `right` is None."""
    return total + v[left[j]] if right is None else fused(v[left[j]], v[right[j]], total)


@register_jitable
def sum_of(v, left, right, at, k):
    """Sum `k` terms from place `at` on; from 16 on in four parts, so that one need not wait for the other."""
    s0, j, end = _added(-0.0, v, left, right, at), at + 1, at + k
    if k >= 16:
        s1 = s2 = s3 = 0.0
        while j + 4 <= end:
            s0 = _added(s0, v, left, right, j)
            s1 = _added(s1, v, left, right, j + 1)
            s2 = _added(s2, v, left, right, j + 2)
            s3 = _added(s3, v, left, right, j + 3)
            j += 4
        s0 = (s0 + s1) + (s2 + s3)
    while j < end:
        s0 = _added(s0, v, left, right, j)
        j += 1
    return s0


@kernel
def sums(out, values, left, right, n, k):
    """Sum `n` times `k` products of the values at the places left[i, j] and right[i, j]."""
    ys, v = view(out, n, np.float64), view(values, OPEN, np.float64)
    l, r = view(left, n * k, np.uint32), view(right, n * k, np.uint32)
    for i in range(n):
        ys[i] = sum_of(v, l, r, i * k, k)
    return 0


@kernel
def plain_sums(out, values, places, n, k):
    """Sum `n` times `k` of the values at the places places[i, j]."""
    ys, v, at = view(out, n, np.float64), view(values, OPEN, np.float64), view(places, n * k, np.uint32)
    for i in range(n):
        ys[i] = sum_of(v, at, None, i * k, k)
    return 0
