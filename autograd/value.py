"""Value: a node that holds one float."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import numpy as np

from .checks import flag, float_of, items
from .display import cell, table
from .graph import KINDS, constant
from .modes import notice, switch, truth
from .operators import Method, Operator, Operators
from .primitive import Primitive
from .primitives.activations import relu, sigmoid
from .primitives.arithmetic import add, div, mul, neg, sub
from .primitives.powers import exp, pow
from .primitives.trigonometry import tanh

_new = object.__new__


def _operator(method: Any) -> Operator:
    return cast(Operator, method)


def _unary(op: Primitive) -> Method:
    """Return a method that records `op` on a Value, faster than the general `graph.record`."""
    scalar = op.scalar or op

    def method(self: Value) -> Value:
        if switch.open or self.op is constant:
            return op(self)
        x = self._data
        try:
            data = scalar(x)
        except (ValueError, ArithmeticError):
            data = op.evaluate((x,), {})
        node = _new(Value)
        node._data, node.op = data, op
        node._first, node._x = self, x
        node._second = node._mark = node.grad = None
        return node

    method.__name__, method.__doc__ = op.name, f"Return `chalkgrad.{op.name}` of this Value; see there for more."
    method.__qualname__ = f"Value.{op.name}"
    return cast(Method, method)


def _binary(op: Primitive) -> tuple[Operator, Operator]:
    """Return the operator of `op` and its reflected form, fast for Values, ints and floats."""
    scalar: Any = op.scalar

    def method(self: Any, other: Any) -> Any:
        if other.__class__ is not Value:
            if other.__class__ is not float and other.__class__ is not int:
                return op(self, other) if _known(other) else NotImplemented
            other = _number(other)
        if switch.open or (self.op is constant and other.op is constant):
            return op(self, other)
        x, y = self._data, other._data
        try:
            data = scalar(x, y)
        except (ValueError, ArithmeticError):
            data = op.evaluate((x, y), {})
        node = _new(Value)
        node._data, node.op = data, op
        node._first, node._second, node._x, node._y = self, other, x, y
        node._mark = node.grad = None
        return node

    def reflected(self: Value, other: Any) -> Any:
        if other.__class__ is float or other.__class__ is int:
            return method(_number(other), self)
        return op(other, self) if _known(other) else NotImplemented

    return _operator(method), _operator(reflected)


def _known(x: Any) -> bool:
    return isinstance(x, (Operators, int, float, list, tuple)) or hasattr(type(x), "__array__")


def _number(x: float) -> Value:
    """Return a constant for a number in a formula."""
    node = _new(Value)
    node._data, node.op = float_of(x, "data"), constant
    node._first = node._second = node._mark = node.grad = None
    return node


class Value(Operators):
    """A float that records how it was computed, so that `backward` can differentiate it.

    Args:
        data: the number.
        label: a name for pictures and messages.
        requires_grad: False makes a constant, for which `backward` computes no gradient.

    Raises:
        TypeError: `data` is not a real number.

    >>> a, b = Value(2.0, label="a"), Value(1.0, label="b")
    >>> e = (a + b) * (b + 1)
    >>> e.backward()
    >>> e.data, a.grad, b.grad
    (6.0, 2.0, 5.0)
    """

    __slots__ = ()

    def __init__(self, data: float, label: str = "", *, requires_grad: bool = True) -> None:
        differentiable = requires_grad is True or flag(requires_grad, "requires_grad")
        self._become_leaf(_real(data), None if differentiable else constant, label)

    @property
    def data(self) -> float:
        """The number. An assignment changes this node only, not the results that were computed from it.

        >>> x = Value(2.0)
        >>> y = x * x
        >>> x.data = 3.0
        >>> x.data, y.data
        (3.0, 4.0)
        """
        if switch.open:
            notice(self)
        return self._data

    @data.setter
    def data(self, x: float) -> None:
        self._refuse_change("data")
        self._data = _real(x)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the data, `()` for a single number.

        >>> Value(2.0).shape
        ()
        """
        return ()

    def item(self) -> float:
        """Return the number as a float without history.

        >>> Value(2.0).item()
        2.0
        """
        return self.data

    def __repr__(self) -> str:
        notice(self)
        name = f", label={self.label!r}" if self.label else ""
        grad = "" if self.grad is None else f", grad={getattr(self.grad, 'data', self.grad)!r}"
        made = "" if self.op is None or not self.inputs else f", op={self.op.name}"
        return f"Value({self._data!r}{name}{grad}{made})"

    def _html(self) -> str:
        grad = getattr(self.grad, "data", self.grad)
        numbers = [cell(self._data, abs(self._data)), "-" if grad is None else cell(grad, abs(grad))]
        return table(["Value", "data", "grad", "made by"], [[self.label, *numbers, self._made_by()]])

    def __bool__(self) -> bool:
        return truth(self) if switch.open else bool(self._data)

    @_operator
    def __add__(self, other: Any) -> Any:
        # The same as `_binary` makes, without one function call: nearly all nodes of a scalar net are sums and
        # products.
        if other.__class__ is not Value:
            if other.__class__ is not float and other.__class__ is not int:
                return add(self, other) if _known(other) else NotImplemented
            other = _number(other)
        if switch.open or self.op is constant:
            return add(self, other)
        node = _new(Value)
        node.op = add
        node._first, node._second = self, other
        node._x = x = self._data
        node._y = y = other._data
        node._data = x + y
        node._mark = node.grad = None
        return node

    @_operator
    def __mul__(self, other: Any) -> Any:
        if other.__class__ is not Value:
            if other.__class__ is not float and other.__class__ is not int:
                return mul(self, other) if _known(other) else NotImplemented
            other = _number(other)
        if switch.open or self.op is constant:
            return mul(self, other)
        node = _new(Value)
        node.op = mul
        node._first, node._second = self, other
        node._x = x = self._data
        node._y = y = other._data
        node._data = x * y
        node._mark = node.grad = None
        return node

    __radd__ = _binary(add)[1]
    __sub__, __rsub__ = _binary(sub)
    __rmul__ = _binary(mul)[1]
    __truediv__, __rtruediv__ = _binary(div)
    __pow__, __rpow__ = _binary(pow)
    __neg__ = _unary(neg)
    relu = _unary(relu)
    tanh = _unary(tanh)
    sigmoid = _unary(sigmoid)
    exp = _unary(exp)


KINDS[True] = Value


def _real(x: Any) -> float:
    if x.__class__ is float:
        return x
    if isinstance(x, (bool, np.bool_)):
        raise TypeError(f"`data` of a Value is a number, not {x}: write Value({float(x)})")
    if isinstance(x, (int, float, np.integer, np.floating)):
        return float_of(x, "data")
    if isinstance(x, Operators):
        raise TypeError(f"`data` is a {type(x).__name__} already: use it as it is, or Value(x.data) for a new leaf")
    hint = ": use Tensor for arrays" if isinstance(x, (np.ndarray, list, tuple)) else ""
    raise TypeError(f"`data` of a Value is one real number, not {type(x).__name__} ({x!r:.40}){hint}")


def dot(ws: Iterable[Any], xs: Iterable[Any], start: Any = 0.0) -> Any:
    r"""Return the sum of products $b + \sum_i w_i x_i$, the pre-activation of a neuron.

    The graph has the same nodes as `start + w1*x1 + ...`. One loop builds them.

    Args:
        ws, xs: equally many Values or numbers, the weights and the inputs.
        start: the first summand $b$.

    Raises:
        ValueError: `ws` and `xs` differ in length.

    >>> w, x = [Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]
    >>> dot(w, x, Value(0.5)).data
    11.5
    """
    total = start
    if not isinstance(ws, list) or not isinstance(xs, list):
        ws, xs = items(ws, "ws"), items(xs, "xs")
    if len(ws) != len(xs):
        raise ValueError("`ws` and `xs` must be equally many, one input per weight")
    try:
        for w, x in zip(ws, xs, strict=True):
            if switch.open or not (w.__class__ is x.__class__ is total.__class__ is Value):
                total = total + w * x
                continue
            a, b = w._data, x._data
            product = _new(Value)
            product._data, product.op = a * b, mul
            product._first, product._second, product._x, product._y = w, x, a, b
            product._mark = product.grad = None
            a, b = total._data, product._data
            node = _new(Value)
            node._data, node.op = a + b, add
            node._first, node._second, node._x, node._y = total, product, a, b
            node._mark = node.grad = None
            total = node
    except TypeError as error:
        if "`" in str(error):
            raise
        raise TypeError(f"`ws`, `xs` and `start` are Values and numbers: {error}") from None
    return total
