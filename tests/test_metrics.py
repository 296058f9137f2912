"""Metrics: scikit-learn's numbers, on labels of any type, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nn import metrics
from nn.training.evaluation import metrics_of

RNG = np.random.default_rng(0)
LABELS = [
    (RNG.integers(0, 4, 50), RNG.integers(0, 4, 50)),
    (np.array(["a", "bb", "c"])[RNG.integers(0, 3, 50)], np.array(["a", "bb", "d"])[RNG.integers(0, 3, 50)]),
    (RNG.random(50) > 0.5, RNG.random(50) > 0.5),
    (RNG.integers(-3, 3, 50) * 100, RNG.integers(-3, 3, 50) * 100),
]


@pytest.mark.parametrize(("truth", "predictions"), LABELS)
def test_labels_as_in_scikit_learn(truth: Any, predictions: Any) -> None:
    theirs = pytest.importorskip("sklearn.metrics")
    assert metrics.accuracy(truth, predictions) == theirs.accuracy_score(truth, predictions)
    counts = metrics.confusion_matrix(truth.tolist(), predictions)
    assert np.array_equal(counts, theirs.confusion_matrix(truth, predictions))
    classes = np.unique(np.concatenate([truth, predictions]))[::-1]
    chosen = metrics.confusion_matrix(truth, predictions, classes)
    assert np.array_equal(chosen, theirs.confusion_matrix(truth, predictions, labels=classes))


def test_of_several_labels_in_a_row_all_must_be_right() -> None:
    theirs = pytest.importorskip("sklearn.metrics")
    truth, predictions = RNG.integers(0, 2, (50, 3)), RNG.integers(0, 2, (50, 3))
    assert metrics.accuracy(truth, predictions) == theirs.accuracy_score(truth, predictions)


@pytest.mark.parametrize("shape", [(50,), (50, 1), (50, 3)])
def test_values_as_in_scikit_learn(shape: tuple[int, ...]) -> None:
    theirs = pytest.importorskip("sklearn.metrics")
    truth, predictions = RNG.normal(3, 2, shape), RNG.normal(3, 2, shape)
    assert metrics.mae(truth, predictions) == pytest.approx(theirs.mean_absolute_error(truth, predictions), rel=1e-12)
    assert metrics.mse(truth, predictions) == pytest.approx(theirs.mean_squared_error(truth, predictions), rel=1e-12)
    assert metrics.r2(truth, predictions) == pytest.approx(theirs.r2_score(truth, predictions), rel=1e-12)
    constant = np.ones(shape)
    assert metrics.r2(constant, predictions) == theirs.r2_score(constant, predictions) == 0
    assert metrics.r2(constant, constant) == theirs.r2_score(constant, constant) == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: metrics.accuracy([1, 2], [1]), ValueError, r"`y_true` has shape \(2,\) and `y_pred` \(1,\)"),
        (lambda: metrics.accuracy([[1], [2]], [1, 2]), ValueError, r"shape \(2, 1\) and `y_pred` \(2,\)"),
        (lambda: metrics.accuracy([], []), ValueError, "`y_true` is empty"),
        (lambda: metrics.accuracy(1, 1), ValueError, "equal rows"),
        (lambda: metrics.accuracy([0, 1], [0.2, 0.9]), ValueError, "`y_pred` holds values, not classes"),
        (lambda: metrics.mae(["a"], [1.0]), TypeError, "`y_true` holds <U1, not numbers"),
        (lambda: metrics.mae([np.nan], [1.0]), ValueError, "`y_true` holds nan"),
        (lambda: metrics.confusion_matrix([[1]], [[1]]), ValueError, "one label in each row"),
        (lambda: metrics.confusion_matrix([1, 3], [1, 1], [1, 2]), ValueError, "3 is none of the `classes`"),
        (lambda: metrics.confusion_matrix([0, 1], ["a", "b"]), ValueError, "0 is none of the `classes`"),
        (lambda: metrics_of("acuracy"), ValueError, "'acuracy' is unknown: use one of 'accuracy'"),
        (lambda: metrics_of(3), TypeError, "`metrics` is a name"),
    ],
)
def test_what_is_refused(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()
