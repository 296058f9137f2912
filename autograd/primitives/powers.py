"""Primitives: powers, exponentials and logarithms."""

from __future__ import annotations

import math

import numpy as np

from ..primitive import primitive
from .arithmetic import div, mul
from .selection import as_floats, equal, greater, strict_zero_mul, where

inf = math.inf
_LN2, _LN10 = math.log(2.0), math.log(10.0)


@primitive(symbol="1/", partials=[lambda out, x: -out * out], domain=[(0.0, inf)], ulps=(0.5, 2, 4))
def _inverse(x):
    """The derivative of a logarithm: $1/x$, and NaN where $x < 0$, since there is no logarithm there."""
    return as_floats(np.where(np.less(x, 0), math.nan, np.divide(1.0, np.abs(x))), x)


@primitive(symbol="/", partials=[lambda out, x, r: ratio(1.0, r), lambda out, x, r: -ratio(out, r)], ulps=(0.5, 2, 4))
def ratio(x, r):
    """Quotient `x / r`, 0 where `r` is 0: at 0 a length has the subgradient of least norm."""
    zero = np.equal(r, 0)
    return as_floats(np.where(zero, 0.0, np.divide(x, np.where(zero, 1.0, r))), x, r)


@primitive(symbol="√", partials=[lambda out, x: div(0.5, out)], scalar=math.sqrt, domain=[(0.0, inf)], ulps=(0.5, 2, 4))
def sqrt(x):
    r"""Return the square root $\sqrt{x}$, with derivative $1/(2\sqrt{x})$: infinite at 0, NaN below.

    >>> sqrt(9.0)
    3.0
    """
    return np.sqrt(x)


def _by_exponent(out, x, y):
    # 0**y is constant in y > 0, and 0**0 = 1 is taken as part of that; elsewhere out * log(x).
    flat = mul(equal(x, 0.0), 1.0 - greater(0.0, y))
    return where(flat, 0.0, mul(out, log(x)))


@primitive(
    symbol="**",
    partials=[lambda out, x, y: strict_zero_mul(y, pow(x, y - 1.0)), _by_exponent],
    scalar=math.pow,
    domain=[(0.0, inf), (-inf, inf)],
    ulps=(2, 4, 8),
)
def pow(x, y):
    r"""Return the power $x^y$ by IEEE 754: real or NaN, never complex.

    $\partial/\partial x = y x^{y-1}$, which is 0 where $y = 0$; $\partial/\partial y = x^y \ln x$.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> pow(2.0, 3.0), pow(0.0, 0.0)
    (8.0, 1.0)
    """
    return np.power(x, y)


@primitive(
    partials=[lambda out, x, y: ratio(x, out), lambda out, x, y: ratio(y, out)], scalar=math.hypot, ulps=(1, 2, 4)
)
def hypot(x, y):
    r"""Return the length $\sqrt{x^2 + y^2}$ without overflow; its gradient at (0, 0) is (0, 0).

    Raises:
        ValueError: the shapes do not broadcast.

    >>> hypot(3.0, 4.0)
    5.0
    """
    return np.hypot(x, y)


@primitive(partials=[lambda out, x: out], scalar=math.exp, ulps=(2, 2, 2))
def exp(x):
    r"""Return the exponential $e^x$, with derivative $e^x$.

    >>> exp(0.0), exp(1000.0)
    (1.0, inf)
    """
    return np.exp(x)


@primitive(partials=[lambda out, x: exp(x)], scalar=math.expm1, ulps=(4, 2, 2))
def expm1(x):
    r"""Return $e^x - 1$, also accurate near 0, with derivative $e^x$.

    >>> expm1(1e-20)
    1e-20
    """
    return np.expm1(x)


@primitive(partials=[lambda out, x: out * _LN2], scalar=lambda x: math.pow(2.0, x), ulps=(2, 4, 4))
def exp2(x):
    r"""Return $2^x$, with derivative $2^x \ln 2$.

    >>> exp2(3.0)
    8.0
    """
    return np.exp2(x)


@primitive(partials=[lambda out, x: _inverse(x)], scalar=math.log, domain=[(0.0, inf)], ulps=(2, 1, 2))
def log(x):
    r"""Return the natural logarithm $\ln x$, with derivative $1/x$. At 0 it is $-\infty$, below 0 it is NaN.

    The logarithm to base $b$ is `log(x) / log(b)`.

    >>> log(1.0), log(0.0)
    (0.0, -inf)
    """
    return np.log(x)


@primitive(partials=[lambda out, x: _inverse(1.0 + x)], scalar=math.log1p, domain=[(-1.0, inf)], ulps=(2, 2, 4))
def log1p(x):
    r"""Return $\ln(1 + x)$, also accurate near 0, with derivative $1/(1 + x)$.

    >>> log1p(1e-20)
    1e-20
    """
    return np.log1p(x)


@primitive(partials=[lambda out, x: div(_inverse(x), _LN2)], scalar=math.log2, domain=[(0.0, inf)], ulps=(2, 2, 4))
def log2(x):
    r"""Return the logarithm to base 2, with derivative $1/(x \ln 2)$.

    >>> log2(8.0)
    3.0
    """
    return np.log2(x)


@primitive(partials=[lambda out, x: div(_inverse(x), _LN10)], scalar=math.log10, domain=[(0.0, inf)], ulps=(2, 4, 8))
def log10(x):
    r"""Return the logarithm to base 10, with derivative $1/(x \ln 10)$.

    >>> log10(1000.0)
    3.0
    """
    return np.log10(x)


def _unless_flat(partial, x, y):
    # where x = 0 and log(y) is not finite, xlogy is flat in the direction that counts
    return where(mul(equal(x, 0.0), 1.0 - greater(y, 0.0)), 0.0, partial)


@primitive(
    partials=[lambda out, x, y: _unless_flat(log(y), x, y), lambda out, x, y: _unless_flat(div(x, y), x, y)],
    domain=[(-inf, inf), (0.0, inf)],
    ulps=(4, 4, 4),
)
def xlogy(x, y):
    r"""Return $x \ln y$, and 0 where $x = 0$, so that the entropy $-p \ln p$ is 0 at $p = 0$.

    $\partial/\partial x = \ln y$ and $\partial/\partial y = x/y$; both are 0 at (0, 0).

    Raises:
        ValueError: the shapes do not broadcast.

    >>> xlogy(0.0, 0.0), xlogy(1.0, 1.0)
    (0.0, 0.0)
    """
    nothing = np.equal(x, 0) & ~np.isnan(y)
    return as_floats(np.where(nothing, 0.0, np.multiply(x, np.log(np.where(nothing, 1.0, y)))), x, y)
