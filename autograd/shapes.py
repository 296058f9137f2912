"""Shapes: broadcasting, its transpose, and descriptions for error messages."""

from __future__ import annotations

from typing import Any

import numpy as np


def describe(x: Any) -> str:
    """Return a description of `x` for an error message: its type, and its shape if it has one.

    >>> describe(3.0), describe(np.zeros((2, 3)))
    ('float', 'ndarray of shape (2, 3)')
    """
    name = type(x).__name__
    return f"{name} of shape {x.shape}" if isinstance(getattr(x, "shape", None), tuple) else name


def sum_over_broadcast(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return `x` summed over the axes along which an array of `shape` was broadcast.

    >>> sum_over_broadcast(np.ones((4, 3)), (3,))
    array([4., 4., 4.])
    """
    if x.shape == shape:
        return x
    lead = x.ndim - len(shape)
    if lead < 0 or any(want not in (1, have) for have, want in zip(x.shape[lead:], shape, strict=True)):
        raise ValueError(f"an array of shape {x.shape} did not come from broadcasting one of shape {shape}")
    repeated = repeated_axes(x.shape, shape)
    return np.add.reduce(x, axis=repeated).reshape(shape) if repeated else x.reshape(shape)


def repeated_axes(to: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes of an array of shape `to` along which an array of `shape` was broadcast.

    >>> repeated_axes((4, 2, 3), (1, 3))
    (0, 1)
    """
    lead = len(to) - len(shape)
    return (*range(lead), *(i + lead for i, n in enumerate(shape) if n == 1 and to[i + lead] != 1))


def is_view(index: Any) -> bool:
    """Return whether NumPy gives a view for `index`, which then has only whole numbers, slices, `...` and None.

    >>> is_view((0, slice(2))), is_view([0, 1])
    (True, False)
    """
    parts = index if isinstance(index, tuple) else (index,)
    plain = (int, np.integer, slice, type(None), type(Ellipsis))
    return all(isinstance(part, plain) and not isinstance(part, bool) for part in parts)


def axes_of(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Return `axis` as a tuple of numbers from 0 to `ndim` - 1.

    >>> axes_of(-1, 3), axes_of(None, 2), axes_of(0, 0)
    ((2,), (0, 1), ())
    """
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    for i in axes:
        if not isinstance(i, (int, np.integer)):
            raise TypeError(f"`axis` is a whole number, a tuple of them or None, not {axis!r:.40}")
    if not ndim and len(axes) == 1 and axes[0] in (0, -1):
        return ()  # of a single number, as NumPy and PyTorch have it
    for i in axes:
        if not -ndim <= i < ndim:
            raise ValueError(f"`axis` {i} is out of range: the array has {ndim} axes, so use {-ndim} to {ndim - 1}")
    out = tuple(int(i) % ndim for i in axes)
    if len(set(out)) != len(out):
        raise ValueError(f"`axis` {axis} names one axis twice")
    return out


def expand(shape: tuple[int, ...], axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """Return the `shape` of an array that was reduced over `axis`, as `keepdims=True` would leave it.

    >>> expand((4, 3), 1)
    (4, 1)
    """
    gone = axes_of(axis, len(shape))
    return tuple(1 if i in gone else n for i, n in enumerate(shape))
