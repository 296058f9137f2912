r"""Initial weights: initializers from which a layer draws them. Biases start at 0.

An initializer is a function `(fan_in, fan_out, rng, shape)`. `shape` is that of the weights, and `(fan_in, fan_out)` if
it is left out.
It draws one number after the other in row order, so that a seed gives the same weights, bit for bit. What matters is
the spread: a sum of `fan_in` products keeps the variance of its inputs if the weights have the variance 1/`fan_in`,
and a ReLU halves it.

| initializer | variance | made for |
|---|---|---|
| `glorot_uniform`, `glorot_normal` | $2/(n_\mathrm{in} + n_\mathrm{out})$ | linear, tanh, sigmoid |
| `he_uniform`, `he_normal` | $2/n_\mathrm{in}$ | ReLU and its kin |
| `lecun_uniform`, `lecun_normal` | $1/n_\mathrm{in}$ | inputs of variance 1 |
| `orthogonal` | no draw of single numbers: $W^T W = 1$ | deep linear nets |
| `unit_uniform` | 1/3 | micrograd's neurons |
| `small_normal` | $10^{-4}$ | to show what small weights do |
| `zeros`, `constant(c)` | 0 | to show that symmetry is never broken |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .arguments import count, found, within
from .randomness import RandomLike, normal, source, uniform

__all__ = [
    "INITIALIZERS", "Initializer", "constant", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform",
    "lecun_normal", "lecun_uniform", "orthogonal", "small_normal", "unit_uniform", "weights", "zeros",
]  # fmt: skip

Initializer = Callable[..., np.ndarray]
Shape = tuple[int, ...] | None


def zeros(fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None) -> np.ndarray:
    """Return zeros, for weights that are set afterwards. A net that starts from them never tells its neurons apart.

    Raises:
        ValueError: a width, or a length of `shape`, is no whole number from 1.
        TypeError: `rng` is no seed and no generator.

    >>> zeros(2, 1)
    array([[0.],
           [0.]])
    """
    return np.zeros(_shape(fan_in, fan_out, shape))


def constant(value: float) -> Initializer:
    """Make the initializer that gives the same number for all weights.

    Raises:
        TypeError, ValueError: `value` is no finite number.

    >>> constant(0.5)(2, 1)
    array([[0.5],
           [0.5]])
    """
    value = within(value, "value", -math.inf)

    def initializer(fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None) -> np.ndarray:
        return np.full(_shape(fan_in, fan_out, shape), value)

    initializer.__name__ = f"constant({value:g})"
    return initializer


def small_normal(
    fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None, std: float = 0.01
) -> np.ndarray:
    r"""Draw from $N(0, \sigma^2)$ with $\sigma$ = `std`, whatever the widths.

    Raises:
        ValueError: a width, or a length of `shape`, is no whole number from 1.
        TypeError: `rng` is no seed and no generator.

    Source: Krizhevsky, Sutskever and Hinton (2012), section 5.

    >>> bool(abs(small_normal(50, 100, rng=1)).max() < 0.05)
    True
    """
    return within(std, "std") * normal(source(rng), _shape(fan_in, fan_out, shape))


def unit_uniform(fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None) -> np.ndarray:
    r"""Draw from $U(-1, 1)$, whatever the widths, as micrograd's neurons do.

    Raises:
        ValueError: a width, or a length of `shape`, is no whole number from 1.
        TypeError: `rng` is no seed and no generator.

    Source: micrograd (Karpathy, 2020).

    >>> unit_uniform(2, 3, rng=1).shape
    (2, 3)
    """
    return uniform(source(rng), -1.0, 1.0, _shape(fan_in, fan_out, shape))


def glorot_uniform(fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None) -> np.ndarray:
    r"""Draw from $U(-a, a)$ with $a = \sqrt{6/(n_\mathrm{in} + n_\mathrm{out})}$.

    The variance is $2/(n_\mathrm{in} + n_\mathrm{out})$. For linear layers, tanh and sigmoid.

    Raises:
        ValueError: a width, or a length of `shape`, is no whole number from 1.
        TypeError: `rng` is no seed and no generator.

    Source: Glorot and Bengio (2010), equation 16.

    >>> bool(abs(glorot_uniform(50, 100, rng=1)).max() < 0.2)
    True
    """
    return _uniform(6.0, count(fan_in, "fan_in") + count(fan_out, "fan_out"), fan_in, fan_out, rng, shape)


def glorot_normal(fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None) -> np.ndarray:
    r"""Draw from $N(0, 2/(n_\mathrm{in} + n_\mathrm{out}))$. For linear layers, tanh and sigmoid.

    Raises:
        ValueError: a width, or a length of `shape`, is no whole number from 1.
        TypeError: `rng` is no seed and no generator.

    Source: Glorot and Bengio (2010), equation 12.

    >>> bool(abs(glorot_normal(50, 100, rng=1).std() - (2 / 150) ** 0.5) < 0.01)
    True
    """
    return _normal(2.0, count(fan_in, "fan_in") + count(fan_out, "fan_out"), fan_in, fan_out, rng, shape)


def he_uniform(fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None) -> np.ndarray:
    r"""Draw from $U(-a, a)$ with $a = \sqrt{6/n_\mathrm{in}}$.

    The variance is $2/n_\mathrm{in}$. For ReLU and its kin.

    Raises:
        ValueError: a width, or a length of `shape`, is no whole number from 1.
        TypeError: `rng` is no seed and no generator.

    Source: He, Zhang, Ren and Sun (2015), equation 10.

    >>> bool(abs(he_uniform(150, 10, rng=1)).max() < 0.2)
    True
    """
    return _uniform(6.0, count(fan_in, "fan_in"), fan_in, fan_out, rng, shape)


def he_normal(fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None) -> np.ndarray:
    r"""Draw from $N(0, 2/n_\mathrm{in})$. For ReLU and its kin.

    Raises:
        ValueError: a width, or a length of `shape`, is no whole number from 1.
        TypeError: `rng` is no seed and no generator.

    Source: He, Zhang, Ren and Sun (2015), equation 10.

    >>> bool(abs(he_normal(150, 10, rng=1).std() - (2 / 150) ** 0.5) < 0.01)
    True
    """
    return _normal(2.0, count(fan_in, "fan_in"), fan_in, fan_out, rng, shape)


def lecun_uniform(fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None) -> np.ndarray:
    r"""Draw from $U(-a, a)$ with $a = \sqrt{3/n_\mathrm{in}}$. The variance is $1/n_\mathrm{in}$.

    Raises:
        ValueError: a width, or a length of `shape`, is no whole number from 1.
        TypeError: `rng` is no seed and no generator.

    Source: LeCun, Bottou, Orr and Müller (1998), section 4.6.

    >>> bool(abs(lecun_uniform(75, 10, rng=1)).max() < 0.2)
    True
    """
    return _uniform(3.0, count(fan_in, "fan_in"), fan_in, fan_out, rng, shape)


def lecun_normal(fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None) -> np.ndarray:
    r"""Draw from $N(0, 1/n_\mathrm{in})$.

    Raises:
        ValueError: a width, or a length of `shape`, is no whole number from 1.
        TypeError: `rng` is no seed and no generator.

    Source: LeCun, Bottou, Orr and Müller (1998), section 4.6.

    >>> bool(abs(lecun_normal(100, 10, rng=1).std() - 0.1) < 0.01)
    True
    """
    return _normal(1.0, count(fan_in, "fan_in"), fan_in, fan_out, rng, shape)


def orthogonal(fan_in: int, fan_out: int, rng: RandomLike = None, shape: Shape = None) -> np.ndarray:
    r"""Draw an orthogonal matrix, all of which are equally probable: $W^T W = 1$, or $W W^T = 1$ where $W$ is wide.

    It keeps the length of a vector. Where `shape` has one axis, it is a vector of length 1.

    Raises:
        ValueError: a width is no whole number from 1, or `shape` has more than two axes.
        TypeError: `rng` is no seed and no generator.

    Source: Saxe, McClelland and Ganguli (2014); the distribution is Haar's, by the method of Mezzadri (2007).

    >>> W = orthogonal(3, 2, rng=1)
    >>> (W.T @ W).round(12) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """
    shape = _shape(fan_in, fan_out, shape)
    if len(shape) > 2:
        raise ValueError(f"`shape` is {shape}; an orthogonal matrix has two axes")
    drawn = normal(source(rng), shape if len(shape) > 1 else (*shape, 1))
    wide = drawn.shape[0] < drawn.shape[1]
    q, r = np.linalg.qr(drawn.T if wide else drawn)
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)  # or else it would not be equally probable
    return np.ascontiguousarray(q.T if wide else q).reshape(shape)


INITIALIZERS: dict[str, Initializer] = {
    initializer.__name__: initializer
    for initializer in (
        zeros, small_normal, unit_uniform, glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform,
        lecun_normal, orthogonal,
    )
}  # fmt: skip
"""The initializers that go by a name, as in `Linear(2, 16, initializer="he_normal")`."""


def weights(
    initializer: str | Initializer, fan_in: int, fan_out: int, rng: RandomLike, shape: Shape = None
) -> np.ndarray:
    """Draw weights from an initializer for a layer, and check them.

    Raises:
        ValueError: what the initializer gave is of another shape, or not finite.

    >>> weights("zeros", 2, 1, None).shape
    (2, 1)
    """
    draw = found(initializer, INITIALIZERS, "initializer", "a function as those of `nn.init`")
    needed = _shape(fan_in, fan_out, shape)
    more = () if shape is None else (shape,)
    drawn: Any = np.asarray(draw(fan_in, fan_out, source(rng), *more), dtype=np.float64)
    if drawn.shape != needed:
        raise ValueError(f"`initializer` gave shape {drawn.shape}; the weights need {needed}")
    if not np.all(np.isfinite(drawn)):
        raise ValueError("`initializer` gave a weight that is infinite or NaN")
    return drawn


def _shape(fan_in: Any, fan_out: Any, shape: Any) -> tuple[int, ...]:
    """Check the widths, and the shape where one is asked for."""
    widths = count(fan_in, "fan_in"), count(fan_out, "fan_out")
    if shape is None:
        return widths
    if not isinstance(shape, (tuple, list)) or not shape:
        raise TypeError(f"`shape` is a tuple of lengths, such as (2, 3), or None, not {shape!r:.60}")
    return tuple(count(n, "shape") for n in shape)


def _uniform(part: float, width: int, fan_in: int, fan_out: int, rng: RandomLike, shape: Shape) -> np.ndarray:
    """Draw from the interval the square of whose bound is a part of a width."""
    bound = math.sqrt(part / width)
    return uniform(source(rng), -bound, bound, _shape(fan_in, fan_out, shape))


def _normal(part: float, width: int, fan_in: int, fan_out: int, rng: RandomLike, shape: Shape) -> np.ndarray:
    """Draw with a variance that is a part of a width."""
    return math.sqrt(part / width) * normal(source(rng), _shape(fan_in, fan_out, shape))
