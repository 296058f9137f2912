"""What is claimed beside the bounds of the rows: of which number an ulp is taken, where a bound holds, and composites.

`UNITS` lists sums whose terms may cancel: next to their zeros no formula in floating point holds digits of the result,
so their errors are counted in ulp of the number that is named. `WITHIN` lists where an intermediate result leaves the
range of normal numbers before the final one does: there a bound holds only where that number is normal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from autograd import TABLE

__all__ = ["COMPOSITES", "UNITS", "WITHIN", "arity_of", "bounds_of", "domain_of", "function_of"]

Array = np.ndarray
REAL = (-math.inf, math.inf)


def joined(name: str) -> Callable[..., Any]:
    """A reduction of a few operands, element by element."""
    return lambda *x: getattr(ag, name)(ag.stack(x, axis=0), axis=0)


def first_of(name: str, place: int = 0) -> Callable[..., Any]:
    return lambda *x: getattr(ag, name)(ag.stack(x, axis=0), axis=0)[place]


def product(x: Any, y: Any, z: Any) -> Any:
    row, column = ag.stack([x, z], axis=-1), ag.stack([y, z], axis=-1)
    return ag.matmul(row[..., None, :], column[..., None])[..., 0, 0]


REDUCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "where": (3, ag.where), "sum": (3, joined("sum")), "cumsum": (3, first_of("cumsum", -1)), "matmul": (3, product),
    "max": (2, joined("max")), "min": (2, joined("min")), "norm": (3, joined("norm")),
    "logsumexp": (3, joined("logsumexp")),
}  # fmt: skip
"""Rows that are not elementwise, as functions of two or three numbers."""

COMPOSITES: dict[str, tuple[int, Callable[..., Any], tuple[float, float, float]]] = {
    "mean": (3, joined("mean"), (2, 0.5, 0)),
    "var": (3, joined("var"), (8, 4, 2)),
    "std": (3, joined("std"), (8, 4, 8)),
    "prod": (3, joined("prod"), (2, 0.5, 0)),
    "softmax": (3, first_of("softmax"), (4, 8, 16)),
    "log_softmax": (3, first_of("log_softmax"), (4, 4, 8)),
}
"""Functions made of rows: operands, the function, and its bounds."""


def arity_of(name: str) -> int:
    """Give the number of operands of a row or composite, as far as it is tested."""
    found = REDUCTIONS.get(name) or COMPOSITES.get(name)
    return found[0] if found else TABLE[name].arity or 0


def function_of(name: str) -> Callable[..., Any]:
    """Give a row or composite as a function of so many numbers or arrays."""
    found = REDUCTIONS.get(name) or COMPOSITES.get(name)
    return found[1] if found else TABLE[name]


def domain_of(name: str) -> tuple[tuple[float, float], ...]:
    """Give the interval of each operand."""
    return TABLE[name].domain if name in TABLE and name not in REDUCTIONS else (REAL,) * arity_of(name)


def bounds_of(name: str) -> tuple[float, float, float]:
    """Give the bounds in ulp of the value and of first and second derivatives."""
    bounds = COMPOSITES[name][2] if name in COMPOSITES else TABLE[name].ulps
    assert bounds is not None, f"the row `{name}` states no accuracy: give `ulps`"
    return bounds


# -- in ulp of what --


def sigma(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def phi(x: Array) -> Array:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def largest(*x: Array) -> Array:
    return np.max(np.abs(np.stack(x)), axis=0)


def spread(*x: Array) -> Array:
    return np.max(np.stack(x), axis=0) - np.min(np.stack(x), axis=0)


def length(*x: Array) -> Array:
    size = largest(*x)
    return size * np.sqrt(np.sum(np.square(np.stack(x) / size), axis=0))


def apart(want: Array, *x: Array) -> Array:
    """A result that is multiplied by an exponential of differences, which are rounded."""
    return want * np.maximum(1.0, spread(*x))


def share(i: int) -> Callable[..., Array]:
    return lambda want, *x: np.exp(x[i] - np.max(np.stack(x), axis=0)) * np.maximum(1.0, spread(*x))


def steep(x: Array, y: Array) -> Array:
    """A power of which the exponent is rounded."""
    return np.maximum(1.0, (1 + np.abs(y)) * np.abs(np.log(x)))


Unit = tuple[str, Callable[..., Array]]
ROUNDED = "the result, times max(1, xᵢ - xⱼ)"
POWER = "the result, times max(1, (1 + abs(y))abs(ln x))"
SHARE = "the share, times max(1, xᵢ - xⱼ)"

UNITS: dict[str, dict[int | tuple[int, ...], Unit]] = {
    "pow": {
        (0,): (POWER, lambda want, x, y: want * steep(x, y)),
        (0, 0): (POWER, lambda want, x, y: want * steep(x, y)),
        (0, 1): ("the larger term, times the same",
                 lambda want, x, y: x ** (y - 1) * np.maximum(1, np.abs(y * np.log(x))) * steep(x, y)),
    },
    "hypot": {2: ("1/r", lambda want, x, y: 1 / length(x, y))},
    "atan2": {2: ("1/r²", lambda want, y, x: 1 / length(x, y) / length(x, y))},
    "_sech2": {2: ("4 sech²", lambda want, x: 4 / np.cosh(x) ** 2)},
    "sinc": {
        1: ("the smaller of π²x/3 and 1/x", lambda want, x: np.minimum(np.abs(x) * math.pi**2 / 3, 1 / np.abs(x))),
        2: ("the smaller of π²/3 and π/x", lambda want, x: np.minimum(math.pi**2 / 3, math.pi / np.abs(x))),
    },
    "sigmoid": {2: ("σ(x)σ(-x)", lambda want, x: sigma(x) * sigma(-x))},
    "silu": {
        1: ("the larger term, σ(x) or xσ(x)σ(-x)", lambda want, x: sigma(x) * np.maximum(1, np.abs(x) * sigma(-x))),
        2: ("σ(x)σ(-x) max(1, abs(x))", lambda want, x: sigma(x) * sigma(-x) * np.maximum(1, np.abs(x))),
    },
    "gelu": {
        1: ("the larger term, Φ(x) or xφ(x)",
            lambda want, x: np.maximum(np.where(x > -1, 0.15, 0), np.abs(x) * phi(x))),
        2: ("φ(x) max(2, x²)", lambda want, x: np.maximum(2, x * x) * phi(x)),
    },
    "_normal_pdf": {2: ("φ(x) max(1, x²)", lambda want, x: np.maximum(1, x * x) * phi(x))},
    "_gaussian": {2: ("e^(-x²) max(2, 4x²)", lambda want, x: np.maximum(2, 4 * x * x) * np.exp(-x * x))},
    "logaddexp": {0: ("the larger operand", lambda want, *x: largest(*x)), 1: (ROUNDED, apart), 2: (ROUNDED, apart)},
    "sum": {0: ("the largest term", lambda want, *x: largest(*x))},
    "cumsum": {0: ("the largest term", lambda want, *x: largest(*x))},
    "mean": {0: ("the largest term", lambda want, *x: largest(*x) / 3)},
    "matmul": {0: ("the largest product", lambda want, x, y, z: np.maximum(np.abs(x * y), z * z))},
    "norm": {2: ("1/‖x‖", lambda want, *x: 1 / length(*x))},
    "logsumexp": {
        0: ("the largest operand", lambda want, *x: largest(*x)), 1: (ROUNDED, apart), 2: (ROUNDED, apart),
        **{(i, i): (SHARE, share(i)) for i in range(3)},
    },
    "var": {1: ("the spread xᵢ - xⱼ", lambda want, *x: spread(*x))},
    "std": {
        1: ("1", lambda want, *x: np.ones_like(want)),
        2: ("1/std", lambda want, *x: 2 / spread(*x)),
    },
    "softmax": {0: (ROUNDED, apart), 1: (SHARE, share(0)), 2: (SHARE, share(0))},
    "log_softmax": {
        0: ("the largest operand", lambda want, *x: largest(*x)), 1: (ROUNDED, apart), 2: (ROUNDED, apart),
        (0,): ("1", lambda want, *x: np.ones_like(want)), **{(i, i): (SHARE, share(i)) for i in range(3)},
    },
}  # fmt: skip
"""For a row, and an order or a certain derivative: in words, and from the exact result and the operands."""


# -- where --

Condition = Callable[..., Array]
"""Of the kind of number, the order of the derivative and the operands: whether the bound holds."""


def normal(info: np.finfo, *numbers: Array) -> Array:
    return np.logical_and.reduce([(np.abs(x) >= info.tiny) & (np.abs(x) <= info.max) for x in numbers])


def from_order(first: int, *numbers: Callable[..., Array]) -> Condition:
    """These numbers are normal, for derivatives of this order and higher; of the n-th order, the last are left out."""
    return lambda info, order, *x: (order < first) | normal(info, *(f(*x) for f in numbers[: order - first + 1]))


def visible(first: int, factor: Callable[..., Array]) -> Condition:
    """This factor is normal, or so small that no product with it is seen."""

    def holds(info: np.finfo, order: int, x: Array) -> Array:
        f = factor(x)
        return (order < first) | (f >= info.tiny) | (f < float(info.smallest_subnormal) * 1e-7)

    return holds


def finite(terms: Callable[..., Array]) -> Condition:
    """The sum of a few such terms does not overflow."""
    return lambda info, order, *x: terms(*x) <= info.max / 8


def powers(info: np.finfo, order: int, x: Array, y: Array) -> Array:
    return (order == 0) | normal(info, *(x ** (y - k) for k in range(order + 1)))


def exponential(info: np.finfo, order: int, x: Array) -> Array:
    return visible(0, np.exp)(info, order, -np.abs(x) if order == 2 else np.minimum(x, 0))


def pdf(info: np.finfo, order: int, x: Array) -> Array:
    return visible(0, phi)(info, order, x if order == 2 else np.minimum(x, 0))


QUOTIENT = from_order(1, lambda x, y: x / y, lambda x, y: x / y / y)
SUM = "the sum of absolute terms is finite"

WITHIN: dict[str, tuple[str, Condition]] = {
    "div": ("1st: x/y is normal; 2nd: x/y² too", QUOTIENT),
    "ratio": ("1st: x/r is normal; 2nd: x/r² too", QUOTIENT),
    "xlogy": ("2nd: x/y is normal", from_order(2, lambda x, y: x / y)),
    "reciprocal": ("1st: 1/x is normal; 2nd: 1/x² too", from_order(1, lambda x: 1 / x, lambda x: 1 / x / x)),
    "log10": (
        "1st: 1/x is finite; 2nd: 1/x² too",
        lambda info, order, x: (order == 0) | (1 / x / (x if order == 2 else 1) <= info.max),
    ),
    "pow": ("1st: x^y and x^(y-1) are normal; 2nd: x^(y-2) too", powers),
    "hypot": ("1st, 2nd: r is normal", from_order(1, length)),
    "norm": ("1st, 2nd: ‖x‖ is normal", from_order(1, length)),
    "atan2": ("1st: r is normal; 2nd: 4/r² too", from_order(1, length, lambda *x: 4 / length(*x) / length(*x))),
    "elu": ("1st, 2nd: eˣ is normal where x < 0", from_order(1, lambda x, alpha: np.exp(np.minimum(x, 0)))),
    "silu": ("eˣ is normal where x < 0; 2nd: e⁻ˣ too", exponential),
    "gelu": ("φ(x) is normal where x < 0; 2nd: everywhere", pdf),
    "erf": ("2nd: e^(-x²) is normal", visible(2, lambda x: np.exp(-x * x))),
    "erfc": ("2nd: e^(-x²) is normal", visible(2, lambda x: np.exp(-x * x))),
    "_gaussian": (
        "1st, 2nd: e^(-x²) is normal, 2x is finite",
        lambda info, order, x: visible(1, lambda x: np.exp(-x * x))(info, order, x) & (np.abs(x) <= info.max / 2),
    ),
    "_normal_pdf": ("1st, 2nd: φ(x) is normal", visible(1, phi)),
    "_normal_cdf": ("2nd: φ(x) is normal", visible(2, phi)),
    "sum": (SUM, finite(largest)),
    "cumsum": (SUM, finite(largest)),
    "mean": (SUM, finite(largest)),
    "matmul": (SUM, finite(lambda x, y, z: np.maximum(np.abs(x * y), z * z))),
    "var": ("the sum of squares is finite", finite(lambda *x: np.maximum(spread(*x) ** 2, largest(*x)))),
    "std": (
        SUM + ", the spread is normal", lambda info, order, *x: (largest(*x) <= info.max / 8) & normal(info, spread(*x))
    ),
    "prod": ("every product on the way is normal", lambda info, order, x, y, z: (order > 0) | normal(info, x * y)),
}
"""For a row: where its bounds hold, in words and as a condition."""
