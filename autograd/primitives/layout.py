"""The table: operations that move elements, each with a vector-Jacobian rule; also between Values and Tensors.

They are linear, and the rule of each is its transpose: `sum_to` for `broadcast_to`, `scatter` for `getitem`, slices
for `concatenate`. So the rules stay on this page at any order.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..checks import dtype_of
from ..primitive import primitive
from ..shapes import is_view, sum_over_broadcast


def _lengths(shape) -> tuple[int, ...]:
    """Take a shape, or a single length."""
    lengths = shape if isinstance(shape, (tuple, list)) else (shape,)
    if not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n >= 0 for n in lengths):
        raise TypeError(f"`shape` is a whole number from 0, or a tuple of such, not {shape!r:.60}")
    return tuple(map(int, lengths))


def shape_of(x) -> tuple[int, ...]:
    """Return the shape of a number, an array or a node; () for a single number."""
    return getattr(x, "shape", ())


def unbroadcast(x: Any, shape: tuple[int, ...]) -> Any:
    """Sum `x` to `shape` if it has another: undoes a broadcast, and records nothing where there was none."""
    if x.__class__ is np.ndarray:
        return sum_over_broadcast(x, shape)
    return x if shape_of(x) == shape else sum_to(x, shape=shape)


def as_shape(x: Any, shape: Any) -> Any:
    """Reshape `x` if it has another shape, and record nothing if not."""
    return x if shape_of(x) == shape else reshape(x, shape=shape)


@primitive(symbol="Σ", vjps=[lambda g, out, x, *, shape: broadcast_to(g, shape=shape_of(x))])
def sum_to(x, *, shape):
    """Undo a broadcast: sum over the axes along which an array of `shape` was repeated to that of `x`."""
    return sum_over_broadcast(x, shape) if isinstance(x, np.ndarray) else x


@primitive(vjps=[lambda g, out, x, *, shape: unbroadcast(g, shape_of(x))])
def broadcast_to(x, *, shape):
    """Repeat `x` to `shape` by NumPy's rules.

    Raises:
        TypeError: `shape` is no tuple of whole numbers.
        ValueError: the shape of `x` does not broadcast to `shape`.

    >>> broadcast_to([1.0, 2.0], shape=(2, 2))
    array([[1., 2.],
           [1., 2.]])
    """
    x = np.asarray(x)
    out = np.empty(_lengths(shape), x.dtype)
    out[...] = x  # a third of the time of np.broadcast_to for the small arrays that lessons use
    return out


@primitive(vjps=[lambda g, out, x, *, shape: reshape(g, shape=shape_of(x))])
def reshape(x, *, shape):
    """Arrange the elements of `x`, in their order, in another `shape`; -1 stands for what is left.

    Raises:
        ValueError: `shape` has another number of elements.
        TypeError: `shape` is no tuple of whole numbers.

    >>> reshape([1.0, 2.0, 3.0, 4.0], shape=(2, -1))
    array([[1., 2.],
           [3., 4.]])
    """
    return np.asarray(x).reshape(shape)


@primitive(symbol="T", vjps=[lambda g, out, x, *, axes: transpose(g, axes=None if axes is None else _inverted(axes))])
def transpose(x, *, axes=None):
    """Permute the axes; reverse them if `axes` is None.

    Raises:
        ValueError: `axes` does not name each axis once.

    >>> transpose([[1.0, 2.0]])
    array([[1.],
           [2.]])
    """
    return np.asarray(x).transpose(axes)


def _inverted(axes):
    return tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))


@primitive(symbol="T", vjps=[lambda g, out, x, *, axis1, axis2: swapaxes(g, axis1=axis1, axis2=axis2)])
def swapaxes(x, *, axis1=-1, axis2=-2):
    """Exchange two axes, the last two if none are named.

    Raises:
        ValueError: an axis is out of range.

    >>> swapaxes([[1.0, 2.0]])
    array([[1.],
           [2.]])
    """
    return np.asarray(x).swapaxes(axis1, axis2)


@primitive(vjps=[lambda g, out, x, *, axis: flip(g, axis=axis)])
def flip(x, *, axis=None):
    """Reverse the order of the elements along `axis`.

    Raises:
        ValueError: `axis` is out of range.

    >>> flip([1.0, 2.0])
    array([2., 1.])
    """
    return np.flip(x, axis)


@primitive(vjps=[lambda g, out, x, *, dtype: astype(g, dtype=getattr(x, "dtype", np.float64))])
def astype(x, *, dtype):
    """Convert between float32 and float64.

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
    """Pick elements as `x[index]` does; an element picked twice receives both cotangents.

    Raises:
        IndexError: `index` is out of range, or no index.

    >>> getitem(np.arange(4.0), index=[1, 1])
    array([1., 1.])
    """
    picked = np.asarray(x)[index]
    return picked.copy() if isinstance(picked, np.ndarray) else np.asarray(picked)


@primitive(vjps=[lambda g, out, x, *, index, shape: getitem(g, index=index)])
def scatter(x, *, index, shape):
    """Add `x` at `index` into zeros of `shape`: the transpose of `getitem`.

    Raises:
        IndexError: `index` is out of range of `shape`.
        ValueError: `x` does not fit what `index` picks.

    >>> scatter([1.0, 2.0], index=[1, 1], shape=(3,))
    array([0., 3., 0.])
    """
    x = np.asarray(x)
    out = np.zeros(_lengths(shape), x.dtype)
    if is_view(index):
        out[index] = x  # nothing is named twice
    else:
        np.add.at(out, index, x)
    return out


@primitive(vjps=[lambda g, out, x, *, index: scatter(g, index=index, shape=shape_of(x))])
def element(x, *, index=()):
    """Take one element of an array as a single number: a Value out of a Tensor.

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
    """Arrange single numbers in an array of `shape`: a Tensor out of Values.

    >>> array_of(1.0, 2.0, shape=(2,))
    array([1., 2.])
    """
    return np.array(xs, dtype=np.float64).reshape(shape)


@primitive(vjps=lambda g, out, xs, *, axis: [getitem(g, index=span) for span in _spans(xs, axis)])
def concatenate(*xs, axis=0):
    """Join arrays along an axis that they have.

    Raises:
        ValueError: the shapes differ beside `axis`, or `axis` is out of range.

    >>> concatenate([1.0], [2.0, 3.0])
    array([1., 2., 3.])
    """
    return np.concatenate(xs, axis)


def _spans(xs, axis):
    """Return the index of each part in the whole."""
    axis %= len(shape_of(xs[0]))
    ends = list(itertools.accumulate(shape_of(x)[axis] for x in xs))
    return [(slice(None),) * axis + (slice(start, end),) for start, end in itertools.pairwise([0, *ends])]


@primitive(
    vjps=lambda g, out, xs, *, axis: [
        getitem(g, index=(slice(None),) * (axis % len(shape_of(g))) + (i,)) for i in range(len(xs))
    ]
)
def stack(*xs, axis=0):
    """Join arrays of one shape along a new axis.

    Raises:
        ValueError: the shapes differ, or `axis` is out of range.

    >>> stack([1.0, 2.0], [3.0, 4.0])
    array([[1., 2.],
           [3., 4.]])
    """
    return np.stack(xs, axis)
