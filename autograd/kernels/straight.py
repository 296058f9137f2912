"""The straight run: node after node, each by its own formula, for graphs too narrow for loops over one formula."""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import register_jitable

from .build import OPEN, function_at, kernel, view
from .formulas import fused, relu_, times_step_
from .sums import sum_of

ADD, MUL, ADD_PRODUCT, RELU, TIMES_STEP, SUMS, PLAIN, FIRST = range(8)
"""What the run computes itself; from FIRST on it calls the formula of an operation."""

SIGNATURE = types.float64(types.int64, types.int64)
"""Of a formula by itself: the addresses of all values and of the places of its operands (uint32)."""


_call = function_at(types.float64, types.int64, types.int64)
"""Calls the formula at an address."""


@kernel
def one(formula, arity, values, places):
    """Apply a formula to scattered numbers; where it has less than three operands, it is given the last one again."""
    v, at = view(values, OPEN, np.float64), view(places, arity, np.uint32)
    return formula(v[at[0]], v[at[min(1, arity - 1)]], v[at[arity - 1]])


@register_jitable
def _number(v, place, last, result):
    """Read a number; the last result from its register, since in a chain each node would wait for memory."""
    return result if place == last else v[place]


@kernel
def straight(out, values, codes, places, functions, arities, n):
    """Compute `n` nodes: a code is one of those above, or that of an operation, with its function and its arity.

    The places of operands follow one another; a sum has the number of its terms before them."""
    ys, v, code_of = view(out, n, np.float64), view(values, OPEN, np.float64), view(codes, n, np.uint8)
    at, function, arity = view(places, OPEN, np.uint32), view(functions, 256, np.int64), view(arities, 256, np.int64)
    p, last = 0, (out - values) // 8 - 1
    y = v[last]
    for i in range(n):
        code = code_of[i]
        if code == MUL:
            y = _number(v, at[p], last, y) * _number(v, at[p + 1], last, y)
            p += 2
        elif code == ADD:
            y = _number(v, at[p], last, y) + _number(v, at[p + 1], last, y)
            p += 2
        elif code == ADD_PRODUCT:
            y = fused(_number(v, at[p + 1], last, y), _number(v, at[p + 2], last, y), _number(v, at[p], last, y))
            p += 3
        elif code == RELU:
            y = relu_(_number(v, at[p], last, y))
            p += 1
        elif code == TIMES_STEP:
            y = times_step_(_number(v, at[p], last, y), v[at[p + 1]])
            p += 2
        elif code == SUMS:
            k = np.int64(at[p])
            y = sum_of(v, at, view(places, OPEN, np.uint32, k), p + 1, k)
            p += 1 + 2 * k
        elif code == PLAIN:
            k = np.int64(at[p])
            y = sum_of(v, at, None, p + 1, k)
            p += 1 + k
        else:
            y = _call(function[code], values, places + 4 * p)
            p += arity[code]
        ys[i] = y
        last += 1
    return 0
