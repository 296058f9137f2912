"""Evaluation: data beside the model that is to meet it, and the numbers that say how well it does."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import Tensor, Value, no_grad

from . import losses
from .data import as_inputs
from .losses import Loss, loss_of
from .metrics import Metric, metric_of
from .module import Module
from .reading import Reading
from .runner import Objective

__all__ = ["Rows", "evaluate", "meet", "metrics_of"]

KINDS: dict[str, str] = {
    "bce": "probability",
    "bce_with_logits": "logit",
    "hinge": "margin",
    "squared_hinge": "margin",
    "cross_entropy": "logits",
    "nll": "log_probabilities",
    "kl_divergence": "log_probabilities",
    "multiclass_hinge": "scores",
    "squared_multiclass_hinge": "scores",
}
"""What the outputs of a net mean that is trained with a loss of ours; "values" with any other, and with your own."""


class Rows(NamedTuple):
    """Rows to learn from or to measure on."""

    X: np.ndarray
    targets: np.ndarray
    """What the loss takes: numbers of classes instead of labels, and a column beside a column."""
    weights: np.ndarray | None = None
    """What each row is worth, or None if all are worth the same."""

    def fingerprint(self) -> int:
        """Give a number that is another one for other rows, almost surely."""
        number = 0
        for part in self:
            number = number if part is None else zlib.crc32(np.ascontiguousarray(part).data, number)
        return number

    def take(self, numbers: np.ndarray) -> Rows:
        """Give some of the rows."""
        weights = None if self.weights is None else self.weights[numbers]
        return Rows(self.X[numbers], self.targets[numbers], weights)

    def measure(
        self, model: Module, reading: Reading, objective: Objective | None, metrics: dict[str, Metric]
    ) -> dict[str, Any]:
        """Take the numbers of these rows, with dropout and noise off: the objective as "loss", and the metrics."""
        numbers: dict[str, Any] = {}
        if objective is None and not metrics:
            return numbers
        outputs = model.outputs(self.X)
        with no_grad():
            if objective is not None:
                value: Any = objective.of(model, outputs, self.targets, self.weights)
                numbers["loss"] = float(value.data if isinstance(value, (Value, Tensor)) else value)
        if metrics:
            truth, predictions = reading.labels(self.targets), reading.predict(outputs)
            numbers |= {name: metric(truth, predictions) for name, metric in metrics.items()}
        return numbers


def evaluate(
    model: Module, X: Any, y: Any, loss: str | Loss | None = None, metrics: Sequence[str | Metric] = ()
) -> dict[str, Any]:
    """Measure a model on data, with dropout and noise off.

    Args:
        model: a Module that `fit` has trained, or whose `reading` is set; for a loss alone, any Module.
        X, y: as for `fit`.
        loss: as for `fit`, or None to leave it out.
        metrics: as for `fit`; they may give anything, as "confusion_matrix" does. If there is neither a loss nor a
            metric: the accuracy for classes, R2 for values.

    Returns:
        The numbers by name: "loss", and each metric by its own.

    Raises:
        ValueError, TypeError: an argument is not as above.
        RuntimeError: it is not known what the outputs mean.

    >>> from chalkgrad.nn import Adam, TensorMLP, datasets, fit
    >>> X, y = datasets.iris(names=True)
    >>> model = TensorMLP(4, [8, 3], "tanh", rng=1)
    >>> history = fit(model, X, y, "cross_entropy", optimizer=Adam(lr=0.02), epochs=50, rng=1)
    >>> numbers = evaluate(model, X, y, "cross_entropy", metrics=["accuracy", "confusion_matrix"])
    >>> list(numbers), numbers["confusion_matrix"].trace() >= 143
    (['loss', 'accuracy', 'confusion_matrix'], np.True_)
    """
    named = metrics_of(metrics)
    function = None if loss is None else loss_of(loss)
    if isinstance(model, Module) and model.reading is None and (function is None or named):
        raise RuntimeError("it is not known what the outputs of this model mean: train it with `nn.fit`")
    reading, rows = meet(model, X, y, function, model.reading if isinstance(model, Module) else None)
    if function is None and not named:
        named = metrics_of("r2" if reading.kind == "values" else "accuracy")
    return rows.measure(model, reading, None if function is None else Objective(function), named)


def meet(
    model: Any, X: Any, y: Any, loss: Loss | None, reading: Reading | None = None, name: str = ""
) -> tuple[Reading, Rows]:
    """Check a model and data together: let it see one row, and a loss of ours all targets.

    Args:
        loss: None if there is none.
        reading: what the outputs mean; if left out, it is found out from the loss and `y`.
        name: what the data are called, for messages.

    Raises:
        ValueError, TypeError: they do not fit.
    """
    if not isinstance(model, Module):
        raise TypeError(f"`model` is a Module, such as `MLP(2, [16, 1])`, not {model!r:.60}")
    X = as_inputs(X, f"X{name}")
    with model.untouched():
        shape = (len(X), *model.outputs(X[:1]).shape[1:])
    reading = reading or _reading(model.reading, _kind(loss), y, shape)
    targets = reading.targets(y, f"y{name}")
    if targets.ndim == 0 or len(X) != len(targets):
        raise ValueError(
            f"`X{name}` has {len(X)} rows and `y{name}` has shape {targets.shape}; "
            "there must be one target for each row"
        )
    if targets.ndim == 1 and shape == (len(X), 1):
        targets = targets[:, None]
    if (prepare := getattr(loss, "prepare", None)) is not None:
        targets = prepare(shape, targets)
    return reading, Rows(X, targets)


def _kind(loss: Loss | None) -> str:
    """Say what the outputs of a net mean that is trained with this loss, whatever its settings."""
    loss = getattr(loss, "base", None) or loss
    return next((KINDS.get(name, "values") for name, known in losses.LOSSES.items() if known is loss), "values")


def _reading(known: Reading | None, kind: str, y: Any, shape: tuple[int, ...]) -> Reading:
    """Keep the classes that a model knows where `y` has no others, for a part of the data may lack some."""
    if known is not None and known.kind == kind and known.classes is not None and known.fits(shape):
        try:
            known.targets(y)
            return known
        except (TypeError, ValueError):
            pass
    return Reading.of(kind, y, shape)


def metrics_of(metrics: Any) -> dict[str, Metric]:
    """Find the functions that an argument `metrics` means, by name."""
    given = metrics if isinstance(metrics, (list, tuple)) else [] if metrics is None else [metrics]
    named = [metric_of(metric) for metric in given]
    names = ["loss", *(name for name, _ in named)]
    if len(set(names)) < len(names):
        raise ValueError(f"`metrics` are {', '.join(names[1:])}: each needs a name of its own, and not 'loss'")
    return dict(named)
