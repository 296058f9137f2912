"""Data that people have collected, as scikit-learn ships it; and MNIST-1D, which its authors' package makes."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ..arguments import count, flag, optional
from ..randomness import RandomLike, seed

Data = tuple[np.ndarray, np.ndarray]


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
    X, y = scikit_learn("digits").load_digits(return_X_y=True)
    return X / 16.0, y


def iris(names: bool = False) -> Data:
    """Load 150 iris flowers of three species: length and width of sepals and petals in cm.

    Args:
        names: whether `y` holds the names of the species instead of the numbers 0, 1, 2.

    Returns:
        `X`, shape `(150, 4)`; `y`, shape `(150,)`.

    Raises:
        ImportError: scikit-learn is missing.

    Source: Fisher (1936); Anderson's measurements.

    >>> X, y = iris(names=True)
    >>> X.shape, y[::50].tolist()
    ((150, 4), ['setosa', 'versicolor', 'virginica'])
    """
    return _load("iris", names)


def wine(names: bool = False) -> Data:
    """Load chemical analyses of 178 wines of three growers; the 13 columns differ in scale: see `StandardScaler`.

    Args, Returns and Raises as for `iris`. Source: Forina et al. (1988), UCI.

    >>> wine()[0].shape
    (178, 13)
    """
    return _load("wine", names)


def breast_cancer(names: bool = False) -> Data:
    """Load 569 tumours, malignant (0) or benign (1), by 30 measures of cell nuclei of different scale.

    Args, Returns and Raises as for `iris`. Source: Wolberg, Street and Mangasarian (1995), UCI.

    >>> X, y = breast_cancer(names=True)
    >>> X.shape, sorted(set(y.tolist()))
    ((569, 30), ['benign', 'malignant'])
    """
    return _load("breast_cancer", names)


def diabetes() -> Data:
    """Load 442 patients: 10 standardised measures, and how far the disease went in a year (25 to 346): regression.

    Raises:
        ImportError: scikit-learn is missing.

    Source: Efron, Hastie, Johnstone and Tibshirani (2004), Least Angle Regression.

    >>> X, y = diabetes()
    >>> X.shape, float(y.min()), float(y.max())
    ((442, 10), 25.0, 346.0)
    """
    X, y = scikit_learn("diabetes").load_diabetes(return_X_y=True)
    return X, y


def mnist1d(n: int = 5000, rng: RandomLike = 42) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Make MNIST-1D: ten shapes of a digit as a signal, moved, scaled, sheared and with noise.

    Args:
        n: the number of signals; a fifth of them is to test on.
        rng: a seed, a generator or None. The seed 42 gives the data that the authors publish.

    Returns:
        `X_train, X_test, y_train, y_test`: signals of 40 numbers, shape `(4000, 40)` and `(1000, 40)`, and digits.

    Raises:
        ImportError: the package mnist1d is missing.
        ValueError: `n` is no whole number from 10.

    Source: Greydanus and Kobak (2024), Scaling Down Deep Learning with MNIST-1D; their package, which makes the
    data without a download.

    >>> [part.shape for part in mnist1d(100)]
    [(80, 40), (20, 40), (80,), (20,)]
    """
    n = count(n, "n", least=10)
    data = optional("mnist1d.data", "`datasets.mnist1d`")
    settings = data.get_dataset_args()
    settings.num_samples, settings.seed = n, seed(rng) % 2**32
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 (it draws from the global generators)
    try:
        made = data.make_dataset(settings)
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
    return made["x"], made["x_test"], made["y"], made["y_test"]


def _load(name: str, names: bool) -> Data:
    found = getattr(scikit_learn(name), f"load_{name}")()
    return found.data, found.target_names[found.target].astype(str) if flag(names, "names") else found.target


def scikit_learn(name: str) -> Any:
    """Import `sklearn.datasets`, for the data set called `name`."""
    return optional("sklearn.datasets", f"`datasets.{name}`", "`pip install scikit-learn`")
