"""Primitives: circular and hyperbolic functions and their inverses."""

from __future__ import annotations

import math

import numpy as np

from ..primitive import primitive
from .arithmetic import abs, div, square
from .powers import exp, hypot, ratio, sqrt
from .selection import as_floats, doubled

inf = math.inf
_ONE = [(-1.0, 1.0)]


@primitive(partials=[lambda out, x: cos(x)], scalar=math.sin, ulps=(8, 8, 8))
def sin(x):
    r"""Return the sine of an angle in radians, with derivative $\cos x$.

    >>> sin(0.0)
    0.0
    """
    return np.sin(x)


@primitive(partials=[lambda out, x: -sin(x)], scalar=math.cos, ulps=(8, 8, 8))
def cos(x):
    r"""Return the cosine of an angle in radians, with derivative $-\sin x$.

    >>> cos(0.0)
    1.0
    """
    return np.cos(x)


@primitive(partials=[lambda out, x: 1.0 + out * out], scalar=math.tan, ulps=(32, 64, 64))
def tan(x):
    r"""Return the tangent of an angle in radians, with derivative $1 + \tan^2 x$.

    >>> tan(0.0)
    0.0
    """
    return np.tan(x)


@primitive(symbol="asin′", partials=[lambda out, x: x * out * out * out], domain=_ONE, ulps=(4, 8, 16))
def _asin_derivative(x):
    r"""Return the derivative of asin, $1/\sqrt{(1-x)(1+x)}$. Its own derivative has no cancellation near 0."""
    return np.divide(1.0, np.sqrt((1.0 - x) * (1.0 + x)))


@primitive(partials=[lambda out, x: _asin_derivative(x)], scalar=math.asin, domain=_ONE, ulps=(4, 4, 8))
def asin(x):
    r"""Return the inverse sine in radians, with derivative $1/\sqrt{(1-x)(1+x)}$.

    >>> asin(1.0) == math.pi / 2
    True
    """
    return np.arcsin(x)


@primitive(partials=[lambda out, x: -_asin_derivative(x)], scalar=math.acos, domain=_ONE, ulps=(4, 4, 8))
def acos(x):
    r"""Return the inverse cosine in radians, with derivative $-1/\sqrt{(1-x)(1+x)}$.

    >>> acos(1.0)
    0.0
    """
    return np.arccos(x)


@primitive(partials=[lambda out, x: square(div(1.0, hypot(1.0, x)))], scalar=math.atan, ulps=(4, 4, 8))
def atan(x):
    r"""Return the inverse tangent in radians, with derivative $1/(1 + x^2)$.

    >>> atan(0.0)
    0.0
    """
    return np.arctan(x)


@primitive(
    partials=[lambda out, y, x: _turn(x, y, x), lambda out, y, x: -_turn(y, y, x)],
    scalar=math.atan2,
    ulps=(4, 8, 16),
)
def atan2(y, x):
    r"""Return the angle of the point $(x, y)$ in radians, from $-\pi$ to $\pi$.

    $\partial/\partial y = x/(x^2+y^2)$ and $\partial/\partial x = -y/(x^2+y^2)$, both 0 at the origin.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> atan2(1.0, 1.0) == math.pi / 4
    True
    """
    return np.arctan2(y, x)


def _turn(z, y, x):
    r = hypot(x, y)
    return ratio(ratio(z, r), r)


@primitive(partials=[lambda out, x: cosh(x)], scalar=math.sinh, ulps=(4, 4, 4))
def sinh(x):
    r"""Return the hyperbolic sine $(e^x - e^{-x})/2$, with derivative $\cosh x$.

    >>> sinh(0.0)
    0.0
    """
    return np.sinh(x)


@primitive(partials=[lambda out, x: sinh(x)], scalar=math.cosh, ulps=(4, 4, 4))
def cosh(x):
    r"""Return the hyperbolic cosine $(e^x + e^{-x})/2$, with derivative $\sinh x$.

    >>> cosh(0.0)
    1.0
    """
    return np.cosh(x)


@primitive(symbol="sech²", partials=[lambda out, x: -2.0 * out * tanh(x)], ulps=(4, 8, 16))
def _sech2(x):
    r"""Return the derivative of tanh, $1/\cosh^2 x = 4t/(1 + t)^2$ with $t = e^{-2|x|}$, without overflow."""
    t = exp(-2.0 * abs(x))
    return div(4.0 * t, square(1.0 + t))


@primitive(partials=[lambda out, x: _sech2(x)], scalar=math.tanh, ulps=(4, 4, 8))
def tanh(x):
    r"""Return the hyperbolic tangent $(e^x - e^{-x})/(e^x + e^{-x})$.

    Its derivative is $\operatorname{sech}^2 x = 1/\cosh^2 x$.

    The textbook's formula $1 - \tanh^2 x$ is equal, but loses its digits by cancellation where $|x| > 8$.

    Source: as an activation, LeCun et al. (1998), Efficient backprop.

    >>> tanh(0.0), tanh(1000.0)
    (0.0, 1.0)
    """
    return np.tanh(x)


@primitive(partials=[lambda out, x: div(1.0, hypot(1.0, x))], scalar=math.asinh, ulps=(4, 2, 8))
def asinh(x):
    r"""Return the inverse hyperbolic sine, with derivative $1/\sqrt{1 + x^2}$.

    >>> asinh(0.0)
    0.0
    """
    return np.arcsinh(x)


@primitive(
    partials=[lambda out, x: div(1.0, sqrt(x - 1.0) * sqrt(x + 1.0))],
    scalar=math.acosh,
    domain=[(1.0, inf)],
    ulps=(4, 4, 8),
)
def acosh(x):
    r"""Return the inverse hyperbolic cosine, with derivative $1/\sqrt{(x-1)(x+1)}$.

    >>> acosh(1.0)
    0.0
    """
    return np.arccosh(x)


@primitive(symbol="atanh′", partials=[lambda out, x: 2.0 * x * out * out], domain=_ONE, ulps=(2, 8, 8))
def _atanh_derivative(x):
    r"""Return the derivative of atanh, $1/((1-x)(1+x))$, infinite at -1 and 1 and NaN beyond."""
    return as_floats(np.where(np.greater(np.abs(x), 1.0), math.nan, np.divide(1.0, (1.0 - x) * (1.0 + x))), x)


@primitive(partials=[lambda out, x: _atanh_derivative(x)], scalar=math.atanh, domain=_ONE, ulps=(4, 4, 8))
def atanh(x):
    r"""Return the inverse hyperbolic tangent, with derivative $1/((1-x)(1+x))$.

    >>> atanh(0.0)
    0.0
    """
    return np.arctanh(x)


@primitive(partials=[lambda out, x, *, order=0: sinc(x, order=order + 1)], ulps=(4, 8, 16))
def sinc(x, *, order=0):
    r"""Return $\sin(\pi x)/(\pi x)$, which is 1 at 0, or its n-th derivative for `order=n`.

    From $x f = \sin(\pi x)/\pi$ follows $x f^{(n)} = \pi^{n-1}\sin(\pi x + n\pi/2) - n f^{(n-1)}$. This formula has
    cancellation near 0, where the function sums the power series of $f^{(n)}$ instead.

    Raises:
        TypeError: `x` is complex.

    >>> sinc(0.0), abs(sinc(1.0)) < 1e-16
    (1.0, True)
    """
    z = doubled(x)
    near = np.abs(z) < 0.5 + order / 2
    small, far = np.where(near, z, 0.0), np.where(near, 1.0, z)
    series, first = np.zeros_like(z), (order + 1) // 2
    for k in range(first, first + 24):
        weight = (-1) ** k * math.pi ** (2 * k) / (math.factorial(2 * k - order) * (2 * k + 1))
        series += weight * small ** (2 * k - order)
    whole = np.round(far)  # sin(pi*far) = (-1)**whole * sin(pi*part), and part = far - whole is exact
    half_turns, part = np.where(whole % 2 == 0, 1.0, -1.0), np.pi * (far - whole)
    sines = half_turns * np.sin(part), half_turns * np.cos(part)
    value = sines[0] / (np.pi * far)
    for n in range(1, order + 1):
        sine = sines[n % 2] * (-1.0) ** (n // 2)
        value = (np.pi ** (n - 1) * sine - n * value) / far
    value = np.where(np.isinf(z), 0.0, value)  # the limit
    return as_floats(np.where(near, series, value), x)
