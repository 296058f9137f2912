"""Fits of small data sets by our estimator and by scikit-learn's: equal nets, equal epochs, equal batches."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from nn.estimators import MLPClassifier

from .harness import Missing, Work

__all__ = ["DATA", "ours", "sklearn_"]

DATA = ("iris", "wine", "breast_cancer", "digits")
EPOCHS, GOOD = 50, 0.9
SETTINGS: dict[str, Any] = {
    "hidden_layer_sizes": (32, 32), "max_iter": EPOCHS, "batch_size": 32, "tol": 0.0, "n_iter_no_change": EPOCHS,
    "random_state": 0,
}  # fmt: skip
"""Of both, with Adam and what else is their common default; none ends early."""


def _fits(model: Any, name: str) -> Work:
    """A step is a whole fit; what counts as equal is that both learn most examples."""
    from sklearn import datasets

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    X = ((X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)).astype(np.float32)

    def run(steps: int) -> None:
        for _ in range(steps):
            with warnings.catch_warnings():  # scikit-learn's: 50 epochs are not until the end
                warnings.simplefilter("ignore")
                model.fit(X, y)

    def check() -> Any:
        run(1)
        return [float(model.score(X, y) > GOOD)]

    return Work(run, check, steps=1)


def ours(name: str) -> Work:
    """Ours: `nn.estimators.MLPClassifier`."""
    return _fits(MLPClassifier(**SETTINGS), name)


def sklearn_(name: str) -> Work:
    """scikit-learn: its own."""
    try:
        from sklearn.neural_network import MLPClassifier as Theirs
    except ImportError as error:
        raise Missing("scikit-learn is not installed") from error
    return _fits(Theirs(**SETTINGS), name)
