"""Criterion: the class of all losses. It checks targets, applies the weights, and reduces the losses to one number."""

from __future__ import annotations

import functools
import inspect
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from autograd import Node, Tensor, Value

from ..arguments import cast, one_of
from ..data.arrays import node_or_floats
from . import targets

Loss = Callable[[Any, Any], Any]
"""A function of outputs and targets that gives a single number: a `Criterion`, or your own."""

REDUCTIONS = ("mean", "sum", "none")


class Criterion:
    r"""A loss function of outputs and targets. All losses of `nn.losses` are instances.

    Args:
        formula: a function of outputs, targets and keyword settings that returns the loss of each case.
        kind: the check of the targets, one of `nn.losses.targets`. It decides what `predict` returns: values for
            `reals` and `counts`, one of two classes for `probabilities` and `signs`, one of k classes for `classes`,
            `labels` and `rows`.
        output_activation: the function from outputs to predictions (the inverse link). It returns the mean of the
            targets, the probability of class 1, or the probability of each class. None means that the outputs are the
            predictions, and that there are no probabilities.

    Let $w_i$ be the weight of case $i$ (1 by default). "mean" is $\sum_i w_i \ell_i / \sum_i w_i$, so a weight of 2
    has the effect of a repeated case. "sum" is $\sum_i w_i \ell_i$, and "none" returns all $w_i \ell_i$. (PyTorch
    computes the same mean for class weights of labels. For rows of probabilities it divides by the number of rows.)

    Every loss is called with

    - the outputs of the net, by position or by the name of the formula's first parameter;
    - the targets, by position or by the name of the second: numbers, lists or arrays. The numbers of a node that
      depends on other nodes are not checked, so that the loss can be compiled;
    - `sample_weight`: the weight of each case, from 0; shape `(n,)`, or the shape of the losses of the cases;
    - `class_weight`, for losses of classes: the weight of each class, in the order of the classes. A formula with a
      parameter of this name applies it itself;
    - `reduction`: "mean", "sum" or "none";
    - its own settings.

    Raises:
        ValueError: the shapes do not match, or a number is out of its range.
        TypeError: something is not a real number.

    Attributes:
        name: the name in `LOSSES`.
        settings: the settings that differ from the defaults.
        output_activation: the function that `predict`, `predict_proba`, `evaluate` and the metrics apply to outputs.
        codes: the two targets that stand for the two classes of a single output, or None.
        many: whether there is one output for each class.

    Your own Criterion predicts by the same rules. A plain function can have an attribute `output_activation`.

    >>> from chalkgrad.nn.losses import targets
    >>> def exponential(logs, y):
    ...     return logs + y * ag.exp(-logs)
    >>> own = Criterion(exponential, targets.reals, output_activation=ag.exp)  # for `nn.fit(..., loss=own)`
    >>> from chalkgrad.nn.losses import cross_entropy, mse
    >>> mse([1.0, 3.0], [1.0, 1.0], reduction="none").data
    array([0., 4.])
    >>> gentle = cross_entropy.using(label_smoothing=0.1)
    >>> gentle, round(gentle([[2.0, 0.0]], [0]).item(), 6)
    (cross_entropy(label_smoothing=0.1), 0.226928)
    """

    def __init__(
        self,
        formula: Callable[..., Any],
        kind: Callable[..., Any],
        output_activation: Callable[[Any], Any] | None = None,
    ) -> None:
        functools.update_wrapper(self, formula)
        self.name = formula.__name__
        self.formula, self.kind, self.output_activation = formula, kind, output_activation
        self.codes = {targets.probabilities: (0.0, 1.0), targets.signs: (-1.0, 1.0)}.get(kind)
        self.many = kind in (targets.classes, targets.labels, targets.rows)
        self.base: Criterion | None = None
        self.settings: dict[str, Any] = {}
        self.outputs_name, self.targets_name, *own = inspect.signature(formula).parameters
        self.weighs_itself = "class_weight" in own
        weighed = self.codes is not None or kind in (targets.classes, targets.labels)
        self.known = ["reduction", *(["class_weight"] if weighed else []), *(x for x in own if x != "class_weight")]

    def using(self, **settings: Any) -> Criterion:
        """Return the same loss with other settings, for `nn.fit(..., loss=...)`.

        Raises:
            TypeError: there is no such setting.
        """
        for name in settings:
            if name not in self.known:
                raise TypeError(f"`{self.name}` has no setting `{name}`; its settings: {', '.join(self.known)}")
        made = object.__new__(Criterion)
        vars(made).update(vars(self), base=self.base or self, settings={**self.settings, **settings})
        return made

    def prepare(self, shape: tuple[int, ...], y: Any) -> Any:
        """Check targets for outputs of this shape, and return them as floats in the shape that the formula takes.

        Labels of classes become one-hot rows. The loss accepts the result as targets.

        >>> from chalkgrad.nn.losses import cross_entropy
        >>> cross_entropy.prepare((2, 3), [0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]])
        """
        plain = targets.node_or_plain(y, self.targets_name)
        ignored, gone = self.settings.get("ignore_index"), np.empty(0)
        if ignored is not None and not np.isscalar(ignored):
            raise TypeError(f"`ignore_index` is one label, such as -100, not {ignored!r:.60}")
        if ignored is not None and isinstance(plain, np.ndarray) and plain.shape in (shape, shape[:-1]):
            one_hot = plain.shape == shape
            gone = np.asarray(~plain.any(axis=-1) if one_hot else plain == ignored)[..., None]
            plain = np.where(gone, 1 / shape[-1], plain) if one_hot else np.where(gone[..., 0], 0, plain)
        found = self.kind(plain, tuple(shape), self.targets_name, self.outputs_name)
        if gone.size:
            found = np.where(gone, 0.0, found)  # a row of zeros contributes nothing to the loss
        if isinstance(y, Tensor) and y.requires_grad and y.shape == found.shape:
            return y  # it may be differentiated
        return found if isinstance(found, Node) else found.astype(np.float64, copy=False)

    def __call__(self, *given: Any, sample_weight: Any = None, **settings: Any) -> Any:
        names = (self.outputs_name, self.targets_name)
        given += tuple(settings.pop(name) for name in names[len(given) :] if name in settings)
        if len(given) != 2:
            raise TypeError(f"`{self.name}` takes `{names[0]}` and `{names[1]}`, and settings by their names")
        outputs, y = given
        if settings:
            return self.using(**settings)(outputs, y, sample_weight=sample_weight)
        own = dict(self.settings)
        reduction, class_weight = own.pop("reduction", "mean"), own.pop("class_weight", None)
        one_of(reduction, REDUCTIONS, "reduction")
        z = node_or_floats(outputs, self.outputs_name, self.name)
        if isinstance(z, Value):
            z = ag.reshape(z, shape=())
        elif isinstance(outputs, (list, tuple)) and isinstance(z, np.ndarray):
            z = Tensor(z)
        y = self.prepare(z.shape, y)
        if not math.prod(z.shape):
            raise ValueError(f"`{self.outputs_name}` have shape {z.shape}: there is nothing to take the {reduction} of")
        y = cast(y, z.dtype)
        weights = None
        if own.get("ignore_index") is not None and class_weight is None:
            class_weight = np.ones(z.shape[-1])
        if class_weight is not None:
            class_weight = _class_weight(class_weight, self, z)
            weights = _weights_by_class(y, class_weight, self)
            if self.weighs_itself:
                own["class_weight"] = class_weight
        with np.errstate(all="ignore"):
            each = self.formula(z, y, **own)
            if weights is not None and not self.weighs_itself:
                each = weights * each
            return _reduced(each, weights, sample_weight, reduction)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{self.name}({settings})" if settings else self.name

    def __reduce__(self) -> Any:
        return self.name if self.base is None else (operator.methodcaller("using", **self.settings), (self.base,))


def _weights_by_class(y: Any, weight: Any, loss: Criterion) -> Any:
    """Return the weight of each case by its class, from its targets `y`."""
    if loss.many:
        return ag.sum(y * weight, axis=-1)
    one = 0.5 * (1.0 + y) if loss.kind is targets.signs else y
    return one * weight[1] + (1.0 - one) * weight[0]


def _class_weight(weight: Any, loss: Criterion, z: Any) -> np.ndarray:
    if isinstance(weight, dict):
        raise TypeError("`class_weight` is a list of numbers in the order of the classes, not a dict")
    k = z.shape[-1] if loss.many else 2
    weight = cast(weights_of(weight, "class_weight"), z.dtype)
    if weight.shape != (k,):
        raise ValueError(f"`class_weight` has shape {weight.shape}; {loss.name} needs one for each of {k} classes")
    return weight


def weights_of(weight: Any, name: str) -> np.ndarray:
    """Check weights, numbers from 0."""
    weight = targets.node_or_plain(weight, name)
    if isinstance(weight, Node) or np.any(weight < 0):
        raise ValueError(f"`{name}` are numbers from 0, not {weight!r:.60}")
    return weight


def _reduced(each: Any, weights: Any, sample_weight: Any, reduction: str) -> Any:
    """Make one number of the losses of all cases, which contain the weights of their classes already."""
    each = each if isinstance(each, Node) else np.asarray(each)
    if sample_weight is not None:
        if not isinstance(sample_weight, Node):
            sample_weight = weights_of(sample_weight, "sample_weight")
        if isinstance(sample_weight, (Tensor, np.ndarray)):
            sample_weight = cast(sample_weight, each.dtype)
        if sample_weight.shape != each.shape[: len(sample_weight.shape)]:
            raise ValueError(
                f"`sample_weight` has shape {sample_weight.shape}; the losses of the cases have {each.shape}: give one "
                "weight for each case"
            )
        below = (1,) * (len(each.shape) - len(sample_weight.shape))
        sample_weight = ag.reshape(sample_weight, shape=(*sample_weight.shape, *below))
        each = sample_weight * each
        weights = ag.broadcast_to(sample_weight, shape=each.shape) if weights is None else sample_weight * weights
    if reduction == "none":
        return each
    total = ag.sum(each)
    if reduction == "sum":
        return total
    by = float(math.prod(each.shape)) if weights is None else ag.sum(weights)
    return ag.div(total, by if weights is None else ag.where(by, by, 1.0))
