"""Second derivatives of small functions: the contenders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag

from .foreign import hips
from .harness import Work

__all__ = ["casadi_hessian", "eager", "hips_", "jax_", "ours", "pytorch"]


def point(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Give where to differentiate, and a direction."""
    rng = np.random.default_rng(4)
    return rng.normal(size=n), rng.normal(size=n)


def rosenbrock(x: Any) -> Any:
    """Rosenbrock's function of many variables."""
    a, b = x[:-1], x[1:]
    return (100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2).sum()


def _calls(work: Callable[[], Any], settle: Callable[[Any], Any] = lambda x: x) -> Work:
    def run(steps: int) -> None:
        out = None
        for _ in range(steps):
            out = work()
        settle(out)

    return Work(run, lambda: [np.asarray(work())])


def ours(kind: str, n: int) -> Work:
    """Ours, compiled."""
    x, v = point(n)
    if kind == "HVP":
        product = ag.compile(lambda x, v: ag.hvp(rosenbrock, x, v))
        return _calls(lambda: product(x, v))
    matrix = ag.compile(ag.hessian(rosenbrock))
    return _calls(lambda: matrix(x))


def eager(kind: str, n: int) -> Work:
    """Ours, eager."""
    x, v = point(n)
    if kind == "HVP":
        return _calls(lambda: ag.hvp(rosenbrock, x, v))
    return _calls(lambda: ag.hessian(rosenbrock)(x))


def pytorch(kind: str, n: int) -> Work:
    """PyTorch: torch.func."""
    import torch
    from torch import func

    torch.set_num_threads(1)
    x, v = map(torch.tensor, point(n))
    if kind == "HVP":
        return _calls(lambda: func.jvp(func.grad(rosenbrock), (x,), (v,))[1])
    return _calls(lambda: func.hessian(rosenbrock)(x))


def jax_(kind: str, n: int) -> Work:
    """JAX, jitted."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    x, v = map(jnp.asarray, point(n))
    if kind == "HVP":
        product = jax.jit(lambda x, v: jax.jvp(jax.grad(rosenbrock), (x,), (v,))[1])
        return _calls(lambda: product(x, v), jax.block_until_ready)
    matrix = jax.jit(jax.hessian(rosenbrock))
    return _calls(lambda: matrix(x), jax.block_until_ready)


def hips_(kind: str, n: int) -> Work:
    """HIPS autograd: forward over reverse, and `hessian`."""
    x, v = point(n)
    return hips("hvp", x=x, v=v) if kind == "HVP" else hips("hessian", x=x)


def casadi_hessian(kind: str, n: int) -> Work:
    """CasADi: an SX function; the Hessian without its zeros, as CasADi stores it, filled up for the comparison."""
    import casadi

    x, v = point(n)
    at, along = casadi.SX.sym("x", n), casadi.SX.sym("v", n)
    a, b = at[:-1], at[1:]
    value = casadi.sum1(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2)
    if kind == "HVP":
        out = casadi.jtimes(casadi.gradient(value, at), at, along)
        function = casadi.Function("product", [at, along], [out])
        return _calls(lambda: function(casadi.DM(x), casadi.DM(v)).full().ravel())
    function = casadi.Function("matrix", [at], [casadi.hessian(value, at)[0]])
    return _calls(lambda: function(casadi.DM(x)).full())
