"""Checks of arguments that many functions share: each gives what came in plain form, or says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def float_of(x: Any, name: str) -> float:
    """Turn a whole number into a float; one of more than 308 digits has none.

    >>> float_of(2, "x")
    2.0
    """
    try:
        return float(x)
    except OverflowError:
        raise ValueError(f"`{name}` is a whole number that no float can hold: it has over 308 digits") from None


def array_of(x: Any, name: str) -> np.ndarray:
    """Make a new array of what NumPy knows as one.

    >>> array_of([[1, 2], [3, 4]], "x").shape
    (2, 2)
    """
    if getattr(x, "requires_grad", None) is True:
        kind = f"{type(x).__module__.partition('.')[0]}.{type(x).__name__}"
        raise TypeError(f"`{name}`: the gradient of a {kind} would be lost, hand over its `.detach()`")
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise TypeError(f"`{name}` has masked entries: fill them first, as with `.filled(0.0)`")
    try:
        return np.array(np.asarray(x), order="C")  # asarray first: not every `__array__` knows of copies
    except ValueError as error:
        raise ValueError(
            f"`{name}` must be a full array; rows of this nested list differ in length ({error})"
        ) from None


def flag(x: Any, name: str) -> bool:
    """Check that a setting is True or False.

    >>> flag(np.bool_(True), "keepdims")
    True
    """
    if not isinstance(x, (bool, np.bool_)):
        raise TypeError(f"`{name}` is True or False, not {x!r:.60}")
    return bool(x)


def one_of(x: Any, choices: Iterable[str], name: str) -> str:
    """Check that a setting is one of several texts.

    >>> one_of("both", ("forward", "both"), "view")
    'both'
    """
    if not isinstance(x, str) or x not in choices:
        raise ValueError(f"`{name}` is one of {', '.join(map(repr, choices))}, not {x!r:.60}")
    return x


def function(f: Any, name: str, what: str) -> Callable[..., Any]:
    """Check that something can be called.

    >>> function(abs, "f", "to map") is abs
    True
    """
    if not callable(f):
        raise TypeError(f"`{name}` is a function {what}, not {type(f).__name__} ({f!r:.40})")
    return f


def items(xs: Any, name: str) -> list[Any]:
    """List what stands in a list, a tuple, an array or an iterator.

    >>> items((1, 2), "nodes")
    [1, 2]
    """
    try:
        return list(xs)
    except TypeError:
        raise TypeError(f"`{name}` is a list, not {type(xs).__name__} ({xs!r:.40})") from None


def dtype_of(x: Any, name: str = "dtype") -> np.dtype:
    """Check that a dtype is float32 or float64.

    >>> dtype_of("float32")
    dtype('float32')
    """
    try:
        dtype = np.dtype(x)
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` is float32 or float64, not {x!r:.60}") from None
    if x is None or dtype not in (np.float32, np.float64):
        raise TypeError(f"`{name}` is float32 or float64, not {x if x is None else dtype}")
    return dtype
