"""Local rewrite rules: operations whose result is one of their operands, or a constant, in every bit.

One list for programs of arrays and of single numbers; each applies it to its own form of a graph. So do common
subexpressions and dead code, which need no list. A rule holds for every operand, also -0.0, infinities and NaN: `x + 0`
is not `x` where `x` is -0.0, and `x * 0` is not 0 where `x` is infinite.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NEUTRAL = {
    ("mul", 0): 1.0,
    ("mul", 1): 1.0,
    ("div", 1): 1.0,
    ("add", 0): -0.0,
    ("add", 1): -0.0,
    ("sub", 1): 0.0,
    ("pow", 1): 1.0,
    ("strict_zero_mul", 0): 1.0,
}
"""With this constant as its operand of this place, an operation gives the other operand."""

ABSORBING = {("pow", 1): (0.0, 1.0), ("strict_zero_mul", 0): (0.0, 0.0)}
"""With the first constant as its operand of this place, an operation gives the second."""

SELF_INVERSE = {"neg"}
"""Applied twice, an operation gives its operand."""

TRANSPARENT = {"identity", "reshape", "broadcast_to", "sum_to"}
"""An operation that gives its operand, where shape and dtype stay as they are."""


def is_neutral(data: Any, constant: float) -> Any:
    """Return for each number of an array whether it is `constant`, with its sign.

    >>> is_neutral(np.array([0.0, -0.0, 1.0]), -0.0)
    array([False,  True, False])
    """
    return (data == constant) & (np.signbit(data) == np.signbit(constant))
