"""Local rewrite rules: operations whose result is bitwise equal to one of their operands, or to a constant.

Programs of arrays and programs of single numbers share these rules, and apply them to their own form of a graph. A rule
holds for every operand, also for -0.0, infinities and NaN. For example, `x + 0` is not `x` if `x` is -0.0, and `x * 0`
is not 0 if `x` is infinite.
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
