"""OutputDecoder: labels to targets and outputs to predictions, by the targets and `output_activation` of the loss.

`nn.fit` leaves it on the model, where `predict` and `predict_proba` find it; the classes may be of any type.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

import autograd as ag

from ..arguments import flag, found
from ..data.arrays import label_array, plain_array
from . import formulas, targets
from .formulas import LOSSES, Criterion, Loss, loss_of, mse

SHORT = {
    "values": mse, "logit": formulas.bce_with_logits, "probability": formulas.bce, "margin": formulas.hinge,
    "logits": formulas.cross_entropy, "log_probabilities": formulas.nll, "scores": formulas.multiclass_hinge,
}  # fmt: skip
"""What outputs may be, each by a loss that takes them so."""


class OutputDecoder:
    """How the outputs of a net are read, and how labels become the targets of its loss.

    Args:
        kind: the loss that the outputs are for: its name, a `Criterion`, or a function; or what the outputs are:
            "values" for regression; "logit", "probability" or "margin" for two classes and one output (or several
            outputs, each a yes or no); "logits", "log_probabilities" or "scores" for an output for each class.
        classes: the classes, in the order of the outputs; of any type.
        flat: whether predictions of one number per row have shape `(n,)`, as `y` had, or `(n, 1)`.
        columns: the names of the columns of the inputs, where they came in a frame.
        output_activation: the function that turns outputs into predictions, or its name in `autograd`; that of the
            loss if left out.

    Raises:
        ValueError: there is no such loss, or the number of classes is wrong.

    >>> decoder = OutputDecoder("cross_entropy", ["cat", "dog", "owl"])
    >>> decoder.targets(["owl", "cat"]), decoder.predict(np.array([[0.1, 2.0, 0.3]]))
    (array([2, 0]), array(['dog'], dtype='<U3'))
    """

    def __init__(
        self, kind: str | Loss, classes: Any = None, flat: bool = True, columns: Any = None,
        output_activation: str | Callable[[Any], Any] | None = None,
    ) -> None:  # fmt: skip
        loss = loss_of(found(kind, SHORT | LOSSES, "kind", "a loss"))
        own = loss if isinstance(loss, Criterion) else mse  # a plain function is of values
        self.codes, self.many = own.codes, own.many
        self.of_values = not self.codes and not self.many  # the outputs stand for values, not for classes
        within = getattr(getattr(loss, "func", None), "output_activation", None)  # of a partial
        activation = output_activation or getattr(loss, "output_activation", within)
        activation = _function(activation) if isinstance(activation, str) else activation
        if activation is None and not self.many and own.kind is not targets.signs:
            activation = ag.identity
        self.activation: Callable[[Any], Any] | None = activation
        like = [name for name, x in SHORT.items() if (x.codes, x.many) == (self.codes, self.many)]
        self.kind = next((name for name in like if SHORT[name].output_activation is activation), like[0])
        self.flat, self.columns = flag(flat, "flat"), None if columns is None else list(columns)
        self.classes = None if classes is None else label_array(classes, "classes")
        if self.classes is not None and (self.classes.ndim != 1 or len(set(self.classes.tolist())) < self.classes.size):
            raise ValueError(f"`classes` is a list of different labels, not {classes!r:.60}")
        if self.classes is not None and (self.of_values or (self.codes and len(self.classes) != 2)):
            raise ValueError(f"`classes` has {len(self.classes)} labels; {self.kind!r} is read as {self._wants()}")

    def config(self) -> dict[str, Any]:
        """Return the arguments that make such an OutputDecoder, as plain numbers, texts and lists."""
        classes = None if self.classes is None else self.classes.tolist()
        config: dict[str, Any] = {"kind": self.kind, "classes": classes, "flat": self.flat}
        if self.activation is not SHORT[self.kind].output_activation:
            config["output_activation"] = name = getattr(self.activation, "__name__", "")
            if getattr(ag, name, None) is not self.activation:
                raise TypeError(
                    f"`output_activation` {self.activation!r:.60} cannot be written to a file: use a function of "
                    "autograd, such as autograd.exp, or set `model.output_decoder = None` before you save"
                )
        return config | ({} if self.columns is None else {"columns": self.columns})

    @classmethod
    def of(cls, kind: str | Loss, y: Any, outputs: tuple[int, ...]) -> OutputDecoder:
        """Find out what the targets `y` of outputs of shape `(n, ...)` say.

        Raises:
            TypeError, ValueError: `y` does not fit.
        """
        how = cls(kind)
        if how.of_values or (how.codes and len(outputs) > 1 and outputs[1] > 1):
            return cls(kind, None, np.ndim(plain_array(y, "y")) == 1)
        labels = label_array(y, "y")
        flat = labels.ndim == 1
        if how.many:
            if len(outputs) != 2 or outputs[1] < 2:
                raise ValueError(
                    f"this `loss` takes an output for each class; the model gives shape {outputs}. "
                    "For two classes with one output: 'bce_with_logits'"
                )
            return cls(kind, _many(labels, outputs[1]), flat or labels.shape[1] == outputs[1])
        return cls(kind, _two(labels, how.codes), flat)

    def fits(self, kind: str | Loss, shape: tuple[int, ...]) -> bool:
        """Return whether outputs of this shape, `(n, ...)`, for this loss stand for the same classes."""
        other = OutputDecoder(kind)
        wide = [(len(self.classes),)] if self.classes is not None and not self.codes else [(), (1,)]
        same = (self.codes, self.many, self.activation) == (other.codes, other.many, other.activation)
        return same and self.classes is not None and shape[1:] in wide

    def targets(self, y: Any, name: str = "y") -> np.ndarray:
        """Return what the loss takes: for the classes their numbers (0 or 1, -1 or 1, or 0 to k - 1).

        Numbers that are targets already, as probabilities, stay.

        Raises:
            ValueError: a label is none of the classes.
            TypeError: `y` holds something that is no number, and there are no classes.
        """
        if self.classes is None:
            return plain_array(y, name)
        labels = label_array(y, name)
        if self.many and labels.ndim == 2 and labels.shape[1] == len(self.classes):
            return plain_array(y, name)  # a distribution in each row
        if self.codes == (0.0, 1.0) and labels.dtype.kind == "f" and set(self.classes.tolist()) == {0, 1}:
            return plain_array(y, name)  # probabilities
        if labels.ndim == 2 and labels.shape[1] == 1 and self.many:
            labels = labels[:, 0]
        if {labels.dtype.kind, self.classes.dtype.kind} <= {"M"}:
            labels = labels.astype(self.classes.dtype)  # dates of another unit
        known = {label: number for number, label in enumerate(self.classes.tolist())}
        numbers = np.array([known.get(label, -1) for label in labels.ravel().tolist()], int).reshape(labels.shape)
        if np.any(numbers < 0):
            stranger = labels[numbers < 0].tolist()[0]
            raise ValueError(f"`{name}` holds {stranger!r:.60}; the classes are {_listed(self.classes)}")
        return numbers if self.codes is None else np.asarray(self.codes)[numbers]

    def labels(self, targets: np.ndarray) -> np.ndarray:
        """Return the labels, or values, that targets or `means` stand for, in the shape of predictions.

        >>> OutputDecoder("margin", ["no", "yes"]).labels(np.array([[-1.0], [1.0]])).tolist()
        ['no', 'yes']
        """
        if self.many:
            numbers = targets if targets.ndim == 1 and targets.dtype.kind != "f" else targets.argmax(axis=-1)
            chosen = numbers if self.classes is None else self.classes[numbers]
            return chosen if self.flat else chosen[:, None]
        if self.codes:
            classes = np.array(self.codes, dtype=np.int64) if self.classes is None else self.classes
            targets = classes[(targets > sum(self.codes) / 2).astype(np.intp)]
        one = targets.ndim == 2 and targets.shape[1] == 1
        return targets[:, 0] if one and self.flat else targets

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        """Return the class, or the value, that outputs of shape `(n, ...)` stand for; shape `(n,)` where `y` had it."""
        return self.labels(self.means(outputs))

    def means(self, outputs: np.ndarray) -> np.ndarray:
        """Apply the output activation, which may be a function of nodes."""
        if self.activation is None:
            return outputs
        with np.errstate(all="ignore"), ag.no_grad():
            means = self.activation(outputs)
        return np.asarray(means._data if isinstance(means, ag.Node) else means)

    def predict_proba(self, outputs: np.ndarray) -> np.ndarray:
        """Return the probability of each class, shape `(n, k)`; where each output is a yes or no, that of yes.

        Raises:
            ValueError: such outputs have no probabilities.
        """
        if self.activation is None or self.of_values:
            raise ValueError(f"the outputs are {self._wants()}, not probabilities: train with a cross-entropy")
        chances = self.means(outputs)
        if self.codes:
            chances = (chances - self.codes[0]) / (self.codes[1] - self.codes[0])
        if self.codes and self.classes is not None:
            chances = chances.reshape(len(chances), -1)
            chances = np.concatenate([1 - chances, chances], axis=1)
        return chances

    def _wants(self) -> str:
        return "numbers for each class" if self.many else "a number for two classes" if self.codes else "values"

    def __repr__(self) -> str:
        return f"OutputDecoder({self.kind!r}" + (")" if self.classes is None else f", {_listed(self.classes)})")


def decoder_of(known: OutputDecoder | None, loss: Loss | None, y: Any, shape: tuple[int, ...]) -> OutputDecoder:
    """Keep the classes that a model knows where `y` has no others, for a part of the data may lack some."""
    kind = loss or "mse"
    if known is not None and known.fits(kind, shape):
        with suppress(TypeError, ValueError):
            known.targets(y)
            return known
    return OutputDecoder.of(kind, y, shape)


def targets_of(known: OutputDecoder | None, loss: Loss, y: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return what a loss takes beside outputs of this shape, as `nn.fit` does: labels may be of any type."""
    targets = decoder_of(known, loss, y, shape).targets(y)
    return targets[:, None] if targets.ndim == 1 and shape == (len(targets), 1) else targets


def _function(name: str) -> Callable[[Any], Any]:
    """Find an activation by its name in autograd."""
    found = getattr(ag, name, None)
    if not (isinstance(found, ag.Primitive) or found in (ag.softmax, ag.log_softmax)):
        raise ValueError(f"`output_activation` is a function of numbers in autograd, such as 'exp', not {name!r:.60}")
    return found


def _many(labels: np.ndarray, k: int) -> np.ndarray:
    """Find the classes of an output each: the whole numbers below k, or k labels of any type."""
    if labels.ndim == 2 and labels.shape[1] == k:
        return np.arange(k)
    if labels.ndim > 2 or (labels.ndim == 2 and labels.shape[1] != 1):
        raise ValueError(f"`y` has shape {labels.shape}; give a label for each row, or {k} probabilities")
    found = np.unique(labels)
    whole = labels.dtype.kind in "iu" or (labels.dtype.kind == "f" and np.all(found == np.floor(found)))
    if whole and found[0] >= 0 and found[-1] < k:
        return np.arange(k, dtype=labels.dtype)
    if labels.dtype.kind == "f" and not whole:
        part = found[found != np.floor(found)][0]
        raise ValueError(f"`y` holds {part:g}, which is no class; for values use a loss such as 'mse'")
    if len(found) == k:
        return found
    numbers = f", whole numbers from 0 to {k - 1} or any {k} labels" if labels.dtype.kind in "iuf" else ""
    raise ValueError(
        f"`y` has {len(found)} classes, {_listed(found)}; the model gives {k} outputs: one for each class is needed"
        f"{numbers}"
    )


def _two(labels: np.ndarray, codes: Any) -> np.ndarray:
    """Find the two classes that one output tells apart: those that the loss knows, or two labels of any type."""
    found = np.unique(labels)
    if labels.dtype.kind in "iufb":
        low, high = codes
        known = (found == low) | (found == high)
        if np.all(known) or (low == 0 and labels.dtype.kind == "f" and low <= found[0] and found[-1] <= high):
            return np.array(codes, dtype=labels.dtype if np.all(known) else np.int64)
    if len(found) == 2 and (labels.dtype.kind != "f" or np.all(found == np.floor(found))):
        return found
    raise ValueError(f"`y` has {len(found)} classes, {_listed(found)}; one output tells two apart")


def _listed(classes: np.ndarray) -> str:
    names = [repr(label) for label in classes[:6].tolist()]
    return ", ".join([*names, *(["..."] if len(classes) > 6 else [])])
