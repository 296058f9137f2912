"""What Values and Tensors share: the backward pass, copying, Python's operators and the maths methods."""

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
    """What type checkers know of a method: its result is of the kind of its node."""

    def __get__(self, node: S, kind: Any = None, /) -> Callable[..., S]: ...


class _Binary(Protocol[S_co]):
    @overload
    def __call__(self, other: T, /) -> T: ...
    @overload
    def __call__(self, other: Operators | float, /) -> S_co: ...
    @overload
    def __call__(self, other: Any, /) -> Any: ...


class Operator(Protocol):
    """What type checkers know of an operator: a Tensor with anything is a Tensor, a Value with a number is a Value."""

    @overload
    def __get__(self, node: T, kind: Any = None, /) -> Callable[[Any], T]: ...
    @overload
    def __get__(self, node: S, kind: Any = None, /) -> _Binary[S]: ...


def operators(op: Primitive) -> tuple[Operator, Operator]:
    """Make the operator of `op`, and the reflected one."""

    def operator(self: Any, other: Any) -> Any:
        return record(op, (self, other), _PLAIN)

    def reflected(self: Any, other: Any) -> Any:
        return record(op, (other, self), _PLAIN)

    return cast(Operator, operator), cast(Operator, reflected)


def method(f: Any) -> Method:
    """Make a method of a function of the library."""

    def called(self: Any, *others: Any, **settings: Any) -> Any:
        return f(self, *others, **settings)

    called.__name__, called.__doc__ = f.__name__, f"`chalkgrad.{f.__name__}` of this node."
    called.__qualname__, called.__wrapped__ = f"Operators.{f.__name__}", f  # type: ignore[attr-defined]
    return cast(Method, called)


def _logic(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make `&`, `|`, `^` or `~` of the conditions of a function that is traced; numbers have none of these."""
    return lambda *operands: NotImplemented if modes.tracer() is None else f(*operands)


class Operators(Node, Shown):
    """Node with arithmetic. Comparisons, also `==`, are of numbers and give plain booleans; the hash is by identity."""

    __slots__ = ()
    __array_ufunc__: Any  # set by `interop.numpy`, which knows the functions
    __array_function__: Any
    __pandas_priority__ = 5000  # so that Series and frames leave the operation to the node

    def backward(self, gradient: Any = None, *, create_graph: bool = False) -> None:
        r"""Set `grad` of every node that this one depends on: $\bar v = \partial\,\mathrm{self} / \partial v$.

        The gradients of leaves add up over calls (see `zero_grad`); those in between are those of this call.
        If anything goes wrong on the way, no gradient has changed.

        Args:
            gradient: the cotangent of this node, of its shape; 1 if left out, for a single number only.
            create_graph: make the gradients of leaves nodes, to draw or to differentiate again. Such a gradient
                depends on its leaf, which holds it: set `grad` to None to let both go.

        Raises:
            ValueError: the node is a constant, or holds several numbers and `gradient` is left out or of another shape.
            TypeError: `gradient` is no number, array or node.
            RuntimeError: it is called inside a function that is being compiled.

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
        """Hand this node's gradient on to its inputs, once, as micrograd's closure does."""
        if self._first is not None and self.grad is not None:
            for operand, term in vjp_terms(self, self.grad):
                operand.grad = term if operand.grad is None else operand.grad + term

    def _made_by(self) -> str:
        """Return what made this node, for a notebook: `3 * 2`, `tanh(o)`."""
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

    # Python's numbers, which no gradient follows -----------------------------------------------------------

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
        """Return the number as a fraction, which `statistics` needs.

        Raises:
            TypeError: a gradient would be lost, or there are several numbers.

        >>> from chalkgrad import Value
        >>> Value(0.75, requires_grad=False).as_integer_ratio()
        (3, 4)
        """
        return _plain(self, "`as_integer_ratio`").item().as_integer_ratio()

    def __bool__(self) -> bool:
        return truth(self)

    def __format__(self: Any, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    # To type checkers an array of objects, whose sum or product with an array is Any: it is a node.
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, np.dtype[np.object_]]:
        return np.array(_plain(self, "NumPy").data, dtype=dtype, copy=copy)

    @property
    def _mask(self: Any) -> Any:
        """Answer `np.ma`, which takes the numbers by another way than `__array__`."""
        return np.ma.getmask(_plain(self, "NumPy").data)

    def numpy(self: Any) -> np.ndarray:
        """Return the numbers as an array of their own, without history, as PyTorch's `t.detach().numpy()`.

        >>> from chalkgrad import Tensor
        >>> (Tensor([1.0, 2.0]) * 2).numpy()
        array([2., 4.])
        """
        return np.array(self.data)

    def tolist(self: Any) -> Any:
        """Return the numbers as a float or nested lists of floats, without history.

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
    """Let Python have the numbers of a node, unless a gradient would be lost."""
    if not loses_gradient(node):
        return node
    raise TypeError(
        f"{taker} would lose the gradient of a {type(node).__name__}: write `.data` or `.item()` for plain numbers; "
        "in place of functions of Python, `math` and NumPy write autograd's own, such as `chalkgrad.sin` and `stack`"
    )


def loses_gradient(node: Node) -> bool:
    """Return whether Python would take a number out of a graph through which a gradient is needed.

    In a function that is compiled, arguments are nodes that need no gradient: a guard follows them.
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
    """Compare numbers; what is no number is not equal, and Python's `None`, texts and objects come here too."""
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
