r"""Losses: how far the outputs are from the targets. Each has a formula for one case, and a kind of targets.

All take the outputs first and the targets second, and work on Tensors, arrays and lists of Values. The weight of
a case, and how the cases become one number, is said once, in `Criterion`. Shapes must be equal: `(n, 1)` beside
`(n,)` would broadcast to `(n, n)`, and is refused.

A loss goes with an output activation, of which it is the negative log-likelihood: for $z$ the outputs and $y$ the
targets, its gradient at $z$ is then the activation's value minus $y$, which does not vanish where the net is wrong.

| likelihood    | `loss.output_activation`          | loss              |
|---------------|-----------------------------------|-------------------|
| "gaussian"    | $z$, the mean                     | `gaussian_nll`, or `mse`, twice that but for a constant |
| "bernoulli"   | $\sigma(z)$, the probability of 1 | `bce_with_logits` |
| "multinoulli" | $\mathrm{softmax}(z)$             | `cross_entropy`   |
| "poisson"     | $e^z$, the mean count             | `poisson_nll`     |

Source: Goodfellow, Bengio and Courville (2016), section 6.2.2.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from autograd import Node

from ..arguments import above_zero, cast, flag, found, within
from . import targets as kinds
from .criterion import Criterion as Criterion
from .criterion import Loss as Loss
from .criterion import weights_of

LOSSES: dict[str, Criterion] = {}
"""The losses that go by a name, as in `nn.fit(..., loss="mse")`."""


def _loss(*about: Any, **more: Any) -> Callable[[Callable[..., Any]], Criterion]:
    """Make a loss of the formula below, from what `Criterion` needs beside it, and enter it by its name."""

    def entered(formula: Callable[..., Any]) -> Criterion:
        loss = LOSSES[formula.__name__] = Criterion(formula, *about, **more)
        return loss

    return entered


# Of numbers ------------------------------------------------------------------------------------------------


@_loss(kinds.reals, output_activation=ag.identity)
def mse(predictions: Any, targets: Any) -> Any:
    r"""Squared error $(\hat y - y)^2$; its mean is the MSE, its sum the RSS.

    Args:
        predictions: $\hat y$, any shape.
        targets: $y$, real numbers of that shape.

    Raises:
        ValueError, TypeError: as for `Criterion`.

    Source: Goodfellow, Bengio and Courville (2016), section 5.1.4.

    >>> mse([1.0, 3.0], [1.0, 1.0]).item(), rss([1.0, 3.0], [1.0, 1.0]).item()
    (2.0, 4.0)
    """
    return ag.square(predictions - targets)


@_loss(kinds.reals, output_activation=ag.identity)
def mae(predictions: Any, targets: Any) -> Any:
    r"""Absolute error $|\hat y - y|$, with gradient 0 where there is none: the likelihood is Laplace's.

    Args:
        predictions: $\hat y$, any shape.
        targets: $y$, real numbers of that shape.

    Raises:
        ValueError, TypeError: as for `Criterion`.

    Source: Prince (2023), Understanding Deep Learning, chapter 5.

    >>> mae([1.0, 3.0], [1.0, 1.0]).item()
    1.0
    """
    return ag.abs(predictions - targets)


@_loss(kinds.reals, output_activation=ag.identity)
def huber(predictions: Any, targets: Any, *, delta: float = 1.0) -> Any:
    r"""Huber's loss: $\frac12 r^2$ for an error $r = \hat y - y$ up to $\delta$, else $\delta(|r| - \frac12\delta)$.

    Args:
        predictions: $\hat y$, any shape.
        targets: $y$, real numbers of that shape.
        delta: $\delta$, above 0.

    Raises:
        ValueError: `delta` is not above 0; or as for `Criterion`.

    Source: Huber (1964).

    >>> huber([1.0, 3.0], [0.5, 0.0], reduction="none").data
    array([0.125, 2.5  ])
    """
    delta, error = above_zero(delta, "delta"), predictions - targets
    short = ag.clip(error, -delta, delta)
    return short * (error - 0.5 * short)


@_loss(kinds.reals, output_activation=ag.identity)
def gaussian_nll(predictions: Any, targets: Any, *, variance: Any = 1.0, full: bool = False) -> Any:
    r"""Negative log-likelihood of a Gaussian, $\frac12 \ln v + \frac{1}{2v}(\hat y - y)^2$, but for a constant.

    Args:
        predictions: $\hat y$, its mean, any shape.
        targets: $y$, real numbers of that shape.
        variance: $v$, above 0: a number, one for each prediction, or anything that broadcasts to them; shape `(n,)`
            beside predictions `(n, k)` is one for each row. It may be learned.
        full: whether to add the constant, $\frac12 \ln 2\pi$.

    Raises:
        ValueError: `variance` is not above 0, or does not broadcast to the predictions; or as for `Criterion`.

    Source: Nix and Weigend (1994), for a variance that is learned.

    >>> two = ag.Tensor([[3.0, 0.0]])  # the net gives the mean, and the logarithm of the variance
    >>> gaussian_nll(two[:, 0], [1.0], variance=ag.exp(two[:, 1])).item()
    2.0
    """
    if not isinstance(variance, Node):
        variance = np.asarray(kinds.node_or_plain(variance, "variance"))
        if not np.all(variance > 0):
            raise ValueError(f"`variance` is above 0, not {variance!r:.60}")
        variance = cast(variance, predictions.dtype)
    if variance.shape and variance.shape == predictions.shape[:-1]:
        variance = ag.reshape(variance, shape=(*variance.shape, 1))
    try:
        np.broadcast_to(np.empty(variance.shape), predictions.shape)
    except ValueError:
        raise ValueError(
            f"`variance` has shape {variance.shape}, which does not broadcast to the predictions, {predictions.shape}"
        ) from None
    each = 0.5 * (ag.log(variance) + ag.div(ag.square(predictions - targets), variance))
    return each + 0.5 * math.log(2.0 * math.pi) if flag(full, "full") else each


@_loss(kinds.counts, output_activation=ag.exp)
def poisson_nll(logs: Any, targets: Any, *, full: bool = False) -> Any:
    r"""Negative log-likelihood of a Poisson distribution, $e^z - y z$, but for a constant.

    Args:
        logs: $z$, the logarithm of its mean, any shape.
        targets: $y$, of that shape, from 0: counts, or means of such.
        full: whether to add Stirling's approximation of the constant $\ln y!$ where $y > 1$, as PyTorch does.

    Raises:
        ValueError, TypeError: as for `Criterion`.

    Source: Cameron and Trivedi (2013), section 3.2.

    >>> poisson_nll([0.0, 0.0], [0, 3]).item()
    1.0
    """
    each = ag.exp(logs) - targets * logs
    if not flag(full, "full"):
        return each
    y = ag.maximum(targets, 1.0)
    return each + ag.where(ag.maximum(targets - 1.0, 0.0), y * ag.log(y) - y + 0.5 * ag.log(2.0 * math.pi * y), 0.0)


# Of two classes --------------------------------------------------------------------------------------------


@_loss(kinds.probabilities, output_activation=ag.identity)
def bce(probabilities: Any, targets: Any, *, class_weight: Any = None, label_smoothing: float = 0.0) -> Any:
    r"""Binary cross-entropy from probabilities, $-y \ln p - (1 - y) \ln(1 - p)$.

    It is infinite where $p$ is 0 or 1 and wrong, as a sigmoid soon is: `bce_with_logits` is not. (PyTorch says 100.)

    Args:
        probabilities: $p$, from 0 to 1, any shape.
        targets: $y$, of that shape: 0 or 1, or a probability between them.
        label_smoothing: $\epsilon$: $y$ becomes $(1 - \epsilon)\,y + \epsilon/2$.

    Raises:
        ValueError, TypeError: as for `Criterion`.

    Source: Goodfellow, Bengio and Courville (2016), section 6.2.2.2.

    >>> round(bce([0.9, 0.5], [1, 0]).item(), 6)
    0.399254
    """
    one, zero = _both(targets, class_weight, label_smoothing)
    return -(_product(one, ag.log(probabilities)) + _product(zero, ag.log1p(-probabilities)))


@_loss(kinds.probabilities, output_activation=ag.sigmoid)
def bce_with_logits(
    logits: Any, targets: Any, *, class_weight: Any = None, label_smoothing: float = 0.0, pos_weight: Any = None
) -> Any:
    r"""Binary cross-entropy from logits, $y\,\zeta(-z) + (1 - y)\,\zeta(z)$.

    $\zeta(z) = \ln(1 + e^z)$ is `softplus`. The same as $-y\ln\sigma(z) - (1-y)\ln(1 - \sigma(z))$,
    without overflow and cancellation.

    Args:
        logits: $z$, any shape.
        targets: $y$, of that shape: 0 or 1, or a probability between them.
        label_smoothing: $\epsilon$: $y$ becomes $(1 - \epsilon)\,y + \epsilon/2$.
        pos_weight: what the first term is multiplied by: a number from 0, or one for each output. Unlike
            `class_weight`, it does not change what the mean is divided by.

    Raises:
        ValueError: `label_smoothing` is not from 0 to 1, or `pos_weight` does not fit; or as for `Criterion`.

    Source: Goodfellow, Bengio and Courville (2016), section 6.2.2.2.

    >>> bce_with_logits([1000.0, -1000.0], [1, 0]).item(), bce_with_logits([-1000.0], [1]).item()
    (0.0, 1000.0)
    """
    one, zero = _both(targets, class_weight, label_smoothing)
    if pos_weight is not None:
        pos_weight = cast(weights_of(pos_weight, "pos_weight"), logits.dtype)
        if pos_weight.shape not in ((), (1,), logits.shape[-1:]):
            raise ValueError(f"`pos_weight` has shape {pos_weight.shape}; give a number, or one for each output")
        one = pos_weight * one
    return one * ag.softplus(-logits) + zero * ag.softplus(logits)


@_loss(kinds.signs)
def hinge(scores: Any, labels: Any, *, squared: bool = False) -> Any:
    r"""Hinge loss of two classes, $\max(0, 1 - y z)$, or its square.

    Args:
        scores: $z$, any shape.
        labels: $y$, of that shape, -1 or 1.
        squared: whether to square it.

    Raises:
        ValueError, TypeError: as for `Criterion`.

    Source: Cortes and Vapnik (1995); as in the demo of micrograd.

    >>> hinge([0.5, 2.0], [-1, 1]).item(), squared_hinge([0.5, 2.0], [-1, 1]).item()
    (0.75, 1.125)
    """
    short = ag.relu(1.0 - labels * scores)
    return ag.square(short) if flag(squared, "squared") else short


# Of k classes ----------------------------------------------------------------------------------------------


@_loss(kinds.classes, output_activation=ag.exp)
def nll(
    log_probabilities: Any, labels: Any, *, class_weight: Any = None, label_smoothing: float = 0.0,
    ignore_index: int | None = None,
) -> Any:  # fmt: skip
    r"""Negative log-likelihood $-\sum_j y_j \ln q_j$ from log-probabilities, as a layer `LogSoftmax` gives them.

    Args:
        log_probabilities: $\ln q$, shape `(n, k)`, or `(k,)` for a single case.
        labels: whole numbers from 0 to k - 1, shape `(n,)`; or $y$, rows of probabilities, shape `(n, k)`.
        label_smoothing: $\epsilon$: $y$ becomes $(1 - \epsilon)\,y + \epsilon/k$.
        ignore_index: the label of cases that do not count, such as -100; `nn.fit` leaves out such rows.

    Raises:
        ValueError, TypeError: as for `Criterion`.

    Source: Goodfellow, Bengio and Courville (2016), section 6.2.2.3.

    >>> round(nll([[-0.1, -2.0], [-1.0, -0.5]], [0, 1]).item(), 6)
    0.3
    """
    there = 1.0 if ignore_index is None else ag.sum(labels, axis=-1, keepdims=True)  # 0 for a case to ignore
    y = _smooth(labels, label_smoothing, log_probabilities.shape[-1], there)
    return -ag.sum(_product(y if class_weight is None else y * class_weight, log_probabilities), axis=-1)


@_loss(kinds.classes, output_activation=ag.softmax)
def cross_entropy(
    logits: Any, labels: Any, *, class_weight: Any = None, label_smoothing: float = 0.0,
    ignore_index: int | None = None,
) -> Any:  # fmt: skip
    r"""Cross-entropy of the softmax, $-\sum_j y_j \ln \mathrm{softmax}(z)_j$: the logits alone, so it cannot overflow.

    Args:
        logits: $z$, shape `(n, k)`, or `(k,)` for a single case.
        labels: whole numbers from 0 to k - 1, shape `(n,)`; or $y$, rows of probabilities, shape `(n, k)`.
        label_smoothing: $\epsilon$: $y$ becomes $(1 - \epsilon)\,y + \epsilon/k$.
        ignore_index: the label of cases that do not count, such as -100; `nn.fit` leaves out such rows.

    Raises:
        ValueError, TypeError: as for `Criterion`.

    Source: Goodfellow, Bengio and Courville (2016), section 6.2.2.3; Szegedy et al. (2016) for the smoothing.

    >>> round(cross_entropy([[1.2, 5.1, 2.7], [0.0, 0.0, 1000.0]], [1, 2]).item(), 4)
    0.0526
    >>> round(cross_entropy([[1.0, 1.0]], [[0.5, 0.5]]).item(), 6)
    0.693147
    """
    return nll.formula(ag.log_softmax(logits), labels, class_weight=class_weight, label_smoothing=label_smoothing,
                       ignore_index=ignore_index)  # fmt: skip


@_loss(kinds.rows, output_activation=ag.exp)
def kl_divergence(log_probabilities: Any, targets: Any) -> Any:
    r"""Kullback-Leibler divergence $\sum_j y_j (\ln y_j - \ln q_j)$ of rows. (PyTorch's mean of it is "batchmean".)

    Args:
        log_probabilities: $\ln q$, shape `(n, k)`, or `(k,)` for a single case.
        targets: $y$, rows of probabilities of that shape.

    Raises:
        ValueError, TypeError: as for `Criterion`.

    Source: Kullback and Leibler (1951).

    >>> round(kl_divergence(np.log([[0.5, 0.5]]), [[1.0, 0.0]]), 6)
    0.693147
    """
    return ag.sum(_product(targets, ag.log(targets) - log_probabilities), axis=-1)


@_loss(kinds.labels)
def multiclass_hinge(scores: Any, labels: Any, *, squared: bool = False, margin: float = 1.0) -> Any:
    r"""Hinge loss of k classes, $\sum_{j \ne y} \max(0, z_j - z_y + m)$, or of the squares. (PyTorch divides by k.)

    Args:
        scores: $z$, shape `(n, k)`, or `(k,)` for a single case.
        labels: $y$, whole numbers from 0 to k - 1, shape `(n,)`, or rows with a single 1.
        squared: whether to square each term.
        margin: $m$, from 0.

    Raises:
        ValueError: `margin` is negative; or as for `Criterion`.

    Source: Weston and Watkins (1999).

    >>> multiclass_hinge([[3.2, 5.1, -1.7]], [0]).item().__round__(6)
    2.9
    """
    right = ag.sum(labels * scores, axis=-1, keepdims=True)
    short = ag.relu(scores - right + within(margin, "margin"))
    return ag.sum((1.0 - labels) * (ag.square(short) if flag(squared, "squared") else short), axis=-1)


rss = mse.using(reduction="sum")
squared_hinge = hinge.using(squared=True)
squared_multiclass_hinge = multiclass_hinge.using(squared=True)

LOSSES |= {"rss": rss, "squared_hinge": squared_hinge, "squared_multiclass_hinge": squared_multiclass_hinge}


LIKELIHOODS: dict[str, Criterion] = {
    "gaussian": gaussian_nll,
    "bernoulli": bce_with_logits,
    "multinoulli": cross_entropy,
    "poisson": poisson_nll,
}
"""The losses by the likelihood of which they are the negative logarithm."""


def loss_of(loss: str | Loss) -> Loss:
    """Return the function that an argument `loss` means: a loss or a likelihood by name, or your own function.

    Raises:
        ValueError: there is no loss of that name.
        TypeError: it is neither a name nor a function.

    >>> loss_of("mse") is mse, loss_of("bernoulli")
    (True, bce_with_logits)
    """
    if isinstance(loss, functools.partial) and isinstance(loss.func, Criterion) and not loss.args:
        return loss.func.using(**loss.keywords)
    return found(loss, {**LOSSES, **LIKELIHOODS}, "loss", "a function of outputs and targets")


# What the formulas share -----------------------------------------------------------------------------------


def _smooth(y: Any, part: float, k: int, there: Any = 1.0) -> Any:
    """Share a part of what the right class has among all classes."""
    part = within(part, "label_smoothing", 0.0, 1.0, closed=True)
    return (1.0 - part) * y + part / k * there if part else y


def _both(y: Any, class_weight: Any, label_smoothing: float) -> tuple[Any, Any]:
    """Return how much of class 1 there is, and how much of class 0."""
    one = _smooth(y, label_smoothing, 2)
    return (one, 1.0 - one) if class_weight is None else (one * class_weight[1], (1.0 - one) * class_weight[0])


def _product(p: Any, log: Any) -> Any:
    """Multiply probabilities by logarithms, with 0 where the probability is: there the logarithm may be infinite."""
    return ag.where(p, p * log, 0.0)
