"""Checks of arguments that many functions share: each returns the argument in a plain form, or raises an error."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def float_of(x: Any, name: str) -> float:
    """Return a number as a float. A whole number of more than 308 digits raises a ValueError.

    >>> float_of(2, "x")
    2.0
    """
    try:
        return float(x)
    except OverflowError:
        raise ValueError(f"`{name}` is a whole number that no float can hold: it has over 308 digits") from None


def refuse_masked(x: Any, name: str) -> None:
    """Raise if an array has masked entries, because NumPy would use them like the others."""
    parts = x if isinstance(x, (list, tuple)) else [x]
    if any(isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part) for part in parts):
        raise ValueError(f"`{name}` has entries that are masked: remove such rows first, or fill them in with `filled`")


def as_array(x: Any, name: str = "x") -> np.ndarray:
    """Return numbers, nested lists or whatever NumPy can convert as an array.

    >>> as_array([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    refuse_masked(x, name)
    try:
        return np.asarray(x)
    except ValueError:
        raise ValueError(f"`{name}` is a nested list whose rows differ in length") from None
    except RuntimeError as error:  # of PyTorch
        raise TypeError(f"`{name}`: its gradient would be lost, hand over its `.detach()` ({error})") from None


def array_of(x: Any, name: str) -> np.ndarray:
    """Return a new array of numbers, nested lists or whatever NumPy can convert.

    >>> array_of([[1, 2], [3, 4]], "x").shape
    (2, 2)
    """
    return np.array(as_array(x, name), order="C")  # in two steps, because not every `__array__` accepts `copy`


def flag(x: Any, name: str) -> bool:
    """Return a setting as a bool, after a check that it is True or False.

    >>> flag(np.bool_(True), "keepdims")
    True
    """
    if not isinstance(x, (bool, np.bool_)):
        raise TypeError(f"`{name}` is True or False, not {x!r:.60}")
    return bool(x)


def count(n: Any, name: str, least: int = 1, most: int = 2**63 - 1) -> int:
    """Return a setting as an int, after a check that it is a whole number from `least` to `most`.

    >>> count(3, "epochs")
    3
    """
    if isinstance(n, (int, np.integer)) and n >= 2**63:
        raise ValueError(f"`{name}` is less than 2**63, not a number of {len(f'{int(n):x}')} hexadecimal digits")
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or not least <= n <= most:
        to = "" if most == 2**63 - 1 else f" to {most}"
        raise ValueError(f"`{name}` is a whole number from {least}{to}, not {n!r:.60}")
    return int(n)


def one_of(x: Any, choices: Iterable[str], name: str) -> str:
    """Return a setting, after a check that it is one of `choices`.

    >>> one_of("both", ("forward", "both"), "view")
    'both'
    """
    if not isinstance(x, str) or x not in choices:
        raise ValueError(f"`{name}` is one of {', '.join(map(repr, choices))}, not {x!r:.60}")
    return x


def optional(name: str, user: str, remedy: str = "") -> Any:
    """Return an optional library that `user` needs.

    Raises:
        ImportError: the library is not installed. The message names the remedy.
    """
    library = name.partition(".")[0]
    try:
        importlib.import_module(library)
        return importlib.import_module(name)
    except ImportError:
        remedy = remedy or f"`pip install {library}`"
        raise ImportError(f"{user} needs {library}, which is missing: {remedy}") from None


def function(f: Any, name: str, what: str) -> Callable[..., Any]:
    """Return `f`, after a check that it is callable.

    >>> function(abs, "f", "to map") is abs
    True
    """
    if not callable(f):
        raise TypeError(f"`{name}` is a function {what}, not {type(f).__name__} ({f!r:.40})")
    return f


def items(xs: Any, name: str) -> list[Any]:
    """Return the elements of a list, a tuple, an array or an iterator as a list.

    >>> items((1, 2), "nodes")
    [1, 2]
    """
    try:
        return list(xs)
    except TypeError:
        raise TypeError(f"`{name}` is a list, not {type(xs).__name__} ({xs!r:.40})") from None


def dtype_of(x: Any, name: str = "dtype") -> np.dtype:
    """Return a dtype, after a check that it is float32 or float64.

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
