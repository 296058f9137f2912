"""Randomness is passed in: every `rng=` of this library is one of the four things that `source` takes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np

Random = np.random.Generator | random.Random
RandomLike = Random | int | None


def source(rng: RandomLike) -> Random:
    """Make a source of random numbers of a seed, or hand on the one that is given, whose state moves on.

    Args:
        rng: a seed (a whole number from 0), a `numpy.random.Generator`, a `random.Random`, or None for a seed
            that is different each time.

    Raises:
        TypeError: `rng` is something else.
        ValueError: the seed is negative.

    >>> source(1).random() == np.random.default_rng(1).random()
    True
    """
    if rng is None:
        return np.random.default_rng()
    if isinstance(rng, (np.random.Generator, random.Random)):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        if rng < 0:
            raise ValueError(f"`rng` as a seed is a whole number from 0, not {rng}")
        return np.random.default_rng(int(rng))
    raise TypeError(
        f"`rng` is a seed (int), a numpy.random.Generator, a random.Random or None, not {type(rng).__name__}: "
        "write `rng=1337`, or `rng=numpy.random.default_rng(1337)`"
    )


def uniform(rng: Random, low: float, high: float, shape: tuple[int, ...]) -> np.ndarray:
    """Draw numbers from the interval `[low, high)`, one after the other in row order; float64 of `shape`.

    >>> uniform(random.Random(1), -1.0, 1.0, (2,)).tolist() == [-0.7312715117751976, 0.6948674738744653]
    True
    """
    if isinstance(rng, random.Random):
        return _one_by_one(lambda: rng.uniform(low, high), shape)
    return rng.uniform(low, high, shape)


def normal(rng: Random, shape: tuple[int, ...]) -> np.ndarray:
    """Draw numbers of mean 0 and variance 1 from the normal distribution, in row order; float64 of `shape`.

    >>> normal(random.Random(1), (2,)).round(3).tolist()
    [1.288, 1.449]
    """
    if isinstance(rng, random.Random):
        return _one_by_one(lambda: rng.gauss(0.0, 1.0), shape)
    return rng.standard_normal(shape)


def _one_by_one(draw: Callable[[], float], shape: tuple[int, ...]) -> np.ndarray:
    return np.array([draw() for _ in range(math.prod(shape))], dtype=np.float64).reshape(shape)


def permutation(rng: Random, n: int) -> np.ndarray:
    """Return the numbers from 0 to `n` - 1 in random order, shape `(n,)`.

    >>> sorted(permutation(random.Random(1), 4).tolist())
    [0, 1, 2, 3]
    """
    if isinstance(rng, random.Random):
        return np.array(rng.sample(range(n), n), dtype=np.intp)
    return rng.permutation(n)


def seed(rng: RandomLike) -> int:
    """Return a seed for another library: the seed itself, or a number drawn from the source.

    >>> seed(1337)
    1337
    """
    drawn = source(rng)
    if isinstance(rng, (int, np.integer)):
        return int(rng)
    return drawn.getrandbits(31) if isinstance(drawn, random.Random) else int(drawn.integers(2**31))
