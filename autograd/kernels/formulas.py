"""Formulas of elementwise operations for single numbers, as numba compiles them into loops.

They stand beside the primitives, whose `scalar` is Python's: `math` raises where IEEE has an answer, and a call of
libm does not become vector instructions. A test compares every one with its primitive. All compute in float64; a loop
over float32 rounds the result. The name of a formula is that of its operation and an underscore; other functions help.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from inspect import isfunction, signature
from typing import Any

import numpy as np

_LOG2E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer, which then stands in the low bits
_ROUND_BITS = 0x4338000000000000
_LN2 = math.log(2.0)
_ROOT_HALF, _BELL, _PEAK = math.sqrt(0.5), 2.0 / math.sqrt(math.pi), 1.0 / math.sqrt(2.0 * math.pi)
_ROOT_HIGH, _ROOT_LOW = 0.7071067839860916, -2.799544089368687e-09


def fused(x, y, z):
    """Return x y + z; in machine code it is rounded once, where the processor does that in one instruction."""
    return x * y + z


def _bits(x):
    return np.float64(x).view(np.int64)


def _of_bits(n):
    return np.int64(n).view(np.float64)


def _power_of_two(n):
    return _of_bits((n + 1023) << 52)


def _reduced(x):
    """Write `x` as `n` ln 2 + `r`, with |r| at most half of ln 2; gives `n` as an integer, and `r`."""
    shifted = x * _LOG2E + _ROUND
    whole = shifted - _ROUND
    return _bits(shifted) - _ROUND_BITS, (x - whole * _LN2_HIGH) - whole * _LN2_LOW


def _expm1_near_0(r):
    """Sum the series of e^r - 1, which for |r| < 0.35 ends after 13 terms."""
    p = 1.0 / 6227020800.0
    p = fused(p, r, 1.0 / 479001600.0)
    p = fused(p, r, 1.0 / 39916800.0)
    p = fused(p, r, 1.0 / 3628800.0)
    p = fused(p, r, 1.0 / 362880.0)
    p = fused(p, r, 1.0 / 40320.0)
    p = fused(p, r, 1.0 / 5040.0)
    p = fused(p, r, 1.0 / 720.0)
    p = fused(p, r, 1.0 / 120.0)
    p = fused(p, r, 1.0 / 24.0)
    p = fused(p, r, 1.0 / 6.0)
    p = fused(p, r, 0.5)
    return r + r * r * p


def _clamped(x, low, high):
    return low if x < low else high if x > high else x


def exp_(x):
    n, r = _reduced(_clamped(x, -746.0, 710.0))
    half = n >> 1
    e = (1.0 + _expm1_near_0(r)) * _power_of_two(half) * _power_of_two(n - half)
    return e if x == x else x


def expm1_(x):
    n, r = _reduced(_clamped(x, -50.0, 709.8))
    half = n >> 1
    scale, rest = _power_of_two(half), _power_of_two(n - half)
    e = (_expm1_near_0(r) * scale + (scale - _of_bits(_bits(1.0 / rest)))) * rest
    return x if x != x or x == 0 else math.inf if x > 709.782712893384 else e  # -0.0 stays


def tanh_(x):
    n, r = _reduced(_clamped(-2.0 * abs(x), -50.0, 0.0))
    scale = _power_of_two(n)
    t = _expm1_near_0(r) * scale + (scale - 1.0)
    return x if x != x else math.copysign(t / (2.0 + t), x)


def _sech2_(x):
    t = exp_(-2.0 * abs(x))
    return 4.0 * t / ((1.0 + t) * (1.0 + t))


def sigmoid_(x):
    t = exp_(-abs(x))
    return (t if x < 0 else 1.0) / (1.0 + t)


def _log_of_normal(x, extra):
    """Give ln x + extra ln 2 for a positive normal `x`: fdlibm's series in (m - 1)/(m + 1)."""
    bits = _bits(x)
    high = (bits - 0x3FE6A09E00000000) >> 52  # so that the mantissa is from sqrt(1/2) to sqrt(2)
    f = _of_bits(bits - (high << 52)) - 1.0
    k = _of_bits(high + extra + _ROUND_BITS) - _ROUND
    s = f / (2.0 + f)
    z = s * s
    p = 1.479819860511658591e-01
    p = fused(p, z, 1.531383769920937332e-01)
    p = fused(p, z, 1.818357216161805012e-01)
    p = fused(p, z, 2.222219843214978396e-01)
    p = fused(p, z, 2.857142874366239149e-01)
    p = fused(p, z, 3.999999999940941908e-01)
    p = fused(p, z, 6.666666666666735130e-01)
    half = 0.5 * f * f
    return k * _LN2_HIGH - ((half - (s * (half + p * z) + k * _LN2_LOW)) - f)


def log_(x):
    small = x < 2.2250738585072014e-308
    y = _log_of_normal(x * 18014398509481984.0 if small else x, -54 if small else 0)
    y = y if x < math.inf else x
    return y if x > 0 else -math.inf if x == 0 else math.nan


def log1p_(x):
    u = 1.0 + x
    y = log_(u) + (x - (u - 1.0)) / u
    return x if abs(x) < 1e-17 else y if abs(y) < math.inf else log_(u)


def log2_(x):
    return math.log2(x) if x > 0 else log_(x)


def log10_(x):
    return math.log10(x) if x > 0 else log_(x)


def exp2_(x):
    return math.pow(2.0, x)


def softplus_(x):
    t = exp_(-abs(x))
    u = 1.0 + t
    y = (x if x > 0 else 0.0) + (_log_of_normal(u, 0) + (t - (u - 1.0)) / u)
    return x if x != x else y


def log_sigmoid_(x):
    return -softplus_(-x)


def silu_(x):
    return x * sigmoid_(x)


def _exp_of_square(x, c):
    x = _clamped(math.fabs(x), 0.0, 50.0)
    coarse = np.rint(x * 64.0) / 64.0
    return exp_(-c * coarse * coarse) * exp_(-c * (x - coarse) * (x + coarse))


def _gaussian_(x):
    return _exp_of_square(x, 1.0)


def _normal_pdf_(x):
    return _PEAK * _exp_of_square(x, 0.5)


def _normal_cdf_(x):
    x = _clamped(x, -40.0, 40.0)
    z = x * _ROOT_HALF
    c = 134217729.0 * x
    high = c - (c - x)
    rest = ((high * _ROOT_HIGH - z) + (x - high) * _ROOT_HIGH) + x * _ROOT_LOW
    return 0.5 * (math.erfc(-z) + rest * _BELL * exp_(-z * z))


def gelu_(x):
    return x * _normal_cdf_(x)


def elu_(x, alpha):
    return x if x > 0 else alpha * expm1_(x if x < 0 or x != x else 0.0)


def leaky_relu_(x, slope):
    return x if x > 0 else slope * x


def identity_(x):
    return x


def reciprocal_(x):
    return 1.0 / x


def square_(x):
    return x * x


def abs_(x):
    return math.fabs(x)


def floor_(x):
    return np.floor(x)


def ceil_(x):
    return np.ceil(x)


def round_(x):
    return np.rint(x)


def fmod_(x, y):
    return np.fmod(x, y)


def mod_(x, y):
    r = np.fmod(x, y)
    if r != 0:
        return r + y if (y < 0) != (r < 0) else r
    return math.copysign(0.0, y) if r == r else r


def _inverse_(x):
    return math.nan if x < 0 else 1.0 / math.fabs(x)


def ratio_(x, r):
    return 0.0 if r == 0 else x / r


def logaddexp_(x, y):
    top, low = (x, y) if x > y else (y, x)
    return x + _LN2 if x == y else x + y if x != x or y != y else top + log1p_(exp_(low - top))


def hypot_(x, y):
    return math.hypot(x, y)


def xlogy_(x, y):
    return 0.0 if x == 0 and y == y else x * log_(y)


def _asin_derivative_(x):
    return 1.0 / math.sqrt((1.0 - x) * (1.0 + x))


def _atanh_derivative_(x):
    return math.nan if math.fabs(x) > 1.0 else 1.0 / ((1.0 - x) * (1.0 + x))


def relu_(x):
    return x if x > 0 or x != x else 0.0


def step_(x):
    return 1.0 if x > 0 else x if x != x else 0.0


def sign_(x):
    return 1.0 if x > 0 else -1.0 if x < 0 else 0.0 if x == x else x


def where_(condition, x, y):
    return x if condition != 0 else y


def greater_(x, y):
    return 1.0 if x > y else 0.0


def equal_(x, y):
    return 1.0 if x == y else 0.0


def preference_(x, y):
    return 1.0 if x > y else 0.5 if x == y else 0.0 if x < y else math.nan


def inside_(x, low, high):
    return x if x != x else 1.0 if low < x and x < high else 0.0


def anchor_(x):
    return 0.0 if x == math.inf or x == -math.inf else x


def strict_zero_mul_(g, p):
    return g * p if g != 0 else 0.0


def times_step_(g, x):
    """A fusion, and no primitive: the cotangent behind a ReLU."""
    return g * step_(x)


def add_product_(x, y, z):
    """A fusion, and no primitive."""
    return x + y * z


def sub_product_(x, y, z):
    """A fusion, and no primitive: a step against the gradient."""
    return x - y * z


def maximum_(x, y):
    return x if x > y or x != x else y


def minimum_(x, y):
    return x if x < y or x != x else y


def clip_(x, low, high):
    x = low if x < low or low != low else x
    return high if x > high or high != high else x


FORMULAS: dict[str, Callable[..., Any]] = {
    **{name[:-1]: f for name, f in list(globals().items()) if isfunction(f) and name.endswith("_")},
    **{
        f.__name__: f
        for f in (
            math.sin, math.cos, math.tan, math.asin, math.acos, math.atan, math.atan2, math.sinh, math.cosh,
            math.asinh, math.acosh, math.atanh, math.erf, math.erfc, math.sqrt, math.pow,
            operator.add, operator.sub, operator.mul, operator.neg,
        )
    },
    "div": operator.truediv,
}  # fmt: skip
"""From the name of an operation to its formula; numba knows those of Python's own modules."""

ARITY = {name: len(signature(f).parameters) for name, f in FORMULAS.items()}
"""The number of operands of each formula."""
