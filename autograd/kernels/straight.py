"""The straight run: node after node, each by its own row, where a graph is too narrow for loops over equal rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, register_jitable

from .build import OPEN, VERSION, view
from .sums import fma, plain_sum, product_sum

__all__ = ["single", "straight"]

ADD, MUL, ADD_PRODUCT, SUMS, PLAIN, FIRST = range(6)
"""What the run computes itself; from FIRST on it calls the formula of a row."""

SIGNATURE = types.float64(types.int64, types.int64)
"""Of a formula by itself: the addresses of all values and of the places of its operands (uint32)."""


@intrinsic
def _call(typing_context: Any, function: Any, values: Any, places: Any) -> Any:
    """Call the formula at an address."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        kind = ir.FunctionType(ir.DoubleType(), [word, word]).as_pointer()
        return builder.call(builder.inttoptr(args[0], kind), [args[1], args[2]])

    return types.float64(types.int64, types.int64, types.int64), code


def single(formula: Any, arity: int) -> Any:
    """Make a formula of one, two or three scattered numbers a function of addresses; gives its signature too."""
    formula, version = register_jitable(formula), VERSION

    def one(values, places):
        version  # noqa: B018
        v, at = view(values, OPEN, np.float64), view(places, OPEN, np.uint32)
        return formula(v[at[0]])

    def two(values, places):
        version  # noqa: B018
        v, at = view(values, OPEN, np.float64), view(places, 2, np.uint32)
        return formula(v[at[0]], v[at[1]])

    def three(values, places):
        version  # noqa: B018
        v, at = view(values, OPEN, np.float64), view(places, 3, np.uint32)
        return formula(v[at[0]], v[at[1]], v[at[2]])

    return (one, two, three)[arity - 1], SIGNATURE


def straight(dtype: Any) -> Any:
    """Make the run: kernel, length, n, out, values, codes (uint8), places (uint32), functions and their arities.

    A code is one of those above, or that of a row; its places follow one another, and a sum has the number of its
    terms before them."""
    version = VERSION

    def straight(instruction):
        version  # noqa: B018
        w = view(instruction, 9, np.int64)
        n, values = w[2], w[4]
        out, v, codes = view(w[3], n, np.float64), view(values, OPEN, np.float64), view(w[5], n, np.uint8)
        at, functions, arities = view(w[6], OPEN, np.uint32), view(w[7], 256, np.int64), view(w[8], 256, np.int64)
        p = 0
        for i in range(n):
            code = codes[i]
            if code == 0:
                out[i] = v[at[p]] + v[at[p + 1]]
                p += 2
            elif code == 1:
                out[i] = v[at[p]] * v[at[p + 1]]
                p += 2
            elif code == 2:
                out[i] = fma(v[at[p + 1]], v[at[p + 2]], v[at[p]])
                p += 3
            elif code == 3:
                k = np.int64(at[p])
                out[i] = product_sum(v, at, view(w[6] + 4 * k, OPEN, np.uint32), p + 1, k)
                p += 1 + 2 * k
            elif code == 4:
                k = np.int64(at[p])
                out[i] = plain_sum(v, at, p + 1, k)
                p += 1 + k
            else:
                out[i] = _call(functions[code], values, w[6] + 4 * p)
                p += arities[code]
        return 0

    return straight
