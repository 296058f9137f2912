r"""Losses measure the distance of outputs from targets. Each has a formula for one case, and a check of its targets.

All losses take the outputs first and the targets second, and work on Tensors, arrays and lists of Values. `Criterion`
describes the weights and the reduction to one number. Shapes must be equal: `(n, 1)` with `(n,)` would broadcast to
`(n, n)`, so it is an error.

Each of these losses is the negative log-likelihood for an output activation. With outputs $z$ and targets $y$, its
gradient with respect to $z$ is the value of the activation minus $y$. It does not vanish while the net is wrong.

| likelihood    | `loss.output_activation`          | loss              |
|---------------|-----------------------------------|-------------------|
| "gaussian"    | $z$, the mean                     | `gaussian_nll`; or `mse`, twice that up to a constant |
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
    r"""Return the squared error $(\hat y - y)^2$. Its mean is the MSE, its sum the RSS.

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
    r"""Return the absolute error $|\hat y - y|$, for the Laplace likelihood. The gradient at $\hat y = y$ is 0.

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
    r"""Return Huber's loss of $r = \hat y - y$: $\frac12 r^2$ if $|r| \le \delta$, else $\delta(|r| - \frac12\delta)$.

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
    r"""Return the Gaussian negative log-likelihood $\frac12 \ln v + \frac{1}{2v}(\hat y - y)^2$, up to a constant.

    Args:
        predictions: $\hat y$, the mean, any shape.
        targets: $y$, real numbers of that shape.
        variance: $v$, above 0: a number, or an array that broadcasts to the predictions. Shape `(n,)` with
            predictions of shape `(n, k)` means one variance for each row. It can be learned.
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
    r"""Return the negative log-likelihood of a Poisson distribution, $e^z - y z$, up to a constant.

    Args:
        logs: $z$, the logarithm of the mean, any shape.
        targets: $y$, of that shape, from 0: counts, or means of counts.
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
    r"""Return the binary cross-entropy of probabilities, $-y \ln p - (1 - y) \ln(1 - p)$.

    It is infinite for a wrong $p$ of exactly 0 or 1, which a saturated sigmoid returns. `bce_with_logits` stays
    finite. (PyTorch limits the loss to 100.)

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
    r"""Return the binary cross-entropy of logits, $y\,\zeta(-z) + (1 - y)\,\zeta(z)$.

    $\zeta(z) = \ln(1 + e^z)$ is `softplus`. The loss equals $-y\ln\sigma(z) - (1-y)\ln(1 - \sigma(z))$, without
    overflow and cancellation.

    Args:
        logits: $z$, any shape.
        targets: $y$, of that shape: 0 or 1, or a probability between them.
        label_smoothing: $\epsilon$: $y$ becomes $(1 - \epsilon)\,y + \epsilon/2$.
        pos_weight: the factor of the first term: a number from 0, or one for each output. Unlike `class_weight`, it
            does not change the divisor of the mean.

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
    r"""Return the hinge loss of two classes, $\max(0, 1 - y z)$, or its square.

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
    r"""Return the negative log-likelihood $-\sum_j y_j \ln q_j$ of log-probabilities, the outputs of `LogSoftmax`.

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
    r"""Return the cross-entropy of the softmax of logits, $-\sum_j y_j \ln \mathrm{softmax}(z)_j$, without overflow.

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
    r"""Return the Kullback-Leibler divergence $\sum_j y_j (\ln y_j - \ln q_j)$ of rows. (PyTorch: "batchmean".)

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
    r"""Return the hinge loss of k classes, $\sum_{j \ne y} \max(0, z_j - z_y + m)$. (PyTorch divides it by k.)

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
    """Return the loss for an argument `loss`: the name of a loss or of a likelihood, or your own function.

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
    """Spread a part of the probability of the right class over all classes."""
    part = within(part, "label_smoothing", 0.0, 1.0, closed=True)
    return (1.0 - part) * y + part / k * there if part else y


def _both(y: Any, class_weight: Any, label_smoothing: float) -> tuple[Any, Any]:
    """Return the weights of class 1 and of class 0 in each case."""
    one = _smooth(y, label_smoothing, 2)
    return (one, 1.0 - one) if class_weight is None else (one * class_weight[1], (1.0 - one) * class_weight[0])


def _product(p: Any, log: Any) -> Any:
    """Multiply probabilities by logarithms. For the probability 0 the product is 0, also with an infinite logarithm."""
    return ag.where(p, p * log, 0.0)
