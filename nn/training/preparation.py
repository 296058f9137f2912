"""Preparation: what `fit` is given becomes arrays that fit the model and the loss, and a part to validate on."""

from __future__ import annotations

import copy
import inspect
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arguments import one_of
from ..data.arrays import arranged, as_inputs, column_names, label_array, parts_of, plain_array
from ..losses.criterion import weights_of
from ..losses.formulas import Criterion, Loss
from ..losses.output_decoder import OutputDecoder, decoder_of
from ..module import check_model
from ..randomness import source


class Dataset(NamedTuple):
    """Rows to train on or to measure on.

    Attributes:
        X: the inputs, shape `(n, ...)`.
        targets: what the loss takes: numbers of classes instead of labels, and a column beside a column.
        weights: the weight of each row, or None if all are equal.
    """

    X: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Dataset:
        """Return some of the rows."""
        return Dataset(self.X[rows], self.targets[rows], None if self.weights is None else self.weights[rows])

    def weighted(self, decoder: OutputDecoder, class_weights: np.ndarray | None) -> Dataset:
        """Return the rows with their weights multiplied by those of their classes, if there are any."""
        if class_weights is None:
            return self
        numbers = _class_numbers(decoder, self.targets)
        own = class_weights if numbers is None else class_weights[numbers]
        return self._replace(weights=own if self.weights is None else own * self.weights)

    def fingerprint(self) -> int:
        """Return a number that is another one for other rows, almost surely."""
        number = 0
        for part in self:
            number = number if part is None else zlib.crc32(np.ascontiguousarray(part).data, number)
        return number


class Prepared(NamedTuple):
    """The data of a training.

    Attributes:
        decoder: what the outputs mean.
        train: the rows to train on.
        validation: the rows to validate on, or None.
        share: the share of the rows that `split` takes for validation, or None.
    """

    decoder: OutputDecoder
    train: Dataset
    validation: Dataset | None
    share: float | None

    def split(self, key: int, stratify: bool) -> Prepared:
        """Draw the share of the rows to validate on; with `stratify`, of each class about that share."""
        if self.share is None:
            return self
        labels = _class_numbers(self.decoder, self.train.targets) if stratify else None
        train, kept = parts_of(len(self.train.X), self.share, source(key), "validation", labels)
        return self._replace(train=self.train.take(train), validation=self.train.take(kept))


def prepare(
    model: Any, X: Any, y: Any, loss: Loss, validation: Any = None, sample_weight: Any = None, class_weight: Any = None
) -> Prepared:
    """Check data, labels and weights against the model and the loss; arguments as for `fit`.

    Raises:
        ValueError, TypeError: they do not fit.
    """
    decoder, train = dataset_of(model, X, y, loss, weights=sample_weight)
    each = None if class_weight is None else _class_weights(class_weight, loss, decoder, train.targets)
    train = train.weighted(decoder, each)
    if validation is None:
        return Prepared(decoder, train, None, None)
    if isinstance(validation, (tuple, list)) and len(validation) in (2, 3):
        X, y, *weights = validation
        held_out = dataset_of(model, X, y, loss, decoder, " of validation", *weights)[1]
        return Prepared(decoder, train, held_out.weighted(decoder, each), None)
    if not isinstance(validation, (float, np.floating)):
        raise TypeError(
            f"`validation` is `(X, y)` or a share between 0 and 1, or `(X, y, sample_weight)`, not {validation!r:.60}"
        )
    return Prepared(decoder, train, None, float(validation))


def dataset_of(
    model: Any, X: Any, y: Any, loss: Loss | None, decoder: OutputDecoder | None = None, name: str = "",
    weights: Any = None,
) -> tuple[OutputDecoder, Dataset]:  # fmt: skip
    """Return arrays for the model and the loss, checked: the model sees one row, a loss of ours all targets.

    Args:
        loss: None if there is none.
        decoder: what the outputs mean; if left out, it is found out from the loss and `y`.
        name: what the data are called, for messages.
        weights: the weight of each row, or None.

    Raises:
        ValueError, TypeError: they do not fit.
    """
    check_model(model)
    columns = known = column_names(X)
    if (before := decoder or model.output_decoder) is not None and before.columns is not None:
        again = decoder is not None or sorted(map(str, known or [])) == sorted(map(str, before.columns))
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
        if decoder is None:
            decoder = copy.copy(decoder_of(model.output_decoder, loss, y, shape))
            decoder.columns = columns
        targets = decoder.targets(y, f"y{name}")
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
    return decoder, Dataset(X, targets, weights)


def _weights(weights: Any, n: int, loss: Loss | None, name: str) -> np.ndarray:
    """Check the weights of the rows, and that the loss takes them."""
    _needs_weights(loss, name)
    array = plain_array(weights, name).astype(np.float64)
    if array.shape != (n,):
        raise ValueError(f"`{name}` has shape {array.shape}; there must be one for each row, shape {(n,)}")
    if array.min() < 0 or not array.any():
        raise ValueError(f"`{name}` are numbers from 0, not all of them 0")
    return array


def _needs_weights(loss: Loss | None, name: str) -> None:
    """Check that a loss takes weights of rows."""
    try:
        if loss is not None:
            inspect.signature(loss, follow_wrapped=False).bind(None, None, sample_weight=None)
    except (TypeError, ValueError):  # the second where a function of C tells nothing of its arguments
        needed = f", which `{name}` needs" if "sample" not in name else ""
        raise TypeError(f"`loss` has no argument `sample_weight`{needed}; those of `nn.losses` have") from None


def _class_numbers(decoder: OutputDecoder, targets: np.ndarray) -> np.ndarray | None:
    """Return the number of the class of each row; None where there are no classes, or a row is of several."""
    if decoder.classes is None or not np.all((targets == targets.round()) & (np.abs(targets) <= 1)):
        return None
    return targets.argmax(axis=-1) if decoder.many else (targets > sum(decoder.codes or ()) / 2).astype(int).ravel()


def _class_weights(given: Any, loss: Loss, decoder: OutputDecoder, targets: np.ndarray) -> np.ndarray:
    """Return the weight of a row of each class: as given by label or in order, or "balanced", $n / (k\\,n_j)$.

    Raises:
        ValueError, TypeError: `given` is no such thing, or the targets are no labels.
    """
    _needs_weights(loss, "class_weight")
    numbers = _class_numbers(decoder, targets)
    if numbers is None or decoder.classes is None:
        raise ValueError("`class_weight` weighs rows by their class; here `y` holds no labels: give `sample_weight`")
    classes = decoder.classes.tolist()
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
