"""Primitives: activation functions, and the error function that GELU needs."""

from __future__ import annotations

import builtins
import math
import sys

import numpy as np

from ..primitive import primitive
from .arithmetic import abs, div
from .powers import exp, expm1, log1p
from .selection import as_floats, doubled, greater, maximum, minimum, step, where

_ROOT_HALF, _BELL, _PEAK = math.sqrt(0.5), 2.0 / math.sqrt(math.pi), 1.0 / math.sqrt(2.0 * math.pi)
_ROOT_HIGH, _ROOT_LOW = 0.7071067839860916, -2.799544089368687e-09  # sqrt(1/2) = high half of the digits + rest


@primitive(
    partials=[lambda out, x: out * sigmoid(-x)],
    scalar=lambda x: 1.0 / (1.0 + math.exp(-x)) if x > 0 else (t := math.exp(x)) / (1.0 + t),
    ulps=(4, 4, 8),
)
def sigmoid(x):
    r"""Return the logistic function $\sigma(x) = 1/(1 + e^{-x})$, with derivative $\sigma(x)\,\sigma(-x)$.

    Source: Cox (1958), The regression analysis of binary sequences.

    >>> sigmoid(0.0), sigmoid(1000.0), sigmoid(-1000.0)
    (0.5, 1.0, 0.0)
    """
    t = exp(-abs(x))
    return div(where(greater(0.0, x), t, 1.0), 1.0 + t)


@primitive(partials=[lambda out, x: sigmoid(x)], ulps=(4, 4, 4))
def softplus(x):
    r"""Return the smooth ReLU $\ln(1 + e^x)$, with derivative $\sigma(x)$.

    Source: Dugas et al. (2001), Incorporating second-order functional knowledge.

    >>> softplus(1000.0), softplus(-1000.0)
    (1000.0, 0.0)
    """
    return maximum(x, 0.0) + log1p(exp(-abs(x)))


@primitive(partials=[lambda out, x: sigmoid(-x)], ulps=(4, 4, 4))
def log_sigmoid(x):
    r"""Return $\ln \sigma(x) = -\ln(1 + e^{-x})$, with derivative $\sigma(-x)$.

    Source: Dugas et al. (2001), as that of `softplus`.

    >>> log_sigmoid(-1000.0)
    -1000.0
    """
    return -softplus(-x)


@primitive(partials=[lambda out, x, y: sigmoid(x - y), lambda out, x, y: sigmoid(y - x)], ulps=(4, 4, 4))
def logaddexp(x, y):
    r"""Return $\ln(e^x + e^y)$ without overflow, with $\partial/\partial x = e^x/(e^x + e^y) = \sigma(x - y)$.

    Raises:
        ValueError: the shapes do not broadcast.

    Source: Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and softmax functions.

    >>> round(logaddexp(1000.0, 1000.0), 3)
    1000.693
    """
    return np.logaddexp(x, y)


@primitive(
    symbol="ReLU",
    partials=[lambda out, x: step(x)],
    kinks=[0.0],
    scalar=lambda x: x if x > 0 or x != x else 0.0,
    ulps=(0, 0, 0),
)
def relu(x):
    r"""Return the rectified linear unit $\max(x, 0)$, with derivative 1 where $x > 0$, else 0; at 0 it is 0.

    `maximum(x, 0)` differs: at 0 it has the derivative 1/2.

    Source: Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines.

    >>> relu(3.0), relu(-3.0)
    (3.0, 0.0)
    """
    return np.maximum(x, 0)


@primitive(
    partials=[lambda out, x, slope: where(greater(x, 0.0), 1.0, slope), lambda out, x, slope: minimum(x, 0.0)],
    kinks=[0.0],
    scalar=lambda x, slope=0.01: x if x > 0 else slope * x,
    ulps=(0.5, 0, 0),
)
def leaky_relu(x, slope=0.01):
    r"""Return the leaky ReLU: $x$ where $x > 0$, else `slope` times $x$; at 0 its derivative is `slope`.

    With a trained `slope` it is called PReLU.

    Source: Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic models.

    >>> leaky_relu(2.0), leaky_relu(-2.0)
    (2.0, -0.02)
    """
    return where(greater(x, 0.0), x, np.multiply(slope, x))


@primitive(
    partials=[
        lambda out, x, alpha: where(greater(x, 0.0), 1.0, alpha * exp(minimum(x, 0.0))),
        lambda out, x, alpha: expm1(minimum(x, 0.0)),
    ],
    kinks=[0.0],
    ulps=(4, 4, 4),
)
def elu(x, alpha=1.0):
    r"""Return the exponential linear unit: $x$ where $x > 0$, else $\alpha(e^x - 1)$.

    Source: Clevert et al. (2016).

    >>> elu(2.0), elu(-1000.0)
    (2.0, -1.0)
    """
    return where(greater(x, 0.0), x, alpha * expm1(minimum(x, 0.0)))


@primitive(partials=[lambda out, x: sigmoid(x) * (1.0 + x * sigmoid(-x))], ulps=(4, 4, 8))
def silu(x):
    r"""Return the SiLU, or swish, $x\,\sigma(x)$, with derivative $\sigma(x)(1 + x\,\sigma(-x))$.

    Source: Elfwing, Uchibe and Doya (2018).

    >>> silu(0.0)
    0.0
    """
    return x * sigmoid(x)


def _exp_of_square(x, c):
    """Return $e^{-cx^2}$ from two parts of $x$, since rounding $x^2$ costs $cx^2$ ulp; `c` is a power of 2."""
    x = np.minimum(np.abs(doubled(x)), 50.0)
    coarse = np.round(x * 64.0) / 64.0  # its square is exact
    return np.exp(-c * coarse * coarse) * np.exp(-c * (x - coarse) * (x + coarse))


def _exp_of_square_of_float(x, c):
    x = min(math.fabs(x), 50.0)
    coarse = builtins.round(x * 64.0) / 64.0
    return math.exp(-c * coarse * coarse) * math.exp(-c * (x - coarse) * (x + coarse))


@primitive(
    symbol="gauss",
    partials=[lambda out, x: -2.0 * (x * out)],
    scalar=lambda x: _exp_of_square_of_float(x, 1.0),
    ulps=(4, 4, 8),
)
def _gaussian(x):
    """Return the bell curve $e^{-x^2}$."""
    return as_floats(_exp_of_square(x, 1.0), x)


def _by_scipy(formula, one, x):
    """Apply a formula that uses `scipy.special`. Without SciPy, apply `one` to each element."""
    look = sys.getprofile()
    if look is not None and "scipy.special" not in sys.modules:  # a trace does not watch imports
        sys.setprofile(None)
    try:
        from scipy import special
    except ImportError:
        return as_floats(np.asarray(np.frompyfunc(one, 1, 1)(x)), x)
    finally:
        if sys.getprofile() is not look:
            sys.setprofile(look)
    return as_floats(formula(special), x)


def _scaled_erfc(special, x, bell):
    """Return erfc(x) from $e^{-x^2}$ and the scaled erfcx: in the tail `special.erfc` has an error of $x^2$ ulp."""
    return np.where(np.greater(x, 0.5), special.erfcx(np.maximum(x, 0.5)) * bell, special.erfc(x))


@primitive(partials=[lambda out, x: _BELL * _gaussian(x)], scalar=math.erf, ulps=(4, 4, 8))
def erf(x):
    r"""Return the error function $\frac{2}{\sqrt\pi}\int_0^x e^{-t^2}\,dt$.

    Its derivative is $\frac{2}{\sqrt\pi}e^{-x^2}$.

    Source: Abramowitz and Stegun (1964), Handbook of mathematical functions, section 7.1.

    >>> erf(0.0)
    0.0
    """
    return _by_scipy(lambda special: special.erf(x), math.erf, x)


@primitive(partials=[lambda out, x: -_BELL * _gaussian(x)], scalar=math.erfc, ulps=(8, 4, 8))
def erfc(x):
    r"""Return the complementary error function $1 - \operatorname{erf}(x)$, also accurate where it is small.

    Source: Abramowitz and Stegun (1964), section 7.1.

    >>> erfc(0.0)
    1.0
    """
    return _by_scipy(lambda special: _scaled_erfc(special, x, _exp_of_square(x, 1.0)), math.erfc, x)


@primitive(
    symbol="φ",
    partials=[lambda out, x: -x * out],
    scalar=lambda x: _PEAK * _exp_of_square_of_float(x, 0.5),
    ulps=(4, 4, 8),
)
def _normal_pdf(x):
    r"""Return the density $\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}$ of the normal distribution."""
    return as_floats(_PEAK * _exp_of_square(x, 0.5), x)


@primitive(
    symbol="Φ", partials=[lambda out, x: _normal_pdf(x)], scalar=lambda x: _normal_cdf_of_float(x), ulps=(8, 4, 8)
)
def _normal_cdf(x):
    r"""Return the distribution function $\Phi(x) = \operatorname{erfc}(-x/\sqrt2)/2$ of the normal distribution.

    In the tail, erfc multiplies a relative error of its argument by $x^2$. So arrays use the factor $e^{-x^2/2}$ and
    the scaled erfcx. Floats, which have no erfcx, correct the rounding error of $x/\sqrt2$.
    """
    z = -_ROOT_HALF * doubled(x)
    return _by_scipy(lambda special: 0.5 * _scaled_erfc(special, z, _exp_of_square(x, 0.5)), _normal_cdf_of_float, x)


def _normal_cdf_of_float(x):
    x = min(max(x, -40.0), 40.0)
    z = x * _ROOT_HALF
    high = (c := 134217729.0 * x) - (c - x)
    rest = ((high * _ROOT_HIGH - z) + (x - high) * _ROOT_HIGH) + x * _ROOT_LOW  # x/sqrt(2) - z, after Dekker (1971)
    return 0.5 * (math.erfc(-z) + rest * _BELL * math.exp(-z * z))


@primitive(partials=[lambda out, x: _normal_cdf(x) + x * _normal_pdf(x)], ulps=(8, 4, 8))
def gelu(x):
    r"""Return the exact Gaussian error linear unit $x\,\Phi(x)$, with $\Phi(x) = \operatorname{erfc}(-x/\sqrt2)/2$.

    Its derivative is $\Phi(x) + x\,\varphi(x)$ with the density $\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}$.

    Source: Hendrycks and Gimpel (2016), Gaussian error linear units.

    >>> gelu(0.0), gelu(10.0)
    (0.0, 10.0)
    """
    return x * _normal_cdf(x)
