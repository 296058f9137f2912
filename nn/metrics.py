"""Metrics measure the quality of predictions. As in scikit-learn, the truth is the first argument.

Each takes targets in the form of `y` and the result of `model.predict`. So `nn.fit` and `nn.evaluate` accept the
metrics of scikit-learn as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .data.arrays import label_array, plain_array

__all__ = ["METRICS", "accuracy", "confusion_matrix", "mae", "mse", "r2"]

Metric = Callable[[Any, Any], Any]


def accuracy(y_true: Any, y_pred: Any) -> float:
    r"""Return the fraction of rows that are predicted correctly, $\frac1n \sum_i [\hat y_i = y_i]$.

    Args:
        y_true: the labels, of any type, shape `(n,)`, or `(n, k)` for k labels per row, all of which must be correct.
        y_pred: the predictions, of that shape.

    Raises:
        ValueError: the shapes differ, or there are no rows.

    >>> accuracy(["cat", "dog", "dog"], ["cat", "dog", "cat"])
    0.6666666666666666
    """
    truth, predictions = _labels(y_true, y_pred)
    if predictions.dtype.kind == "f" and np.any(predictions != np.floor(predictions)):
        raise ValueError("`y_pred` holds values, not classes: measure them by 'mae' or 'r2'")
    right = truth == predictions
    return float(np.mean(right.reshape(len(right), -1).all(axis=1)))


def mae(y_true: Any, y_pred: Any) -> float:
    r"""Return the mean absolute error $\frac1n \sum_i |\hat y_i - y_i|$, in the unit of `y`.

    Raises:
        ValueError: the shapes differ, or there are no rows.

    >>> mae([1.0, 2.0], [1.5, 2.0])
    0.25
    """
    truth, predictions = _values(y_true, y_pred)
    return float(np.mean(np.abs(predictions - truth)))


def mse(y_true: Any, y_pred: Any) -> float:
    r"""Return the mean squared error $\frac1n \sum_i (\hat y_i - y_i)^2$.

    Raises:
        ValueError: the shapes differ, or there are no rows.

    >>> mse([1.0, 2.0], [1.5, 2.0])
    0.125
    """
    truth, predictions = _values(y_true, y_pred)
    return float(np.mean(np.square(predictions - truth)))


def r2(y_true: Any, y_pred: Any) -> float:
    r"""Return the coefficient of determination $R^2 = 1 - \sum_i (\hat y_i - y_i)^2 / \sum_i (y_i - \bar y)^2$.

    It is 1 for perfect predictions, 0 for the mean of the truth, and negative for worse ones. For several columns it is
    their mean. If the truth is constant, it is 1 for exact predictions, else 0, as in scikit-learn.

    Raises:
        ValueError: the shapes differ, or there are no rows.

    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    truth, predictions = _values(y_true, y_pred)
    truth, predictions = truth.reshape(len(truth), -1), predictions.reshape(len(truth), -1)
    left = np.square(predictions - truth).sum(axis=0)
    spread = np.square(truth - truth.mean(axis=0)).sum(axis=0)
    constant = spread == 0
    scores = np.where(constant, (left == 0).astype(float), 1 - left / np.where(constant, 1.0, spread))
    return float(np.mean(scores))


def confusion_matrix(y_true: Any, y_pred: Any, classes: Any = None) -> np.ndarray:
    """Count how often each true class (row) was predicted as each class (column).

    Args:
        y_true, y_pred: labels of any type, shape `(n,)`.
        classes: the classes in the order of the rows; by default all that occur, sorted.

    Returns:
        Integer counts, shape `(k, k)`. Correct predictions are on the diagonal.

    Raises:
        ValueError: the shapes differ, there are no rows, or a label is not one of the `classes`.

    >>> confusion_matrix(["cat", "dog", "dog"], ["cat", "dog", "cat"])
    array([[1, 0],
           [1, 1]])
    """
    truth, predictions = _labels(y_true, y_pred)
    if truth.ndim != 1:
        raise ValueError(f"`y_true` has shape {truth.shape}; a confusion matrix needs one label in each row, (n,)")
    found = np.concatenate([truth, predictions])
    labels = np.unique(found) if classes is None else label_array(classes, "classes")
    if labels.ndim != 1:
        raise ValueError(f"`classes` is a list of labels, not {classes!r:.60}")
    number = {label: i for i, label in enumerate(labels.tolist())}
    if strangers := [label for label in [*truth.tolist(), *predictions.tolist()] if label not in number]:
        raise ValueError(f"{strangers[0]!r} is none of the `classes`")
    pairs = [len(labels) * number[a] + number[b] for a, b in zip(truth.tolist(), predictions.tolist(), strict=True)]
    return np.bincount(pairs, minlength=len(labels) ** 2).reshape(len(labels), -1)


METRICS: dict[str, Metric] = {metric.__name__: metric for metric in (accuracy, mae, mse, r2, confusion_matrix)}
"""The metrics that go by a name, as in `nn.fit(..., metrics=["accuracy"])`."""


def _labels(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    return _alike(label_array(y_true, "y_true"), label_array(y_pred, "y_pred"))


def _values(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    truth, predictions = _alike(plain_array(y_true, "y_true"), plain_array(y_pred, "y_pred"))
    return truth.astype(np.float64), predictions.astype(np.float64)


def _alike(truth: np.ndarray, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if truth.shape != predictions.shape or not truth.ndim:
        wide = truth.ndim == 1 and predictions.ndim == 2 and predictions.shape[1] > 1
        hint = ": a `loss` of `nn.losses`, set up by `.using`, makes classes of outputs; your function does not" * wide
        raise ValueError(f"`y_true` has shape {truth.shape} and `y_pred` {predictions.shape}; need equal rows{hint}")
    if not truth.size:
        raise ValueError("`y_true` is empty: there is nothing to measure")
    return truth, predictions
