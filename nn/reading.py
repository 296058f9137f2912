"""Reading: what the numbers that a net gives mean: values, the probability of a class, a score for each class.

`nn.fit` leaves it on the model, where `predict` and `predict_proba` find it; the classes may be of any type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd as ag

from .checks import flag
from .data import label_array, plain_array

__all__ = ["KINDS", "Reading"]


class Kind(NamedTuple):
    """How outputs of one kind are read."""

    codes: tuple[float, float] | None = None
    """The targets that stand for two classes, where one output tells them apart."""
    many: bool = False
    """Whether there is an output for each class, and the largest is the choice."""
    level: float = 0.0
    """Of two classes, the output from which it is the second."""
    probabilities: Callable[[Any], Any] | None = None
    """From outputs to probabilities, where there are any."""


KINDS: dict[str, Kind] = {
    "values": Kind(),
    "logit": Kind(codes=(0.0, 1.0), probabilities=ag.sigmoid),
    "probability": Kind(codes=(0.0, 1.0), level=0.5, probabilities=ag.identity),
    "margin": Kind(codes=(-1.0, 1.0)),
    "logits": Kind(many=True, probabilities=ag.softmax),
    "log_probabilities": Kind(many=True, probabilities=ag.exp),
    "scores": Kind(many=True),
}
"""What outputs may be."""


class Reading:
    """How the outputs of a net are read, and how labels become the targets of its loss.

    Args:
        kind: one of `KINDS`: "values" for regression; "logit", "probability" or "margin" for two classes and one
            output (or several outputs, each a yes or no); "logits", "log_probabilities" or "scores" for an output
            for each class.
        classes: the classes, in the order of the outputs; of any type.
        flat: whether predictions of one number per row have shape `(n,)`, as `y` had, or `(n, 1)`.

    Raises:
        ValueError: there is no such kind, or the number of classes is wrong.

    >>> reading = Reading("logits", ["cat", "dog", "owl"])
    >>> reading.targets(["owl", "cat"]), reading.predict(np.array([[0.1, 2.0, 0.3]]))
    (array([2, 0]), array(['dog'], dtype='<U3'))
    """

    def __init__(self, kind: str, classes: Any = None, flat: bool = True) -> None:
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(f"`kind` {kind!r:.60} is unknown: use one of {', '.join(map(repr, KINDS))}")
        self.kind, self.flat = kind, flag(flat, "flat")
        self.classes = None if classes is None else label_array(classes, "classes")
        if self.classes is not None and (self.classes.ndim != 1 or len(set(self.classes.tolist())) < self.classes.size):
            raise ValueError(f"`classes` is a list of different labels, not {classes!r:.60}")
        if self.classes is not None and (kind == "values" or (KINDS[kind].codes and len(self.classes) != 2)):
            raise ValueError(f"`classes` has {len(self.classes)} labels; {kind!r} is read as {self._wants()}")

    def config(self) -> dict[str, Any]:
        """Give the arguments that make such a Reading, as plain numbers, texts and lists."""
        classes = None if self.classes is None else self.classes.tolist()
        return {"kind": self.kind, "classes": classes, "flat": self.flat}

    @classmethod
    def of(cls, kind: str, y: Any, outputs: tuple[int, ...]) -> Reading:
        """Find out what the targets `y` of outputs of shape `(n, ...)` say.

        Raises:
            TypeError, ValueError: `y` does not fit.
        """
        how = KINDS[kind]
        if kind == "values" or (how.codes and len(outputs) > 1 and outputs[1] > 1):
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

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Say whether outputs of this shape, `(n, ...)`, can be read so: as many as there are classes."""
        wanted = (1 if self.classes is None or KINDS[self.kind].codes else len(self.classes),)
        return self.classes is None or shape[1:] == wanted or (wanted == (1,) and shape[1:] == ())

    def targets(self, y: Any, name: str = "y") -> np.ndarray:
        """Give what the loss takes: for the classes their numbers (0 or 1, -1 or 1, or 0 to k - 1).

        Numbers that are targets already, as probabilities, stay.

        Raises:
            ValueError: a label is none of the classes.
            TypeError: `y` holds something that is no number, and there are no classes.
        """
        if self.classes is None:
            return plain_array(y, name)
        labels, how = label_array(y, name), KINDS[self.kind]
        if how.many and labels.ndim == 2 and labels.shape[1] == len(self.classes):
            return plain_array(y, name)  # a distribution in each row
        if how.codes == (0.0, 1.0) and labels.dtype.kind == "f" and set(self.classes.tolist()) == {0, 1}:
            return plain_array(y, name)  # probabilities
        if labels.ndim == 2 and labels.shape[1] == 1 and how.many:
            labels = labels[:, 0]
        order = np.argsort(self.classes)
        kinds = {labels.dtype.kind, self.classes.dtype.kind}
        if len(kinds) > 1 and kinds & set("USOMmV"):
            found = np.zeros(labels.shape, dtype=bool)  # texts and numbers have no order
            numbers = np.zeros(labels.shape, dtype=int)
        else:
            at = np.minimum(np.searchsorted(self.classes, labels, sorter=order), len(order) - 1)
            numbers = order[at]
            found = self.classes[numbers] == labels
        if not np.all(found):
            stranger = labels[~found].tolist()[0]
            raise ValueError(f"`{name}` holds {stranger!r:.60}; the classes are {_listed(self.classes)}")
        return numbers if how.codes is None else np.asarray(how.codes)[numbers]

    def labels(self, targets: np.ndarray) -> np.ndarray:
        """Give the labels, or values, that targets stand for, in the shape of predictions: undo `targets`.

        >>> Reading("margin", ["no", "yes"]).labels(np.array([[-1.0], [1.0]])).tolist()
        ['no', 'yes']
        """
        how = KINDS[self.kind]
        if how.many and targets.ndim == 1:
            return self._chosen(targets)
        return self.predict(targets, sum(how.codes) / 2 if how.codes else 0.0)

    def predict(self, outputs: np.ndarray, level: float | None = None) -> np.ndarray:
        """Give the class, or the value, that outputs of shape `(n, ...)` stand for; shape `(n,)` where `y` had it."""
        how = KINDS[self.kind]
        if how.many:
            return self._chosen(outputs.argmax(axis=-1))
        if how.codes:
            classes = np.array(how.codes, dtype=np.int64) if self.classes is None else self.classes
            outputs = classes[(outputs > (how.level if level is None else level)).astype(np.intp)]
        one = outputs.ndim == 2 and outputs.shape[1] == 1
        return outputs[:, 0] if one and self.flat else outputs

    def _chosen(self, numbers: np.ndarray) -> np.ndarray:
        chosen = numbers if self.classes is None else self.classes[numbers]
        return chosen if self.flat else chosen[:, None]

    def predict_proba(self, outputs: np.ndarray) -> np.ndarray:
        """Give the probability of each class, shape `(n, k)`; where each output is a yes or no, that of yes.

        Raises:
            ValueError: such outputs have no probabilities.
        """
        how = KINDS[self.kind]
        if how.probabilities is None:
            raise ValueError(f"the outputs are {self._wants()}, not probabilities: train with a cross-entropy")
        chances = np.asarray(how.probabilities(outputs))
        if how.codes and self.classes is not None:
            chances = chances.reshape(len(chances), -1)
            chances = np.concatenate([1 - chances, chances], axis=1)
        return chances

    def _wants(self) -> str:
        how = KINDS[self.kind]
        return "numbers for each class" if how.many else "a number for two classes" if how.codes else "values"

    def __repr__(self) -> str:
        return f"Reading({self.kind!r}" + (")" if self.classes is None else f", {_listed(self.classes)})")


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
