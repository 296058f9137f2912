"""Checks that many functions share: each gives what came as a plain number or array, or says what is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["as_array", "cast", "count", "flag", "one_of", "refuse_masked", "within"]


def refuse_masked(x: Any, name: str) -> None:
    """Refuse an array with masked entries: NumPy would hand them out as if they were not masked."""
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ValueError(f"`{name}` has entries that are masked: remove such rows first, or fill them in with `filled`")


def as_array(x: Any, name: str = "x") -> np.ndarray:
    """Take numbers, nested lists or whatever NumPy knows as an array.

    >>> as_array([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    refuse_masked(x, name)
    try:
        return np.asarray(x)
    except ValueError:
        raise ValueError(f"`{name}` is a nested list whose rows differ in length") from None


def cast(x: Any, dtype: Any) -> Any:
    """Give an array or Tensor in this dtype; what is too large for it becomes infinite, without a warning.

    >>> cast(np.array([1.0, 1e300]), np.float32)
    array([ 1., inf], dtype=float32)
    """
    with np.errstate(over="ignore"):
        return x if x.dtype == dtype else x.astype(dtype)


def count(n: Any, name: str, least: int = 1) -> int:
    """Check that a setting is a whole number from `least`.

    >>> count(3, "epochs")
    3
    """
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < least:
        raise ValueError(f"`{name}` is a whole number from {least}, not {n!r:.60}")
    if n >= 2**63:
        raise ValueError(f"`{name}` is less than 2**63, not a number of {len(f'{int(n):x}')} hexadecimal digits")
    return int(n)


def flag(x: Any, name: str) -> bool:
    """Check that a setting is True or False.

    >>> flag(True, "shuffle")
    True
    """
    if not isinstance(x, (bool, np.bool_)):
        raise TypeError(f"`{name}` is True or False, not {x!r:.60}")
    return bool(x)


def one_of(x: Any, choices: Iterable[str], name: str) -> str:
    """Check that a setting is one of several texts.

    >>> one_of("min", ("min", "max"), "mode")
    'min'
    """
    if not isinstance(x, str) or x not in choices:
        raise ValueError(f"`{name}` is one of {', '.join(map(repr, choices))}, not {x!r:.60}")
    return x


def within(x: Any, name: str, low: float = 0.0, high: float = math.inf, *, closed: bool = False) -> float:
    """Check that a setting is a number from `low` up to `high`, which is included only if `closed`.

    >>> within(0.9, "momentum", 0.0, 1.0)
    0.9
    """
    try:
        numbers: Any = None if getattr(x, "ndim", 0) else [x]  # older NumPy would take the only number of an array
        number = math.fsum(numbers)  # not float(x), which would read "0.1"
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"`{name}` is a number, not {x!r:.60}") from None
    if not (low <= number < high or (closed and number == high)):
        upper = "at most" if closed else "less than"
        raise ValueError(f"`{name}` is {number:g}; it must be at least {low:g} and {upper} {high:g}")
    return number
