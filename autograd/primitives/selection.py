"""Primitives that select: `where`, `maximum`, `clip` and others. Their derivatives are step functions.

Primitives with the value 0 or 1 (`greater`, `equal`, ...) take the place of conditions in the backward graph. With a
plain True or False, a compiled program could not run the backward graph for other numbers.
"""

from __future__ import annotations

import builtins
import math

import numpy as np

from ..primitive import primitive
from .layout import shape_of, unbroadcast


def as_floats(out, *operands):
    """Return an array in the common floating dtype of `operands`, float64 for whole numbers."""
    dtype = np.result_type(*operands)
    return out.astype(dtype if dtype.kind == "f" else np.result_type(dtype, np.float32))


def doubled(x):
    """Return real numbers as float64."""
    return np.asarray(x).astype(np.float64, casting="same_kind")


def _chosen(condition, x, y, taken, operand):
    # For a single number, the branch that was not taken gets None and not 0, so that none of its rules runs.
    if condition.__class__ is float and not taken:
        return None
    return unbroadcast(where(condition, x, y), shape_of(operand))


@primitive(
    vjps=[
        None,
        lambda g, out, c, x, y: _chosen(c, g, 0.0, taken=c, operand=x),
        lambda g, out, c, x, y: _chosen(c, 0.0, g, taken=not c if c.__class__ is float else None, operand=y),
    ],
    strict_zeros=True,
    ulps=(0, 0, 0),
)
def where(condition, x, y):
    r"""Return `x` where `condition` holds and `y` elsewhere, element by element.

    The branch that is not chosen contributes exactly 0 to the gradient, even where its derivative is infinite
    or NaN. `condition` is not differentiated. It broadcasts with `x` and `y`.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> from chalkgrad import Value, log, where
    >>> x = Value(0.0)
    >>> where(x.data > 0, log(x), 2 * x).backward()
    >>> x.grad
    2.0
    """
    if x.__class__ is y.__class__ is float and (condition.__class__ is float or condition.__class__ is bool):
        return x if condition else y
    return np.where(condition, x, y)


@primitive(symbol=">", partials=[0.0, 0.0], ulps=(0, 0, 0))
def greater(x, y):
    """Return 1.0 where `x > y` and 0.0 elsewhere, as a number that a graph can hold.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> greater(2.0, 1.0)
    1.0
    """
    return as_floats(np.greater(x, y), x, y)


@primitive(symbol="==", partials=[0.0, 0.0], ulps=(0, 0, 0))
def equal(x, y):
    """Return 1.0 where `x == y` and 0.0 elsewhere, as a number that a graph can hold.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> equal(2.0, 1.0)
    0.0
    """
    return as_floats(np.equal(x, y), x, y)


@primitive(partials=[0.0, 0.0], ulps=(0, 0, 0))
def preference(x, y):
    """Return the derivative of `maximum(x, y)` with respect to `x`: 1 if `x > y`, 1/2 if `x == y`, else 0."""
    return as_floats(np.where(np.equal(x, y), 0.5, np.heaviside(np.subtract(x, y), 0.5)), x, y)


@primitive(partials=[0.0, 0.0, 0.0], ulps=(0, 0, 0))
def inside(x, low, high):
    """Return 1.0 where `low < x < high`, 0.0 elsewhere, and NaN for NaN."""
    within = np.greater(x, low) & np.less(x, high)
    return as_floats(np.where(np.isnan(x), x, within), x, low, high)


@primitive(partials=[0.0], kinks=[0.0], scalar=lambda x: 1.0 if x > 0 else 0.0 * x if x != x else 0.0, ulps=(0, 0, 0))
def step(x):
    r"""Return the step function, 1 where $x > 0$ and 0 elsewhere, with derivative 0. It is the derivative of ReLU.

    Source: McCulloch and Pitts (1943), whose neurons have this activation.

    >>> step(2.0), step(0.0), step(-1.0)
    (1.0, 0.0, 0.0)
    """
    return np.maximum(np.sign(x), 0)  # keeps NaN, and is quicker than np.heaviside


@primitive(partials=[0.0], kinks=[0.0], scalar=lambda x: 1.0 if x > 0 else -1.0 if x < 0 else x + 0.0, ulps=(0, 0, 0))
def sign(x):
    r"""Return the sign $-1$, $0$ or $1$, with derivative 0 everywhere, also at the jump.

    >>> sign(-3.0), sign(0.0)
    (-1.0, 0.0)
    """
    return np.sign(x)


@primitive(partials=[0.0], ulps=(0, 0, 0))
def anchor(x):
    """Return `x` with 0 in place of infinities, not differentiated. It is subtracted before `exp`."""
    return np.where(np.isinf(x), np.zeros_like(x), x)


@primitive(
    symbol="*", partials=[lambda out, g, p: p, lambda out, g, p: g], strict_zeros=True,
    scalar=lambda g, p: g * p if g else 0.0,
    ulps=(0.5, 0, 0),
)  # fmt: skip
def strict_zero_mul(g, p):
    """Return the strict-zero product $g p$: exactly 0 where $g$ is 0, also if $p$ is infinite or NaN."""
    return as_floats(np.where(np.equal(g, 0), 0.0, np.multiply(g, p)), g, p)


@primitive(
    partials=[lambda out, x, y: preference(x, y), lambda out, x, y: preference(y, x)],
    scalar=lambda x, y: x if x > y or x != x else y,
    ulps=(0, 0, 0),
)
def maximum(x, y):
    r"""Return the larger of `x` and `y`, element by element, or NaN if one is NaN. A tie splits the gradient equally.

    $\partial/\partial x = 1$ if $x > y$, $1/2$ if $x = y$, else $0$.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> from chalkgrad import Value
    >>> a, b = Value(3.0), Value(3.0)
    >>> maximum(a, b).backward()
    >>> a.grad, b.grad
    (0.5, 0.5)
    """
    return np.maximum(x, y)


@primitive(
    partials=[lambda out, x, y: preference(y, x), lambda out, x, y: preference(x, y)],
    scalar=lambda x, y: x if x < y or x != x else y,
    ulps=(0, 0, 0),
)
def minimum(x, y):
    """Return the smaller of `x` and `y`, element by element, or NaN if one is NaN. A tie splits the gradient equally.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> minimum(3.0, 2.0)
    2.0
    """
    return np.minimum(x, y)


@primitive(
    partials=[
        lambda out, x, low, high: inside(x, low, high),
        lambda out, x, low, high: _reaches(low, x) * greater(high, low),
        lambda out, x, low, high: _reaches(maximum(x, low), high),  # where low > high, high wins
    ],
    scalar=lambda x, low, high: (
        builtins.min(builtins.max(x, low), high) if x == x and low == low and high == high else math.nan
    ),
    ulps=(0, 0, 0),
)
def clip(x, low, high):
    r"""Return `x` limited to the interval from `low` to `high`.

    The derivative with respect to `x` is 1 inside, 0 outside, and 0 at the bounds (the subgradient of least norm). The
    derivative with respect to a bound is 1 where the result equals that bound, also in a tie with `x`. So the three
    derivatives add up to 1, and the derivative of `clip(x, x, y)` is correct.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> from chalkgrad import Value
    >>> x = Value(1.0)
    >>> y = clip(x, 0.0, 1.0)
    >>> y.backward()
    >>> y.data, x.grad
    (1.0, 0.0)
    """
    return np.clip(x, low, high)


def _reaches(x, y):
    return greater(x, y) + equal(x, y)
