"""Comparison and logic. The results are booleans and arrays of booleans, which have no derivative.

While a function is traced, the results are nodes instead: 1.0 for true and 0.0 for false. The compiled program computes
them again in each run. If Python needs such a result, as in `if x > 0`, the tracer adds a guard.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from . import modes
from .checks import flag
from .graph import Node, constant
from .primitive import plain, refusal
from .primitives import arithmetic, reductions, selection
from .primitives.layout import shape_of

__all__ = [
    "all", "any", "argmax", "argmin", "equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less",
    "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor", "not_equal",
]  # fmt: skip


def _plain(ufunc: np.ufunc, traced: Callable[..., Any]) -> Callable[..., bool | Any]:
    """Return NumPy's function for nodes, applied to their data. `traced` computes the same with primitives."""

    def compare(*operands: Any) -> bool | np.ndarray | Node:
        if ufunc in (np.equal, np.not_equal) and builtins.any(map(_holds_no_numbers, operands)):
            try:
                return np.full(np.broadcast_shapes(*map(shape_of, operands)), ufunc is np.not_equal)[()]
            except ValueError as error:
                raise refusal(ufunc.__name__, operands, {}, error) or error from error
        if modes.tracer() is not None and builtins.any(isinstance(x, Node) and x.op is not constant for x in operands):
            return traced(*operands)
        if len(operands) != ufunc.nin:
            raise TypeError(f"`{ufunc.__name__}` takes {ufunc.nin} operands, not {len(operands)}")
        return _of_numbers(ufunc, *operands)

    compare.__name__ = compare.__qualname__ = ufunc.__name__
    shown = "2.0, [0.0, 2.0, 3.0]" if ufunc.nin == 2 else "[0.0, inf, nan]"
    expected = ufunc(2.0, [0.0, 2.0, 3.0]) if ufunc.nin == 2 else ufunc([0.0, np.inf, np.nan])
    compare.__doc__ = f"""Return `numpy.{ufunc.__name__}` of numbers, arrays and nodes: one or more booleans.

    Raises:
        TypeError: an operand does not hold numbers.
        ValueError: the shapes do not broadcast.

    >>> from math import inf, nan
    >>> {ufunc.__name__}({shown})
    {expected!r}
    """
    return compare


def _of_numbers(f: Callable[..., Any], *operands: Any, **settings: Any) -> Any:
    """Apply a NumPy function to the data of nodes, arrays and lists. A single result becomes a bool or an int."""
    found = [x._data if isinstance(x, Node) else plain(x, f.__name__) for x in operands]
    try:
        out = f(*found, **settings)
    except Exception as error:
        raise refusal(f.__name__, found, settings, error) or error from error
    return out if isinstance(out, np.ndarray) else out.item()


def _holds_no_numbers(x: Any) -> bool:
    """Return whether `x` is an array of strings, dates or other objects that never equal a number."""
    return isinstance(x, np.ndarray) and x.dtype.kind not in "fiubcO"


def _condition(primitive: Callable[..., Any]) -> Callable[..., Any]:
    def condition(*operands: Any) -> Any:
        modes.tracer().has_conditions = True
        return primitive(*operands)

    return condition


_greater, _equal = _condition(selection.greater), _condition(selection.equal)


def _not(x: Any) -> Any:
    return _equal(x, 0.0)


def _is(x: Any) -> Any:
    return _not(_not(x))


equal = _plain(np.equal, _equal)
not_equal = _plain(np.not_equal, lambda x, y: _not(_equal(x, y)))
less = _plain(np.less, lambda x, y: _greater(y, x))
less_equal = _plain(np.less_equal, lambda x, y: _greater(y, x) + _equal(x, y))
greater = _plain(np.greater, _greater)
greater_equal = _plain(np.greater_equal, lambda x, y: _greater(x, y) + _equal(x, y))
isnan = _plain(np.isnan, lambda x: _not(_equal(x, x)))
isinf = _plain(np.isinf, lambda x: _equal(arithmetic.abs(x), np.inf))
isfinite = _plain(np.isfinite, lambda x: _equal(x - x, 0.0))
logical_and = _plain(np.logical_and, lambda x, y: _is(x) * _is(y))
logical_or = _plain(np.logical_or, lambda x, y: _is(_is(x) + _is(y)))
logical_xor = _plain(np.logical_xor, lambda x, y: _not(_equal(_is(x), _is(y))))
logical_not = _plain(np.logical_not, _not)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> bool | Any:
    """Return whether any element along `axis` is not 0, as a boolean or an array of booleans.

    >>> any([0.0, 2.0]), any([[0.0, 2.0], [0.0, 0.0]], axis=1)
    (True, array([ True, False]))
    """
    return _quantified(np.any, reductions.max, x, axis, keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> bool | Any:
    """Return whether all elements along `axis` are not 0, as a boolean or an array of booleans.

    >>> all([0.0, 2.0]), all([[1.0, 2.0], [0.0, 0.0]], axis=1)
    (False, array([ True, False]))
    """
    return _quantified(np.all, reductions.min, x, axis, keepdims)


def _quantified(numpys: Any, traced: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    if modes.tracer() is not None and isinstance(x, Node) and x.op is not constant:
        return traced(_is(x), axis=axis, keepdims=keepdims)
    return _of_numbers(numpys, x, axis=axis, keepdims=flag(keepdims, "keepdims"))


def argmax(x: Any, axis: int | None = None) -> int | Any:
    """Return the index of the first largest element along `axis`, or in the flattened array if `axis` is None.

    >>> argmax([1.0, 5.0, 2.0])
    1
    """
    return _place_of(np.argmax, x, axis)


def argmin(x: Any, axis: int | None = None) -> int | Any:
    """Return the index of the first smallest element along `axis`, or in the flattened array if `axis` is None.

    >>> argmin([3.0, 5.0, 2.0])
    2
    """
    return _place_of(np.argmin, x, axis)


def _place_of(numpys: Any, x: Any, axis: Any) -> Any:
    if isinstance(x, Node):
        modes.notice(x)
    return _of_numbers(numpys, x, axis=axis)
