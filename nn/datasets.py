"""Data to learn from, without a download: arrays `X`, shape `(n, features)`, and `y`, shape `(n,)`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, Value

from .randomness import RandomLike, permutation, seed, source

__all__ = ["digits", "moons", "plain_array", "split", "xor"]

Data = tuple[np.ndarray, np.ndarray]


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

    >>> X, y = moons(rng=1337)
    >>> X.shape, y.sum()
    ((100, 2), np.int64(50))
    """
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
        raise ValueError(f"`n` is a whole number from 1, not {n!r:.60}")
    if not isinstance(noise, (int, float, np.number)) or not 0 <= noise < np.inf:
        raise ValueError(f"`noise` is a number from 0, not {noise!r:.60}")
    if isinstance(rng, (int, np.integer)) and rng >= 2**32:
        raise ValueError(f"`rng` as a seed of scikit-learn is less than 2**32, not {rng}")
    X, y = _scikit_learn("moons").make_moons(n_samples=n, noise=noise, random_state=seed(rng))
    return X, y


def xor() -> Data:
    """Give the truth table of exclusive or: `X`, shape `(4, 2)`, and `y`, shape `(4,)`, 0 or 1.

    >>> xor()[1]
    array([0, 1, 1, 0])
    """
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


def digits() -> Data:
    """Load 1,797 handwritten digits of 8 by 8 pixels.

    Returns:
        `X`, shape `(1797, 64)`, brightness from 0 to 1; `y`, shape `(1797,)`, from 0 to 9.

    Raises:
        ImportError: scikit-learn is missing.

    Source: Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI; the test set, as
    scikit-learn ships it.

    >>> X, y = digits()
    >>> X.shape, float(X.max())
    ((1797, 64), 1.0)
    """
    X, y = _scikit_learn("digits").load_digits(return_X_y=True)
    return X / 16.0, y


def split(
    X: Any, y: Any, held_out: float = 0.2, rng: RandomLike = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Split data by chance into a part to train on and a part that is held out.

    Args:
        X, y: arrays with equally many rows.
        held_out: the share that is held out, between 0 and 1.
        rng: a seed, a generator or None.

    Returns:
        `X_train, X_test, y_train, y_test`.

    Raises:
        ValueError: the lengths differ, or one of the parts would be empty.

    >>> X, y = xor()
    >>> [part.shape for part in split(X, y, 0.25, rng=1)]
    [(3, 2), (1, 2), (3,), (1,)]
    """
    X, y = (np.asarray(x.data if isinstance(x, (Value, Tensor)) else x) for x in (X, y))
    if not X.ndim or not y.ndim:
        raise ValueError(f"`X` has shape {X.shape} and `y` {y.shape}; both need rows")
    if not isinstance(held_out, (int, float, np.number)) or not np.isfinite(held_out):
        raise ValueError(f"`held_out` is a share between 0 and 1, not {held_out!r:.60}")
    if len(X) != len(y):
        raise ValueError(f"`X` has {len(X)} rows and `y` {len(y)}; they must be equally many")
    count = round(held_out * len(X))
    if not 0 < count < len(X):
        raise ValueError(f"`held_out` {held_out} of {len(X)} rows leaves one part empty: use a share between 0 and 1")
    order = permutation(source(rng), len(X))
    test, train = order[:count], order[count:]
    return X[train], X[test], y[train], y[test]


def plain_array(x: Any, name: str) -> np.ndarray:
    """Take data, an array, a Tensor or nested lists, as an array of finite numbers, or say what is wrong with it."""
    try:
        array = np.asarray(x.data if isinstance(x, (Value, Tensor)) else x)
    except ValueError:
        raise ValueError(f"`{name}` is a nested list whose rows differ in length") from None
    if array.dtype.kind not in "iufb":
        raise TypeError(f"`{name}` holds {array.dtype}, not numbers: turn it into numbers first")
    bad = ~np.isfinite(array)
    if np.any(bad):
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"`{name}` holds {array[place]} at {place}: remove or fill in such rows first")
    return array


def _scikit_learn(name: str) -> Any:
    try:
        from sklearn import datasets
    except ImportError:
        raise ImportError(
            f'`datasets.{name}` comes from scikit-learn, which is missing: pip install "chalkgrad[data]"'
        ) from None
    return datasets
