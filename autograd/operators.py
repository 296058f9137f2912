"""The base class of Value and Tensor: the backward pass, copying, Python's operators and the maths methods."""

from __future__ import annotations

import operator
from collections.abc import Callable
from numbers import Number
from typing import Any, Protocol, Self, TypeVar, cast, overload

import numpy as np

from . import comparison, modes
from .checks import array_of
from .copying import deeply_copied, reduced, shallowly_copied
from .display import Shown, number
from .graph import Node, constant, record, stop_gradient
from .modes import switch, truth
from .primitive import Primitive, T
from .primitives import activations, arithmetic, powers, selection, trigonometry
from .reverse import backward, vjp_terms

S = TypeVar("S", bound="Operators")
S_co = TypeVar("S_co", bound="Operators", covariant=True)
_PLAIN: dict[str, Any] = {}  # no settings


class Method(Protocol):
    """The type of a method for type checkers: a method of a Value returns a Value, of a Tensor a Tensor."""

    def __get__(self, node: S, kind: Any = None, /) -> Callable[..., S]: ...


class _Binary(Protocol[S_co]):
    @overload
    def __call__(self, other: T, /) -> T: ...
    @overload
    def __call__(self, other: Operators | float, /) -> S_co: ...
    @overload
    def __call__(self, other: Any, /) -> Any: ...


class Operator(Protocol):
    """The type of an operator for type checkers: a Tensor with anything is a Tensor, a Value with a number a Value."""

    @overload
    def __get__(self, node: T, kind: Any = None, /) -> Callable[[Any], T]: ...
    @overload
    def __get__(self, node: S, kind: Any = None, /) -> _Binary[S]: ...


def operators(op: Primitive) -> tuple[Operator, Operator]:
    """Return the operator of `op` and its reflected form."""

    def operator(self: Any, other: Any) -> Any:
        return record(op, (self, other), _PLAIN)

    def reflected(self: Any, other: Any) -> Any:
        return record(op, (other, self), _PLAIN)

    return cast(Operator, operator), cast(Operator, reflected)


def method(f: Any) -> Method:
    """Return a method that calls a function of the library."""

    def called(self: Any, *others: Any, **settings: Any) -> Any:
        return f(self, *others, **settings)

    called.__name__, called.__doc__ = f.__name__, f"Return `chalkgrad.{f.__name__}` of this node; see there for more."
    called.__qualname__, called.__wrapped__ = f"Operators.{f.__name__}", f  # type: ignore[attr-defined]
    return cast(Method, called)


def _logic(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return `&`, `|`, `^` or `~` for conditions in a traced function. Elsewhere nodes have no such operator."""
    return lambda *operands: NotImplemented if modes.tracer() is None else f(*operands)


class Operators(Node, Shown):
    """A Node with arithmetic. Comparisons, also `==`, compare the data and return booleans; the hash is by identity."""

    __slots__ = ()
    __array_ufunc__: Any  # `interop.numpy` sets both
    __array_function__: Any
    __pandas_priority__ = 5000  # so that Series and frames leave the operation to the node

    def backward(self, gradient: Any = None, *, create_graph: bool = False) -> None:
        r"""Set `grad` of every node that this node depends on: $\bar v = \partial\,\mathrm{self} / \partial v$.

        The call accumulates gradients in the leaves (see `zero_grad`), and recomputes those of intermediate nodes.
        After an error, all gradients are as before the call.

        Args:
            gradient: the cotangent of this node, of the same shape. The default is 1, for a single number only.
            create_graph: make the gradients of the leaves nodes, to draw or to differentiate again. Such a gradient
                refers to its leaf, and the leaf to it. Set `grad` to None to free both.

        Raises:
            ValueError: the node is a constant; or it holds several numbers and `gradient` is missing; or `gradient`
                has another shape.
            TypeError: `gradient` is not a number, array or node.
            RuntimeError: the call is inside a function that is being compiled.

        Source: Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.

        >>> from chalkgrad import Value
        >>> x = Value(3.0)
        >>> y = x * x
        >>> y.backward()
        >>> x.grad
        6.0
        """
        backward(self, gradient, create_graph)

    def _backward(self) -> None:
        """Add the vjp terms of this node to the gradients of its inputs, as the closure of micrograd does."""
        if self._first is not None and self.grad is not None:
            for operand, term in vjp_terms(self, self.grad):
                operand.grad = term if operand.grad is None else operand.grad + term

    def _made_by(self) -> str:
        """Return how this node was computed, for a notebook: `3 * 2`, `tanh(o)`."""
        if not self.inputs:
            return "constant" if self.op is constant else "leaf"
        data = [(x.label, x.shape, x._data) for x in self.inputs]
        names = [label or (number(float(x)) if shape == () else f"array {shape}") for label, shape, x in data]
        if len(names) == 2 and not self.op.symbol[0].isalpha():
            return f" {self.op.symbol} ".join(names)
        shown = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
        return f"{self.op.name}({', '.join(shown)})"

    __copy__ = shallowly_copied
    __deepcopy__ = deeply_copied

    def __reduce__(self) -> Any:
        return reduced(self)

    __add__, __radd__ = operators(arithmetic.add)
    __sub__, __rsub__ = operators(arithmetic.sub)
    __mul__, __rmul__ = operators(arithmetic.mul)
    __truediv__, __rtruediv__ = operators(arithmetic.div)
    __pow__, __rpow__ = operators(powers.pow)
    __mod__, __rmod__ = operators(arithmetic.mod)
    __neg__ = method(arithmetic.neg)

    def __floordiv__(self, other: Any) -> Any:
        if self.requires_grad or (isinstance(other, Node) and other.requires_grad):
            raise TypeError("`//` has no useful derivative: write `floor(x / y)` if you mean 0, or use `.data`")
        return arithmetic.floor(arithmetic.div(self, other))

    def __rfloordiv__(self, other: Any) -> Any:
        return self.__floordiv__(other) if self.requires_grad else arithmetic.floor(arithmetic.div(other, self))

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return arithmetic.abs(self)

    def __lt__(self, other: Any) -> Any:
        return comparison.less(self, other) if switch.open else self._data < _data_of(other)

    def __le__(self, other: Any) -> Any:
        return comparison.less_equal(self, other) if switch.open else self._data <= _data_of(other)

    def __gt__(self, other: Any) -> Any:
        return comparison.greater(self, other) if switch.open else self._data > _data_of(other)

    def __ge__(self, other: Any) -> Any:
        return comparison.greater_equal(self, other) if switch.open else self._data >= _data_of(other)

    def __eq__(self, other: Any) -> Any:
        return _compared(comparison.equal, operator.eq, self, other)

    def __ne__(self, other: Any) -> Any:
        return _compared(comparison.not_equal, operator.ne, self, other)

    def __hash__(self) -> int:
        return object.__hash__(self) if (tracer := modes.tracer()) is None else tracer.hash_of(self)

    __and__ = __rand__ = _logic(comparison.logical_and)
    __or__ = __ror__ = _logic(comparison.logical_or)
    __xor__ = __rxor__ = _logic(comparison.logical_xor)
    __invert__ = _logic(comparison.logical_not)

    # Conversions to Python's numbers, which have no gradient -----------------------------------------------

    def __float__(self) -> float:
        return _plain(self, "`float`").item()

    def __int__(self) -> int:
        return int(_plain(self, "`int`").item())

    def __complex__(self) -> complex:
        return complex(_plain(self, "`complex`").item())

    def __index__(self) -> int:
        raise TypeError(f"{_plain(self, 'an index').item()!r} of a node is a float, and no index: write `int(x)`")

    def __round__(self, ndigits: int | None = None) -> Any:
        return round(_plain(self, "`round`").item(), ndigits)

    __trunc__ = __int__

    def as_integer_ratio(self) -> tuple[int, int]:
        """Return the number as a fraction of two integers. Python's `statistics` needs it.

        Raises:
            TypeError: a gradient would be lost, or the node holds several numbers.

        >>> from chalkgrad import Value
        >>> Value(0.75, requires_grad=False).as_integer_ratio()
        (3, 4)
        """
        return _plain(self, "`as_integer_ratio`").item().as_integer_ratio()

    def __bool__(self) -> bool:
        return truth(self)

    def __format__(self: Any, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    # Type checkers see an array of objects, so that its sum or product with an array has the type Any: it is a node.
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, np.dtype[np.object_]]:
        return np.array(_plain(self, "NumPy").data, dtype=dtype, copy=copy)

    @property
    def _mask(self: Any) -> Any:
        """Return the mask for `np.ma`, which does not use `__array__`."""
        return np.ma.getmask(_plain(self, "NumPy").data)

    def numpy(self: Any) -> np.ndarray:
        """Return a copy of the data as a NumPy array without history, as PyTorch's `t.detach().numpy()`.

        >>> from chalkgrad import Tensor
        >>> (Tensor([1.0, 2.0]) * 2).numpy()
        array([2., 4.])
        """
        return np.array(self.data)

    def tolist(self: Any) -> Any:
        """Return the data as a float or as nested lists of floats, without history.

        >>> from chalkgrad import Tensor
        >>> Tensor([[1.0, 2.0]]).tolist()
        [[1.0, 2.0]]
        """
        return np.asarray(self.data).tolist()

    abs = method(arithmetic.abs)
    square = method(arithmetic.square)
    reciprocal = method(arithmetic.reciprocal)
    sqrt = method(powers.sqrt)
    exp = method(powers.exp)
    log = method(powers.log)
    log1p = method(powers.log1p)
    expm1 = method(powers.expm1)
    sin = method(trigonometry.sin)
    cos = method(trigonometry.cos)
    tan = method(trigonometry.tan)
    tanh = method(trigonometry.tanh)
    sigmoid = method(activations.sigmoid)
    relu = method(activations.relu)
    softplus = method(activations.softplus)
    sign = method(selection.sign)
    clip = method(selection.clip)


def _plain(node: Any, taker: str) -> Any:
    """Return the node, or raise if a conversion to Python's numbers would lose a gradient."""
    if not loses_gradient(node):
        return node
    raise TypeError(
        f"{taker} would lose the gradient of a {type(node).__name__}: write `.data` or `.item()` for plain numbers; "
        "in place of functions of Python, `math` and NumPy write autograd's own, such as `chalkgrad.sin` and `stack`"
    )


def loses_gradient(node: Node) -> bool:
    """Return whether a conversion of the node to a plain number would lose a gradient that is needed.

    In a compiled function the arguments need no gradient: a guard checks the numbers that are read from them.
    """
    if not node.requires_grad or not modes.recording():
        return False
    if modes.tracer() is None:
        return True
    waiting, seen = [node], {node}
    while waiting:
        x = waiting.pop()
        if (x.op is None and x.requires_grad) or x._note("differentiated"):
            return True
        new = [y for y in x.inputs if y not in seen and y.op is not constant] if x.op is not stop_gradient else []
        seen.update(new)
        waiting += new
    return False


def _compared(traced: Any, plain: Any, node: Node, other: Any) -> Any:
    """Compare the data with `other`. An object that is not numeric, such as None, is not equal to a node."""
    if not isinstance(other, (Number, list, tuple)) and not hasattr(type(other), "__array__"):
        return NotImplemented
    try:
        found = _data_of(other)
    except TypeError:
        return NotImplemented if isinstance(other, (list, tuple)) else traced(node, other)
    return plain(node._data, found) if modes.tracer() is None else traced(node, other)


def _data_of(other: Any) -> Any:
    if isinstance(other, Node):
        return other._data
    if other.__class__ is float or other.__class__ is int:
        return other
    if hasattr(type(other), "__array__") and not isinstance(other, (np.ndarray, np.generic)):
        other = array_of(other, "other")
    if isinstance(other, np.ndarray) and other.dtype.kind not in "fiubO":
        raise TypeError(f"`<`, `>` and the like compare numbers, not an array of {other.dtype}")
    return other
