"""Primitives: arithmetic."""

from __future__ import annotations

import math
import operator

import numpy as np

from ..primitive import primitive
from .selection import sign


@primitive(symbol="+", partials=[1.0, 1.0], scalar=operator.add, ulps=(0.5, 0, 0))
def add(x, y):
    """Return the sum $x + y$.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> add(2.0, 3.0)
    5.0
    """
    return np.add(x, y)


@primitive(symbol="-", partials=[1.0, -1.0], scalar=operator.sub, ulps=(0.5, 0, 0))
def sub(x, y):
    """Return the difference $x - y$.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> sub(2.0, 3.0)
    -1.0
    """
    return np.subtract(x, y)


@primitive(symbol="*", partials=[lambda out, x, y: y, lambda out, x, y: x], scalar=operator.mul, ulps=(0.5, 0, 0))
def mul(x, y):
    r"""Return the product $xy$, with $\partial/\partial x = y$ and $\partial/\partial y = x$.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> mul(2.0, 3.0)
    6.0
    """
    return np.multiply(x, y)


@primitive(
    symbol="/",
    partials=[lambda out, x, y: div(1.0, y), lambda out, x, y: div(-out, y)],
    scalar=operator.truediv,
    ulps=(0.5, 2, 4),
)
def div(x, y):
    r"""Return the quotient $x / y$; $1/0$ is infinite.

    $\partial/\partial x = 1/y$ and $\partial/\partial y = -x/y^2$.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> div(1.0, 4.0), div(1.0, 0.0)
    (0.25, inf)
    """
    return np.divide(x, y)


@primitive(symbol="-", partials=[-1.0], scalar=operator.neg, ulps=(0, 0, 0))
def neg(x):
    """Return the negative $-x$.

    >>> neg(2.0)
    -2.0
    """
    return np.negative(x)


@primitive(symbol="=", partials=[1.0], scalar=lambda x: x, ulps=(0, 0, 0))
def identity(x):
    """Return `x` in a new node, so that the derivative of one use of `x` can be separated from the others.

    >>> identity(2.0)
    2.0
    """
    return np.array(x)


@primitive(symbol="1/", partials=[lambda out, x: -out * out], scalar=lambda x: 1.0 / x, ulps=(0.5, 2, 4))
def reciprocal(x):
    r"""Return the reciprocal $1/x$, with derivative $-1/x^2$.

    >>> reciprocal(4.0)
    0.25
    """
    return np.divide(1.0, x)


@primitive(symbol="²", partials=[lambda out, x: 2.0 * x], scalar=lambda x: x * x, ulps=(0.5, 0, 0))
def square(x):
    r"""Return the square $x^2$, with derivative $2x$.

    >>> square(3.0)
    9.0
    """
    return np.square(x)


@primitive(symbol="abs", partials=[lambda out, x: sign(x)], kinks=[0.0], scalar=math.fabs, ulps=(0, 0, 0))
def abs(x):
    r"""Return the absolute value $|x|$, with derivative $\operatorname{sign}(x)$, which is 0 at the kink.

    >>> abs(-3.0)
    3.0
    """
    return np.abs(x)


@primitive(partials=[None], ulps=(0, 0, 0))
def floor(x):
    r"""Return $\lfloor x \rfloor$, the largest integer not above $x$, with derivative 0.

    >>> floor(-1.5)
    -2.0
    """
    return np.floor(x)


@primitive(partials=[None], ulps=(0, 0, 0))
def ceil(x):
    r"""Return $\lceil x \rceil$, the smallest integer not below $x$, with derivative 0.

    >>> ceil(-1.5)
    -1.0
    """
    return np.ceil(x)


@primitive(partials=[None], ulps=(0, 0, 0))
def round(x):
    """Return the nearest integer, with derivative 0. Halves are rounded to the even integer.

    >>> round(2.5)
    2.0
    """
    return np.round(x)


def _whole(out, x, y):
    # floor(x / y) would be wrong by 1 where x / y is rounded to a whole number
    return -round(div(x, y) - div(out, y))


@primitive(symbol="%", partials=[1.0, _whole], ulps=(0.5, 2, 0))
def mod(x, y):
    r"""Return the remainder $x - y\lfloor x/y \rfloor$, with the sign of $y$.

    $\partial/\partial y = -\lfloor x/y \rfloor$.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> mod(-1.0, 3.0)
    2.0
    """
    return np.mod(x, y)


@primitive(partials=[1.0, _whole], ulps=(0, 2, 0))
def fmod(x, y):
    r"""Return the remainder with the sign of $x$; $\partial/\partial y = -\operatorname{trunc}(x/y)$.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> fmod(-1.0, 3.0)
    -1.0
    """
    return np.fmod(x, y)
