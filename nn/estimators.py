"""Estimators for scikit-learn: `MLPClassifier` and `MLPRegressor`, thin over `nn.fit`.

They have the names and the settings of scikit-learn's own, and work wherever it takes an estimator: in a Pipeline, in
`cross_val_score`, in a search. A search outgrows one process, and one machine, on the back ends of joblib:

    GridSearchCV(MLPClassifier(), grid, n_jobs=-1).fit(X, y)                        # processes of this machine

    client = dask.distributed.Client(address)                                       # a cluster of Dask
    with joblib.parallel_config(backend="dask"):
        GridSearchCV(MLPClassifier(), grid).fit(X, y)

    ray.util.joblib.register_ray()                                                  # a cluster of Ray
    with joblib.parallel_config(backend="ray"):
        GridSearchCV(MLPClassifier(), grid).fit(X, y)

For Optuna see `OptunaPruning`. This module needs scikit-learn, and is imported when it is first asked for.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from .callbacks import EarlyStopping, callbacks_of
from .checks import count, within
from .data import label_array
from .mlp import TensorMLP
from .optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from .penalties import L2
from .pruning import OptunaPruning as OptunaPruning
from .training import fit

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data
except ImportError as error:
    raise ImportError(
        f'`nn.estimators` needs scikit-learn 1.6 or newer: `pip install "scikit-learn>=1.6"` ({error})'
    ) from error

__all__ = ["MLPClassifier", "MLPRegressor", "OptunaPruning"]

SOLVERS = {
    "adam": lambda lr: Adam(lr=lr),
    "adamw": lambda lr: AdamW(lr=lr),
    "sgd": lambda lr: SGD(lr=lr, momentum=0.9, nesterov=True),
    "rmsprop": lambda lr: RMSprop(lr=lr),
    "adagrad": lambda lr: Adagrad(lr=lr),
}


class _Perceptron(BaseEstimator):
    """What both estimators share: their settings, and one call of `nn.fit`."""

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 1e-4,
        batch_size: int = 32,
        learning_rate_init: float = 1e-3,
        max_iter: int = 200,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        callbacks: Any = (),
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    def _train(self, X: np.ndarray, y: np.ndarray, outputs: int, loss: str, weights: np.ndarray | None) -> None:
        """Make the net, and train it."""
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        rng = np.random.default_rng(seed)
        sizes = [count(n, "hidden_layer_sizes") for n in np.ravel(np.asarray(self.hidden_layer_sizes, dtype=object))]
        law = "glorot_uniform"  # as scikit-learn: on tables of few columns it overfits less than He's wider one
        model = TensorMLP(X.shape[1], [*sizes, outputs], self.activation, law=law, rng=rng, dtype=X.dtype)
        alpha = within(self.alpha, "alpha")
        waits = EarlyStopping(
            "val_loss" if self.early_stopping else "loss",
            patience=count(self.n_iter_no_change, "n_iter_no_change"),
            min_delta=within(self.tol, "tol"),
            restore_best=bool(self.early_stopping),
        )
        self.history_ = fit(
            model, X, y, loss,
            optimizer=self._optimizer(),
            epochs=count(self.max_iter, "max_iter"),
            batch_size=self.batch_size,
            validation=float(self.validation_fraction) if self.early_stopping else None,
            penalty=L2(alpha) if alpha else None,
            callbacks=[waits, *callbacks_of(self.callbacks)],
            sample_weight=weights,
            progress=bool(self.verbose),
            rng=rng,
        )  # fmt: skip
        self.model_: Any = model
        self.n_iter_ = len(self.history_["loss"])

    def _optimizer(self) -> Optimizer:
        if isinstance(self.solver, Optimizer):
            return copy.deepcopy(self.solver)
        if not isinstance(self.solver, str) or self.solver not in SOLVERS:
            raise ValueError(
                f"`solver` is one of {', '.join(map(repr, SOLVERS))}, or an optimiser such as SGD(lr=0.1), "
                f"not {self.solver!r:.60}"
            )
        return SOLVERS[self.solver](within(self.learning_rate_init, "learning_rate_init"))

    def _weights(self, sample_weight: Any, X: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | slice]:
        """Give the weights of the rows that count, of mean 1, and which rows those are."""
        if sample_weight is None:
            return None, slice(None)
        weights = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        kept = weights > 0
        if not kept.any():  # scikit-learn says so only from 1.7 on
            raise ValueError("`sample_weight` must have at least one non-zero weight")
        return weights[kept] / weights[kept].mean(), kept

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return self.model_.outputs(validate_data(self, X, dtype=[np.float64, np.float32], reset=False))


class MLPClassifier(ClassifierMixin, _Perceptron):
    """A multilayer perceptron that tells classes apart, or labels that hold at the same time.

    It learns by the cross-entropy: of the softmax for three or more classes, of the sigmoid for two, and for each
    label where `y` is a matrix of 0 and 1. The weights start from `nn.init.glorot_uniform`.

    Args:
        hidden_layer_sizes: the widths of the hidden layers.
        activation: of the hidden layers: a name such as "relu" or "tanh", or an elementwise function.
        solver: "adam", "adamw", "sgd" (with a Nesterov momentum of 0.9), "rmsprop", "adagrad", or an optimiser such
            as `nn.SGD(lr=0.1)`, of which a copy is used.
        alpha: of the penalty: the mean loss plus `alpha` times half the sum of all squared weights is made small.
        batch_size: the number of rows in a step.
        learning_rate_init: of the solver, where that is a name.
        max_iter: how often to go through the data at most.
        tol, n_iter_no_change: training ends when the loss has not become better by `tol` for so many epochs.
        early_stopping: whether that is asked of the loss on rows that are held out; the best parameters are kept.
        validation_fraction: the share of the rows that is held out then.
        callbacks: further callbacks of `nn.fit`.
        random_state: a seed, a `numpy.random.RandomState` or None.
        verbose: whether to show a bar.

    Attributes:
        classes_: the classes, in the order of the columns of `predict_proba`.
        model_: the net, a `TensorMLP`; `nn.save`, `nn.export` and the rest take it.
        history_: the `History` of `nn.fit`.
        n_iter_: how many epochs there were.

    >>> from chalkgrad.nn import datasets
    >>> X, y = datasets.iris(names=True)
    >>> classifier = MLPClassifier((16,), learning_rate_init=0.01, random_state=0).fit(X, y)
    >>> classifier.score(X, y) > 0.95, classifier.predict(X[:1])
    (True, array(['setosa'], dtype='<U10'))
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPClassifier:
        """Learn from `X`, shape `(n, features)`, and `y`: `n` labels, or a matrix of 0 and 1, one column a label."""
        X, y = validate_data(self, X, y, multi_output=True, dtype=[np.float64, np.float32])
        y = y.toarray() if hasattr(y, "toarray") else y  # several labels may come as a sparse matrix
        y = label_array(y, "y") if y.dtype.kind == "O" else y
        check_classification_targets(y)
        weights, kept = self._weights(sample_weight, X)
        X, y = X[kept], y[kept]
        self._many = type_of_target(y).startswith("multilabel")
        if self._many:
            self.classes_ = np.arange(y.shape[1])
            self._train(X, y.astype(X.dtype), y.shape[1], "bce_with_logits", weights)
            return self
        labels = column_or_1d(y, warn=True)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"`y` has one class, {labels.tolist()[0]!r:.60}: there is nothing to tell apart")
        outputs, loss = len(self.classes_), "cross_entropy"
        if outputs == 2:
            outputs, loss = 1, "bce_with_logits"
        self._train(X, numbers, outputs, loss, weights)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Give the probability of each class, shape `(n, k)`; of labels that hold at the same time, that of each."""
        outputs = self._outputs(X)
        return self.model_.reading.predict_proba(outputs)

    def predict(self, X: Any) -> np.ndarray:
        """Give the class of each row, shape `(n,)`, or the matrix of labels, shape `(n, k)`."""
        outputs = self._outputs(X)
        if self._many:
            return (outputs > 0).astype(np.int64)
        return self.classes_[(outputs[:, 0] > 0).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class MLPRegressor(RegressorMixin, _Perceptron):
    """A multilayer perceptron that predicts numbers, by the mean squared error.

    Args:
        hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate_init, max_iter, tol, n_iter_no_change,
            early_stopping, validation_fraction, callbacks, random_state, verbose: as for `MLPClassifier`.

    Attributes:
        model_, history_, n_iter_: as for `MLPClassifier`.

    >>> X = np.linspace(-1.0, 1.0, 50)[:, None]
    >>> y = np.sin(3 * X[:, 0])
    >>> regressor = MLPRegressor((16,), "tanh", learning_rate_init=0.05, max_iter=1000, random_state=0).fit(X, y)
    >>> regressor.score(X, y) > 0.98
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Learn from `X`, shape `(n, features)`, and `y`, shape `(n,)` or `(n, k)`."""
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=[np.float64, np.float32])
        y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        weights, kept = self._weights(sample_weight, X)
        self._train(X[kept], y[kept].astype(X.dtype), 1 if y.ndim == 1 else y.shape[1], "mse", weights)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Give a number for each row, shape `(n,)`, or `k` of them, shape `(n, k)`."""
        outputs = self._outputs(X)
        return self.model_.reading.predict(outputs)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
