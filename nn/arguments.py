"""Checks that many functions share: each gives what came as a plain number or array, or says what is wrong."""

from __future__ import annotations

import difflib
import functools
import inspect
import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

from autograd import checks

as_array, refuse_masked = checks.as_array, checks.refuse_masked
count, flag, items, optional = checks.count, checks.flag, checks.items, checks.optional


def cast(x: Any, dtype: Any) -> Any:
    """Return an array or Tensor in this dtype; what is too large for it becomes infinite, without a warning.

    >>> cast(np.array([1.0, 1e300]), np.float32)
    array([ 1., inf], dtype=float32)
    """
    if x.dtype == dtype:
        return x
    with np.errstate(over="ignore"):
        return x.astype(dtype)


SYNONYMS = {
    "standardizer": "StandardScaler",
    "seed": "rng", "randomstate": "rng", "learningrate": "lr", "validationsplit": "validation", "dense": "Linear",
    "validationdata": "validation", "name": "label", "traintestsplit": "split", "dataloader": "batches", "l1": "mae",
    "l2": "mse", "binarycrossentropy": "bce", "categoricalcrossentropy": "cross_entropy", "nunits": "nouts",
    "law": "initializer", "kernelinitializer": "initializer",
}  # fmt: skip
"""What other libraries call it, in small letters without signs."""


def near(name: Any, known: Iterable[str]) -> str:
    """Return a hint at the known name that was meant, or nothing.

    >>> near("CrossEntropyLoss", ["mse", "cross_entropy"])
    ". Did you mean 'cross_entropy'?"
    """

    def plain(x: str) -> str:
        return re.sub("[^a-z0-9]|^load_|^make_|loss$", "", x.lower())

    names: dict[str, str] = {}
    for x in known:
        names.setdefault(plain(x.rpartition(".")[2]), x)  # the first of several rooms
    asked = plain(str(name))
    meant = plain(SYNONYMS.get(asked, ""))
    close = [x for x in (asked, meant) if x and x in names] or difflib.get_close_matches(asked, names, 1, 0.75)
    return f". Did you mean {names[close[0]]!r}?" if close else ""


Thing = TypeVar("Thing")
Function = TypeVar("Function", bound=Callable[..., Any])


def hinted(function: Function) -> Function:
    """Make a function say what was meant where the names or the number of its arguments do not fit."""

    @functools.wraps(function)
    def called(*args: Any, **settings: Any) -> Any:
        try:
            return function(*args, **settings)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise  # in the function, not by the call
            known = [name for name in inspect.signature(function).parameters if name != "self"]
            strangers = [name for name in settings if name not in known]
            hint = (strangers and near(strangers[0], known)) or f"; its arguments are {', '.join(known)}"
            if strangers and "optimizer" in known and strangers[0] in ("lr", "learning_rate"):
                hint = ": give it to the optimiser, such as `optimizer=nn.Adam(lr=0.01)`"
            raise TypeError(f"{error}{hint}") from None

    return called  # type: ignore[return-value]


def one_of(x: Any, choices: Iterable[str], name: str) -> str:
    """Check that a setting is one of several texts.

    >>> one_of("min", ("min", "max"), "mode")
    'min'
    """
    if not isinstance(x, str) or x not in choices:
        raise ValueError(f"`{name}` is one of {', '.join(map(repr, choices))}, not {x!r:.60}{near(x, choices)}")
    return x


def found(x: Any, known: Mapping[str, Thing], name: str, other: str = "a function") -> Thing:
    """Return what an argument means: what `known` has under its name, or itself where it is a function.

    >>> found("sum", {"sum": math.fsum}, "reduction"), found(len, {"sum": math.fsum}, "reduction")
    (<built-in function fsum>, <built-in function len>)
    """
    if isinstance(x, str):
        if x not in known:
            names = ", ".join(map(repr, known))
            raise ValueError(f"`{name}` {x!r:.60} is unknown: use one of {names}, or {other}{near(x, known)}")
        return known[x]
    if not callable(x) or isinstance(x, type):
        raise TypeError(f"`{name}` is a name, such as {next(iter(known))!r}, or {other}, not {x!r:.60}")
    function: Any = x
    return function


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


def above_zero(x: Any, name: str) -> float:
    """Check that a setting is a number above 0.

    >>> above_zero(0.5, "delta")
    0.5
    """
    if not within(x, name):
        raise ValueError(f"`{name}` is 0, which leaves nothing: give a number above 0")
    return float(x)


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and name the line of the user that has led here, also through scikit-learn."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _BETWEEN:
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, stacklevel=level)


_BETWEEN = ("nn", "autograd", "chalkgrad", "contextlib", "joblib", "sklearn")
