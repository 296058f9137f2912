"""Primitives that move elements, also between Values and Tensors, each with a vector-Jacobian rule.

They are linear, so the rule of each is its transpose: `sum_to` for `broadcast_to`, `scatter` for `getitem`, slices for
`concatenate`. So derivatives of any order use only the primitives of this module.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..checks import dtype_of
from ..primitive import primitive
from ..shapes import is_view, sum_over_broadcast


def _lengths(shape) -> tuple[int, ...]:
    """Return a shape, or a single length, as a tuple."""
    lengths = shape if isinstance(shape, (tuple, list)) else (shape,)
    if not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n >= 0 for n in lengths):
        raise TypeError(f"`shape` is a whole number from 0, or a tuple of such, not {shape!r:.60}")
    return tuple(map(int, lengths))


def shape_of(x) -> tuple[int, ...]:
    """Return the shape of a number, an array or a node; () for a single number."""
    return getattr(x, "shape", ())


def unbroadcast(x: Any, shape: tuple[int, ...]) -> Any:
    """Return `x` summed to `shape`, which undoes a broadcast. Record nothing if the shape is the same."""
    if x.__class__ is np.ndarray:
        return sum_over_broadcast(x, shape)
    return x if shape_of(x) == shape else sum_to(x, shape=shape)


def as_shape(x: Any, shape: Any) -> Any:
    """Return `x` reshaped to `shape`. Record nothing if the shape is the same."""
    return x if shape_of(x) == shape else reshape(x, shape=shape)


@primitive(symbol="Σ", vjps=[lambda g, out, x, *, shape: broadcast_to(g, shape=shape_of(x))])
def sum_to(x, *, shape):
    """Return `x` summed over the axes along which an array of `shape` was broadcast to the shape of `x`."""
    return sum_over_broadcast(x, shape) if isinstance(x, np.ndarray) else x


@primitive(vjps=[lambda g, out, x, *, shape: unbroadcast(g, shape_of(x))])
def broadcast_to(x, *, shape):
    """Return `x` broadcast to `shape` by NumPy's rules.

    Raises:
        TypeError: `shape` is not a tuple of whole numbers.
        ValueError: `x` cannot be broadcast to `shape`.

    >>> broadcast_to([1.0, 2.0], shape=(2, 2))
    array([[1., 2.],
           [1., 2.]])
    """
    x = np.asarray(x)
    out = np.empty(_lengths(shape), x.dtype)
    out[...] = x  # for small arrays, three times as fast as np.broadcast_to
    return out


@primitive(vjps=[lambda g, out, x, *, shape: reshape(g, shape=shape_of(x))])
def reshape(x, *, shape):
    """Return the elements of `x`, in the same order, in another `shape`. One length may be -1, which is then inferred.

    Raises:
        ValueError: the number of elements would change.
        TypeError: `shape` is not a tuple of whole numbers.

    >>> reshape([1.0, 2.0, 3.0, 4.0], shape=(2, -1))
    array([[1., 2.],
           [3., 4.]])
    """
    return np.asarray(x).reshape(shape)


@primitive(symbol="T", vjps=[lambda g, out, x, *, axes: transpose(g, axes=None if axes is None else _inverted(axes))])
def transpose(x, *, axes=None):
    """Return `x` with permuted axes. If `axes` is None, the order of the axes is reversed.

    Raises:
        ValueError: `axes` is not a permutation of the axes.

    >>> transpose([[1.0, 2.0]])
    array([[1.],
           [2.]])
    """
    return np.asarray(x).transpose(axes)


def _inverted(axes):
    return tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))


@primitive(symbol="T", vjps=[lambda g, out, x, *, axis1, axis2: swapaxes(g, axis1=axis1, axis2=axis2)])
def swapaxes(x, *, axis1=-1, axis2=-2):
    """Return `x` with two axes exchanged, by default the last two.

    Raises:
        ValueError: an axis is out of range.

    >>> swapaxes([[1.0, 2.0]])
    array([[1.],
           [2.]])
    """
    return np.asarray(x).swapaxes(axis1, axis2)


@primitive(vjps=[lambda g, out, x, *, axis: flip(g, axis=axis)])
def flip(x, *, axis=None):
    """Return `x` with the elements in reverse order along `axis`, or along all axes if it is None.

    Raises:
        ValueError: `axis` is out of range.

    >>> flip([1.0, 2.0])
    array([2., 1.])
    """
    return np.flip(x, axis)


@primitive(vjps=[lambda g, out, x, *, dtype: astype(g, dtype=getattr(x, "dtype", np.float64))])
def astype(x, *, dtype):
    """Return `x` converted to float32 or float64.

    Raises:
        TypeError: `dtype` is neither float32 nor float64, or `x` is complex.

    >>> astype(np.ones(2), dtype="float32").dtype
    dtype('float32')
    """
    x, dtype = np.asarray(x), dtype_of(dtype)
    if x.dtype.kind == "c":
        raise TypeError(f"`x` holds {x.dtype}: a complex number is not converted to a real one")
    return x.astype(dtype)


@primitive(symbol="[ ]", vjps=[lambda g, out, x, *, index: scatter(g, index=index, shape=shape_of(x))])
def getitem(x, *, index):
    """Return a copy of `x[index]`. An element that is picked twice receives both cotangents.

    Raises:
        IndexError: `index` is out of range, or not an index.

    >>> getitem(np.arange(4.0), index=[1, 1])
    array([1., 1.])
    """
    picked = np.asarray(x)[index]
    return picked.copy() if isinstance(picked, np.ndarray) else np.asarray(picked)


@primitive(vjps=[lambda g, out, x, *, index, shape: getitem(g, index=index)])
def scatter(x, *, index, shape):
    """Return zeros of `shape` with `x` added at `index`: the transpose of `getitem`.

    Raises:
        IndexError: `index` is out of range of `shape`.
        ValueError: `x` does not have the shape that `index` picks.

    >>> scatter([1.0, 2.0], index=[1, 1], shape=(3,))
    array([0., 3., 0.])
    """
    x = np.asarray(x)
    out = np.zeros(_lengths(shape), x.dtype)
    if is_view(index):
        out[index] = x  # no element is named twice
    else:
        np.add.at(out, index, x)
    return out


@primitive(vjps=[lambda g, out, x, *, index: scatter(g, index=index, shape=shape_of(x))])
def element(x, *, index=()):
    """Return one element of an array as a single number; a Value for a Tensor.

    Raises:
        ValueError: `index` picks an array, or is out of range.

    >>> element(np.arange(3.0), index=2)
    2.0
    """
    picked = np.asarray(x)[index]
    if np.ndim(picked):
        raise ValueError(f"`index` {index} picks an array of shape {np.shape(picked)}, not one element")
    return float(picked)


@primitive(vjps=lambda g, out, xs, *, shape: [element(g, index=index) for index in np.ndindex(*shape)])
def array_of(*xs, shape):
    """Return single numbers as an array of `shape`; a Tensor for Values.

    >>> array_of(1.0, 2.0, shape=(2,))
    array([1., 2.])
    """
    return np.array(xs, dtype=np.float64).reshape(shape)


@primitive(vjps=lambda g, out, xs, *, axis: [getitem(g, index=span) for span in _spans(xs, axis)])
def concatenate(*xs, axis=0):
    """Return arrays joined along an existing axis.

    Raises:
        ValueError: the shapes differ in another axis than `axis`, or `axis` is out of range.

    >>> concatenate([1.0], [2.0, 3.0])
    array([1., 2., 3.])
    """
    return np.concatenate(xs, axis)


def _spans(xs, axis):
    """Return the index of each part in the joined array."""
    axis %= len(shape_of(xs[0]))
    ends = list(itertools.accumulate(shape_of(x)[axis] for x in xs))
    return [(slice(None),) * axis + (slice(start, end),) for start, end in itertools.pairwise([0, *ends])]


@primitive(
    vjps=lambda g, out, xs, *, axis: [
        getitem(g, index=(slice(None),) * (axis % len(shape_of(g))) + (i,)) for i in range(len(xs))
    ]
)
def stack(*xs, axis=0):
    """Return arrays of equal shape joined along a new axis.

    Raises:
        ValueError: the shapes differ, or `axis` is out of range.

    >>> stack([1.0, 2.0], [3.0, 4.0])
    array([[1., 2.],
           [3., 4.]])
    """
    return np.stack(xs, axis)
