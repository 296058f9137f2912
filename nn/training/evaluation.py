"""Evaluation: the numbers that say how well a model does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

import numpy as np

from autograd import Tensor, Value, compile, no_grad

from ..arguments import found
from ..losses.formulas import Loss, loss_of
from ..losses.output_decoder import OutputDecoder
from ..metrics import METRICS, Metric
from ..module import Module, check_model
from .preparation import Dataset, Prepared, dataset_of
from .runner import Objective

Measured = Callable[[np.ndarray], Any]
EAGER_EPOCHS = 10
"""Epochs that are measured eagerly first: a short training is over before a program has paid for its trace."""
LARGEST = 1 << 20
"""Numbers in the inputs above which NumPy is as fast as a program."""


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
    return Measurement(model, decoder, rows, None if function is None else Objective(function), named)()


class Measurement:
    """The numbers of a model on some rows: the objective as "loss", and metrics, with dropout and noise off.

    Args:
        objective: None to leave it out.
        metrics: functions by name.
    """

    def __init__(
        self, model: Module, decoder: OutputDecoder, data: Dataset, objective: Objective | None,
        metrics: dict[str, Metric],
    ) -> None:  # fmt: skip
        self.model, self.decoder, self.data, self.metrics = model, decoder, data, metrics
        self._outputs: Measured = lambda X: (out := model.outputs(X), decoder.means(out) if metrics else out)
        self._objective: Measured | None = None
        if objective is not None:
            self._objective = partial(objective.of, model, y=data.targets, weights=data.weights)

    def compile(self) -> None:
        """Compute by programs from now on, where they can follow and pay."""
        model, X, activation = self.model, self.data.X, self.decoder.activation if self.metrics else None
        if type(model).outputs is Module.outputs and X.dtype.kind == "f" and X.size <= LARGEST:
            found = lambda X: (out := model.forward_rows(X), out if activation is None else activation(out))
            self._outputs = _followed(found, self._outputs)
            self._objective = self._objective and _followed(self._objective, self._objective)

    def __call__(self) -> dict[str, Any]:
        """Return the numbers by name."""
        numbers: dict[str, Any] = {}
        with no_grad():
            outputs, means = self._outputs(self.data.X)
            if self._objective is not None:
                value = self._objective(outputs)
                numbers["loss"] = float(value.data if isinstance(value, (Value, Tensor)) else value)
        if self.metrics:
            truth, predictions = self.decoder.labels(self.data.targets), self.decoder.labels(means)
            numbers |= {name: metric(truth, predictions) for name, metric in self.metrics.items()}
        return numbers


def _followed(f: Measured, eager: Measured) -> Measured:
    """Return a function that runs `f` as a program, and `eager` from where no program can follow."""
    programs = [compile(f)]

    def run(x: np.ndarray) -> Any:
        while programs:
            with suppress(Exception):  # whatever is wrong, the eager function says better
                return programs[0](x)
            programs.clear()
        return eager(x)

    return run


class EpochMeasurement:
    """The numbers of an epoch: metrics of the rows to train on, objective and metrics of those to validate on."""

    def __init__(
        self, model: Module, data: Prepared, objective: Objective, metrics: dict[str, Metric], *, compiled: bool
    ) -> None:
        self.model, self.compiled = model, compiled
        self.parts = {"": Measurement(model, data.decoder, data.train, None, metrics)} if metrics else {}
        if data.validation is not None:
            self.parts["val_"] = Measurement(model, data.decoder, data.validation, objective, metrics)

    def __call__(self, epoch: int) -> dict[str, float]:
        """Return the numbers by name.

        Raises:
            TypeError: a metric gives something else than a single number.
        """
        if self.compiled and epoch >= EAGER_EPOCHS:
            self.compiled = False
            for part in self.parts.values():
                part.compile()
        with self.model.mode(False) if self.parts else nullcontext():
            numbers = {start + name: x for start, part in self.parts.items() for name, x in part().items()}
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
