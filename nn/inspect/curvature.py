"""The curvature of the loss of a net: its Hessian with respect to the parameters, whole or times a vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, gradients

from ..data.arrays import plain_array
from ..losses.formulas import Loss, loss_of
from ..losses.output_decoder import targets_of
from ..module import Module, brief, check_model


def hessian(model: Module, X: Any, y: Any, loss: str | Loss = "mse") -> np.ndarray:
    r"""Return the Hessian of the loss, $H_{ij} = \partial^2 L/\partial\theta_i\partial\theta_j$.

    Its eigenvalues are the curvatures of the loss. Gradient descent with a learning rate above $2/\lambda_\max$ moves
    away, step by step, along the direction of the largest curvature. It takes one backward pass for each parameter, so
    it is for small nets.

    Args:
        model: $\theta$ are its parameters that are not frozen, in the order of `model.parameters()`; nothing of it is
            changed, and dropout and noise are off.
        X, y, loss: as for `nn.fit`; labels of classes are whole numbers.

    Returns:
        $H$, shape `(n, n)`, for `n = model.num_parameters(trainable=True)` parameters.

    Raises:
        TypeError: `model` is no Module, or the loss gives no node.

    Source: Goodfellow, Bengio and Courville (2016), section 4.3.1.

    >>> from chalkgrad.nn import Linear
    >>> X, y = np.array([[1.0], [-1.0]]), np.array([2.0, 0.0])
    >>> hessian(Linear(1, 1, rng=0), X, y)  # the mean of (w x + b - y)^2 is the same parabola everywhere
    array([[2., 0.],
           [0., 2.]])
    """
    products = _products(model, X, y, loss)
    return np.array([products(basis) for basis in np.eye(model.num_parameters(trainable=True))])


def hessian_product(model: Module, X: Any, y: Any, vector: Any, loss: str | Loss = "mse") -> np.ndarray:
    """Return the Hessian of the loss times a vector, without the Hessian: two backward passes, for nets of any size.

    Args:
        model, X, y, loss: as for `hessian`.
        vector: one number for each parameter, shape `(n,)`.

    Returns:
        The product, shape `(n,)`.

    Raises:
        ValueError: `vector` has another shape.
        TypeError: as for `hessian`.

    Source: Pearlmutter (1994).

    >>> from chalkgrad.nn import Linear
    >>> hessian_product(Linear(1, 1, rng=0), [[1.0], [-1.0]], [2.0, 0.0], [0.5, 3.0])
    array([1., 6.])
    """
    return _products(model, X, y, loss)(plain_array(vector, "vector"))


def _products(model: Module, X: Any, y: Any, loss: str | Loss) -> Any:
    """Return the function from a vector to the Hessian times it."""
    check_model(model)
    X, function = plain_array(model.arranged(X), "X"), loss_of(loss)
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise ValueError(f"`model`, {brief(model)}, has no parameters that are trained")
    with model.mode(False):
        outputs = model.forward_rows(X)
    grads = gradients(function(outputs, targets_of(model.output_decoder, function, y, outputs.shape)), parameters)
    ends = np.cumsum([int(np.prod(p.shape)) for p in parameters])

    def times(vector: np.ndarray) -> np.ndarray:
        if vector.shape != (ends[-1],):
            raise ValueError(f"`vector` has shape {vector.shape}; there are {ends[-1]} parameters")
        parts = np.split(vector, ends[:-1])
        terms: list[Any] = [
            (g * part.reshape(g.shape)).sum() if isinstance(g, Tensor) else g * float(part[0])
            for g, part in zip(grads, parts, strict=True)
        ]
        along: Any = sum(terms[1:], start=terms[0])
        if not along.requires_grad:  # the gradient is the same everywhere
            return np.zeros(ends[-1])
        return np.concatenate([np.ravel(h.data) for h in gradients(along, parameters)])

    return times
