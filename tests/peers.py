"""The rows of the table in PyTorch and JAX, for the tests that compare with them where they are installed.

Each is written as their users would. What they have no counterpart of is left out, and counted as not compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from recipes import Place, Recipe

from autograd.shapes import axes_of

Rows = dict[str, Callable[..., Any]]

ALIKE = {"sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative", "_trunc": "trunc"}
ALIKE |= {name: name for name in (
    "abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "cos", "cosh", "exp", "exp2",
    "expm1", "floor", "fmod", "hypot", "log", "log10", "log1p", "log2", "logaddexp", "matmul", "maximum", "minimum",
    "pow", "reciprocal", "round", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh",
)}  # fmt: skip
"""Our rows, and what both engines call them."""


class NoCounterpart(LookupError):
    """A row, or a setting of it, that the other engine does not have."""


def places(shape: tuple[int, ...], index: Any) -> np.ndarray:
    """Say which elements, in row order, an index picks."""
    return np.arange(math.prod(shape)).reshape(shape)[index]


def alike(engine: Any) -> Rows:
    """Give the rows that both engines have under one name."""
    return {row: getattr(engine, name) for row, name in ALIKE.items()}


def without_setting(f: Callable[..., Any], name: str, allowed: Any) -> Callable[..., Any]:
    def checked(*xs: Any, **settings: Any) -> Any:
        if settings.pop(name, allowed) != allowed:
            raise NoCounterpart(name)
        return f(*xs, **settings)

    return checked


class Peer:
    """Another engine: its rows, how it takes a number in, and how it differentiates."""

    name: str
    rows: Rows

    def constant(self, x: Any) -> Any:
        raise NotImplementedError

    def build(self, recipe: Recipe, leaves: list[Any]) -> Any:
        made = list(leaves)
        for row, operands, settings in recipe.steps:
            if row not in self.rows:
                raise NoCounterpart(row)
            made.append(
                self.rows[row](*(made[x] if x.__class__ is Place else self.constant(x) for x in operands), **settings)
            )
        return made[-1]


class Torch(Peer):
    name = "PyTorch"

    def __init__(self) -> None:
        import torch

        self.torch = torch
        torch.set_num_threads(1)
        self.rows = _torch_rows(torch)

    def constant(self, x: Any) -> Any:
        x = np.array(x)
        return self.torch.tensor(x if x.dtype == bool else x.astype(np.float64))

    def value_and_grads(self, recipe: Recipe) -> list[Any]:
        leaves = [self.constant(x).requires_grad_(True) for x in recipe.leaves]
        root = self.build(recipe, leaves)
        grads = (
            self.torch.autograd.grad(root, leaves, allow_unused=True) if root.requires_grad else [None] * len(leaves)
        )
        return [
            root.detach().numpy(),
            *(np.zeros(np.shape(x)) if g is None else g.numpy() for x, g in zip(recipe.leaves, grads, strict=True)),
        ]


def _torch_rows(torch: Any) -> Rows:
    F = torch.nn.functional
    number = lambda condition: condition.double()

    def along(f: Callable[..., Any]) -> Callable[..., Any]:
        def reduced(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            axes = axes_of(axis, x.ndim)
            return f(x, axes, keepdims) if axes else f(x.reshape(1), (0,), False)

        return reduced

    def scatter(x: Any, *, index: Any, shape: Any) -> Any:
        at = torch.tensor(places(shape, index).copy())
        flat = torch.zeros(math.prod(shape), dtype=x.dtype).index_add(
            0, at.reshape(-1), x.broadcast_to(at.shape).reshape(-1)
        )
        return flat.reshape(shape)

    def pick(x: Any, *, index: Any = ()) -> Any:
        return x.reshape(-1)[torch.tensor(np.array(places(tuple(x.shape), index)))]

    names = ["xlogy", "erf", "erfc", "sigmoid", "relu"]
    return alike(torch) | {name: getattr(torch, name) for name in names} | {
        "identity": lambda x: x.clone(),
        "mod": torch.remainder,
        "_inverse": lambda x: torch.where(x < 0, math.nan, 1.0 / x.abs()) * 1.0,
        "ratio": lambda x, r: torch.where(r == 0, 0.0, x / torch.where(r == 0, 1.0, r)),
        "_sech2": lambda x: 1.0 / torch.cosh(x) ** 2,
        "sinc": without_setting(torch.sinc, "order", 0),
        "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
        "log_sigmoid": F.logsigmoid,
        "leaky_relu": lambda x, slope: torch.where(x > 0, x, slope * x),
        "elu": lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(x.clamp(max=0))),
        "silu": F.silu,
        "gelu": lambda x: 0.5 * x * torch.erfc(-math.sqrt(0.5) * x),  # F.gelu loses the digits of its left tail
        "greater": lambda x, y: number(x > y),
        "equal": lambda x, y: number(x == y),
        "preference": lambda x, y: torch.where(x == y, 0.5, number(x > y)),
        "inside": lambda x, low, high: number((x > low) & (x < high)),
        "step": lambda x: number(x > 0),
        "anchor": lambda x: torch.where(torch.isinf(x), 0.0, x).detach(),
        "strict_zero_mul": lambda g, p: g * p,
        "clip": lambda x, low, high: torch.minimum(torch.maximum(x, low), high),
        "where": lambda c, x, y: torch.where(c != 0, x, y),
        "sum_to": lambda x, *, shape: x.sum_to_size(shape) if shape else x.sum(),
        "broadcast_to": lambda x, *, shape: x.broadcast_to(shape),
        "reshape": lambda x, *, shape: x.reshape(shape),
        "transpose": lambda x, *, axes=None: x.permute(tuple(range(x.ndim))[::-1] if axes is None else axes),
        "swapaxes": lambda x, *, axis1=-1, axis2=-2: x.swapaxes(axis1, axis2),
        "flip": lambda x, *, axis=None: x.flip(axes_of(axis, x.ndim)),
        "astype": without_setting(lambda x: x.clone(), "dtype", "float64"),
        "getitem": pick,
        "element": pick,
        "scatter": scatter,
        "array_of": lambda *xs, shape: torch.stack(xs).reshape(shape),
        "concatenate": lambda *xs, axis=0: torch.cat(xs, axis),
        "stack": lambda *xs, axis=0: torch.stack(xs, axis),
        "sum": along(torch.sum),
        "max": along(torch.amax),
        "min": along(torch.amin),
        "logsumexp": along(torch.logsumexp),
        "norm": along(lambda x, axes, keepdims: torch.linalg.vector_norm(x, dim=axes, keepdim=keepdims)),
        "cumsum": lambda x, *, axis=0: x.reshape(-1).cumsum(0) if axis is None else x.cumsum(axis),
    }


class Jax(Peer):
    name = "JAX"

    def __init__(self) -> None:
        import jax

        self.jax = jax
        jax.config.update("jax_enable_x64", True)
        self.rows = _jax_rows(jax)

    def constant(self, x: Any) -> Any:
        return x if isinstance(x, np.ndarray) and x.dtype == bool else self.jax.numpy.asarray(x, np.float64)

    def value_and_grads(self, recipe: Recipe) -> list[Any]:
        leaves = [self.constant(x) for x in recipe.leaves]
        value, grads = self.jax.value_and_grad(lambda *xs: self.build(recipe, list(xs)), tuple(range(len(leaves))))(
            *leaves
        )
        return [np.asarray(value), *(np.asarray(g) for g in grads)]


def _jax_rows(jax: Any) -> Rows:
    xp = jax.numpy
    number = lambda condition: condition.astype(np.float64)

    def scatter(x: Any, *, index: Any, shape: Any) -> Any:
        at = places(shape, index)
        return (
            xp.zeros(math.prod(shape)).at[at.reshape(-1)].add(xp.broadcast_to(x, at.shape).reshape(-1)).reshape(shape)
        )

    def pick(x: Any, *, index: Any = ()) -> Any:
        return x.reshape(-1)[places(x.shape, index)]

    def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return xp.sqrt(xp.sum(x * x, axis=axis, keepdims=keepdims))

    names = ["mod", "sum", "max", "min", "swapaxes"]
    activations = {name: getattr(jax.nn, name) for name in ("sigmoid", "softplus", "log_sigmoid", "relu", "silu")}
    return alike(xp) | {name: getattr(xp, name) for name in names} | activations | {
        "identity": lambda x: x,
        "pow": xp.power,
        "xlogy": jax.scipy.special.xlogy,
        "erf": jax.scipy.special.erf,
        "erfc": jax.scipy.special.erfc,
        "_inverse": lambda x: xp.where(x < 0, math.nan, 1.0 / x),
        "ratio": lambda x, r: xp.where(r == 0, 0.0, x / xp.where(r == 0, 1.0, r)),
        "_sech2": lambda x: 1.0 / xp.cosh(x) ** 2,
        "sinc": without_setting(xp.sinc, "order", 0),
        "leaky_relu": lambda x, slope: xp.where(x > 0, x, slope * x),
        "elu": lambda x, alpha: xp.where(x > 0, x, alpha * xp.expm1(xp.where(x > 0, 0.0, x))),
        "gelu": lambda x: 0.5 * x * jax.scipy.special.erfc(-math.sqrt(0.5) * x),
        "greater": lambda x, y: number(xp.greater(x, y)),
        "equal": lambda x, y: number(xp.equal(x, y)),
        "preference": lambda x, y: xp.where(xp.equal(x, y), 0.5, number(xp.greater(x, y))),
        "inside": lambda x, low, high: number((x > low) & (x < high)),
        "step": lambda x: number(xp.greater(x, 0)),
        "anchor": lambda x: jax.lax.stop_gradient(xp.where(xp.isinf(x), 0.0, x)),
        "strict_zero_mul": lambda g, p: g * p,
        "clip": lambda x, low, high: xp.minimum(xp.maximum(x, low), high),
        "where": lambda c, x, y: xp.where(c != 0, x, y),
        "sum_to": lambda x, *, shape: x if x.shape == shape else _summed(xp, x, shape),
        "broadcast_to": lambda x, *, shape: xp.broadcast_to(x, shape),
        "reshape": lambda x, *, shape: x.reshape(shape),
        "transpose": lambda x, *, axes=None: xp.transpose(x, axes),
        "flip": lambda x, *, axis=None: xp.flip(x, axis),
        "astype": without_setting(lambda x: x, "dtype", "float64"),
        "getitem": pick,
        "element": pick,
        "scatter": scatter,
        "array_of": lambda *xs, shape: xp.stack(xs).reshape(shape),
        "concatenate": lambda *xs, axis=0: xp.concatenate(xs, axis),
        "stack": lambda *xs, axis=0: xp.stack(xs, axis),
        "logsumexp": jax.scipy.special.logsumexp,
        "norm": norm,
        "cumsum": lambda x, *, axis=0: xp.cumsum(x, axis),
    }  # fmt: skip


def _summed(xp: Any, x: Any, shape: tuple[int, ...]) -> Any:
    lead = x.ndim - len(shape)
    axes = (*range(lead), *(i + lead for i, n in enumerate(shape) if n == 1))
    return xp.sum(x, axis=axes, keepdims=True).reshape(shape)
