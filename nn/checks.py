"""Checks of settings that many functions share: each gives the setting as a plain number, or says what is wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["count", "within"]


def count(n: Any, name: str, least: int = 1) -> int:
    """Check that a setting is a whole number from `least`.

    >>> count(3, "epochs")
    3
    """
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < least:
        raise ValueError(f"`{name}` is a whole number from {least}, not {n!r:.60}")
    return int(n)


def within(x: Any, name: str, low: float = 0.0, high: float = math.inf, *, closed: bool = False) -> float:
    """Check that a setting is a number from `low` up to `high`, which is included only if `closed`.

    >>> within(0.9, "momentum", 0.0, 1.0)
    0.9
    """
    try:
        number = math.fsum([x])  # not float(x), which would read "0.1"
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"`{name}` is a number, not {x!r:.60}") from None
    if not (low <= number < high or (closed and number == high)):
        upper = "at most" if closed else "less than"
        raise ValueError(f"`{name}` is {number:g}; it must be at least {low:g} and {upper} {high:g}")
    return number
