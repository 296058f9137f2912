"""Tensor: a node that holds an array of floats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from . import comparison
from .checks import array_of, dtype_of, flag, items
from .containers import flatten, rebuild
from .display import heat, side_by_side
from .graph import KINDS, Node, constant
from .modes import notice, quiet
from .operators import Operators, method, operators
from .primitives import arrays, composites, layout, reductions
from .primitives.layout import reshape, shape_of
from .shapes import describe
from .value import Value


class Tensor(Operators):
    """An array of float32 or float64 that records how it was computed, with NumPy's names and broadcasting.

    Args:
        data: an array, a number, or a nested list of numbers and Values. It is copied. Integers become float64.
        label: a name for pictures and messages.
        dtype: float32 or float64. By default, that of `data`.
        requires_grad: False makes a constant, for which `backward` computes no gradient.

    Raises:
        TypeError: `data` or `dtype` is neither float32 nor float64, or `data` is not numeric.
        ValueError: the rows of a nested list differ in length.

    >>> x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> (x * x).sum().backward()
    >>> x.grad
    array([[2., 4.],
           [6., 8.]])
    """

    __slots__ = ("_is_lent",)
    _is_lent: bool

    def __init__(self, data: Any, label: str = "", *, dtype: Any = None, requires_grad: bool = True) -> None:
        if isinstance(data, Node):
            raise TypeError(f"`data` is a {type(data).__name__} already: use it, or Tensor(x.data) for a new leaf")
        values = _flat_values(data) if isinstance(data, (list, tuple)) else None
        if values is not None:
            made = layout.array_of(*values, shape=array_of(rebuild(data, [0.0] * len(values)), "data").shape)
            if dtype is not None and dtype_of(dtype) != np.float64:
                made = layout.astype(made, dtype=dtype)
            self._take_place_of(made if flag(requires_grad, "requires_grad") else made.detach(), label)
        else:
            self._become_leaf(_floats(data, dtype), None if flag(requires_grad, "requires_grad") else constant, label)

    def _take_place_of(self, made: Any, label: str) -> None:
        for slot in Node.__slots__:
            if hasattr(made, slot):
                setattr(self, slot, getattr(made, slot))
        if label:
            self.label = label

    @property
    def data(self) -> np.ndarray:
        """The array. You may change the array of a leaf in place, or replace it; computed results stay the same.

        A leaf that a graph has used returns a new copy, and holds that copy from then on. So change the data through
        `x.data`, not through an array that you kept from before.

        >>> x = Tensor([1.0, 2.0])
        >>> y = x * 10
        >>> x.data[0] = 5.0
        >>> x.tolist(), y.tolist()
        ([5.0, 2.0], [10.0, 20.0])
        """
        notice(self)
        if self._first is not None:
            self._data.flags.writeable = False
        elif getattr(self, "_is_lent", False):
            self._data, self._is_lent = self._data.copy(), False
        return self._data

    @data.setter
    def data(self, x: Any) -> None:
        self._refuse_change("data")
        if x is self._data:
            return
        new = array_of(x, "data")
        if new.dtype.kind not in "iuf":
            raise TypeError(f"`data` holds {new.dtype} ({x!r:.40}), not real numbers as this Tensor does")
        if new.dtype != self._data.dtype:
            with quiet():
                new = new.astype(self._data.dtype)
        if new.shape != self._data.shape:
            raise ValueError(f"`data` has shape {new.shape}; this Tensor keeps its shape {self._data.shape}")
        self._data, self._is_lent = new, False

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes.

        >>> Tensor([[1.0, 2.0, 3.0]]).shape
        (1, 3)
        """
        return self._data.shape

    @property
    def dtype(self) -> np.dtype:
        """Data type of the elements, float32 or float64.

        >>> Tensor([1, 2], dtype="float32").dtype
        dtype('float32')
        """
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """Number of axes.

        >>> Tensor([[1.0, 2.0, 3.0]]).ndim
        2
        """
        return self._data.ndim

    @property
    def size(self) -> int:
        """Number of elements.

        >>> Tensor([[1.0, 2.0, 3.0]]).size
        3
        """
        return self._data.size

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a Tensor of shape () has no len()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        notice(self)
        numbers = np.array2string(self._data, separator=", ", prefix="Tensor(", threshold=100, edgeitems=3)
        name = f", label={self.label!r}" if self.label else ""
        kind = "" if self.dtype == np.float64 else f", dtype={self.dtype}"
        made = f", op={self.op.name}" if self.inputs else ""
        shape = f", shape={self.shape}" if self.size > 1 else ""
        return f"Tensor({numbers}{name}{shape}{kind}{made})"

    def _html(self) -> str:
        name = f"Tensor {self.label}".strip()
        parts = [(f"{name}, {self.shape} {self.dtype}, {self._made_by()}", heat(self._data))]
        grad = self.grad._data if isinstance(self.grad, Node) else self.grad
        return side_by_side(parts if grad is None else [*parts, ("grad", heat(grad))])

    def item(self) -> float:
        """Return the only element as a float, without history.

        Raises:
            ValueError: the Tensor does not have exactly one element.

        >>> Tensor([2.0]).item()
        2.0
        """
        if self.size != 1:
            raise ValueError(f"item() is for a single element; this Tensor has shape {self.shape}")
        notice(self)
        return float(self._data.reshape(()))

    def to_values(self) -> Any:
        """Return the elements as nested lists of Values. Gradients flow through them to this Tensor.

        >>> a, b = Tensor([1.0, 2.0]).to_values()
        >>> a
        Value(1.0, op=element)
        """

        def part(index: tuple[int, ...]) -> Any:
            if len(index) == self.ndim:
                return layout.element(self, index=index)
            return [part((*index, i)) for i in range(self.shape[len(index)])]

        return part(())

    astype = method(layout.astype)

    # Shape -------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Tensor:
        return layout.getitem(self, index=_plain_index(index))

    def __setitem__(self, index: Any, x: Any) -> None:
        raise TypeError(
            "a Tensor does not change in place: make a new one with `where(mask, x, t)`, `concatenate`, or "
            "`t + scatter(x, index=..., shape=t.shape)`; or write into the array of a leaf, `t.data[...] = x`"
        )

    def reshape(self, *shape: Any) -> Tensor:
        """Return the elements in another shape, in the same order. One length may be -1, which is then inferred.

        Raises:
            ValueError: the number of elements would change.

        >>> Tensor([1.0, 2.0, 3.0, 4.0]).reshape(2, -1).shape
        (2, 2)
        """
        return layout.reshape(self, shape=_sequence(shape))

    def transpose(self, *axes: Any) -> Tensor:
        """Return the Tensor with permuted axes. Without `axes`, the order of the axes is reversed.

        Raises:
            ValueError: `axes` is not a permutation of the axes.

        >>> Tensor(np.zeros((2, 3, 4))).transpose(1, 0, 2).shape
        (3, 2, 4)
        """
        return layout.transpose(self, axes=_sequence(axes) or None)

    @property
    def T(self) -> Tensor:
        """Return the transpose, with the axes in reverse order.

        >>> Tensor(np.zeros((2, 3))).T.shape
        (3, 2)
        """
        return layout.transpose(self)

    view = reshape  # PyTorch's names
    permute = transpose

    ravel = flatten = method(arrays.ravel)
    squeeze, swapaxes, flip = method(arrays.squeeze), method(layout.swapaxes), method(layout.flip)

    def broadcast_to(self, *shape: Any) -> Tensor:
        """Return the Tensor broadcast to `shape` by NumPy's rules.

        Raises:
            ValueError: the Tensor cannot be broadcast to `shape`.

        >>> Tensor([1.0, 2.0]).broadcast_to(3, 2).shape
        (3, 2)
        """
        return layout.broadcast_to(self, shape=_sequence(shape))

    # Reductions and products -------------------------------------------------------------------------------

    __matmul__, __rmatmul__ = operators(reductions.matmul)
    sum, max, min = method(reductions.sum), method(reductions.max), method(reductions.min)
    mean, var, std = method(composites.mean), method(composites.var), method(composites.std)
    prod, cumsum, cumprod = method(composites.prod), method(reductions.cumsum), method(arrays.cumprod)
    argmax, argmin, any, all = comparison.argmax, comparison.argmin, comparison.any, comparison.all


KINDS[False] = Tensor


def concatenate(tensors: Iterable[Any], axis: int = 0) -> Any:
    """Return Tensors and arrays joined along an existing axis.

    Raises:
        TypeError: `tensors` is a single Tensor, or not a list.
        ValueError: the list is empty, or the shapes differ in another axis.

    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])]).data
    array([1., 2., 3.])
    """
    return layout.concatenate(*_several(tensors, "concatenate"), axis=axis)


def stack(tensors: Iterable[Any], axis: int = 0) -> Any:
    """Return Tensors and arrays of equal shape joined along a new axis. A list of Values gives a vector.

    Raises:
        TypeError: `tensors` is a single number, or not a list.
        ValueError: the list is empty, or the shapes differ.

    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).shape
    (2, 2)
    """
    return layout.stack(*_several(tensors, "stack"), axis=axis)


def _several(tensors: Any, name: str) -> list[Any]:
    if isinstance(tensors, (Node, np.ndarray)) and not shape_of(tensors):
        raise TypeError(f"`{name}` takes a list of Tensors or arrays, not a single one")
    parts = [reshape(x, shape=()) if isinstance(x, Value) else x for x in items(tensors, "tensors")]
    if not parts:
        raise ValueError(f"`{name}` got an empty list: there is nothing to join")
    return parts


def _sequence(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Return a shape or axes, given as separate numbers or as one tuple, as a tuple."""
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], (tuple, list)) else given


def _plain_index(index: Any) -> Any:
    """Check an index. Index arrays are copied, because the caller may change them."""
    if isinstance(index, tuple):
        return tuple(_plain_index(i) for i in index)
    if isinstance(index, Node):
        raise TypeError("an index is whole numbers, slices or arrays of these, not a node: use its `.data`")
    return array_of(index, "index") if isinstance(index, (list, np.ndarray)) else index


def _floats(data: Any, dtype: Any) -> np.ndarray:
    """Return a new array of floats in row order."""
    if dtype is not None:
        dtype = dtype_of(dtype)
    array = array_of(data, "data")
    if array.dtype.kind == "f":
        array = array.astype(array.dtype.newbyteorder("="), copy=False)  # some files have another byte order
    if array.dtype.kind == "b" or (array.dtype.kind not in "iu" and array.dtype not in (np.float32, np.float64)):
        raise TypeError(
            f"`data` of a Tensor is float32 or float64, not {array.dtype} ({describe(data)}): convert it first, "
            "as in `data.astype(float)`"
        )
    dtype = dtype or (np.float64 if array.dtype.kind in "iu" else array.dtype)
    if array.dtype == dtype:
        return array
    with quiet():
        return array.astype(dtype)


def _flat_values(data: Any) -> list[Any] | None:
    """Return the elements of nested lists if any of them is a Value, else None."""
    flat = flatten(data)
    if any(isinstance(x, Tensor) for x in flat):
        raise TypeError("`data` is a list of Tensors: join them with `stack` or `concatenate`")
    if not any(isinstance(x, Value) for x in flat):
        return None
    if any(isinstance(x, (bool, np.bool_)) for x in flat):
        raise TypeError("`data` of a Tensor is numbers and Values, not True or False: write 1.0 or 0.0")
    return flat
