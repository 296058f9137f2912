"""Sums of products of scattered numbers: what most of a graph of single numbers consists of, forward and backward."""

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from .build import OPEN, kernel, view
from .formulas import fused


@register_jitable
def product_sum(v, left, right, at, k):
    """Sum `k` products from place `at` on; from 16 on in four parts, so that one need not wait for the other."""
    s0, j = v[left[at]] * v[right[at]], at + 1
    end = at + k
    if k >= 16:
        s1 = s2 = s3 = 0.0
        while j + 4 <= end:
            s0 = fused(v[left[j]], v[right[j]], s0)
            s1 = fused(v[left[j + 1]], v[right[j + 1]], s1)
            s2 = fused(v[left[j + 2]], v[right[j + 2]], s2)
            s3 = fused(v[left[j + 3]], v[right[j + 3]], s3)
            j += 4
        s0 = (s0 + s1) + (s2 + s3)
    while j < end:
        s0 = fused(v[left[j]], v[right[j]], s0)
        j += 1
    return s0


@register_jitable
def plain_sum(v, left, at, k):
    """Sum `k` numbers from place `at` on."""
    s0, j = v[left[at]], at + 1
    end = at + k
    if k >= 16:
        s1 = s2 = s3 = 0.0
        while j + 4 <= end:
            s0 += v[left[j]]
            s1 += v[left[j + 1]]
            s2 += v[left[j + 2]]
            s3 += v[left[j + 3]]
            j += 4
        s0 = (s0 + s1) + (s2 + s3)
    while j < end:
        s0 += v[left[j]]
        j += 1
    return s0


@kernel
def sums(out, values, left, right, n, k):
    """Sum `n` times `k` products of the values at the places left[i, j] and right[i, j]."""
    ys, v = view(out, n, np.float64), view(values, OPEN, np.float64)
    l, r = view(left, n * k, np.uint32), view(right, n * k, np.uint32)
    i = 0
    while i + 8 <= n:  # eight sums side by side, each in its order
        a = i * k
        b, c, d, e, f, g, h = a + k, a + 2 * k, a + 3 * k, a + 4 * k, a + 5 * k, a + 6 * k, a + 7 * k
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = -0.0
        for j in range(k):
            s0 = fused(v[l[a + j]], v[r[a + j]], s0)
            s1 = fused(v[l[b + j]], v[r[b + j]], s1)
            s2 = fused(v[l[c + j]], v[r[c + j]], s2)
            s3 = fused(v[l[d + j]], v[r[d + j]], s3)
            s4 = fused(v[l[e + j]], v[r[e + j]], s4)
            s5 = fused(v[l[f + j]], v[r[f + j]], s5)
            s6 = fused(v[l[g + j]], v[r[g + j]], s6)
            s7 = fused(v[l[h + j]], v[r[h + j]], s7)
        ys[i], ys[i + 1], ys[i + 2], ys[i + 3] = s0, s1, s2, s3
        ys[i + 4], ys[i + 5], ys[i + 6], ys[i + 7] = s4, s5, s6, s7
        i += 8
    while i < n:
        ys[i] = product_sum(v, l, r, i * k, k)
        i += 1
    return 0


@kernel
def plain_sums(out, values, places, n, k):
    """Sum `n` times `k` of the values at the places places[i, j]."""
    ys, v, at = view(out, n, np.float64), view(values, OPEN, np.float64), view(places, n * k, np.uint32)
    for i in range(n):
        ys[i] = plain_sum(v, at, i * k, k)
    return 0
