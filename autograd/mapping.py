"""`vmap`: map a function of one example over a batch of examples."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, cast

import numpy as np

from .checks import function
from .containers import flatten, rebuild
from .graph import Node
from .primitive import plain
from .primitives.layout import array_of, element, getitem, stack
from .shapes import describe

P = ParamSpec("P")


def vmap(f: Callable[P, Any], in_axes: int | Sequence[int | None] | None = 0) -> Callable[P, Any]:
    r"""Return a function that maps `f` over an axis of its arguments, $y_i = f(x_i)$, and stacks the results.

    An example from a one-dimensional array is a single number, and from a one-dimensional Tensor it is a Value. So
    `f` can be written for single numbers. `compile` vectorizes the mapped function: it runs each operation for all
    examples in one loop, and turns sums of products into matrix products.

    Args:
        f: a function of one example that returns numbers, arrays, or containers of them. Their shapes are the same
            for every example.
        in_axes: the axis of the examples: one for all arguments, or a sequence with one for each argument. None
            means that all examples share the argument. It holds for every array in a container.

    Raises:
        TypeError: `f` is not callable, or `in_axes` is not made of whole numbers and None.
        ValueError: the arguments do not have the same number of examples, at least one; or `in_axes` does not fit.

    >>> from chalkgrad import compile, grad, mean, tanh
    >>> def squared_error(w, x, y):
    ...     return (tanh(w * x) - y) ** 2
    >>> x, y = np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.5, 0.5])
    >>> vmap(squared_error, in_axes=(None, 0, 0))(1.0, x, y).round(3)
    array([0.   , 0.068, 0.215])
    >>> loss = lambda w: mean(vmap(squared_error, in_axes=(None, 0, 0))(w, x, y))
    >>> round(compile(grad(loss))(1.0), 3)
    0.117
    """
    of_one_case = function(f, "f", "to map")
    axes_given = in_axes if isinstance(in_axes, (list, tuple)) else [in_axes]
    if not all(i is None or (isinstance(i, (int, np.integer)) and not isinstance(i, bool)) for i in axes_given):
        raise TypeError(f"`in_axes` is the number of an axis, or None, or one for each argument, not {in_axes!r:.60}")

    @functools.wraps(f)
    def mapped(*args: Any) -> Any:
        axes = tuple(in_axes) if isinstance(in_axes, Sequence) else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise ValueError(f"`in_axes` has {len(axes)} entries for {len(args)} arguments: give one for each")
        n = _cases(args, axes)
        results = [of_one_case(*(_case(x, axis, i) for x, axis in zip(args, axes, strict=True))) for i in range(n)]
        columns = zip(*(flatten(result) for result in results), strict=True)
        return rebuild(results[0], [_together(parts) for parts in columns])

    return cast(Any, mapped)


def _cases(args: Sequence[Any], axes: Sequence[int | None]) -> int:
    """Return the number of examples."""
    counts = {}
    for place, (arg, axis) in enumerate(zip(args, axes, strict=True)):
        if axis is None:
            continue
        for x in flatten(arg):
            shape = np.shape(x._data if isinstance(x, Node) else plain(x, "vmap"))
            if not -len(shape) <= axis < len(shape):
                raise ValueError(
                    f"argument {place} holds {describe(x)} of shape {shape}, which has no axis {axis} to map over: "
                    "give None in `in_axes` for an argument that all examples share"
                )
            counts[shape[axis]] = place
    if len(counts) != 1 or 0 in counts:
        found = ", ".join(f"{n} in argument {place}" for n, place in counts.items()) or "none"
        raise ValueError(f"the mapped arguments need the same number of examples, at least one; found {found}")
    return next(iter(counts))


def _case(arg: Any, axis: int | None, i: int) -> Any:
    """Return one example of an argument."""
    if axis is None:
        return arg
    taken = []
    for x in flatten(arg):
        index = (slice(None),) * (axis % len(x.shape)) + (i,)
        if isinstance(x, Node):
            taken.append(element(x, index=i) if len(x.shape) == 1 else getitem(x, index=index))
        else:
            case = x[index]
            taken.append(case if np.ndim(case) else case.item())
    return rebuild(arg, taken)


def _together(parts: Sequence[Any]) -> Any:
    """Return the results of all examples as one array."""
    if any(isinstance(x, Node) for x in parts):
        if any(np.shape(x._data if isinstance(x, Node) else x) for x in parts):
            return stack(*parts, axis=0)
        return array_of(*parts, shape=(len(parts),))
    return np.stack(parts) if np.ndim(parts[0]) else np.array(parts)
