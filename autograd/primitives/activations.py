"""The table: activation functions, and the error function that one of them needs."""

from __future__ import annotations

import math

import numpy as np

from ..primitive import primitive
from .arithmetic import abs, div
from .powers import exp, expm1, log1p
from .selection import greater, maximum, minimum, step, where

__all__ = [
    "elu", "erf", "erfc", "gelu", "leaky_relu", "log_sigmoid", "relu", "sigmoid", "silu", "softplus",
]  # fmt: skip

_ROOT_HALF, _BELL = math.sqrt(0.5), 2.0 / math.sqrt(math.pi)


@primitive(
    partials=[lambda out, x: out * sigmoid(-x)],
    scalar=lambda x: 1.0 / (1.0 + math.exp(-x)) if x > 0 else (t := math.exp(x)) / (1.0 + t),
)
def sigmoid(x):
    r"""Logistic function $\sigma(x) = 1/(1 + e^{-x})$, with derivative $\sigma(x)\,\sigma(-x)$.

    >>> sigmoid(0.0), sigmoid(1000.0), sigmoid(-1000.0)
    (0.5, 1.0, 0.0)
    """
    t = exp(-abs(x))
    return div(where(greater(0.0, x), t, 1.0), 1.0 + t)


@primitive(partials=[lambda out, x: sigmoid(x)])
def softplus(x):
    r"""Smooth ReLU $\ln(1 + e^x)$, with derivative $\sigma(x)$.

    >>> softplus(1000.0), softplus(-1000.0)
    (1000.0, 0.0)
    """
    return maximum(x, 0.0) + log1p(exp(-abs(x)))


@primitive(partials=[lambda out, x: sigmoid(-x)])
def log_sigmoid(x):
    r"""$\ln \sigma(x) = -\ln(1 + e^{-x})$, with derivative $\sigma(-x)$.

    >>> log_sigmoid(-1000.0)
    -1000.0
    """
    return -softplus(-x)


@primitive(
    symbol="ReLU",
    partials=[lambda out, x: step(x)],
    kinks=[0.0],
    scalar=lambda x: x if x > 0 or x != x else 0.0,
)
def relu(x):
    r"""Rectified linear unit $\max(x, 0)$, with derivative 1 where $x > 0$, else 0; at 0 it is 0.

    Not `maximum(x, 0)`, which would split the tie at 0 and give 1/2. Source: Nair and Hinton (2010).

    >>> relu(3.0), relu(-3.0)
    (3.0, 0.0)
    """
    return np.maximum(x, 0)


@primitive(
    partials=[lambda out, x, slope: where(greater(x, 0.0), 1.0, slope), lambda out, x, slope: minimum(x, 0.0)],
    kinks=[0.0],
    scalar=lambda x, slope=0.01: x if x > 0 else slope * x,
)
def leaky_relu(x, slope=0.01):
    r"""Leaky ReLU: $x$ where $x > 0$, else `slope` times $x$; at 0 its derivative is `slope`.

    With a `slope` that is learned it is called PReLU. Source: Maas, Hannun and Ng (2013); He et al. (2015).

    >>> leaky_relu(-2.0, 0.1)
    -0.2
    """
    return where(greater(x, 0.0), x, np.multiply(slope, x))


@primitive(
    partials=[
        lambda out, x, alpha: where(greater(x, 0.0), 1.0, alpha * exp(minimum(x, 0.0))),
        lambda out, x, alpha: expm1(minimum(x, 0.0)),
    ],
    kinks=[0.0],
)
def elu(x, alpha=1.0):
    r"""Exponential linear unit: $x$ where $x > 0$, else $\alpha(e^x - 1)$. Source: Clevert et al. (2016).

    >>> elu(2.0), elu(-1000.0)
    (2.0, -1.0)
    """
    return where(greater(x, 0.0), x, alpha * expm1(minimum(x, 0.0)))


@primitive(partials=[lambda out, x: sigmoid(x) * (1.0 + x * sigmoid(-x))])
def silu(x):
    r"""SiLU, or swish: $x\,\sigma(x)$. Source: Elfwing, Uchibe and Doya (2018).

    >>> silu(0.0)
    0.0
    """
    return x * sigmoid(x)


@primitive(partials=[lambda out, x: _BELL * exp(-x * x)], scalar=math.erf)
def erf(x):
    r"""Error function $\frac{2}{\sqrt\pi}\int_0^x e^{-t^2}\,dt$, with derivative $\frac{2}{\sqrt\pi}e^{-x^2}$.

    >>> erf(0.0)
    0.0
    """
    from scipy import special  # heavy: only where an array needs it

    return special.erf(x)


@primitive(partials=[lambda out, x: -_BELL * exp(-x * x)], scalar=math.erfc)
def erfc(x):
    r"""Complement $1 - \operatorname{erf}(x)$, exact where it is small.

    >>> erfc(0.0)
    1.0
    """
    from scipy import special  # heavy: only where an array needs it

    return special.erfc(x)


def _normal_cdf(x):
    return 0.5 * erfc(-_ROOT_HALF * x)


@primitive(partials=[lambda out, x: _normal_cdf(x) + x * (0.5 * _ROOT_HALF * _BELL) * exp(-0.5 * x * x)])
def gelu(x):
    r"""Gaussian error linear unit $x\,\Phi(x)$, exact, with $\Phi(x) = \operatorname{erfc}(-x/\sqrt2)/2$.

    Its derivative is $\Phi(x) + x\,\varphi(x)$. Source: Hendrycks and Gimpel (2016).

    >>> gelu(0.0), gelu(10.0)
    (0.0, 10.0)
    """
    return x * _normal_cdf(x)
