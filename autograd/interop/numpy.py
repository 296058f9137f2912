"""NumPy's functions on nodes, by NumPy's own protocols: `np.exp(x)` is `chalkgrad.exp(x)`, a node.

So a function for NumPy can be differentiated, compiled and drawn without a change. NumPy itself computes functions
without a derivative, such as `np.argmax` and `np.allclose`, from the numbers. All other functions raise an error, so
that no gradient is lost.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import comparison
from ..containers import flatten, rebuild
from ..graph import Node
from ..operators import Operators
from ..primitives import TABLE, arrays, composites, reductions
from ..primitives.arithmetic import add, div, identity, mul, sub
from ..primitives.layout import broadcast_to, getitem, reshape, shape_of
from ..primitives.selection import clip, maximum, minimum, where
from ..tensor import concatenate, stack

_OTHER_NAMES = {
    "subtract": "sub", "multiply": "mul", "divide": "div", "power": "pow", "float_power": "pow", "negative": "neg",
    "absolute": "abs", "fabs": "abs", "remainder": "mod", "rint": "round", "positive": "identity", "arcsin": "asin",
    "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "conjugate": "identity", "expit": "sigmoid", "log_expit": "log_sigmoid",
}  # fmt: skip


def _operator(name: str) -> Callable[..., Any]:
    """Return the node's own operator: that of an array on its left would call NumPy, and NumPy this module again."""
    plain, reflected = getattr(Operators, f"__{name}__"), getattr(Operators, f"__r{name}__")
    return lambda x, y: plain(x, y) if isinstance(x, Node) else reflected(y, x)


_ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "deg2rad": lambda x: x * (np.pi / 180), "radians": lambda x: x * (np.pi / 180),
    "rad2deg": lambda x: x * (180 / np.pi), "degrees": lambda x: x * (180 / np.pi),
    "floor_divide": _operator("floordiv"), "bitwise_and": _operator("and"), "bitwise_or": _operator("or"),
    "bitwise_xor": _operator("xor"), "invert": Operators.__invert__,
    "fmax": lambda x, y: where(comparison.isnan(x), y, where(comparison.isnan(y), x, maximum(x, y))),
    "fmin": lambda x, y: where(comparison.isnan(x), y, where(comparison.isnan(y), x, minimum(x, y))),
    **{name: getattr(comparison, name) for name in comparison.__all__},
    "equal": lambda x, y: x == y if isinstance(x, Node) else y == x,
    "not_equal": lambda x, y: x != y if isinstance(x, Node) else y != x,
}  # fmt: skip
_REDUCE = {"add": reductions.sum, "multiply": composites.prod, "maximum": reductions.max, "minimum": reductions.min}
_ACCUMULATE = {"add": reductions.cumsum, "multiply": arrays.cumprod}


@functools.cache
def _named(name: str) -> Callable[..., Any] | None:
    name = _OTHER_NAMES.get(name, name)
    return _ELEMENTWISE.get(name) or (TABLE.get(name) if name[0] != "_" else None)


def ufunc(self: Any, f: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
    """Apply a ufunc of NumPy or SciPy to nodes; see NEP 13."""
    ours: Any = _named(f.__name__)
    if method == "__call__" and not settings and ours is not None:
        return ours(*inputs)
    if settings.pop("out", None) is not None:
        raise TypeError(f"`out` of np.{f.__name__} would store a node in an array: write `a = a + x`, not `a += x`")
    if method == "reduce":
        ours = _REDUCE.get(f.__name__)
        settings = {"axis": 0, **settings}
    elif method == "accumulate":
        ours = _ACCUMULATE.get(f.__name__)
    elif method == "outer" and ours is not None:
        a, b = inputs
        inputs = reshape(a, shape=(*shape_of(a), *(1 for _ in shape_of(b)))), b
    elif method != "__call__":
        ours = None
    return _applied(ours, f.__name__ if method == "__call__" else f"{f.__name__}.{method}", inputs, settings)


def function(self: Any, f: Callable[..., Any], types: Any, args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """Apply any other function of NumPy to nodes; see NEP 18."""
    if f in _WITHOUT_DERIVATIVE:
        tree = (list(args), settings)
        read = [x.data if isinstance(x, Node) else x for x in flatten(tree)]
        numbers, named = rebuild(tree, read)
        return f(*numbers, **named)
    name = f"{f.__module__}.{f.__name__}".replace("numpy.", "", 1)
    if f in _MOVES:
        return _applied(functools.partial(arrays.rearranged, f, 0.0), name, args, settings)
    return _applied(_FUNCTIONS.get(f) or _SAME_NAMES.get(name), name, args, settings)


def _applied(ours: Callable[..., Any] | None, name: str, args: Any, settings: dict[str, Any]) -> Any:
    if ours is None:
        raise TypeError(
            f"np.{name} has no counterpart among autograd's functions, and its gradient would be lost: write it with "
            "those that have one, or hand over `.data` for plain numbers"
        )
    empty = {"out": None, "dtype": None}  # the defaults
    settings = {key: x for key, x in settings.items() if x is not np._NoValue and x is not empty.get(key, np._NoValue)}
    try:
        return ours(*args, **settings)
    except TypeError as error:
        if "unexpected keyword" not in str(error) and "multiple values" not in str(error):
            raise
        raise TypeError(f"np.{name} of nodes does not take all of {', '.join(settings)}: {error}") from None


class _OnType:
    """Gives `ufunc` to NumPy, which looks it up in the type, and None to masked arrays, which look it up in the node.

    (Else these would take its `_data`, and the gradient would be lost.)
    """

    def __get__(self, node: Any, kind: type) -> Any:
        return ufunc if node is None else None


Operators.__array_ufunc__ = _OnType()
Operators.__array_function__ = function


# What needs no derivative, and what only moves elements ------------------------------------------------------

_WITHOUT_DERIVATIVE = {
    np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.result_type,
    np.argmax, np.argmin, np.argsort, np.argwhere, np.nonzero, np.flatnonzero, np.count_nonzero, np.searchsorted,
    np.digitize, np.isclose, np.allclose, np.array_equal, np.isin, np.iscomplexobj, np.isrealobj,
    np.array_str, np.array_repr, np.array2string, np.can_cast, np.shares_memory, np.may_share_memory,
}  # fmt: skip
_MOVES = {
    np.diagflat, np.diagonal, np.rot90, np.fliplr, np.flipud, np.fft.fftshift, np.fft.ifftshift, np.take, np.delete,
    np.compress, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.split, np.array_split, np.hsplit, np.vsplit,
    np.dsplit, np.resize, np.take_along_axis, np.rollaxis, np.trim_zeros,
}  # fmt: skip


# Functions -----------------------------------------------------------------------------------------------------


def _joined(f: Callable[..., Any], parts: Any) -> Any:
    """Return several arrays joined in the arrangement of a NumPy function."""
    parts = [x if isinstance(x, Node) else np.asarray(x) for x in parts]
    ends = np.cumsum([0, *(np.size(x) for x in parts)])
    places = f([np.arange(start, start + np.size(x)).reshape(np.shape(x))
                for start, x in zip(ends, parts, strict=False)])  # fmt: skip
    return getitem(concatenate([arrays.ravel(x) for x in parts]), index=places)


def _sorted(x: Any, axis: int | None = -1) -> Any:
    x = arrays.ravel(x) if axis is None else x
    return arrays.rearranged(np.take_along_axis, 0.0, x, np.argsort(x.data, axis=-1 if axis is None else axis),
                             axis=-1 if axis is None else axis)  # fmt: skip


def _median(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    ordered = _sorted(x, axis)
    axis = 0 if axis is None else axis
    n = shape_of(ordered)[axis]
    middle = arrays.rearranged(np.take, 0.0, ordered, [(n - 1) // 2, n // 2], axis=axis)
    return composites.mean(middle, axis, keepdims)


def _average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    if weights is None:
        return composites.mean(x, axis)
    if len(shape_of(weights)) == 1 < len(shape_of(x)):
        weights = reshape(weights, shape=(-1, *(1 for _ in shape_of(x)[axis % len(shape_of(x)) + 1 :])))
    weights = broadcast_to(weights, shape=shape_of(x))
    return div(reductions.sum(mul(x, weights), axis=axis), reductions.sum(weights, axis=axis))


def _dot(a: Any, b: Any) -> Any:
    if not shape_of(a) or not shape_of(b):
        return mul(a, b)
    return reductions.matmul(a, b) if len(shape_of(b)) < 3 else arrays.tensordot(a, b, ((-1,), (-2,)))


def _cross(a: Any, b: Any) -> Any:
    np.cross(np.zeros(shape_of(a)), np.zeros(shape_of(b)))  # refuses other shapes
    (a1, a2), (b1, b2) = ([arrays.rearranged(np.take, 0.0, x, i, -1) for i in ([1, 2, 0], [2, 0, 1])] for x in (a, b))
    return sub(mul(a1, b2), mul(a2, b1))


def _select(condlist: Any, choicelist: Any, default: Any = 0.0) -> Any:
    pairs = list(zip(condlist, choicelist, strict=True))
    return functools.reduce(lambda rest, pair: where(*pair, rest), pairs[::-1], default)


def _clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = a_min if min is None else min, a_max if max is None else max
    return clip(x, -np.inf if low is None else low, np.inf if high is None else high)


def _polyval(p: Any, x: Any) -> Any:
    return functools.reduce(lambda total, c: add(mul(total, x), c), p, 0.0)


def _round(x: Any, decimals: int = 0) -> Any:
    scale = 10.0**decimals
    return div(TABLE["round"](mul(x, scale)), scale)


def _reshaped(x: Any, shape: Any = None, order: str = "C", *, newshape: Any = None) -> Any:
    if order != "C":
        raise TypeError(f"`order` of np.reshape is 'C' for nodes, not {order!r}: use `transpose` first")
    return reshape(x, shape=newshape if shape is None else shape)


def _where(condition: Any, *branches: Any) -> Any:
    return where(condition, *branches) if branches else np.nonzero(getattr(condition, "data", condition))


_SAME_NAMES: dict[str, Callable[..., Any]] = {
    **vars(composites), **vars(arrays), **TABLE, "any": comparison.any, "all": comparison.all,
    "concatenate": concatenate, "stack": stack,
}  # fmt: skip
"""Ours, which take the place of NumPy's of the same name."""

_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.amax: reductions.max, np.amin: reductions.min, np.average: _average, np.median: _median, np.sort: _sorted,
    np.ptp: lambda x, axis=None: sub(reductions.max(x, axis), reductions.min(x, axis)),
    np.where: _where, np.clip: _clip, np.round: _round, np.around: _round, np.reshape: _reshaped, np.real: identity,
    np.copy: identity, np.nan_to_num: lambda x: where(comparison.isnan(x), 0.0, x),
    np.append: lambda x, y, axis=None: concatenate(
        [arrays.ravel(x), arrays.ravel(y)] if axis is None else [x, y], axis or 0),
    **{f: functools.partial(_joined, f) for f in (np.hstack, np.vstack, np.dstack, np.column_stack)},
    np.dot: _dot, np.vdot: lambda a, b: _dot(arrays.ravel(a), arrays.ravel(b)), np.cross: _cross,
    np.polyval: _polyval, np.select: _select, np.linalg.norm: arrays.norm,
    np.linalg.multi_dot: functools.partial(functools.reduce, reductions.matmul),
    np.nansum: lambda x, axis=None: reductions.sum(where(comparison.isnan(x), 0.0, x), axis=axis),
}  # fmt: skip
