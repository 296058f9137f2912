"""Evaluation: the numbers that say how well a model does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Tensor, Value, no_grad

from ..arguments import found
from ..losses.formulas import Loss, loss_of
from ..losses.output_decoder import OutputDecoder
from ..metrics import METRICS, Metric
from ..module import Module, check_model
from .preparation import Dataset, Prepared, dataset_of
from .runner import Objective


def evaluate(
    model: Module,
    X: Any,
    y: Any,
    loss: str | Loss | None = None,
    metrics: Sequence[str | Metric] = (),
    sample_weight: Any = None,
) -> dict[str, Any]:
    """Measure a model on data, with dropout and noise off.

    Args:
        model: a Module that `fit` has trained, or whose `output_decoder` is set; for a loss alone, any Module.
        X, y: as for `fit`.
        loss: as for `fit`, or None to leave it out.
        metrics: as for `fit`; they may give anything, as "confusion_matrix" does. If there is neither a loss nor a
            metric: the accuracy for classes, R2 for values.
        sample_weight: the weight of each row in the loss, as for `fit`; the metrics do not take it.

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
    check_model(model)
    if (known := model.output_decoder) is None and (function is None or named):
        raise RuntimeError("it is not known what the outputs of this model mean: train it with `nn.fit`")
    decoder, rows = dataset_of(model, X, y, function, known, weights=sample_weight)
    if function is None and not named:
        named = metrics_of("r2" if decoder.of_values else "accuracy")
    return measure(model, decoder, rows, None if function is None else Objective(function), named)


def measure(
    model: Module, decoder: OutputDecoder, data: Dataset, objective: Objective | None, metrics: dict[str, Metric]
) -> dict[str, Any]:
    """Return the objective as "loss", and the metrics, by name, with dropout and noise off."""
    numbers: dict[str, Any] = {}
    if objective is None and not metrics:
        return numbers
    outputs = model.outputs(data.X)
    if objective is not None:
        with no_grad():
            value: Any = objective.of(model, outputs, data.targets, data.weights)
        numbers["loss"] = float(value.data if isinstance(value, (Value, Tensor)) else value)
    if metrics:
        truth, predictions = decoder.labels(data.targets), decoder.predict(outputs)
        numbers |= {name: metric(truth, predictions) for name, metric in metrics.items()}
    return numbers


def measure_epoch(model: Module, data: Prepared, objective: Objective, metrics: dict[str, Metric]) -> dict[str, float]:
    """Return the numbers of an epoch: metrics of the rows to train on, objective and metrics of those to validate on.

    Raises:
        TypeError: a metric gives something else than a single number.
    """
    with model.mode(False):
        numbers = measure(model, data.decoder, data.train, None, metrics)
        if data.validation is not None:
            others = measure(model, data.decoder, data.validation, objective, metrics)
            numbers |= {f"val_{name}": number for name, number in others.items()}
    for name, number in numbers.items():
        if np.ndim(number) or not isinstance(number, (int, float, np.number, np.bool_)):
            raise TypeError(
                f"metric {name!r} gave {number!r:.60}; a history holds one number for each epoch: see `nn.evaluate`"
            )
    return {name: float(number) for name, number in numbers.items()}


def metrics_of(metrics: Any) -> dict[str, Metric]:
    """Find the functions that an argument `metrics` means, by name."""
    given = metrics if isinstance(metrics, (list, tuple)) else [] if metrics is None else [metrics]
    functions = [found(metric, METRICS, "metrics", "a function of truth and predictions") for metric in given]
    named = [(getattr(metric, "__name__", type(metric).__name__), metric) for metric in functions]
    names = ["loss", *(name for name, _ in named)]
    if len(set(names)) < len(names):
        raise ValueError(f"`metrics` are {', '.join(names[1:])}: each needs a name of its own, and not 'loss'")
    return dict(named)
