"""The exact oracle: what a row of the table should give, from a formula that is independent of the row.

SymPy differentiates the formula; mpmath evaluates it, with 50 digits and with ever more until two results agree to 25
of them. An error is counted in ulp of the exact result: the distance of floating-point numbers around it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from mpmath import mp

__all__ = ["FORMULAS", "VARIABLES", "Exact", "derivatives", "exact", "ulps"]

VARIABLES = sp.symbols("x y z", real=True)


class Whole(sp.Function):
    """The largest integer not above x, as a function whose derivative is 0 wherever there is one."""

    def fdiff(self, argindex: int = 1) -> Any:
        return sp.Integer(0)


class Held(sp.Function):
    """The number itself, held fixed."""

    def fdiff(self, argindex: int = 1) -> Any:
        return sp.Integer(0)


class Log1p(sp.Function):
    """The logarithm of 1 + x, for which fewer digits will do."""

    def fdiff(self, argindex: int = 1) -> Any:
        return 1 / (1 + self.args[0])


class Nearest(Whole):
    """The nearest integer, halves to the even one."""


class Towards0(Whole):
    """The integer part."""


EVALUATORS: list[Any] = [
    {
        "Whole": mpmath.floor,
        "Nearest": mpmath.nint,
        "Towards0": lambda x: mpmath.floor(x) if x > 0 else mpmath.ceil(x),
        "Held": lambda x: x,
        "Log1p": mpmath.log1p,
        "sinc": mpmath.sinc,
        "erfc": lambda x: _erfc(x, mp.prec) if abs(x) < 50 else mpmath.mpf(2 * (x < 0)),  # mpmath takes for ever
    },
    "mpmath",
]


@functools.lru_cache(4096)
def _erfc(x: Any, precision: int) -> Any:
    return mpmath.erfc(x)


def either(*pieces: Any) -> Any:
    """A formula in pieces; conditions are asked in turn."""
    return sp.Piecewise(*pieces, evaluate=False)


def _cdf(x: Any) -> Any:
    return sp.erfc(-x / sp.sqrt(2)) / 2


def _norm(*x: Any) -> Any:
    return sp.sqrt(sum(t * t for t in x))


def _logsumexp(*x: Any) -> Any:
    return sp.log(sum(sp.exp(t) for t in x))


def _var(*x: Any) -> Any:
    mean = sum(x) / len(x)
    return sum((t - mean) ** 2 for t in x) / len(x)


FORMULAS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "identity": lambda x: x,
    "reciprocal": lambda x: 1 / x,
    "square": lambda x: x**2,
    "abs": lambda x: either((x, x > 0), (-x, True)),
    "floor": Whole,
    "ceil": lambda x: -Whole(-x),
    "round": Nearest,
    "mod": lambda x, y: x - y * Whole(x / y),
    "fmod": lambda x, y: x - y * Towards0(x / y),
    "_inverse": lambda x: 1 / x,
    "ratio": lambda x, r: x / r,
    "sqrt": sp.sqrt,
    "pow": lambda x, y: x**y,
    "hypot": _norm,
    "exp": sp.exp,
    "expm1": lambda x: sp.exp(x) - 1,
    "exp2": lambda x: sp.Integer(2) ** x,
    "log": sp.log,
    "log1p": lambda x: sp.log(1 + x),
    "log2": lambda x: sp.log(x) / sp.log(2),
    "log10": lambda x: sp.log(x) / sp.log(10),
    "logaddexp": _logsumexp,
    "xlogy": lambda x, y: x * sp.log(y),
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "asin": sp.asin,
    "acos": sp.acos,
    "atan": sp.atan,
    "atan2": sp.atan2,
    "sinh": lambda x: (sp.exp(x) - sp.exp(-x)) / 2,
    "cosh": lambda x: (sp.exp(x) + sp.exp(-x)) / 2,
    "_sech2": lambda x: 4 / (sp.exp(x) + sp.exp(-x)) ** 2,
    "tanh": lambda x: 1 - 2 / (sp.exp(2 * x) + 1),
    "asinh": sp.asinh,
    "acosh": lambda x: sp.log(x + sp.sqrt(x - 1) * sp.sqrt(x + 1)),
    "atanh": lambda x: (sp.log(1 + x) - sp.log(1 - x)) / 2,
    "_asin_derivative": lambda x: 1 / sp.sqrt(1 - x**2),
    "_atanh_derivative": lambda x: 1 / (1 - x**2),
    "sinc": lambda x: sp.sinc(sp.pi * x),
    "sigmoid": lambda x: 1 / (1 + sp.exp(-x)),
    "softplus": lambda x: Log1p(sp.exp(x)),
    "log_sigmoid": lambda x: -Log1p(sp.exp(-x)),
    "relu": lambda x: either((x, x > 0), (0, True)),
    "leaky_relu": lambda x, slope: either((x, x > 0), (slope * x, True)),
    "elu": lambda x, alpha: either((x, x > 0), (alpha * (sp.exp(x) - 1), True)),
    "silu": lambda x: x / (1 + sp.exp(-x)),
    "erf": sp.erf,
    "erfc": sp.erfc,
    "gelu": lambda x: x * _cdf(x),
    "_gaussian": lambda x: sp.exp(-(x**2)),
    "_normal_pdf": lambda x: sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi),
    "_normal_cdf": _cdf,
    "greater": lambda x, y: either((1, x > y), (0, True)),
    "equal": lambda x, y: either((1, sp.Eq(x, y)), (0, True)),
    "preference": lambda x, y: either((1, x > y), (sp.Rational(1, 2), sp.Eq(x, y)), (0, True)),
    "inside": lambda x, low, high: either((1, (x > low) & (x < high)), (0, True)),
    "step": lambda x: either((1, x > 0), (0, True)),
    "sign": lambda x: either((1, x > 0), (-1, x < 0), (0, True)),
    "anchor": Held,
    "strict_zero_mul": lambda g, p: g * p,
    "maximum": lambda x, y: either((x, x > y), (y, True)),
    "minimum": lambda x, y: either((x, x < y), (y, True)),
    "clip": lambda x, low, high: either((high, low > high), (low, x < low), (high, x > high), (x, True)),
    # those that put elements together, of two or three
    "where": lambda c, x, y: either((x, sp.Ne(c, 0)), (y, True)),
    "sum": lambda x, y, z: x + y + z,
    "cumsum": lambda x, y, z: x + y + z,
    "matmul": lambda x, y, z: x * y + z * z,
    "max": lambda x, y: either((x, x > y), (y, True)),
    "min": lambda x, y: either((x, x < y), (y, True)),
    "norm": _norm,
    "logsumexp": _logsumexp,
    "mean": lambda x, y, z: (x + y + z) / 3,
    "var": lambda x, y, z: _var(x, y, z),
    "std": lambda x, y, z: sp.sqrt(_var(x, y, z)),
    "prod": lambda x, y, z: x * y * z,
    "softmax": lambda x, y, z: sp.exp(x) / (sp.exp(x) + sp.exp(y) + sp.exp(z)),
    "log_softmax": lambda x, y, z: x - _logsumexp(x, y, z),
}
"""Formulas of the rows, in the plainest form: that they cancel is mpmath's work."""

Exact = tuple[np.ndarray, np.ndarray]
"""Numbers with twice the digits of float64: rounded, and what rounding left."""


def derivatives(arity: int) -> list[tuple[int, ...]]:
    """Every derivative up to the second, by the operands that are differentiated: (), (0,), (1,), (0, 0), (0, 1) ..."""
    return [by for order in range(3) for by in combinations_with_replacement(range(arity), order)]


@functools.cache
def _evaluator(name: str, arity: int, by: tuple[int, ...]) -> Callable[..., Any] | float:
    variables = VARIABLES[:arity]
    formula = sp.sympify(FORMULAS[name](*variables))
    for i in by:
        formula = sp.diff(formula, variables[i])
    if formula.is_Rational:
        return float(formula)
    return sp.lambdify(variables, formula, EVALUATORS, cse=True)


LARGEST = float(np.finfo(np.float64).max)

WIDE = {"mod", "fmod", "sinc"}
"""Rows of which few digits could look like an exact 0: x/y before the point, and what is left of 1/x² - 1/x²."""


def _precisions(name: str, at: Sequence[float]) -> tuple[int, ...]:
    if name not in WIDE:
        return 50, 80, 450, 1800
    digits = 50 + 2 * int(max(abs(np.log10(abs(x))) for x in at))
    return digits, digits + 30, 1800


def _number(evaluate: Callable[..., Any], at: Sequence[float], precisions: Sequence[int]) -> Any:
    last = None
    for digits in precisions:
        with mp.workdps(digits):
            try:
                now = mpmath.mpf(evaluate(*map(mpmath.mpf, at)))
            except ZeroDivisionError:
                continue
            if last is not None and abs(now - last) <= mpmath.mpf("1e-25") * abs(now) and (now or digits > 80):
                return now
            last = now
    return last


def exact(name: str, by: tuple[int, ...], at: np.ndarray) -> Exact:
    """Give a derivative of a row's formula at points (one a line), each number as a sum of two."""
    evaluate = _evaluator(name, at.shape[1], by)
    if isinstance(evaluate, float):
        return np.full(len(at), evaluate), np.zeros(len(at))
    high, low = np.empty(len(at)), np.zeros(len(at))
    for k, point in enumerate(at.tolist()):
        number = _number(evaluate, point, _precisions(name, point))
        high[k] = float(number) if number is not None else np.nan
        if np.isfinite(high[k]):
            with mp.workdps(60):
                low[k] = float(number - high[k])
    return high, low


def ulps(have: Any, want: Exact, dtype: Any = np.float64, unit: np.ndarray | None = None) -> np.ndarray:
    """Count errors in ulp of the exact result, or of the numbers `unit`.

    Below the smallest normal number an ulp is the smallest subnormal one; an infinity counts as the power of 2 that
    follows the largest number. NaN is an infinite error.
    """
    high, low = want
    info = np.finfo(dtype)
    top, digits = float(info.max), info.nmant + 1
    last = top if info.maxexp >= 1024 else 2.0**info.maxexp  # float64 cannot hold the power of 2 behind its largest

    def ulp(x: np.ndarray) -> np.ndarray:
        _, exponent = np.frexp(np.clip(x, -LARGEST, LARGEST))
        return np.maximum(np.where(x == 0, 0.0, np.ldexp(1.0, exponent - digits)), float(info.smallest_subnormal))

    have = np.asarray(have, dtype=np.float64)
    one = ulp(np.clip(high, -top, top) if unit is None else unit)
    with np.errstate(all="ignore"):
        error = (np.clip(have, -last, last) - np.clip(high, -last, last)) / one
        error -= np.where(np.abs(high) > last, 0.0, low) / one
        if last == top:
            steps = np.sign(have) * np.isinf(have) - np.sign(high) * np.isinf(high)
            error += np.where(steps, steps * (ulp(np.array(top)) / one), 0.0)
    return np.where(np.isnan(error), np.inf, np.abs(error))
