"""Quasi-Newton: SciPy's own `minimize`, with our gradients, for all data in one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import autograd as ag

from ..arguments import flag, one_of, optional
from .optimizer import checked, zeros_like

_METHODS = ("l-bfgs-b", "bfgs", "cg", "tnc", "slsqp", "newton-cg", "trust-constr")
"""Those of SciPy that ask for a gradient and nothing more."""


def minimize(
    objective: Callable[[], Any],
    parameters: Iterable[Any],
    *,
    method: str = "L-BFGS-B",
    compiled: bool = False,
    **settings: Any,
) -> Any:
    r"""Make an objective small by SciPy's `minimize`, with our gradients: quasi-Newton, for all data in one batch.

    At the end, also at one by Ctrl-C or an error, the parameters are the best that were seen.

    Args:
        objective: gives the loss, a single number, as a node; without draws, so that it is a function.
        parameters: Values and Tensors, as `model.parameters()` gives them; frozen ones stay as they are.
        method: one of SciPy's that use a gradient, such as "L-BFGS-B", "BFGS", "CG".
        compiled: whether to trace the objective once and run it natively, where it has no `if` on numbers.
        **settings: SciPy's own: `tol`, `bounds`, `callback`, and `options`, such as `{"maxiter": 200}`.

    Returns:
        SciPy's result: `fun` is the objective, `nit` the number of iterations, `message` says why it stopped.

    Raises:
        TypeError: the objective gives no single node, or `parameters` are no parameters.
        FloatingPointError: the objective, or its gradient, is infinite or NaN at the start.

    Source: Byrd, Lu, Nocedal and Zhu (1995) for L-BFGS-B.

    >>> x = ag.Tensor([3.0, -2.0])
    >>> result = minimize(lambda: ((x - 1.0) ** 2).sum(), [x])
    >>> x.data.round(6), result.success
    (array([1., 1.]), True)
    """
    optimize = optional("scipy.optimize", "`minimize`")
    leaves = [leaf for leaf in checked(parameters) if leaf.requires_grad]
    if not leaves:
        raise ValueError("all `parameters` are frozen: `unfreeze` some")
    if not callable(objective):
        raise TypeError(f"`objective` is a function without arguments, not {objective!r:.60}")
    if not callable(method):
        one_of(method.lower() if isinstance(method, str) else method, _METHODS, "method")
    sizes = np.cumsum([0, *(np.size(leaf.data) for leaf in leaves)])

    def put(x: np.ndarray) -> None:
        for leaf, start, stop in zip(leaves, sizes, sizes[1:], strict=False):
            leaf.data = x[start:stop].reshape(leaf.shape) if leaf.shape or isinstance(leaf, ag.Tensor) else x[start]

    def found() -> float:
        for leaf in leaves:
            leaf.grad = None
        out = objective()
        if not isinstance(out, (ag.Value, ag.Tensor)) or np.prod(out.shape) != 1:
            raise TypeError(f"`objective` gives a single number as a Value or Tensor, not {out!r:.60}: take the mean")
        out.backward()
        return float(out.data)

    start = np.concatenate([np.ravel(leaf.data).astype(np.float64) for leaf in leaves])
    best: list[Any] = [np.inf, start]
    evaluate = ag.compile(objective()) if flag(compiled, "compiled") else found

    def value_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        put(x)
        value = float(evaluate())
        zeros = (zeros_like(leaf.data) if leaf.grad is None else leaf.grad for leaf in leaves)
        gradient = np.concatenate([np.ravel(grad).astype(np.float64) for grad in zeros])
        if not (np.isfinite(value) and np.all(np.isfinite(gradient))):
            if best[0] == np.inf:
                raise FloatingPointError("the objective, or its gradient, is infinite or NaN at the start")
            value = np.inf
        if value < best[0]:
            best[:] = value, x.copy()
        return value, gradient

    try:
        return optimize.minimize(value_and_gradient, start, method=method, jac=True, **settings)
    finally:
        put(best[1])
