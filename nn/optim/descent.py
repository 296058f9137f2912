"""Descent on a function of a few numbers: the path of an optimiser, or of Newton's method, to be looked at."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Tensor, Value, grad, hessian

from ..arguments import count
from ..data.arrays import plain_array
from .update_rules import Optimizer

Function = Callable[[Any], Any]
"""A function of a point, a Tensor of shape `(d,)`, to a single number."""


def descend(f: Function, start: Any, optimizer: Optimizer, steps: int = 50) -> np.ndarray:
    r"""Return the path of an optimiser that descends on a function: every point, from the first.

    Args:
        f: a function of a point, a Tensor of shape `(d,)`, to a single number.
        start: the first point, `d` numbers.
        optimizer: one without parameters, such as `SGD(lr=0.1)`; `descend` steps a copy, so that it can be used again.
        steps: how many to take.

    Returns:
        The points, shape `(steps + 1, d)`; the first is `start`. They are drawn by `plots.contour`.

    Raises:
        TypeError: `optimizer` is no optimiser, `f` is no function, or gives no node.
        ValueError: `optimizer` has parameters already, or `start` is no list of numbers.
        FloatingPointError: a step led to infinity.

    >>> from chalkgrad.nn import SGD
    >>> descend(lambda p: p[0] ** 2 + p[1] ** 2, [1.0, 2.0], SGD(lr=0.25), steps=2)
    array([[1.  , 2.  ],
           [0.5 , 1.  ],
           [0.25, 0.5 ]])
    """
    if not callable(f):
        raise TypeError(f"`f` is a function of a point, not {f!r:.60}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"`optimizer` is an optimiser such as SGD(lr=0.1), not {optimizer!r:.60}")
    point = Tensor(_point(start), label="point")
    optimizer = copy.deepcopy(optimizer)
    optimizer.bind([point])
    path = [point.data.copy()]
    for _ in range(count(steps, "steps")):
        point.zero_grad()
        height = f(point)
        if not isinstance(height, (Tensor, Value)):
            raise TypeError(f"`f` gives a single number as a node, not {height!r:.60}: write it with its argument")
        height.backward()
        optimizer.step()
        path.append(point.data.copy())
    return np.array(path)


def newton(f: Function, start: Any, steps: int = 5) -> np.ndarray:
    r"""Return the path of Newton's method, $x \leftarrow x - H^{-1} \nabla f$: every point, from the first.

    Each step leads to the place where the parabola that fits $f$ here is flat: for a quadratic $f$ that is one step
    from anywhere. Where $H$ is not positive, that place is a saddle or a top, and the step goes there as well.

    Args:
        f, start: as for `descend`.
        steps: how many to take.

    Returns:
        The points, shape `(steps + 1, d)`; the first is `start`.

    Raises:
        ValueError: the Hessian has no inverse at a point on the way, or `start` is no list of numbers.

    Source: Nocedal and Wright (2006), section 3.3.

    >>> newton(lambda p: p[0] ** 2 + 10.0 * p[1] ** 2 + p[0] * p[1], [1.0, 2.0], steps=1).round(12) + 0.0
    array([[1., 2.],
           [0., 0.]])
    """
    gradient, curvature = grad(f), hessian(f)
    path = [_point(start)]
    for _ in range(count(steps, "steps")):
        here = path[-1]
        try:
            path.append(here - np.linalg.solve(curvature(here), gradient(here)))
        except np.linalg.LinAlgError:
            raise ValueError(f"the Hessian at {here} has no inverse: Newton's step is not defined there") from None
    return np.array(path)


def _point(start: Any) -> np.ndarray:
    point = plain_array(start, "start").astype(np.float64)
    if point.ndim != 1:
        raise ValueError(f"`start` has shape {point.shape}; a point is a list of numbers, shape (d,)")
    return point
