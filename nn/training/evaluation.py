"""Evaluation: data beside the model that is to meet it, and the numbers that say how well it does."""

from __future__ import annotations

import copy
import inspect
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
from autograd import Node, Tensor, Value, no_grad

from ..arguments import one_of
from ..data.arrays import arranged, as_inputs, column_names, label_array, plain_array
from ..losses.criterion import weights_of
from ..losses.formulas import Criterion, Loss, loss_of
from ..losses.output_decoder import Reading, reading_of
from ..metrics import Metric, metric_of
from ..module import Module
from .runner import Objective

__all__ = [
    "Rows", "class_numbers", "class_weights", "evaluate", "meet", "metrics_of", "needs_weights", "twice_activated",
    "unscaled",
]  # fmt: skip

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

    def weighed(self, reading: Reading, weights: np.ndarray) -> Rows:
        """Weigh each row by its class as well."""
        numbers = class_numbers(reading, self.targets)
        own = weights if numbers is None else weights[numbers]
        return self._replace(weights=own if self.weights is None else own * self.weights)

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
    model: Module,
    X: Any,
    y: Any,
    loss: str | Loss | None = None,
    metrics: Sequence[str | Metric] = (),
    sample_weight: Any = None,
) -> dict[str, Any]:
    """Measure a model on data, with dropout and noise off.

    Args:
        model: a Module that `fit` has trained, or whose `reading` is set; for a loss alone, any Module.
        X, y: as for `fit`.
        loss: as for `fit`, or None to leave it out.
        metrics: as for `fit`; they may give anything, as "confusion_matrix" does. If there is neither a loss nor a
            metric: the accuracy for classes, R2 for values.
        sample_weight: how much each row is worth in the loss, as for `fit`; the metrics do not take it.

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
    known = model.reading if isinstance(model, Module) else None
    reading, rows = meet(model, X, y, function, known, weights=sample_weight)
    if function is None and not named:
        named = metrics_of("r2" if reading.of_values else "accuracy")
    return rows.measure(model, reading, None if function is None else Objective(function), named)


def meet(
    model: Any, X: Any, y: Any, loss: Loss | None, reading: Reading | None = None, name: str = "", weights: Any = None
) -> tuple[Reading, Rows]:
    """Check a model and data together: let it see one row, and a loss of ours all targets.

    Args:
        loss: None if there is none.
        reading: what the outputs mean; if left out, it is found out from the loss and `y`.
        name: what the data are called, for messages.
        weights: what each row is worth, or None.

    Raises:
        ValueError, TypeError: they do not fit.
    """
    if not isinstance(model, Module):
        raise TypeError(f"`model` is a Module, such as `MLP(2, [16, 1])`, not {model!r:.60}")
    columns = known = column_names(X)
    if (before := reading or model.reading) is not None and before.columns is not None:
        again = reading is not None or sorted(map(str, known or [])) == sorted(map(str, before.columns))
        columns = before.columns if again else columns  # a model may be trained anew on other columns
    X = as_inputs(arranged(X, columns, f"X{name}"), f"X{name}")
    weights = None if weights is None else _weights(weights, len(X), loss, f"sample_weight{name}")
    ignored = getattr(loss, "settings", {}).get("ignore_index")
    if ignored is not None and (labels := label_array(y, f"y{name}")).size == len(X):
        counted = np.asarray(labels.reshape(-1) != ignored)
        if not counted.any():
            raise ValueError(f"`y{name}` holds nothing but {ignored}, which `loss` ignores")
        X, y, weights = X[counted], labels[counted], None if weights is None else weights[counted]
    with model.untouched():
        shape = (len(X), *model.outputs(X[:1]).shape[1:])
    try:
        if reading is None:
            reading = copy.copy(reading_of(model.reading, loss, y, shape))
            reading.columns = columns
        targets = reading.targets(y, f"y{name}")
    except TypeError as error:
        if loss is None or isinstance(loss, Criterion):
            raise
        raise TypeError(f"{error}. A loss of `nn.losses` takes labels: set it up by `.using`, such as "
                        "`nn.losses.cross_entropy.using(class_weight=[1, 2])`") from None  # fmt: skip
    if targets.ndim == 0 or len(X) != len(targets):
        raise ValueError(
            f"`X{name}` has {len(X)} rows and `y{name}` has shape {targets.shape}; "
            "there must be one target for each row"
        )
    if targets.ndim == 1 and shape == (len(X), 1):
        targets = targets[:, None]
    if (prepare := getattr(loss, "prepare", None)) is not None:
        targets = prepare(shape, targets)
    return reading, Rows(X, targets, weights)


def _weights(weights: Any, n: int, loss: Loss | None, name: str) -> np.ndarray:
    """Check the weights of the rows, and that the loss takes them."""
    needs_weights(loss, name)
    array = plain_array(weights, name).astype(np.float64)
    if array.shape != (n,):
        raise ValueError(f"`{name}` has shape {array.shape}; there must be one for each row, shape {(n,)}")
    if array.min() < 0 or not array.any():
        raise ValueError(f"`{name}` are numbers from 0, not all of them 0")
    return array


def needs_weights(loss: Loss | None, name: str) -> None:
    """Check that a loss takes what each row is worth."""
    try:
        if loss is not None:
            inspect.signature(loss, follow_wrapped=False).bind(None, None, sample_weight=None)
    except (TypeError, ValueError):  # the second where a function of C tells nothing of its arguments
        needed = f", which `{name}` needs" if "sample" not in name else ""
        raise TypeError(f"`loss` has no argument `sample_weight`{needed}; those of `nn.losses` have") from None


def class_numbers(reading: Reading, targets: np.ndarray) -> np.ndarray | None:
    """Return the number of the class of each row; None where there are no classes, or a row is of several."""
    if reading.classes is None or not np.all((targets == targets.round()) & (np.abs(targets) <= 1)):
        return None
    return targets.argmax(axis=-1) if reading.many else (targets > sum(reading.codes or ()) / 2).astype(int).ravel()


def class_weights(given: Any, reading: Reading, targets: np.ndarray) -> np.ndarray:
    """Return what a row of each class is worth: as given by label or in order, or "balanced", $n / (k\\,n_j)$.

    Raises:
        ValueError, TypeError: `given` is no such thing, or the targets are no labels.
    """
    numbers = class_numbers(reading, targets)
    if numbers is None or reading.classes is None:
        raise ValueError("`class_weight` weighs rows by their class; here `y` holds no labels: give `sample_weight`")
    classes = reading.classes.tolist()
    if isinstance(given, str):
        one_of(given, ("balanced",), "class_weight")
        counts = np.bincount(numbers, minlength=len(classes))
        return np.where(counts, len(numbers) / (np.count_nonzero(counts) * np.maximum(counts, 1)), 1.0)
    if isinstance(given, Mapping):
        if strangers := [label for label in given if label not in classes]:
            raise ValueError(f"`class_weight` names {strangers[0]!r:.60}; the classes are {classes!r:.80}")
        given = [given.get(label, 1.0) for label in classes]
    weights = weights_of(given, "class_weight").astype(np.float64)
    if weights.shape != (len(classes),):
        raise ValueError(f"`class_weight` has shape {weights.shape}; give one for each of {len(classes)} classes")
    return weights


def twice_activated(model: Module, loss: Loss, X: np.ndarray) -> str:
    """Say what is wrong where a net ends with a sigmoid or softmax, and the loss takes what comes before one."""
    activation = getattr(loss, "output_activation", None)
    name = {id(ag.sigmoid): "sigmoid", id(ag.softmax): "softmax", id(ag.exp): "exp"}.get(id(activation))
    if name is None:
        return ""
    with model.untouched(), model.mode(False):
        last = model.forward_rows(X[:1].copy())
    while isinstance(last, Node) and last.op is not None and last.op.name in _MOVES:
        last = last.inputs[0]
    found = last.op.name if isinstance(last, Node) and last.op is not None else ""
    if found == "div" and [x.op and x.op.name for x in last.inputs] == ["exp", "sum"]:
        found = "softmax"
    if found != name and not (found in ("sigmoid", "softmax") and not Reading(loss).of_values):
        return ""
    takes = "takes log-probabilities" if name == "exp" else f"applies {name} to the outputs itself"
    remedy = "end it with LogSoftmax instead" if name == "exp" else f"leave the last {found} out"
    return (
        f"`model` ends with {found}, and the loss {getattr(loss, '__name__', loss)!r} {takes}: {remedy}; "
        "`predict_proba` gives probabilities all the same"
    )


_MOVES = ("array_of", "reshape", "transpose", "getitem", "stack", "concatenate", "astype", "swapaxes")


def unscaled(model: Module, X: np.ndarray) -> str:
    """Say that the columns of inputs differ much in scale, where the first layer takes them as they are."""
    leaves = (x for _, x in model.named_modules() if not any(isinstance(part, Module) for _, part in x._attributes()))
    first = next(leaves)
    home = __name__.partition("training")[0]
    ours = all(type(x).__module__.startswith(home) for x in (model, first))  # another one may bring them to one scale
    if X.ndim != 2 or X.shape[1] < 2 or not ours or not first.parameters():
        return ""
    with np.errstate(all="ignore"):
        sizes = np.array([np.median(np.abs(x[x != 0])) for x in X.T if np.ptp(x)])  # not misled by rare entries
    if len(sizes) < 2 or sizes.max() < 100.0 or sizes.max() < 300.0 * sizes.min():
        return ""
    return (
        f"the columns of `X` differ in scale, from about {sizes.min():.2g} to {sizes.max():.2g}, by which training "
        "crawls: bring them to one scale first, `scaler = nn.StandardScaler().fit(X)`, `X = scaler.transform(X)`"
    )


def metrics_of(metrics: Any) -> dict[str, Metric]:
    """Find the functions that an argument `metrics` means, by name."""
    given = metrics if isinstance(metrics, (list, tuple)) else [] if metrics is None else [metrics]
    named = [metric_of(metric) for metric in given]
    names = ["loss", *(name for name, _ in named)]
    if len(set(names)) < len(names):
        raise ValueError(f"`metrics` are {', '.join(names[1:])}: each needs a name of its own, and not 'loss'")
    return dict(named)
