"""Initial weights: laws from which a layer draws them. Biases start at 0.

A law is a function `(fan_in, fan_out, rng, shape)`; `shape` is that of the weights, `(fan_in, fan_out)` if left out.
What matters is the spread: a sum of `fan_in` products keeps the variance of its inputs if the weights have the
variance 1/`fan_in`, and a ReLU halves it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .randomness import RandomLike, source, uniform

__all__ = ["Law", "glorot_uniform", "he_uniform", "unit_uniform", "zeros"]

Law = Callable[..., np.ndarray]


def zeros(
    fan_in: int, fan_out: int, rng: RandomLike = None, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Give zeros: for weights that are filled in afterwards. A net that starts from them never tells its neurons apart.

    >>> zeros(2, 1)
    array([[0.],
           [0.]])
    """
    return np.zeros(shape or (fan_in, fan_out))


def unit_uniform(
    fan_in: int, fan_out: int, rng: RandomLike = None, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    r"""Draw from $U(-1, 1)$, whatever the widths: the law of micrograd's neurons.

    >>> unit_uniform(2, 3, rng=1).shape
    (2, 3)
    """
    return uniform(source(rng), -1.0, 1.0, shape or (fan_in, fan_out))


def glorot_uniform(
    fan_in: int, fan_out: int, rng: RandomLike = None, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    r"""Draw from $U(-a, a)$ with $a = \sqrt{6/(n_\mathrm{in} + n_\mathrm{out})}$.

    The variance is $2/(n_\mathrm{in} + n_\mathrm{out})$. For linear layers, tanh and sigmoid.

    Source: Glorot and Bengio (2010), equation 16.

    >>> bool(abs(glorot_uniform(50, 100, rng=1)).max() < 0.2)
    True
    """
    bound = math.sqrt(6.0 / (fan_in + fan_out))
    return uniform(source(rng), -bound, bound, shape or (fan_in, fan_out))


def he_uniform(
    fan_in: int, fan_out: int, rng: RandomLike = None, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    r"""Draw from $U(-a, a)$ with $a = \sqrt{6/n_\mathrm{in}}$.

    The variance is $2/n_\mathrm{in}$. For ReLU and its kin.

    Source: He, Zhang, Ren and Sun (2015), equation 10.

    >>> bool(abs(he_uniform(150, 10, rng=1)).max() < 0.2)
    True
    """
    bound = math.sqrt(6.0 / fan_in)
    return uniform(source(rng), -bound, bound, shape or (fan_in, fan_out))
