"""Formulas of elementwise rows for single numbers, as numba compiles them into loops.

They stand beside the rows, whose `scalar` is Python's: `math` raises where IEEE has an answer, and a call of libm does
not become vector instructions. A test holds every one to its row. All compute in float64; a loop over float32 rounds
the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import register_jitable

from .build import float_as_int, int_as_float

FORMULAS: dict[str, Callable[..., Any]] = {}


def formula(f: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a formula under the name of its row (a trailing underscore keeps Python's own names free)."""
    FORMULAS[f.__name__.rstrip("_")] = register_jitable(forceinline=True)(f)
    return f


_LOG2E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer, which then stands in the low bits
_ROUND_BITS = 0x4338000000000000
_LN2 = math.log(2.0)
_ROOT_HALF, _BELL, _PEAK = math.sqrt(0.5), 2.0 / math.sqrt(math.pi), 1.0 / math.sqrt(2.0 * math.pi)
_ROOT_HIGH, _ROOT_LOW = 0.7071067839860916, -2.799544089368687e-09


@register_jitable(forceinline=True)
def _power_of_two(n):
    return int_as_float((n + 1023) << 52)


@register_jitable(forceinline=True)
def _reduced(x):
    """Write `x` as `n` ln 2 + `r`, with |r| at most half of ln 2; gives `n` as an integer, and `r`."""
    shifted = x * _LOG2E + _ROUND
    whole = shifted - _ROUND
    return float_as_int(shifted) - _ROUND_BITS, (x - whole * _LN2_HIGH) - whole * _LN2_LOW


@register_jitable(forceinline=True)
def _expm1_near_0(r):
    """Sum the series of e^r - 1, which for |r| < 0.35 ends after 13 terms."""
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    return r + r * r * p


@register_jitable(forceinline=True)
def _held(x, low, high):
    return low if x < low else high if x > high else x


@formula
def exp_(x):
    n, r = _reduced(_held(x, -746.0, 710.0))
    half = n >> 1
    e = (1.0 + _expm1_near_0(r)) * _power_of_two(half) * _power_of_two(n - half)
    return e if x == x else x


@formula
def expm1_(x):
    n, r = _reduced(_held(x, -50.0, 709.8))
    half = n >> 1
    scale, rest = _power_of_two(half), _power_of_two(n - half)
    e = (_expm1_near_0(r) * scale + (scale - int_as_float(float_as_int(1.0 / rest)))) * rest
    return x if x != x or x == 0 else math.inf if x > 709.782712893384 else e  # -0.0 stays


@formula
def tanh_(x):
    n, r = _reduced(_held(-2.0 * abs(x), -50.0, 0.0))
    scale = _power_of_two(n)
    t = _expm1_near_0(r) * scale + (scale - 1.0)
    return x if x != x else math.copysign(t / (2.0 + t), x)


@formula
def _sech2(x):
    t = exp_(-2.0 * abs(x))
    return 4.0 * t / ((1.0 + t) * (1.0 + t))


@formula
def sigmoid_(x):
    t = exp_(-abs(x))
    return (t if x < 0 else 1.0) / (1.0 + t)


@register_jitable(forceinline=True)
def _log_of_normal(x, extra):
    """Give ln x + extra ln 2 for a positive normal `x`: fdlibm's series in (m - 1)/(m + 1)."""
    bits = float_as_int(x)
    high = (bits - 0x3FE6A09E00000000) >> 52  # so that the mantissa is from sqrt(1/2) to sqrt(2)
    f = int_as_float(bits - (high << 52)) - 1.0
    k = int_as_float(high + extra + _ROUND_BITS) - _ROUND
    s = f / (2.0 + f)
    z = s * s
    p = 1.479819860511658591e-01
    p = p * z + 1.531383769920937332e-01
    p = p * z + 1.818357216161805012e-01
    p = p * z + 2.222219843214978396e-01
    p = p * z + 2.857142874366239149e-01
    p = p * z + 3.999999999940941908e-01
    p = p * z + 6.666666666666735130e-01
    half = 0.5 * f * f
    return k * _LN2_HIGH - ((half - (s * (half + p * z) + k * _LN2_LOW)) - f)


@formula
def log_(x):
    small = x < 2.2250738585072014e-308
    y = _log_of_normal(x * 18014398509481984.0 if small else x, -54 if small else 0)
    y = y if x < math.inf else x
    return y if x > 0 else -math.inf if x == 0 else math.nan


@formula
def log1p_(x):
    u = 1.0 + x
    y = log_(u) + (x - (u - 1.0)) / u
    return x if abs(x) < 1e-17 else y if abs(y) < math.inf else log_(u)


@formula
def log2_(x):
    return math.log2(x) if x > 0 else log_(x)


@formula
def log10_(x):
    return math.log10(x) if x > 0 else log_(x)


@formula
def exp2_(x):
    return math.pow(2.0, x)


@formula
def softplus_(x):
    t = exp_(-abs(x))
    u = 1.0 + t
    y = (x if x > 0 else 0.0) + (_log_of_normal(u, 0) + (t - (u - 1.0)) / u)
    return x if x != x else y


@formula
def log_sigmoid_(x):
    return -softplus_(-x)


@formula
def silu_(x):
    return x * sigmoid_(x)


@register_jitable(forceinline=True)
def _exp_of_square(x, c):
    x = _held(math.fabs(x), 0.0, 50.0)
    coarse = np.rint(x * 64.0) / 64.0
    return exp_(-c * coarse * coarse) * exp_(-c * (x - coarse) * (x + coarse))


@formula
def _gaussian(x):
    return _exp_of_square(x, 1.0)


@formula
def _normal_pdf(x):
    return _PEAK * _exp_of_square(x, 0.5)


@formula
def _normal_cdf(x):
    x = _held(x, -40.0, 40.0)
    z = x * _ROOT_HALF
    c = 134217729.0 * x
    high = c - (c - x)
    rest = ((high * _ROOT_HIGH - z) + (x - high) * _ROOT_HIGH) + x * _ROOT_LOW
    return 0.5 * (math.erfc(-z) + rest * _BELL * exp_(-z * z))


@formula
def gelu_(x):
    return x * _normal_cdf(x)


@formula
def elu_(x, alpha):
    return x if x > 0 else alpha * expm1_(x if x < 0 or x != x else 0.0)


@formula
def leaky_relu_(x, slope):
    return x if x > 0 else slope * x


@formula
def add_(x, y):
    return x + y


@formula
def sub_(x, y):
    return x - y


@formula
def mul_(x, y):
    return x * y


@formula
def div_(x, y):
    return x / y


@formula
def neg_(x):
    return -x


@formula
def identity_(x):
    return x


@formula
def reciprocal_(x):
    return 1.0 / x


@formula
def square_(x):
    return x * x


@formula
def abs_(x):
    return math.fabs(x)


@formula
def floor_(x):
    return np.floor(x)


@formula
def ceil_(x):
    return np.ceil(x)


@formula
def round_(x):
    return np.rint(x)


@formula
def fmod_(x, y):
    return np.fmod(x, y)


@formula
def mod_(x, y):
    r = np.fmod(x, y)
    if r != 0:
        return r + y if (y < 0) != (r < 0) else r
    return math.copysign(0.0, y) if r == r else r


@formula
def _inverse(x):
    return math.nan if x < 0 else 1.0 / math.fabs(x)


@formula
def ratio_(x, r):
    return 0.0 if r == 0 else x / r


@formula
def sqrt_(x):
    return math.sqrt(x)


@formula
def pow_(x, y):
    return math.pow(x, y)


@formula
def hypot_(x, y):
    return math.hypot(x, y)


@formula
def logaddexp_(x, y):
    top, low = (x, y) if x > y else (y, x)
    return x + _LN2 if x == y else x + y if x != x or y != y else top + log1p_(exp_(low - top))


@formula
def xlogy_(x, y):
    return 0.0 if x == 0 and y == y else x * log_(y)


@formula
def sin_(x):
    return math.sin(x)


@formula
def cos_(x):
    return math.cos(x)


@formula
def tan_(x):
    return math.tan(x)


@formula
def asin_(x):
    return math.asin(x)


@formula
def _asin_slope(x):
    return 1.0 / math.sqrt((1.0 - x) * (1.0 + x))


@formula
def acos_(x):
    return math.acos(x)


@formula
def atan_(x):
    return math.atan(x)


@formula
def atan2_(y, x):
    return math.atan2(y, x)


@formula
def sinh_(x):
    return math.sinh(x)


@formula
def cosh_(x):
    return math.cosh(x)


@formula
def asinh_(x):
    return math.asinh(x)


@formula
def acosh_(x):
    return math.acosh(x)


@formula
def atanh_(x):
    return math.atanh(x)


@formula
def _atanh_slope(x):
    return math.nan if math.fabs(x) > 1.0 else 1.0 / ((1.0 - x) * (1.0 + x))


@formula
def erf_(x):
    return math.erf(x)


@formula
def erfc_(x):
    return math.erfc(x)


@formula
def relu_(x):
    return x if x > 0 or x != x else 0.0


@formula
def step_(x):
    return 1.0 if x > 0 else x if x != x else 0.0


@formula
def sign_(x):
    return 1.0 if x > 0 else -1.0 if x < 0 else 0.0 if x == x else x


@formula
def where_(condition, x, y):
    return x if condition != 0 else y


@formula
def greater_(x, y):
    return 1.0 if x > y else 0.0


@formula
def equal_(x, y):
    return 1.0 if x == y else 0.0


@formula
def preference_(x, y):
    return 1.0 if x > y else 0.5 if x == y else 0.0 if x < y else math.nan


@formula
def inside_(x, low, high):
    return x if x != x else 1.0 if low < x and x < high else 0.0


@formula
def anchor_(x):
    return 0.0 if x == math.inf or x == -math.inf else x


@formula
def gated_(g, p):
    return g * p if g != 0 else 0.0


@formula
def times_step_(g, x):
    """A fusion, and no row: what ReLU hands back."""
    return g * step_(x)


@formula
def gated_step_(g, x):
    """A fusion, and no row: what ReLU hands back behind a branch that was not taken."""
    return gated_(g, step_(x))


@formula
def add_product_(x, y, z):
    """A fusion, and no row."""
    return x + y * z


@formula
def sub_product_(x, y, z):
    """A fusion, and no row: a step against the gradient."""
    return x - y * z


@formula
def maximum_(x, y):
    return x if x > y or x != x else y


@formula
def minimum_(x, y):
    return x if x < y or x != x else y


@formula
def clip_(x, low, high):
    x = low if x < low or low != low else x
    return high if x > high or high != high else x
