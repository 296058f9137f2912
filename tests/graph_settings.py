"""How random graphs draw the operands and settings of rows that are not element by element."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from recipes import Place

Shape = tuple[int, ...]
Grower = Any  # that of random_graphs.py

Drawn = tuple[tuple[Any, ...], dict[str, Any]] | None


def _where(g: Grower) -> Drawn:
    first = g.place()
    shape = g.shape(first)
    x, y = first, g.beside(shape)
    c = g.beside(np.broadcast_shapes(shape, g.shape(y)))
    if not isinstance(c, Place):
        c = float(c > 0) if isinstance(c, float) else np.asarray(c > 0)  # of a shape () NumPy makes a number
    elif g.choose.random() < 0.9:
        c = g.add("greater", (c, 0.1))
    return ((c, x, y) if g.choose.random() < 0.5 else (c, y, x)), {}


def _index(g: Grower, shape: Shape) -> Any:
    """Draw an index: whole numbers, slices, lists with repetitions, masks, new axes."""
    choose = g.choose
    if not shape:
        return choose.choice([(), None, ...])
    if choose.random() < 0.15:
        return np.array([choose.random() < 0.6 for _ in range(math.prod(shape))]).reshape(shape)
    parts: list[Any] = []
    for n in shape[: choose.randint(1, len(shape))]:
        manner = choose.random()
        if manner < 0.25:
            parts.append(choose.randrange(-n, n))
        elif manner < 0.6:
            parts.append(
                slice(choose.choice([None, 0, 1, -2]), choose.choice([None, n, -1]), choose.choice([None, 2, -1]))
            )
        elif any(isinstance(part, list) for part in parts):
            parts.append(slice(None))
        else:
            parts.append([choose.randrange(-n, n) for _ in range(choose.randint(1, n + 2))])
    if choose.random() < 0.1:
        parts.insert(choose.randrange(len(parts) + 1), None)
    return parts[0] if len(parts) == 1 and choose.random() < 0.5 else tuple(parts)


def _getitem(g: Grower) -> Drawn:
    x = g.array_place()
    return None if x is None else ((x,), {"index": _index(g, g.shape(x))})


def _scatter(g: Grower) -> Drawn:
    x = g.array_place()
    if x is None:
        return None
    shape = g.shape(x)
    if not shape:
        return (x,), {"index": g.choose.randrange(3), "shape": (3,)}
    n, rest, choose = shape[0], shape[1:], g.choose
    several = [choose.randrange(-3, 3) for _ in range(n)]
    return (x,), choose.choice([
        {"index": several, "shape": (3, *rest)},
        {"index": (several, [0] * n), "shape": (3, 2, *rest)},
        {"index": slice(1, n + 1), "shape": (n + 2, *rest)},
        {"index": (..., slice(None, None, -1)), "shape": shape},
        {"index": (1, slice(0, n)), "shape": (2, n + 1, *rest)},
    ])  # fmt: skip


def _element(g: Grower) -> Drawn:
    x = g.array_place()
    if x is None or g.kind != "mixed":
        return None
    index = tuple(g.choose.randrange(-n, n) for n in g.shape(x))
    return (x,), {"index": index[0] if len(index) == 1 and g.choose.random() < 0.5 else index}


def _array_of(g: Grower) -> Drawn:
    shape = g.choose.choice([(1,), (2,), (3,), (2, 2), (1, 3), ()])
    xs = [g.place(lambda x: x.__class__ is float) for _ in range(math.prod(shape))]
    if any(x is None for x in xs):
        return None
    if len(xs) > 1 and g.choose.random() < 0.3:
        xs[-1] = g.number()  # type: ignore[call-overload]
    return tuple(xs), {"shape": shape}


def _joined(g: Grower, further: int) -> Drawn:
    first = g.array_place()
    if first is None or (not g.shape(first) and not further):
        return None
    shape = g.shape(first)
    xs: list[Any] = [first]
    for _ in range(g.choose.randint(0, 2)):
        other = g.place(lambda x: x.__class__ is np.ndarray and x.shape == shape)
        xs.append(g.array(shape) if other is None or g.choose.random() < 0.2 else other)
    if g.choose.random() < 0.2:
        xs.reverse()
    return tuple(xs), {"axis": g.axis(len(shape) + further, several=False)}


def _reshape(g: Grower) -> Drawn:
    x = g.array_place()
    if x is None:
        return None
    n = math.prod(g.shape(x))
    k = g.choose.choice([k for k in range(1, n + 1) if n % k == 0])
    return (x,), {"shape": g.choose.choice([(n,), (k, n // k), (-1,), (k, -1), (1, n), (-1, 1, k)])}


def _broadcast_to(g: Grower) -> Drawn:
    x = g.place(lambda data: g.kind != "values" and (g.kind == "mixed" or data.__class__ is np.ndarray))
    if x is None:
        return None
    shape = tuple(g.choose.choice([1, 2, 3]) if n == 1 else n for n in g.shape(x))
    return (x,), {"shape": (2,) * g.choose.choice([0, 1, 1, 2]) + shape}


def _sum_to(g: Grower) -> Drawn:
    x = g.array_place()
    if x is None:
        return None
    shape = tuple(g.choose.choice([1, n]) for n in g.shape(x))
    return (x,), {"shape": shape[g.choose.randint(0, len(shape)) :]}


def _transpose(g: Grower) -> Drawn:
    x = g.array_place()
    if x is None:
        return None
    ndim = len(g.shape(x))
    axes = g.choose.sample(range(ndim), ndim)
    axes = [i - ndim if g.choose.random() < 0.3 else i for i in axes]
    return (x,), {"axes": None if g.choose.random() < 0.3 else tuple(axes)}


def _swapaxes(g: Grower) -> Drawn:
    x = g.array_place()
    if x is None or not g.shape(x):
        return None
    ndim = len(g.shape(x))
    return (x,), {"axis1": g.axis(ndim, several=False), "axis2": g.axis(ndim, several=False)}


def _cumsum(g: Grower) -> Drawn:
    x = g.array_place()
    if x is None or not g.shape(x):
        return None
    return (x,), {"axis": g.choose.choice([None, g.axis(len(g.shape(x)), several=False)])}


def _astype(g: Grower) -> Drawn:
    x = g.array_place()
    return None if x is None else ((x,), {"dtype": g.dtype()})


def _matmul(g: Grower) -> Drawn:
    a = g.array_place()
    if a is None or not (shape := g.shape(a)):
        return None

    def fits(data: Any) -> bool:
        return data.__class__ is np.ndarray and data.ndim > 0 and data.shape[-2 if data.ndim > 1 else 0] == shape[-1]

    b: Any = g.place(fits)
    if b is None:
        b = g.add("swapaxes", (a,), {}) if len(shape) > 1 and g.choose.random() < 0.5 else g.array((shape[-1], 2))
    try:
        np.broadcast_shapes(shape[:-2], g.shape(b)[:-2])
    except ValueError:
        return None
    return (a, b), {}


SETTINGS: dict[str, Callable[[Grower], Drawn]] = {
    "where": _where,
    "getitem": _getitem,
    "scatter": _scatter,
    "element": _element,
    "array_of": _array_of,
    "concatenate": lambda g: _joined(g, 0),
    "stack": lambda g: _joined(g, 1),
    "reshape": _reshape,
    "broadcast_to": _broadcast_to,
    "sum_to": _sum_to,
    "transpose": _transpose,
    "swapaxes": _swapaxes,
    "cumsum": _cumsum,
    "astype": _astype,
    "matmul": _matmul,
}
