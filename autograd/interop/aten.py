"""PyTorch's operations written with ours: one entry for each, by its name in ATen, PyTorch's library of operations.

Where PyTorch can take an operation apart into those of this table, it has no entry of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import comparison
from ..graph import Node
from ..primitives import TABLE, arrays, composites, layout, reductions
from ..primitives.arithmetic import abs, add, div, floor, mod, mul, sub
from ..primitives.layout import getitem, reshape, shape_of
from ..primitives.powers import sqrt
from ..primitives.selection import where
from ..tensor import concatenate, stack


def _trunc(x: Any) -> Any:
    return mul(TABLE["sign"](x), floor(abs(x)))


def _div(x: Any, y: Any, rounding_mode: str | None = None) -> Any:
    out = div(x, y)
    return out if rounding_mode is None else floor(out) if rounding_mode == "floor" else _trunc(out)


def cast(x: Any, dtype: Any = None, **_: Any) -> Any:
    """Return `x` in another dtype. An integer dtype ends the graph."""
    name = str(dtype).removeprefix("torch.")
    if dtype is None or x.dtype == name:
        return x
    if not isinstance(x, Node):
        return np.asarray(x).astype(name)
    if name in ("float16", "bfloat16"):
        raise NotImplementedError(f"numbers of {name}: convert the model with `.double()` or `.float()`")
    return layout.astype(x, dtype=name) if name in ("float32", "float64") else np.asarray(x.data).astype(name)


# Layout --------------------------------------------------------------------------------------------------------


def _axes(dim: Any) -> Any:
    return None if dim is None or dim == [] else tuple(dim) if isinstance(dim, (list, tuple)) else dim


def _along(x: Any, dim: int, part: Any) -> Any:
    return getitem(x, index=(slice(None),) * (dim % len(shape_of(x))) + (part,))


def _expand(x: Any, size: Any, **_: Any) -> Any:
    old = (1,) * (len(size) - len(shape_of(x))) + shape_of(x)
    return layout.broadcast_to(x, shape=tuple(n if m == -1 else m for m, n in zip(size, old, strict=True)))


def broadcast_in_dim(x: Any, shape: Any, axes: Any) -> Any:
    """Return `x` broadcast to `shape`, with its axes at the positions `axes`."""
    middle = [1] * len(shape)
    for i, n in zip(axes, shape_of(x), strict=True):
        middle[i] = n
    return layout.broadcast_to(layout.as_shape(x, tuple(middle)), shape=tuple(shape))


def _places(x: Any) -> np.ndarray:
    """Return indices as whole numbers, or as a mask."""
    x = np.asarray(x)
    return x if x.dtype.kind in "iub" else x.astype(np.intp)


def _parts(index: Any) -> tuple[Any, ...]:
    return tuple(slice(None) if part is None else _places(part) for part in index)


def _taken(x: Any, dim: int, places: Any, **_: Any) -> Any:
    """Take elements along an axis; of the other axes as far as `places` go."""
    return getitem(x, index=_grid(places, dim)) if shape_of(x) else x


def _grid(places: np.ndarray, dim: int) -> tuple[np.ndarray, ...]:
    index = list(np.ogrid[tuple(slice(n) for n in places.shape)])
    index[dim] = _places(places)
    return tuple(index)


def _put(x: Any, index: tuple[Any, ...], y: Any, accumulate: bool = False) -> Any:
    """Write `y` at `index` into a copy of `x`, or add it there."""
    chosen = np.zeros(shape_of(x), bool)
    chosen[index] = True
    y = layout.broadcast_to(y, shape=chosen[index].shape)
    added = layout.scatter(y, index=index, shape=shape_of(x))
    return add(x, added) if accumulate else where(chosen, added, x)


def _scatter(x: Any, dim: int, places: Any, y: Any, accumulate: bool = False) -> Any:
    y = getitem(y, index=tuple(map(slice, places.shape))) if shape_of(y) else y
    return _put(x, _grid(places, dim), y, accumulate)


# Reductions ----------------------------------------------------------------------------------------------------


def _reduce(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, dim=None, keepdim=False, **_: f(x, axis=_axes(dim), keepdims=keepdim)


def _var(x: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Any:
    return composites.var(x, _axes(dim), int(correction), keepdim)


def _extreme(order: Callable[..., Any], reduce: Callable[..., Any]) -> Callable[..., Any]:
    """Return max or min as a function: of all elements, or along an axis, with the indices."""

    def found(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        if dim is None:
            return reduce(x)
        places = np.expand_dims(order(x.data, axis=dim), dim)
        value = _taken(x, dim, places)
        return (value, places) if keepdim else (arrays.squeeze(value, dim), places.squeeze(dim))

    return found


def _sort(x: Any, dim: int = -1, descending: bool = False, **_: Any) -> Any:
    places = np.argsort(-x.data if descending else x.data, axis=dim, kind="stable")
    return _taken(x, dim, places), places


def _topk(x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    return [_along(part, dim, slice(k)) for part in _sort(x, dim, largest)]


# Layers --------------------------------------------------------------------------------------------------------


def _linear(x: Any, weight: Any, bias: Any = None) -> Any:
    y = reductions.matmul(x, layout.transpose(weight))
    return y if bias is None else add(y, bias)


def _embedding(weight: Any, places: Any, padding: int = -1, *_: Any) -> Any:
    y = getitem(weight, index=_places(places))
    return y if padding < 0 else where(np.expand_dims(np.equal(places, padding), -1), y.detach(), y)


def _batch_norm(x: Any, weight: Any, bias: Any, mean: Any, var: Any, _: float, eps: float) -> Any:
    column = (-1,) + (1,) * (len(shape_of(x)) - 2)
    weight, bias, mean, var = (y if y is None else reshape(y, shape=column) for y in (weight, bias, mean, var))
    y = div(sub(x, mean), np.sqrt(np.asarray(var) + eps))
    y = y if weight is None else mul(y, weight)
    return [y if bias is None else add(y, bias)]


def _windows(x: np.ndarray, widths: Any, kernel: Any, stride: Any, dilation: Any) -> np.ndarray:
    n = len(kernel)
    x = np.pad(x, [(0, 0)] * (x.ndim - n) + [(w, w) for w in widths])
    span = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    x = np.lib.stride_tricks.sliding_window_view(x, span, tuple(range(-n, 0)))
    steps: Any = (..., *(slice(None, None, s) for s in (*stride, *dilation)))
    return x[steps]


def _convolution(
    x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: bool, _: Any, groups: int
) -> Any:
    if transposed:
        raise NotImplementedError("a transposed convolution")
    out, channels, *kernel = shape_of(weight)
    n = len(kernel)
    patches = arrays.rearranged(_windows, 0.0, x, padding, kernel, stride, dilation)
    patches = reshape(patches, shape=(shape_of(x)[0], groups, channels, *shape_of(patches)[2:]))
    weight = reshape(weight, shape=(groups, out // groups, channels, *kernel))
    y = arrays.einsum(f"ngc{'uvw'[:n]}{'xyz'[:n]},goc{'xyz'[:n]}->ngo{'uvw'[:n]}", patches, weight)
    y = reshape(y, shape=(shape_of(x)[0], out, *shape_of(y)[3:]))
    return y if bias is None else add(y, reshape(bias, shape=(-1,) + (1,) * n))


def _average_pool(
    x: Any, kernel: Any, stride: Any = (), padding: Any = 0, ceil: Any = False, counted: Any = True, divisor: Any = 0
) -> Any:
    if ceil or divisor or (np.any(padding) and not counted):
        raise NotImplementedError("pooling with `ceil_mode` or another divisor")
    settings = (np.broadcast_to(y, 2).tolist() for y in (padding, kernel, stride or kernel, 1))
    return composites.mean(arrays.rearranged(_windows, 0.0, x, *settings), (-2, -1))


# The table -----------------------------------------------------------------------------------------------------

_ONE_NAME = """abs acos acosh add asin asinh atan atan2 atanh ceil cos cosh div erf erfc exp exp2 expm1 floor hypot
    leaky_relu log log10 log1p log2 log_sigmoid logaddexp matmul maximum minimum mul neg pow reciprocal relu sigmoid
    sign silu sin sinc sinh sqrt square sub tan tanh xlogy"""

SAME: dict[str, Callable[..., Any]] = {
    **{name: TABLE[name] for name in _ONE_NAME.split()},
    "eq": comparison.equal, "ne": comparison.not_equal, "lt": comparison.less, "le": comparison.less_equal,
    "gt": comparison.greater, "ge": comparison.greater_equal, "rsqrt": lambda x: div(1.0, sqrt(x)),
}  # fmt: skip
"""What PyTorch, JAX and we call by one name, or nearly so."""


def unchanged(x: Any, *_: Any, **__: Any) -> Any:
    """Return the operand of an operation that changes no number."""
    return x


ATEN: dict[str, Callable[..., Any]] = {
    **SAME, "round": TABLE["round"], "fmod": TABLE["fmod"],
    **{name: getattr(comparison, name) for name in comparison.__all__ if name.startswith(("is", "logical"))},
    **dict.fromkeys(["alias", "clone", "lift_fresh_copy", "contiguous"], unchanged),
    **dict.fromkeys(["view", "reshape", "_unsafe_view"], lambda x, shape: reshape(x, shape=tuple(shape))),
    **dict.fromkeys(["mm", "bmm", "mv", "dot"], reductions.matmul),
    "add": lambda x, y, alpha=1: add(x, y if alpha == 1 else mul(y, alpha)),
    "sub": lambda x, y, alpha=1: sub(x, y if alpha == 1 else mul(y, alpha)),
    "div": _div, "remainder": mod, "trunc": _trunc,
    "where": where,
    "_to_copy": cast, "convert_element_type": cast, "detach": lambda x: x.detach() if isinstance(x, Node) else x,
    "permute": lambda x, axes: layout.transpose(x, axes=tuple(axes)),
    "transpose": lambda x, i, j: layout.swapaxes(x, axis1=i, axis2=j), "t": layout.transpose,
    "unsqueeze": arrays.expand_dims, "expand": _expand,
    "squeeze": lambda x, dim=None: arrays.squeeze(x, tuple(i for i in np.atleast_1d(
        range(len(shape_of(x))) if dim is None else dim).tolist() if shape_of(x)[i] == 1)),
    "select": _along, "slice": lambda x, dim=0, start=None, end=None, step=1: _along(x, dim, slice(start, end, step)),
    "index": lambda x, index: getitem(x, index=_parts(index)), "gather": _taken,
    "embedding": _embedding, "broadcast_in_dim": broadcast_in_dim,
    "cat": lambda xs, dim=0: concatenate([x for x in xs if shape_of(x) != (0,)], axis=dim), "stack": stack,
    "index_put": lambda x, index, y, accumulate=False: _put(x, _parts(index), y, accumulate),
    "scatter": _scatter, "scatter_add": lambda x, dim, places, y: _scatter(x, dim, places, y, True),
    "sum": _reduce(reductions.sum), "mean": _reduce(composites.mean), "amax": _reduce(reductions.max),
    "amin": _reduce(reductions.min), "logsumexp": _reduce(reductions.logsumexp),
    "any": _reduce(comparison.any), "all": _reduce(comparison.all),
    "max": _extreme(np.argmax, reductions.max), "min": _extreme(np.argmin, reductions.min),
    "prod": lambda x, dim=None, keepdim=False, **_: composites.prod(x, dim, keepdim),
    "var": _var, "var_mean": lambda x, dim=None, correction=1, keepdim=False: [
        _var(x, dim, correction, keepdim), composites.mean(x, _axes(dim), keepdim)],
    "cumsum": lambda x, dim, **_: reductions.cumsum(x, axis=dim) if shape_of(x) else x, "cumprod":
        lambda x, dim, **_: arrays.cumprod(x, dim), "sort": _sort, "topk": _topk,
    "argmax": lambda x, dim=None, keepdim=False: np.argmax(x.data, dim, keepdims=keepdim),
    "_softmax": lambda x, dim, *_: composites.softmax(x, dim),
    "_log_softmax": lambda x, dim, *_: composites.log_softmax(x, dim),
    "einsum": lambda form, xs, **_: arrays.einsum(form, *xs), "linear": _linear, "convolution": _convolution,
    "bilinear": lambda x, y, w, b=None: add(arrays.einsum("...i,oij,...j->...o", x, w, y), 0.0 if b is None else b),
    "_native_batch_norm_legit_no_training": _batch_norm, "avg_pool2d": _average_pool,
}  # fmt: skip
"""What an operation is in nodes; it takes the operation's own arguments."""

MOVES = {"roll", "repeat", "tril", "triu", "flip", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d",
         "replication_pad1d", "replication_pad2d", "pixel_shuffle"}  # fmt: skip
"""Operations beside views that only move elements: PyTorch itself computes where to."""
