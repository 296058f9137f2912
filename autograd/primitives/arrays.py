"""Functions of arrays with NumPy's names, composed of primitives: rearrangements, products over axes, norms.

To find where a function moves the elements, NumPy applies it to the numbers 1 to n. `getitem` then picks by them.
"""

from __future__ import annotations

import builtins
import math
import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..checks import count, float_of, one_of
from ..primitive import Numbers, moved_numbers, of_arrays, refusal
from ..shapes import axes_of
from . import reductions
from .arithmetic import abs, mul, sub
from .composites import Axis, as_operand, part
from .layout import broadcast_to, concatenate, getitem, reshape, shape_of, transpose
from .powers import pow
from .selection import step, where

# Rearrangements ------------------------------------------------------------------------------------------------


def rearranged(f: Callable[..., Any], fill: float, x: Any, *args: Any, **settings: Any) -> Any:
    """Apply a NumPy function that only moves, repeats and omits elements, and fills the rest with one number."""
    x = as_operand(x)
    return picked(x, moved_numbers(f, x, *args, **settings), fill)


def picked(x: Any, places: Any, fill: float = 0.0) -> Any:
    """Return the elements of `x` with the numbers `places`, from 1, and `fill` for 0. A list gives a list."""
    if isinstance(places, (list, tuple)):
        return [picked(x, part, fill) for part in places]
    places, flat = np.asarray(places), reshape(x, shape=(-1,))
    if places.all():
        return getitem(flat, index=places - 1)
    first = np.full(1, fill, getattr(x, "dtype", np.float64))
    return getitem(concatenate(first, flat, axis=0), index=places)


@of_arrays
def roll(x: Any, shift: Any, axis: Axis = None) -> Numbers:
    """Return `x` with its elements shifted along `axis`. Elements that leave at the end enter at the start.

    Raises:
        ValueError: `axis` is out of range.

    >>> roll([1.0, 2.0, 3.0], 1)
    array([3., 1., 2.])
    """
    return rearranged(np.roll, 0.0, x, shift, axis)


@of_arrays
def tile(x: Any, reps: Any) -> Numbers:
    """Return `x` repeated as a whole, `reps` times along each axis.

    Raises:
        ValueError: `reps` is negative, or not a whole number.

    >>> tile([1.0, 2.0], 2)
    array([1., 2., 1., 2.])
    """
    return rearranged(np.tile, 0.0, x, reps)


@of_arrays
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Numbers:
    """Return `x` with each element repeated along `axis`. If `axis` is None, `x` is flattened first.

    Raises:
        ValueError: `repeats` is negative, or `axis` is out of range.

    >>> repeat([1.0, 2.0], 2)
    array([1., 1., 2., 2.])
    """
    return rearranged(np.repeat, 0.0, x, repeats, axis)


@of_arrays
def diag(x: Any, k: int = 0) -> Numbers:
    """Return the `k`-th diagonal of a matrix; or, for a vector, a matrix with this diagonal.

    Raises:
        ValueError: `x` has more than two axes, or none.

    >>> diag([[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.])
    """
    return rearranged(np.diag, 0.0, x, k)


@of_arrays
def tril(x: Any, k: int = 0) -> Numbers:
    """Return `x` with zeros above its `k`-th diagonal, as causal attention needs it.

    Raises:
        TypeError: `k` is not a whole number.

    >>> tril([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 0.],
           [3., 4.]])
    """
    return rearranged(np.tril, 0.0, x, k)


@of_arrays
def triu(x: Any, k: int = 0) -> Numbers:
    """Return `x` with zeros below its `k`-th diagonal.

    Raises:
        TypeError: `k` is not a whole number.

    >>> triu([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [0., 4.]])
    """
    return rearranged(np.triu, 0.0, x, k)


@of_arrays
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Numbers:
    """Return `x` with a border of `constant_values`, or of its own elements for another `mode`.

    The modes are "constant", "edge", "reflect", "symmetric" and "wrap", as in `numpy.pad`.

    Raises:
        ValueError: `mode` is none of these, or `pad_width` does not fit.
        TypeError: `constant_values` is not one number.

    >>> pad([1.0, 2.0], 1)
    array([0., 1., 2., 0.])
    """
    mode = one_of(mode, ("constant", "edge", "reflect", "symmetric", "wrap"), "mode")
    if not isinstance(constant_values, (int, float, np.number)):
        raise TypeError(f"`constant_values` is one number, not {constant_values!r:.60}")
    return rearranged(np.pad, float_of(constant_values, "constant_values"), x, pad_width, mode)


@of_arrays
def ravel(x: Any) -> Numbers:
    """Return the elements of `x` in row order as an array with one axis.

    >>> ravel([[1.0, 2.0], [3.0, 4.0]])
    array([1., 2., 3., 4.])
    """
    return reshape(as_operand(x), shape=(-1,))


@of_arrays
def squeeze(x: Any, axis: Axis = None) -> Numbers:
    """Return `x` without its axes of length 1, or without the axes `axis`.

    Raises:
        ValueError: an axis in `axis` is longer than 1.

    >>> squeeze([[1.0, 2.0]])
    array([1., 2.])
    """
    x = as_operand(x)
    return reshape(x, shape=moved_numbers(np.squeeze, x, axis=axis).shape)


@of_arrays
def expand_dims(x: Any, axis: int | tuple[int, ...]) -> Numbers:
    """Return `x` with new axes of length 1 at the positions `axis`.

    Raises:
        ValueError: a position is out of range, or given twice.

    >>> expand_dims([1.0, 2.0], 0)
    array([[1., 2.]])
    """
    x = as_operand(x)
    return reshape(x, shape=moved_numbers(np.expand_dims, x, axis=axis).shape)


@of_arrays
def moveaxis(x: Any, source: Any, destination: Any) -> Numbers:
    """Return `x` with the axes `source` moved to the positions `destination`. The others keep their order.

    Raises:
        ValueError: an axis is out of range, or `source` and `destination` differ in length.

    >>> moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    x = as_operand(x)
    lengths = np.broadcast_to(0.0, tuple(range(len(shape_of(x)))))  # each length is the number of its axis
    try:
        return transpose(x, axes=np.moveaxis(lengths, source, destination).shape)
    except Exception as error:
        raise refusal("moveaxis", [x], {"source": source, "destination": destination}, error) or error from error


# Products ------------------------------------------------------------------------------------------------------


@of_arrays
def outer(a: Any, b: Any) -> Numbers:
    r"""Return the products $a_i b_j$ of all elements of `a` with all of `b`.

    >>> outer([1.0, 2.0], [3.0, 4.0])
    array([[3., 4.],
           [6., 8.]])
    """
    return mul(reshape(as_operand(a), shape=(-1, 1)), ravel(b))


@of_arrays
def trace(x: Any, offset: int = 0) -> Numbers:
    r"""Return the sum of a diagonal, $\sum_i x_{ii}$, over the first two axes.

    Raises:
        ValueError: `x` has fewer than two axes.

    >>> float(trace([[1.0, 2.0], [3.0, 4.0]]))
    5.0
    """
    return reductions.sum(rearranged(np.diagonal, 0.0, x, offset), axis=-1)


@of_arrays
def inner(a: Any, b: Any) -> Numbers:
    """Return the sums of products over the last axes of `a` and `b`.

    Raises:
        ValueError: the last axes differ in length.

    >>> float(inner([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    a, b = as_operand(a), as_operand(b)
    return tensordot(a, b, (-1, -1)) if shape_of(a) and shape_of(b) else mul(a, b)


@of_arrays
def tensordot(a: Any, b: Any, axes: Any = 2) -> Numbers:
    """Return the sums of products over `axes`.

    A number `n` stands for the last `n` axes of `a` and the first `n` axes of `b`. Two lists name the axes of each.

    Raises:
        ValueError: `axes` does not fit the shapes.

    >>> float(tensordot([[1.0, 2.0]], [[3.0, 4.0]]))
    11.0
    """
    a, b = as_operand(a), as_operand(b)
    n, m = len(shape_of(a)), len(shape_of(b))
    pair = axes.tolist() if isinstance(axes, np.ndarray) else axes
    if isinstance(axes, (int, np.integer)) and 0 <= axes <= min(n, m):
        pair = range(n - axes, n), range(axes)
    if not isinstance(pair, (tuple, list)) or len(pair) != 2 or np.size(pair[0]) != np.size(pair[1]):
        raise ValueError(
            f"`axes` is how many axes to sum over, or two lists of as many axes, not {axes!r:.40}, for arrays of "
            f"shapes {shape_of(a)} and {shape_of(b)}"
        )
    left, right = (axes_of(tuple(np.atleast_1d(each).tolist()), k) for each, k in zip(pair, (n, m), strict=True))
    first, second = string.ascii_letters[:n], list(string.ascii_letters[n : n + m])
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    free = [x for i, x in enumerate(first) if i not in left] + [x for j, x in enumerate(second) if j not in right]
    return einsum(f"{first},{''.join(second)}->{''.join(free)}", a, b)


def einsum(subscripts: str, *operands: Any) -> Any:
    """Return sums of products in Einstein notation.

    The operands are multiplied from the left, each time as a matrix product of two.

    Raises:
        TypeError: `subscripts` is not a string.
        ValueError: `subscripts` do not fit the operands.

    >>> einsum("ij,jk->ik", [[1.0, 2.0]], [[3.0], [4.0]])
    array([[11.]])
    """
    xs = [as_operand(x) for x in operands]
    terms, out = _labels(subscripts, xs)
    sizes: dict[str, int] = {}
    for x, term in zip(xs, terms, strict=True):
        for label, n in zip(term, shape_of(x), strict=True):
            sizes[label] = builtins.max(sizes.get(label, n), n) if n else n
    total, labels = _alone(xs[0], terms[0], set(out).union(*terms[1:]), sizes)
    for i, term in enumerate(terms[1:], 1):
        later = set(out).union(*terms[i + 1 :])
        total, labels = _joined(total, labels, *_alone(xs[i], term, later | set(labels), sizes), later, sizes)
    total, labels = _alone(total, labels, set(out), sizes)
    order = tuple(labels.index(label) for label in out)
    return total if order == tuple(range(len(out))) else transpose(total, axes=order)


def _labels(subscripts: Any, xs: Sequence[Any]) -> tuple[list[str], str]:
    """Split subscripts into those of the operands and of the result. An ellipsis becomes capital letters."""
    if not isinstance(subscripts, str):
        raise TypeError(f"`subscripts` is a text such as 'ij,jk->ik', not {subscripts!r:.60}")
    try:
        np.einsum_path(subscripts, *(np.broadcast_to(0.0, shape_of(x)) for x in xs))  # checks them
    except Exception as error:
        raise ValueError(f"`subscripts` {subscripts!r} do not fit {[shape_of(x) for x in xs]}: {error}") from None
    left, arrow, out = subscripts.replace(" ", "").partition("->")
    spare = "".join(x for x in reversed(string.ascii_letters) if x not in subscripts)
    terms, wide = [], 0
    for term, x in zip(left.split(","), xs, strict=True):
        n = len(shape_of(x)) - len(term.replace("...", ""))
        wide = builtins.max(wide, n if "..." in term else 0)
        terms.append(term.replace("...", spare[:n][::-1]))
    if not arrow:
        flat = left.replace("...", "").replace(",", "")
        out = "..." * ("..." in left) + "".join(sorted(x for x in set(flat) if flat.count(x) == 1))
    return terms, out.replace("...", spare[:wide][::-1])


def _alone(x: Any, term: str, later: set[str], sizes: dict[str, int]) -> tuple[Any, str]:
    """Take diagonals of an operand, sum over labels that only it has, and broadcast axes of length 1."""
    unique = "".join(dict.fromkeys(term))
    if unique != term:
        x = picked(x, moved_numbers(lambda numbers: np.einsum(f"{term}->{unique}", numbers), x))
    if (shape := tuple(sizes[label] for label in unique)) != shape_of(x):
        x = broadcast_to(x, shape=shape)
    gone = tuple(i for i, label in enumerate(unique) if label not in later)
    return (reductions.sum(x, axis=gone), "".join(u for u in unique if u in later)) if gone else (x, unique)


def _joined(a: Any, left: str, b: Any, right: str, later: set[str], sizes: dict[str, int]) -> tuple[Any, str]:
    """Multiply two operands, and sum over the labels that both have, but no later operand."""
    batch = [x for x in left if x in right and x in later]
    shared = [x for x in left if x in right and x not in later]
    rows, columns = [x for x in left if x not in right], [x for x in right if x not in left]

    def arranged(x: Any, labels: str, *groups: list[str]) -> Any:
        order = tuple(labels.index(label) for group in (batch, *groups) for label in group)
        x = x if order == tuple(range(len(order))) else transpose(x, axes=order)
        lengths = (math.prod(sizes[label] for label in group) for group in groups)
        shape = (*(sizes[label] for label in batch), *lengths)
        return x if shape == shape_of(x) else reshape(x, shape=shape)

    product = reductions.matmul(arranged(a, left, rows, shared), arranged(b, right, shared, columns))
    labels = "".join([*batch, *rows, *columns])
    return reshape(product, shape=tuple(sizes[label] for label in labels)), labels


# Along an axis -------------------------------------------------------------------------------------------------


def _only_axis(x: Any, axis: Any) -> int:
    axes = axes_of(axis, len(shape_of(x)))
    if len(axes) != 1:
        raise ValueError(f"`axis` is one axis, not {axis!r:.40}, and `x` has shape {shape_of(x)}")
    return axes[0]


@of_arrays
def cumprod(x: Any, axis: int = 0) -> Numbers:
    """Return the cumulative product along `axis`. Its gradient contains no division, so zeros are no problem.

    Raises:
        ValueError: `axis` is out of range.

    >>> cumprod([1.0, 2.0, 3.0])
    array([1., 2., 6.])
    """
    x = as_operand(x)
    x = x if shape_of(x) else ravel(x)
    axis, shift = _only_axis(x, axis), 1
    while shift < shape_of(x)[axis]:
        products = mul(part(x, axis, shift, None), part(x, axis, None, -shift))
        x, shift = concatenate(part(x, axis, None, shift), products, axis=axis), 2 * shift
    return x


@of_arrays
def diff(x: Any, n: int = 1, axis: int = -1) -> Numbers:
    """Return the differences $x_{i+1} - x_i$ along `axis`, repeated `n` times.

    Raises:
        ValueError: `n` is not a whole number from 0, or `axis` is out of range.

    >>> diff([1.0, 4.0, 9.0])
    array([3., 5.])
    """
    x = as_operand(x)
    axis = _only_axis(x, axis)
    for _ in range(min(count(n, "n", 0), shape_of(x)[axis])):  # then nothing is left
        x = sub(part(x, axis, 1, None), part(x, axis, None, -1))
    return x


@of_arrays
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Numbers:
    r"""Return the norm $(\sum |x_i|^p)^{1/p}$ of order $p$ = `ord` (2 by default) of all elements or along `axis`.

    For matrices (two axes), `ord` is "fro", 1, -1, inf or -inf, as in `numpy.linalg.norm`.

    Raises:
        ValueError: `ord` is not supported for this number of axes, or `axis` is out of range.

    >>> float(norm([3.0, 4.0])), float(norm([3.0, -4.0], 1)), float(norm([3.0, -4.0], np.inf))
    (5.0, 7.0, 4.0)
    """
    x = as_operand(x)
    ndim = len(shape_of(x))
    axes = axes_of(axis, ndim)
    known = isinstance(ord, (int, float, np.integer, np.floating, str))
    if ord is None or (known and (ord, len(axes)) in (("fro", 2), (2, 1))):
        return reductions.norm(x, axis=axis, keepdims=keepdims)
    if not known or isinstance(ord, (bool, str)) or len(axes) > 2:
        raise ValueError(f"`ord` {ord!r:.60} is not known for {len(axes)} axes: use a number, or 'fro' for matrices")
    ord = float_of(ord, "ord")
    if len(axes) == 2:
        if ord not in (1, -1, np.inf, -np.inf):
            raise ValueError(f"`ord` {ord!r} of matrices needs singular values: use 'fro', 1, -1, inf or -inf")
        summed, over = axes if builtins.abs(ord) == 1 else axes[::-1]
        sums = reductions.sum(abs(x), axis=summed, keepdims=True)
        out = (reductions.max if ord > 0 else reductions.min)(sums, axis=over, keepdims=True)
        return out if keepdims else squeeze(out, axes)
    if np.isinf(ord):
        return (reductions.max if ord > 0 else reductions.min)(abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return reductions.sum(step(abs(x)), axis=axis, keepdims=keepdims)
    sums = reductions.sum(abs(x) if ord == 1 else pow(abs(x), ord), axis=axis, keepdims=keepdims)
    return sums if ord == 1 else where(step(sums), pow(sums, 1.0 / ord), sums)  # at 0 the gradient is 0
