"""Sums of products of scattered numbers: what most of a graph of single numbers consists of, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic, register_jitable

from .build import OPEN, VERSION, view

__all__ = ["fma", "plain_sum", "product_sum", "sums"]

# sums: kernel, length, n, k, out, values, left, right: n sums of k products of the values at the places
# left[i, j] and right[i, j] (uint32); plain sums have no right places


@intrinsic
def fma(typing_context, x, y, z):
    """Give x y + z, rounded once."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), code


@register_jitable
def product_sum(v, left, right, at, k):
    """Sum `k` products from place `at` on; from 16 on in four parts, so that one need not wait for the other."""
    s0, j = v[left[at]] * v[right[at]], at + 1
    end = at + k
    if k >= 16:
        s1 = s2 = s3 = 0.0
        while j + 4 <= end:
            s0 = fma(v[left[j]], v[right[j]], s0)
            s1 = fma(v[left[j + 1]], v[right[j + 1]], s1)
            s2 = fma(v[left[j + 2]], v[right[j + 2]], s2)
            s3 = fma(v[left[j + 3]], v[right[j + 3]], s3)
            j += 4
        s0 = (s0 + s1) + (s2 + s3)
    while j < end:
        s0 = fma(v[left[j]], v[right[j]], s0)
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


def sums(dtype: Any, plain: bool) -> Any:
    """Make the kernel of sums of products, or of plain sums, of float64."""
    version = VERSION

    def product_sums(instruction):
        version  # noqa: B018
        w = view(instruction, 8, np.int64)
        n, k = w[2], w[3]
        out, v = view(w[4], n, np.float64), view(w[5], OPEN, np.float64)
        left, right = view(w[6], n * k, np.uint32), view(w[7], n * k, np.uint32)
        i = 0
        while i + 8 <= n:  # eight sums side by side, each in its order
            a = i * k
            b, c, d, e, f, g, h = a + k, a + 2 * k, a + 3 * k, a + 4 * k, a + 5 * k, a + 6 * k, a + 7 * k
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = -0.0
            for j in range(k):
                s0 = fma(v[left[a + j]], v[right[a + j]], s0)
                s1 = fma(v[left[b + j]], v[right[b + j]], s1)
                s2 = fma(v[left[c + j]], v[right[c + j]], s2)
                s3 = fma(v[left[d + j]], v[right[d + j]], s3)
                s4 = fma(v[left[e + j]], v[right[e + j]], s4)
                s5 = fma(v[left[f + j]], v[right[f + j]], s5)
                s6 = fma(v[left[g + j]], v[right[g + j]], s6)
                s7 = fma(v[left[h + j]], v[right[h + j]], s7)
            out[i], out[i + 1], out[i + 2], out[i + 3] = s0, s1, s2, s3
            out[i + 4], out[i + 5], out[i + 6], out[i + 7] = s4, s5, s6, s7
            i += 8
        while i < n:
            out[i] = product_sum(v, left, right, i * k, k)
            i += 1
        return 0

    def plain_sums(instruction):
        version  # noqa: B018
        w = view(instruction, 7, np.int64)
        n, k = w[2], w[3]
        out, v = view(w[4], n, np.float64), view(w[5], OPEN, np.float64)
        left = view(w[6], n * k, np.uint32)
        for i in range(n):
            out[i] = plain_sum(v, left, i * k, k)
        return 0

    return plain_sums if plain else product_sums
