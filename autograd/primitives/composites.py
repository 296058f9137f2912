"""Functions composed of primitives in a numerically stable form. Each adds a few nodes to the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import flag
from ..primitive import Numbers, Operand, of_arrays, plain
from ..shapes import axes_of
from .arithmetic import div, mul, square, sub
from .layout import concatenate, getitem, reshape, shape_of
from .powers import exp, sqrt
from .reductions import counted, logsumexp, max, norm, sum
from .selection import anchor

Axis = int | tuple[int, ...] | None


@of_arrays
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Numbers:
    r"""Return the arithmetic mean $\frac1n \sum x_i$ along `axis`.

    Raises:
        ValueError: there are no elements, or `axis` is out of range.

    >>> float(mean([1.0, 2.0, 6.0]))
    3.0
    """
    x = as_operand(x)
    return div(sum(x, axis=axis, keepdims=keepdims), float(counted(x, axis, "mean")))


@of_arrays
def var(x: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Numbers:
    r"""Return the variance $\frac{1}{n - d} \sum (x_i - \bar x)^2$ along `axis`, with $d$ = `ddof`.

    It is inf or nan if $n \le d$.

    Raises:
        TypeError: `ddof` is not a number.
        ValueError: there are no elements, or `axis` is out of range.

    >>> float(var([1.0, 2.0, 6.0]))
    4.666666666666667
    """
    x = as_operand(x)
    freedom = _freedom(counted(x, axis, "var"), ddof)
    return div(sum(square(_centred(x, axis)), axis=axis, keepdims=keepdims), freedom)


@of_arrays
def std(x: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Numbers:
    """Return the standard deviation along `axis`, the square root of `var`. For equal elements its gradient is 0.

    Raises:
        TypeError: `ddof` is not a number.
        ValueError: there are no elements, or `axis` is out of range.

    >>> float(std([1.0, 1.0, 1.0]))
    0.0
    """
    x = as_operand(x)
    freedom = sqrt(_freedom(counted(x, axis, "std"), ddof))
    return div(norm(_centred(x, axis), axis=axis, keepdims=keepdims), freedom)


def _centred(x: Any, axis: Axis) -> Any:
    # Differences of numbers that are close to each other are exact. For equal numbers they are 0, and so is their mean.
    x = sub(x, anchor(max(x, axis=axis, keepdims=True)))  # `-` would warn about infinities
    return sub(x, mean(x, axis, keepdims=True))


def _freedom(n: int, ddof: Any) -> float:
    known = isinstance(ddof, (int, float, np.integer, np.floating)) and not isinstance(ddof, bool)
    if not known or not -(2**63) < ddof < 2**63:
        raise TypeError(f"`ddof` is a number, such as 1, not {ddof!r:.60}")
    return float(n - ddof) if ddof < n else 0.0  # division by 0 gives inf or nan, as in NumPy


@of_arrays
def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Numbers:
    """Return the product along `axis`, multiplied in pairs. Its gradient contains no division, so zeros are exact.

    Raises:
        ValueError: `axis` is out of range.

    >>> float(prod([2.0, 3.0, 4.0]))
    24.0
    """
    x = as_operand(x)
    shape = shape_of(x)
    for i in sorted(axes_of(axis, len(shape)), reverse=True):
        x = _product_along(x, i)
        if not flag(keepdims, "keepdims"):
            x = reshape(x, shape=shape_of(x)[:i] + shape_of(x)[i + 1 :])
    return x


def part(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    """Return a slice along an axis."""
    return getitem(x, index=(slice(None),) * axis + (slice(start, stop),))


def _product_along(x: Any, axis: int) -> Any:
    while (n := shape_of(x)[axis]) > 1:
        half = n // 2
        # `*` would warn about overflow for plain arrays
        pairs = mul(part(x, axis, 0, half), part(x, axis, half, 2 * half))
        x = concatenate(pairs, part(x, axis, 2 * half, n), axis=axis) if n % 2 else pairs
    if n == 0:
        return sum(x, axis=axis, keepdims=True) + 1.0  # the empty product
    return x


@of_arrays
def softmax(x: Any, axis: Axis = -1) -> Numbers:
    r"""Return the softmax $e^{x_i} / \sum_j e^{x_j}$ along `axis`, without overflow.

    Raises:
        ValueError: `axis` is out of range.

    Source: Bridle (1990), Probabilistic interpretation of feedforward classification network outputs.

    >>> softmax([1.2, 5.1, 2.7]).round(3)
    array([0.018, 0.9  , 0.082])
    """
    x = as_operand(x)
    e = exp(sub(x, anchor(max(x, axis=axis, keepdims=True))))
    return div(e, sum(e, axis=axis, keepdims=True))  # `/` would warn about 0/0 for plain arrays


@of_arrays
def log_softmax(x: Any, axis: Axis = -1) -> Numbers:
    r"""Return $x_i - \ln \sum_j e^{x_j}$ along `axis`: the logarithm of `softmax`, without overflow.

    Raises:
        ValueError: `axis` is out of range.

    Source: Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and softmax functions.

    >>> log_softmax([1000.0, 0.0])
    array([    0., -1000.])
    """
    x = as_operand(x)
    return sub(x, logsumexp(x, axis=axis, keepdims=True))


def as_operand(x: Any) -> Any:
    """Return a list of numbers as an array; nodes and arrays stay as they are."""
    return x if isinstance(x, Operand) or x.__class__ is np.ndarray else plain(x, "array")
