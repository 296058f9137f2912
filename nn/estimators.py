"""Estimators for scikit-learn: `MLPClassifier` and `MLPRegressor`, which call `nn.fit`.

They have the names and settings of scikit-learn's own estimators, and work in a Pipeline, in `cross_val_score` and in
a search. With the back ends of joblib, a search runs in several processes or on several machines:

    GridSearchCV(MLPClassifier(), grid, n_jobs=-1).fit(X, y)                        # processes of this machine

    client = dask.distributed.Client(address)                                       # a cluster of Dask
    with joblib.parallel_config(backend="dask"):
        GridSearchCV(MLPClassifier(), grid).fit(X, y)

    ray.util.joblib.register_ray()                                                  # a cluster of Ray
    with joblib.parallel_config(backend="ray"):
        GridSearchCV(MLPClassifier(), grid).fit(X, y)

For Optuna see `OptunaPruning`. This module needs scikit-learn, and is imported on first use.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np

from .arguments import count, found, refuse_masked, within
from .data.arrays import label_array
from .losses.output_decoder import OutputDecoder
from .mlp import TensorMLP
from .optim.update_rules import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from .training.callbacks import EarlyStopping, OptunaPruning, callbacks_of
from .training.fit import fit
from .training.penalties import L2

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets, type_of_target
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data
except ImportError as error:
    raise ImportError(
        f'`nn.estimators` needs scikit-learn 1.6 or newer: `pip install "scikit-learn>=1.6"` ({error})'
    ) from error

__all__ = ["MLPClassifier", "MLPRegressor", "OptunaPruning"]

SOLVERS: dict[str, Any] = {
    "adam": lambda lr, own: Adam(lr=lr, betas=(own.beta_1, own.beta_2), eps=own.epsilon),
    "adamw": lambda lr, own: AdamW(lr=lr, betas=(own.beta_1, own.beta_2), eps=own.epsilon),
    "sgd": lambda lr, own: SGD(lr=lr, momentum=own.momentum, nesterov=bool(own.nesterovs_momentum and own.momentum)),
    "rmsprop": lambda lr, own: RMSprop(lr=lr),
    "adagrad": lambda lr, own: Adagrad(lr=lr),
}


@dataclass(eq=False, repr=False)
class _Perceptron(BaseEstimator):
    """The base class of both estimators, with their settings and the call of `nn.fit`."""

    hidden_layer_sizes: Sequence[int] = (100,)
    activation: Any = "relu"
    _: KW_ONLY
    solver: Any = "adam"
    alpha: float = 1e-4
    batch_size: int | str = "auto"
    learning_rate_init: float = 1e-3
    max_iter: int = 200
    tol: float = 1e-4
    n_iter_no_change: int = 10
    early_stopping: bool = False
    validation_fraction: float = 0.1
    class_weight: Any = None
    shuffle: bool = True
    warm_start: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    callbacks: Any = ()
    random_state: Any = None
    verbose: bool = False

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the net on rows and their targets; return the estimator.

        Args:
            X: the inputs, shape `(n, features)`.
            y: the targets, shape `(n,)` or `(n, outputs)`. For a classifier a matrix holds 0 and 1, with one column
                per label.
            sample_weight: the weight of each row, `n` numbers from 0.

        Raises:
            ValueError, TypeError: the shapes of the arguments do not match, or a setting is invalid.
        """
        self._learn(X, y, sample_weight)
        return self

    def _learn(self, X: Any, y: Any, sample_weight: Any, part: bool = False) -> None:
        raise NotImplementedError

    def _train(
        self, X: np.ndarray, y: np.ndarray, outputs: int, loss: str, weights: np.ndarray | None, part: bool,
        classes: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        """Create the net and train it. With `part` or `warm_start`, continue with the existing net."""
        rng = np.random.default_rng(int(check_random_state(self.random_state).randint(2**31 - 1)))
        sizes = [count(n, "hidden_layer_sizes") for n in np.ravel(np.asarray(self.hidden_layer_sizes, dtype=object))]
        again = (part or self.warm_start) and hasattr(self, "model_")
        if again:
            model, rng = self.model_, self._rng
        else:
            activation = "sigmoid" if self.activation == "logistic" else self.activation
            start = "glorot_uniform"  # as scikit-learn: on tables of few columns it overfits less than He's wider one
            model = TensorMLP(X.shape[1], [*sizes, outputs], activation, initializer=start, rng=rng, dtype=X.dtype)
            model.output_decoder = None if classes is None else OutputDecoder(loss, classes)  # `y` may lack some
        if not (part and again):
            self._solver = self._optimizer()
            self._rng: np.random.Generator = rng
        size: Any = 200 if isinstance(self.batch_size, str) and self.batch_size == "auto" else self.batch_size
        early = bool(self.early_stopping) and not part
        alpha = within(self.alpha, "alpha")
        waits = EarlyStopping(
            "val_loss" if early else "loss",
            patience=count(self.n_iter_no_change, "n_iter_no_change"),
            min_delta=within(self.tol, "tol"),
            restore_best=early,
        )
        self.history_ = fit(
            model, X, y, loss,
            optimizer=self._solver,
            epochs=1 if part else count(self.max_iter, "max_iter"),
            batch_size=size,
            shuffle=bool(self.shuffle),
            validation=float(self.validation_fraction) if early else None,
            penalty=L2(alpha) if alpha else None,
            callbacks=[*([] if part else [waits]), *callbacks_of(self.callbacks)],
            sample_weight=weights,
            class_weight=self.class_weight,
            progress=bool(self.verbose),
            rng=rng,
        )  # fmt: skip
        self.model_: Any = model
        assert model.output_decoder is not None
        model.output_decoder.columns = list(getattr(self, "feature_names_in_", [])) or None
        self.coefs_ = [p.data for p in model.parameters() if p.ndim == 2]
        self.intercepts_ = [p.data for p in model.parameters() if p.ndim == 1]
        self.loss_curve_: list[float] = [*(self.loss_curve_ if part and again else []), *self.history_["loss"]]
        self.loss_, self.n_iter_ = self.loss_curve_[-1], len(self.loss_curve_)

    def _optimizer(self) -> Optimizer:
        if isinstance(self.solver, Optimizer):
            return copy.deepcopy(self.solver)
        make = found(self.solver, SOLVERS, "solver", "an optimiser such as SGD(lr=0.1)")
        return make(within(self.learning_rate_init, "learning_rate_init"), self)

    def _weights(self, sample_weight: Any, X: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | slice]:
        """Return the positive weights, scaled to mean 1, and their rows."""
        refuse_masked(sample_weight, "sample_weight")
        if sample_weight is None:
            return None, slice(None)
        weights = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        kept = weights > 0
        if not kept.any():  # scikit-learn says so only from 1.7 on
            raise ValueError("`sample_weight` must have at least one non-zero weight")
        return weights[kept] / weights[kept].mean(), kept

    def _checked(self, X: Any, y: Any = "no_validation", **settings: Any) -> Any:
        """Return what scikit-learn makes of the data; it would unmask what is masked."""
        refuse_masked(X, "X")
        refuse_masked(y, "y")
        return validate_data(self, X, y, dtype=[np.float64, np.float32], **settings)

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return self.model_.outputs(self._checked(X, reset=False))

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted class or number of each row, shape `(n,)`; for `k` outputs, shape `(n, k)`."""
        outputs = self._outputs(X)
        return self.model_.output_decoder.predict(outputs)


class MLPClassifier(ClassifierMixin, _Perceptron):
    """A multilayer perceptron for classification with two or more classes, or with several labels per row.

    The loss is the cross-entropy: of the softmax for three or more classes, and of the sigmoid for two classes, or for
    each label if `y` is a matrix of 0 and 1. The weights start from `nn.init.glorot_uniform`.

    Args:
        hidden_layer_sizes: the widths of the hidden layers.
        activation: the activation of the hidden layers: a name such as "relu", "tanh" or "logistic", or an elementwise
            function.
        solver: "adam", "adamw", "sgd", "rmsprop", "adagrad", or an optimiser such as `nn.SGD(lr=0.1)`, which is
            copied. (scikit-learn's "lbfgs" is `nn.minimize`.)
        alpha: the factor of the L2 penalty. The objective is the mean loss plus `alpha` times half the sum of all
            squared weights.
        batch_size: the number of rows in a batch; "auto" is 200, or all rows if there are fewer.
        learning_rate_init: the learning rate, if `solver` is a name.
        max_iter: the maximum number of epochs.
        tol, n_iter_no_change: training ends when the loss has not improved by `tol` for `n_iter_no_change` epochs.
        early_stopping: whether to monitor the loss on held-out rows instead, and to keep the best parameters.
        validation_fraction: the fraction of the rows that `early_stopping` holds out.
        shuffle: whether to shuffle the rows before each epoch.
        warm_start: whether `fit` continues with the net of the last `fit`.
        momentum, nesterovs_momentum: the settings of the solver "sgd".
        beta_1, beta_2, epsilon: the settings of "adam" and "adamw".
        callbacks: further callbacks of `nn.fit`.
        random_state: a seed, a `numpy.random.RandomState` or None.
        verbose: whether to show a progress bar.
        class_weight: the weight of each class, as for `nn.fit`: a dict from labels to weights, or "balanced".

    Attributes:
        classes_: the classes, in the order of the columns of `predict_proba`.
        model_: the trained net, a `TensorMLP`, for `nn.save`, `nn.export` and so on.
        history_: the `History` of `nn.fit`.
        n_iter_: the number of epochs.
        loss_curve_, loss_: the loss of each epoch, and the last one.
        coefs_, intercepts_: the weights and biases of each layer.

    >>> from chalkgrad.nn import datasets
    >>> X, y = datasets.iris(names=True)
    >>> classifier = MLPClassifier((16,), learning_rate_init=0.01, random_state=0).fit(X, y)
    >>> classifier.score(X, y) > 0.95, classifier.predict(X[:1])
    (True, array(['setosa'], dtype='<U10'))
    """

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on further rows, with the net and the solver state of the last call.

        Args:
            X, y, sample_weight: as for `fit`.
            classes: all labels of all calls. The first call needs them, because its `y` may lack some.
        """
        if not type_of_target(y).startswith("multilabel"):
            _check_partial_fit_first_call(self, classes)
            classes = self.classes_
        self._learn(X, y, sample_weight, True, classes)
        return self

    def _learn(self, X: Any, y: Any, sample_weight: Any, part: bool = False, classes: Any = None) -> None:
        again = hasattr(self, "model_") and (part or self.warm_start)
        X, y = self._checked(X, y, multi_output=True, reset=not again)
        y = y.toarray() if hasattr(y, "toarray") else y  # several labels may come as a sparse matrix
        y = label_array(y, "y") if y.dtype.kind == "O" else y
        check_classification_targets(y)
        weights, kept = self._weights(sample_weight, X)
        X, y = X[kept], y[kept]
        if type_of_target(y).startswith("multilabel"):
            self.classes_ = np.arange(y.shape[1])
            self._train(X, y.astype(X.dtype), y.shape[1], "bce_with_logits", weights, part)
            return
        labels = column_or_1d(y, warn=True)
        known = np.unique(labels if classes is None else classes)
        if again and not np.array_equal(known, self.classes_):
            raise ValueError(f"`warm_start` needs those of the last `fit`, {self.classes_!r:.60}, not {known!r:.50}")
        if strangers := sorted(set(labels.tolist()) - set(known.tolist())):
            raise ValueError(f"`y` holds {strangers[0]!r:.60}, which is none of the `classes` {known!r:.80}")
        self.classes_ = known
        if len(known) < 2:
            raise ValueError(f"`y` has one class, {labels.tolist()[0]!r:.60}: there is nothing to tell apart")
        outputs, loss = (1, "bce_with_logits") if len(known) == 2 else (len(known), "cross_entropy")
        self._train(X, labels, outputs, loss, weights, part, known)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, or of each label, shape `(n, k)`."""
        outputs = self._outputs(X)
        return self.model_.output_decoder.predict_proba(outputs)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class MLPRegressor(RegressorMixin, _Perceptron):
    """A multilayer perceptron that predicts numbers, by the mean squared error.

    Args:
        hidden_layer_sizes: the widths of the hidden layers. All other arguments are those of `MLPClassifier`.

    Attributes:
        model_: the trained net. All other attributes but `classes_` are those of `MLPClassifier`.

    >>> X = np.linspace(-1.0, 1.0, 50)[:, None]
    >>> y = np.sin(3 * X[:, 0])
    >>> regressor = MLPRegressor((16,), "tanh", batch_size=10, learning_rate_init=0.02, random_state=0).fit(X, y)
    >>> regressor.score(X, y) > 0.98
    True
    """

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on further rows, with the net and the solver state of the last call."""
        self._learn(X, y, sample_weight, part=True)
        return self

    def _learn(self, X: Any, y: Any, sample_weight: Any, part: bool = False) -> None:
        if self.class_weight is not None:
            raise ValueError("`class_weight` is for MLPClassifier: a regression has no classes")
        reset = not (hasattr(self, "model_") and (part or self.warm_start))
        X, y = self._checked(X, y, multi_output=True, y_numeric=True, reset=reset)
        y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        weights, kept = self._weights(sample_weight, X)
        outputs = 1 if y.ndim == 1 else y.shape[1]
        self._train(X[kept], y[kept].astype(X.dtype), outputs, "mse", weights, part)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
