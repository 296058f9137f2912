"""Primitives: reductions and matrix products, each with a vector-Jacobian rule."""

from __future__ import annotations

import math

import numpy as np

from ..checks import flag
from ..primitive import primitive
from ..shapes import axes_of, expand
from .arithmetic import div
from .layout import as_shape, broadcast_to, flip, shape_of, swapaxes, unbroadcast
from .powers import exp, ratio
from .selection import anchor, equal


def _grown(g, x, axis):
    """Return a cotangent broadcast along the axes over which `x` was reduced."""
    shape = shape_of(x)
    return broadcast_to(g if shape_of(g) == () else as_shape(g, expand(shape, axis)), shape=shape)


@primitive(symbol="Σ", vjps=[lambda g, out, x, *, axis, keepdims: _grown(g, x, axis)], ulps=(2, 0, 0))
def sum(x, *, axis=None, keepdims=False):
    r"""Return the sum $\sum x_i$ over `axis`, or over all axes if it is None. Every term receives the cotangent.

    Raises:
        ValueError: `axis` is out of range.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    array([4., 6.])
    """
    return np.add.reduce(np.asarray(x), axis=axes_of(axis, np.ndim(x)), keepdims=keepdims)


@primitive(
    vjps=[lambda g, out, x, *, axis: as_shape(flip(cumsum(flip(g, axis=axis), axis=axis), axis=axis), shape_of(x))],
    ulps=(2, 0, 0),
)
def cumsum(x, *, axis=0):
    """Return the cumulative sum along `axis`.

    Raises:
        ValueError: `axis` is out of range.

    >>> cumsum([1.0, 2.0, 3.0])
    array([1., 3., 6.])
    """
    return np.cumsum(x, axis)


def _matrices(g, a, b):
    """Return the cotangent and the operands of `matmul`, in which vectors have an axis of length 1."""
    shape, left, right = shape_of(g), shape_of(a), shape_of(b)
    if len(right) == 1:
        shape, right = (*shape, 1), (*right, 1)
    if len(left) == 1:
        shape, left = (*shape[:-1], 1, shape[-1]), (1, *left)
    return as_shape(g, shape), as_shape(a, left), as_shape(b, right)


def _left_cotangent(g, out, a, b):
    g, rows, columns = _matrices(g, a, b)
    return as_shape(unbroadcast(matmul(g, swapaxes(columns)), shape_of(rows)), shape_of(a))


def _right_cotangent(g, out, a, b):
    g, rows, columns = _matrices(g, a, b)
    return as_shape(unbroadcast(matmul(swapaxes(rows), g), shape_of(columns)), shape_of(b))


@primitive(symbol="@", vjps=[_left_cotangent, _right_cotangent], ulps=(2, 0, 0))
def matmul(a, b):
    r"""Return the matrix product $AB$ of 1-D, 2-D or stacked operands.

    Its vector-Jacobian rule is $\bar A = \bar C B^T$ and $\bar B = A^T \bar C$.

    Raises:
        ValueError: the last axis of `a` is not as long as the second-to-last (or only) axis of `b`.

    Source: Giles (2008), Collected matrix derivative results for forward and reverse mode algorithmic differentiation.

    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
    array([[11.]])
    """
    try:
        return np.matmul(a, b)
    except ValueError:
        raise ValueError(
            f"`matmul` cannot multiply {np.shape(a)} by {np.shape(b)}: the last axis of the first must be as long as "
            "the second-to-last (or only) axis of the second"
        ) from None


def counted(x, axis, name):
    """Return the number of elements that a reduction over `axis` combines, at least one."""
    shape = shape_of(x)
    if not (n := math.prod(shape[i] for i in axes_of(axis, len(shape)))):
        raise ValueError(f"`{name}` over `axis` {axis} of an array of shape {shape}: there are no elements")
    return n


def _extremum_cotangent(g, out, x, *, axis, keepdims):
    kept = expand(shape_of(x), axis)
    hits = equal(x, broadcast_to(as_shape(out, kept), shape=shape_of(x)))
    return hits * broadcast_to(div(as_shape(g, kept), sum(hits, axis=axis, keepdims=True)), shape=shape_of(x))


@primitive(vjps=[_extremum_cotangent], ulps=(0, 0, 0))
def max(x, *, axis=None, keepdims=False):
    """Return the largest element along `axis`. Equal largest elements share the gradient equally.

    Raises:
        ValueError: there are no elements, or `axis` is out of range.

    >>> max([[1.0, 5.0], [7.0, 2.0]], axis=1)
    array([5., 7.])
    """
    counted(x, axis, "max")
    return np.max(x, axis=axes_of(axis, np.ndim(x)), keepdims=keepdims)


@primitive(vjps=[_extremum_cotangent], ulps=(0, 0, 0))
def min(x, *, axis=None, keepdims=False):
    """Return the smallest element along `axis`. Equal smallest elements share the gradient equally.

    Raises:
        ValueError: there are no elements, or `axis` is out of range.

    >>> min([[1.0, 5.0], [7.0, 2.0]], axis=1)
    array([1., 2.])
    """
    counted(x, axis, "min")
    return np.min(x, axis=axes_of(axis, np.ndim(x)), keepdims=keepdims)


def _norm_cotangent(g, out, x, *, axis, keepdims):
    return _grown(g, x, axis) * ratio(x, _grown(out, x, axis))


@primitive(symbol="‖ ‖", vjps=[_norm_cotangent], ulps=(4, 4, 8))
def norm(x, *, axis=None, keepdims=False):
    r"""Return the Euclidean norm $\sqrt{\sum x_i^2}$ without overflow. At the zero vector its gradient is 0.

    Raises:
        ValueError: `axis` is out of range.

    >>> float(norm([3.0, 4.0]))
    5.0
    """
    x = np.asarray(x)
    axes = axes_of(axis, x.ndim)
    scale = np.max(np.abs(x), axis=axes, keepdims=True, initial=0.0)
    scale = np.where((scale > 0) & (scale < np.inf), scale, 1.0).astype(x.dtype)
    length = scale * np.sqrt(np.sum(np.square(x / scale), axis=axes, keepdims=True))
    return length if flag(keepdims, "keepdims") else np.squeeze(length, axes)


def _logsumexp_cotangent(g, out, x, *, axis, keepdims):
    # exp(x - out) would lose as many digits as `out` has before the decimal point
    e = exp(x - _grown(anchor(max(x, axis=axis, keepdims=True)), x, axis))
    return _grown(g, x, axis) * ratio(e, _grown(sum(e, axis=axis, keepdims=True), x, axis))


@primitive(vjps=[_logsumexp_cotangent], ulps=(4, 4, 8))
def logsumexp(x, *, axis=None, keepdims=False):
    r"""Return $\ln \sum e^{x_i}$ without overflow. Its gradient is the softmax of `x` (0 if all are $-\infty$).

    Raises:
        ValueError: there are no elements, or `axis` is out of range.

    Source: Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and softmax functions.

    >>> float(logsumexp([1000.0, 1000.0]).round(3))
    1000.693
    """
    counted(x, axis, "logsumexp")
    x, axes = np.asarray(x), axes_of(axis, np.ndim(x))
    top = np.max(x, axis=axes, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0).astype(x.dtype)
    out = top + np.log(np.sum(np.exp(x - top), axis=axes, keepdims=True))
    return out if flag(keepdims, "keepdims") else np.squeeze(out, axes)
