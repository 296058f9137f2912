"""Points that are made up: in the plane, with classes or heights, and on curves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arguments import count, found, within
from ..data.arrays import plain_array
from ..randomness import RandomLike, normal, seed, source, uniform
from .collected import Data, scikit_learn


def xor() -> Data:
    """Return the truth table of exclusive or: `X`, shape `(4, 2)`, and `y`, shape `(4,)`, 0 or 1.

    Many points around these four: `checkerboard(200, squares=2)`.

    >>> xor()[1]
    array([0, 1, 1, 0])
    """
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


def moons(n: int = 100, noise: float = 0.1, rng: RandomLike = None) -> Data:
    """Draw points of two half circles that reach into each other.

    Args:
        n: the number of points.
        noise: the standard deviation of what is added to each coordinate.
        rng: a seed, a generator or None. The seed 1337 gives the points of the demo of micrograd.

    Returns:
        `X`, shape `(n, 2)`; `y`, shape `(n,)`, 0 or 1.

    Raises:
        ValueError: `n` is no whole number from 1, or `noise` is negative or no number.
        ImportError: scikit-learn is missing.

    Source: scikit-learn, `sklearn.datasets.make_moons`.

    >>> X, y = moons(rng=1337)
    >>> X.shape, y.sum()
    ((100, 2), np.int64(50))
    """
    return _made("moons", n, noise=noise, random_state=rng)


def circles(n: int = 100, noise: float = 0.05, factor: float = 0.5, rng: RandomLike = None) -> Data:
    """Draw points of a circle of radius 1, class 0, and of one of radius `factor` inside it, class 1.

    Args, Returns and Raises as for `moons`; `factor` is from 0 up to 1.

    Source: scikit-learn, `sklearn.datasets.make_circles`.

    >>> X, y = circles(noise=0.0, rng=1)
    >>> np.unique(np.hypot(*X.T).round(9)).tolist()
    [0.5, 1.0]
    """
    return _made("circles", n, noise=noise, factor=within(factor, "factor", 0.0, 1.0), random_state=rng)


def blobs(n: int = 100, centers: Any = 3, std: float = 1.0, rng: RandomLike = None) -> Data:
    """Draw points of round clouds, each a normal distribution and a class of its own.

    Args:
        n: the number of points in all.
        centers: how many clouds, at places drawn from [-10, 10]; or their places, shape `(k, features)`.
        std: the standard deviation in each direction.
        rng: a seed, a generator or None.

    Returns:
        `X`, shape `(n, 2)` or `(n, features)`; `y`, shape `(n,)`, from 0 to k - 1.

    Raises:
        ValueError: a number of points, classes or fields is no whole number from 1, or a spread is negative.

    Source: scikit-learn, `sklearn.datasets.make_blobs`.

    >>> X, y = blobs(30, centers=[[0, 0, 0], [9, 9, 9]], rng=1)
    >>> X.shape, set(y.tolist())
    ((30, 3), {0, 1})
    """
    many = isinstance(centers, (int, float, str, np.number)) or centers is None
    places = count(centers, "centers") if many else plain_array(centers, "centers").astype(np.float64)
    if np.ndim(places) != (0 if many else 2) or not np.size(places):
        raise ValueError(f"`centers` is a number, or places of shape (k, features), not of shape {np.shape(places)}")
    return _made("blobs", n, centers=places, cluster_std=within(std, "std"), random_state=rng)


def gauss(n: int = 200, std: float = 1.0, rng: RandomLike = None) -> Data:
    """Draw points of two round clouds around (2, 2), class 1, and (-2, -2), class 0: what one line can tell apart.

    Source: TensorFlow Playground (Smilkov et al., 2017), as `checkerboard(squares=2)`, `spirals`, `plane`, `bumps`.

    Raises:
        ValueError: `n` is no whole number from 1, or a spread is negative.

    >>> X, y = gauss(400, rng=1)
    >>> X[y == 1].mean(axis=0).round().tolist()
    [2.0, 2.0]
    """
    return blobs(n, [[-2.0, -2.0], [2.0, 2.0]], std, rng)


def spirals(n: int = 200, noise: float = 0.05, classes: int = 2, turns: float = 0.875, rng: RandomLike = None) -> Data:
    """Draw points of spirals that start at the origin and wind around each other, to radius 1.

    Args:
        n: the number of points in all.
        noise: the standard deviation of what is added to each coordinate.
        classes: the number of arms, each a class.
        turns: how often an arm goes round.
        rng: a seed, a generator or None.

    Returns:
        `X`, shape `(n, 2)`; `y`, shape `(n,)`, from 0 to `classes` - 1.

    Raises:
        ValueError: a number of points, classes or fields is no whole number from 1, or a spread is negative.

    >>> X, y = spirals(90, classes=3, rng=1)
    >>> X.shape, np.bincount(y).tolist()
    ((90, 2), [30, 30, 30])
    """
    n, classes, random = count(n, "n"), count(classes, "classes"), source(rng)
    noise, turns = within(noise, "noise"), within(turns, "turns")
    y = np.arange(n) % classes
    radius = (np.arange(n) // classes + 1) / -(-n // classes)
    angle = 2 * np.pi * (turns * radius + y / classes)
    X = radius[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return X + noise * normal(random, X.shape), y


def checkerboard(n: int = 200, squares: int = 2, noise: float = 0.0, rng: RandomLike = None) -> Data:
    """Draw points of the square [-1, 1] x [-1, 1], cut into `squares` x `squares` fields of two classes in turn.

    With two squares it is exclusive or of the signs: class 1 where they differ.

    Args:
        n: the number of points.
        squares: the number of fields along each side.
        noise: the standard deviation of what is added to each coordinate after its class is settled.
        rng: a seed, a generator or None.

    Returns:
        `X`, shape `(n, 2)`; `y`, shape `(n,)`, 0 or 1.

    Raises:
        ValueError: a number of points, classes or fields is no whole number from 1, or a spread is negative.

    >>> X, y = checkerboard(rng=1)
    >>> np.array_equal(y, (X[:, 0] > 0) ^ (X[:, 1] > 0))
    True
    """
    n, squares, random = count(n, "n"), count(squares, "squares"), source(rng)
    noise, X = within(noise, "noise"), uniform(random, -1.0, 1.0, (n, 2))
    fields = np.floor((X + 1) / 2 * squares).astype(int)
    return X + noise * normal(random, X.shape), fields.sum(axis=1) % 2


def plane(n: int = 200, noise: float = 0.0, rng: RandomLike = None) -> Data:
    r"""Draw points of the square [-1, 1] x [-1, 1] with the height $y = (x_0 + x_1) / 2$: regression, linear.

    Args:
        n: the number of points.
        noise: the standard deviation of what is added to the height.
        rng: a seed, a generator or None.

    Raises:
        ValueError: `n` is no whole number from 1, or a spread is negative.

    >>> X, y = plane(rng=1)
    >>> np.allclose(y, X.mean(axis=1))
    True
    """
    return _heights(lambda X: (X[:, 0] + X[:, 1]) / 2, n, noise, rng)


def bumps(n: int = 200, noise: float = 0.0, rng: RandomLike = None) -> Data:
    r"""Draw points of the square [-1, 1] x [-1, 1] with three hills and three dales: regression, not linear.

    $y = \sum_k s_k \exp(-\lVert x - c_k \rVert^2 / 0.08)$ with signs $s_k = \pm 1$ in turn.

    Args, as for `plane`.

    Raises:
        ValueError: `n` is no whole number from 1, or a spread is negative.

    >>> X, y = bumps(rng=1)
    >>> bool(y.min() < -0.8), bool(y.max() > 0.8)
    (True, True)
    """
    centres = [(i * 2 / 3, j * 0.4, float(j * (-1) ** i)) for j in (-1, 1) for i in (-1, 0, 1)]

    def height(X: np.ndarray) -> np.ndarray:
        squares = [(s, (X[:, 0] - a) ** 2 + (X[:, 1] - b) ** 2) for a, b, s in centres]
        return sum((s * np.exp(-square / 0.08) for s, square in squares), np.zeros(len(X)))

    return _heights(height, n, noise, rng)


CURVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: x,
    "square": np.square,
    "cubic": lambda x: x**3,
    "abs": np.abs,
    "step": lambda x: np.where(x < 0, 0.0, 1.0),
    "sin": lambda x: np.sin(np.pi * x),
    "sinc": lambda x: np.sinc(3 * x),
    "wave": lambda x: np.sin(3 * np.pi * x) + x,
}
"""The functions that `curve` knows by name."""


def curve(
    function: str | Callable[[np.ndarray], np.ndarray] = "sin",
    n: int = 100,
    noise: float = 0.0,
    *,
    low: float = -1.0,
    high: float = 1.0,
    rng: RandomLike = None,
) -> Data:
    """Draw points of a function of one number.

    Args:
        function: one of `CURVES` by name, or a function from an array to an array.
        n: the number of points, evenly spaced from `low` to `high`.
        noise: the standard deviation of what is added to the values.
        low, high: the ends.
        rng: a seed, a generator or None, for the noise.

    Returns:
        `X`, shape `(n, 1)`; `y`, shape `(n,)`.

    Raises:
        ValueError: there is no function of this name, it does not give one number for each, or `low` is not
            less than `high`.

    >>> X, y = curve("abs", 5)
    >>> X.ravel().tolist(), y.tolist()
    ([-1.0, -0.5, 0.0, 0.5, 1.0], [1.0, 0.5, 0.0, 0.5, 1.0])
    """
    function = found(function, CURVES, "function", "a function of an array")
    n, noise = count(n, "n"), within(noise, "noise")
    low, high = within(low, "low", -math.inf), within(high, "high", -math.inf)
    if not -math.inf < low < high:
        raise ValueError(f"`low` is {low} and `high` {high}; `low` must be less, and finite")
    x = np.linspace(low, high, n)
    y = plain_array(function(x.copy()), "function(x)").astype(np.float64)
    if y.shape != (n,):
        raise ValueError(f"`function` gave shape {y.shape} for {n} numbers; it must give one for each, shape {(n,)}")
    return x[:, None], y + noise * normal(source(rng), y.shape)


def _made(kind: str, n: int, *, random_state: RandomLike, **settings: Any) -> Data:
    """Have scikit-learn make points."""
    n = count(n, "n")
    if "noise" in settings:
        settings["noise"] = within(settings["noise"], "noise")
    if isinstance(random_state, (int, np.integer)) and random_state >= 2**32:
        raise ValueError(f"`rng` as a seed of scikit-learn is less than 2**32, not {random_state}")
    make = getattr(scikit_learn(kind), f"make_{kind}")
    X, y = make(n_samples=n, random_state=seed(random_state), **settings)
    return X, y


def _heights(height: Callable[[np.ndarray], np.ndarray], n: int, noise: float, rng: RandomLike) -> Data:
    n, noise, random = count(n, "n"), within(noise, "noise"), source(rng)
    X = uniform(random, -1.0, 1.0, (n, 2))
    return X, height(X) + noise * normal(random, (n,))

