"""Losses: how far the outputs are from the targets, as one number, the mean over the batch.

Each takes the outputs first and the targets second, gives a Tensor of shape `()`, and works on Tensors, arrays and
lists of Values. Shapes must be equal: `(n, 1)` beside `(n,)` would broadcast to `(n, n)`, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from autograd import Node, Tensor, Value

__all__ = ["LOSSES", "bce_with_logits", "cross_entropy", "hinge", "loss_of", "mse"]

Loss = Callable[[Any, Any], Any]


def mse(predictions: Any, targets: Any) -> Any:
    r"""Mean squared error $\frac1n \sum_i (\hat y_i - y_i)^2$.

    Args:
        predictions: $\hat y$, any shape.
        targets: $y$, real numbers of that shape.

    Raises:
        ValueError: the shapes differ, a target is NaN or infinite, or there are none.

    >>> mse(Tensor([1.0, 3.0]), [1.0, 1.0]).item()
    2.0
    """
    z, y = _same_shape(predictions, targets, "predictions")
    return ag.mean(ag.square(z - y))


def bce_with_logits(logits: Any, targets: Any) -> Any:
    r"""Binary cross-entropy from logits, $\frac1n \sum_i y_i\,\zeta(-z_i) + (1 - y_i)\,\zeta(z_i)$.

    $\zeta(z) = \ln(1 + e^z)$ is `softplus`. The same as $-y\ln\sigma(z) - (1-y)\ln(1 - \sigma(z))$,
    without overflow and cancellation.

    Args:
        logits: $z$, any shape.
        targets: $y$, of that shape: 0 or 1, or a probability between them.

    Raises:
        ValueError: the shapes differ, or a target is not between 0 and 1.

    Source: Goodfellow, Bengio and Courville (2016), section 6.2.2.2.

    >>> bce_with_logits(Tensor([1000.0, -1000.0]), [1, 0]).item(), bce_with_logits(Tensor([-1000.0]), [1]).item()
    (0.0, 1000.0)
    """
    z, y = _same_shape(logits, targets, "logits")
    if np.any((y < 0) | (y > 1)):
        raise ValueError(f"`targets` are from 0 to 1; found {_first(y, (y < 0) | (y > 1))}. {_signs(y, '(y + 1) / 2')}")
    return ag.mean(y * ag.softplus(-z) + (1 - y) * ag.softplus(z))


def cross_entropy(logits: Any, labels: Any) -> Any:
    r"""Cross-entropy of the softmax, $-\frac1n \sum_i \ln \mathrm{softmax}(z_i)_{y_i}$.

    Args:
        logits: $z$, shape `(n, k)`, or `(k,)` for a single case.
        labels: $y$, whole numbers from 0 to k - 1, shape `(n,)`, or one number for a single case.

    Raises:
        ValueError: there is not one label for each row, or a label is not between 0 and k - 1.
        TypeError: the labels are not whole numbers.

    Source: Goodfellow, Bengio and Courville (2016), section 6.2.2.3.

    >>> round(cross_entropy(Tensor([[1.2, 5.1, 2.7], [0.0, 0.0, 1000.0]]), [1, 2]).item(), 4)
    0.0526
    """
    z, y = _numbers(logits, "logits"), _plain(labels, "labels")
    if len(z.shape) not in (1, 2) or z.shape[:-1] != y.shape or not z.size:
        raise ValueError(
            f"`logits` of shape {z.shape} and `labels` of shape {y.shape} do not fit: for logits (n, k), "
            "give n labels, shape (n,), each the number of a class"
        )
    k = z.shape[-1]
    if y.dtype.kind not in "iu":
        raise TypeError(f"`labels` are whole numbers from 0 to {k - 1}, not {y.dtype}: write `labels.astype(int)`")
    if np.any((y < 0) | (y >= k)):
        raise ValueError(
            f"`labels` are from 0 to {k - 1} for {k} columns of logits; found {_first(y, (y < 0) | (y >= k))}"
        )
    scores = ag.log_softmax(z, axis=-1)
    return -(scores[int(y)] if y.ndim == 0 else ag.mean(scores[np.arange(len(y)), y]))


def hinge(scores: Any, labels: Any) -> Any:
    r"""Hinge loss of two classes, $\frac1n \sum_i \max(0, 1 - y_i z_i)$.

    Args:
        scores: $z$, any shape.
        labels: $y$, of that shape, -1 or 1.

    Raises:
        ValueError: the shapes differ, or a label is neither -1 nor 1.

    Source: Cortes and Vapnik (1995); as in the demo of micrograd.

    >>> hinge(Tensor([0.5, 2.0]), [-1, 1]).item()
    0.75
    """
    z, y = _same_shape(scores, labels, "scores")
    if np.any(np.abs(y) != 1):
        raise ValueError(f"`labels` are -1 or 1; found {_first(y, np.abs(y) != 1)}. {_signs(y, '2 * y - 1')}")
    return ag.mean(ag.relu(1.0 - y * z))


LOSSES: dict[str, Loss] = {
    "mse": mse,
    "bce_with_logits": bce_with_logits,
    "cross_entropy": cross_entropy,
    "hinge": hinge,
}
"""The losses that go by a name, as in `nn.fit(..., loss="mse")`."""


def loss_of(loss: str | Loss) -> Loss:
    """Find the function that an argument `loss` means: one of `LOSSES` by name, or your own `(outputs, targets)`.

    >>> loss_of("mse") is mse
    True
    """
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise ValueError(f"`loss` {loss!r} is unknown: use one of {', '.join(map(repr, LOSSES))}, or a function")
        return LOSSES[loss]
    if not callable(loss):
        raise TypeError(f"`loss` is a name, such as 'mse', or a function of outputs and targets, not {loss!r:.60}")
    return loss


def _numbers(x: Any, name: str) -> Any:
    """Take outputs as a Tensor or an array."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, Node):
        return ag.reshape(x, shape=())
    return Tensor(x) if isinstance(x, (list, tuple)) else _floats(np.asarray(x), name)


def _plain(y: Any, name: str) -> np.ndarray:
    """Take targets as an array of finite numbers."""
    try:
        y = np.asarray(y.data if isinstance(y, (Tensor, Value)) else y)
    except ValueError:
        raise ValueError(f"`{name}` are a nested list whose rows differ in length") from None
    if y.dtype.kind not in "iufb":
        hint = ": take their `.data`" if y.dtype.kind == "O" else ""
        raise TypeError(f"`{name}` are numbers, not {y.dtype}{hint}")
    if y.dtype.kind == "f" and not np.all(np.isfinite(y)):
        raise ValueError(f"`{name}` hold {_first(y, ~np.isfinite(y))}: they must be finite")
    return y


def _floats(y: np.ndarray, name: str) -> np.ndarray:
    if y.dtype.kind not in "iufb":
        raise TypeError(f"`{name}` are numbers, not {y.dtype}")
    return y.astype(np.float64) if y.dtype.kind in "iub" else y


def _same_shape(outputs: Any, targets: Any, name: str) -> tuple[Any, np.ndarray]:
    """Take outputs and targets that must be equal in shape; the targets take the dtype of the outputs."""
    z, y = _numbers(outputs, name), _plain(targets, "targets")
    if z.shape != y.shape:
        column = z.shape == (*y.shape, 1) and y.ndim < 2
        hint = f": take `{name}[{':, ' * y.ndim}0]`, or give the targets that shape" if column else ""
        raise ValueError(f"`{name}` have shape {z.shape} and the targets {y.shape}; they must be equal{hint}")
    if not z.size:
        raise ValueError(f"`{name}` have shape {z.shape}: there is nothing to take the mean of")
    return z, y.astype(z.dtype)


def _first(y: np.ndarray, where: Any) -> Any:
    return y[where].flat[0].item()


def _signs(y: np.ndarray, remedy: str) -> str:
    """Suggest the other coding of two classes, where that is what is wrong."""
    return f"If these are two classes: `{remedy}`" if len(np.unique(y)) <= 2 else ""
