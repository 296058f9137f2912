"""The class `Primitive`, and the decorator `primitive` that makes one.

A primitive holds all facts about an operation: its formula, its derivative rule, its symbol. The eager engine, the
backward graph, forward mode, the drawings and the tests read them from there.
"""

from __future__ import annotations

import functools
import inspect
import math
import operator
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

import numpy as np

from .checks import array_of, as_array, float_of, function, items
from .modes import quietly
from .shapes import describe

Rule = Callable[..., Any]
P = ParamSpec("P")
REALS = (-math.inf, math.inf)


class Operand:
    """The base class of nodes. A primitive with an Operand among its arguments calls the method `record`."""

    __slots__ = ()

    def record(self, op: Primitive, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Compute `op` and return it as a new node of the graph."""
        raise TypeError(f"{type(self).__name__} does not record operations")


Numbers = Operand | np.ndarray | float
"""The result of a primitive: a node for nodes, else an array, or a number where NumPy gives a scalar."""


class _OfArray(Protocol):
    """The type of a Tensor for type checkers. (The module of Tensor imports this one.)"""

    def to_values(self) -> Any: ...


N = TypeVar("N", bound=Operand)
T = TypeVar("T", bound=_OfArray)


def _read_only(name: str) -> Any:
    """Return a property that cannot be set, because graphs and programs rely on its value."""

    def refuse(self: Primitive, rule: Any) -> None:
        raise AttributeError(f"`{name}` of the primitive `{self.name}` cannot be changed: make one with `primitive`")

    return property(operator.attrgetter(f"_{name}"), refuse)


class Primitive:
    r"""An operation with its formula, derivative rule, kinks and domain. The decorator `primitive` makes it.

    Call it with numbers, arrays, Values and Tensors.

    Args:
        forward: the formula, a function of floats and NumPy arrays.
        symbol: the text in drawings (`+`, `sin`). By default, the name of the function.
        partials: for an elementwise operation, one rule per operand for $\partial f / \partial x_i$: a function
            `(out, *inputs)`, or a number, or None for an operand that is not differentiated.
        vjps: for any other operation, one rule `(g, out, *inputs)` per operand, which returns the cotangent of the
            operand from the cotangent `g` of the result. An operation of any number of operands (`*xs`) has one
            function `(g, out, xs)` that returns a list of all cotangents.
        scalar: a faster formula for floats, such as one from `math`. If it raises, `forward` is called instead.
        domain: for the tests, the interval of each operand on which the operation is defined.
        kinks: for the tests, the points where the derivative jumps.
        ulps: for the tests, the largest errors of the value, a first and a second derivative, in units in the last
            place. None promises no accuracy.
        strict_zeros: whether zeros in the cotangents of the rules are exact, so that 0 times infinity is 0 after them.

    Raises:
        TypeError: `forward` is not a function with a name, or `symbol` is not a string.
        ValueError: both `partials` and `vjps` are given, or their number is not the number of operands.

    >>> from chalkgrad import sin
    >>> sin.symbol, sin.arity, sin.elementwise, sin(0.0)
    ('sin', 1, True, 0.0)
    """

    forward, scalar = _read_only("forward"), _read_only("scalar")
    partials, vjps = _read_only("partials"), _read_only("vjps")

    def __init__(
        self,
        forward: Rule,
        *,
        symbol: str | None = None,
        partials: Sequence[Rule | float | None] | None = None,
        vjps: Sequence[Rule | None] | Rule | None = None,
        scalar: Rule | None = None,
        domain: Sequence[tuple[float, float]] | None = None,
        kinks: Sequence[float] = (),
        ulps: tuple[float, float, float] | None = None,
        strict_zeros: bool = False,
    ) -> None:
        function(forward, "forward", "of floats and arrays, the formula")
        if not hasattr(forward, "__name__") or isinstance(forward, type):
            raise TypeError(f"`forward` is a function with a name, not {forward!r:.60}: write it with `def`")
        if symbol is not None and not isinstance(symbol, str):
            raise TypeError(f"`symbol` is a text, not {symbol!r:.60}")
        functools.update_wrapper(self, forward)
        parameters = inspect.signature(forward).parameters.values()
        positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.name: str = forward.__name__
        self.symbol = symbol or self.name
        self.arity: int | None = None if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(positional)
        self.defaults = tuple(p.default for p in positional if p.default is not p.empty)
        self.options = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.wide = bool(self.options) or self.arity is None or self.arity > 2
        self._forward = forward
        self._scalar = scalar
        self._partials = None if partials is None else tuple(items(partials, "partials"))
        self.elementwise = partials is not None  # shapes broadcast, and a vjp term is `g` times the partial
        self._vjps = vjps if vjps is None or callable(vjps) else tuple(items(vjps, "vjps"))
        self.domain = (REALS,) * (self.arity or 0) if domain is None else tuple(items(domain, "domain"))
        self.kinks = tuple(items(kinks, "kinks"))
        self.ulps = ulps
        self.strict_zeros = strict_zeros
        if partials is not None and vjps is not None:
            raise ValueError(f"primitive `{self.name}`: give `partials` (elementwise) or `vjps`, not both")
        rules, kind = (self._partials, "partials") if self.elementwise else (self._vjps, "vjps")
        if isinstance(rules, tuple) and self.arity is not None and len(rules) != self.arity:
            raise ValueError(
                f"primitive `{self.name}` has {self.arity} inputs but {len(rules)} `{kind}`: give one for each"
            )

    def rule(self, i: int) -> Rule | float | None:
        """Return the derivative rule of input `i`, or None if the operation is not differentiated with respect to it.

        Raises:
            TypeError: the primitive has no derivative rules.

        >>> from chalkgrad import add, sin
        >>> add.rule(0), sin.rule(0)(0.0, 0.0)
        (1.0, 1.0)
        """
        rules: Any = self._vjps if self._partials is None else self._partials
        if rules is None:
            raise TypeError(f"primitive `{self.name}` has no derivative: give `partials` or `vjps` where you define it")
        if isinstance(rules, tuple):
            return rules[i]
        return lambda g, out, *xs, **params: rules(g, out, xs, **params)[i]

    def evaluate(self, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """Return the result for plain numbers and arrays: a float for numbers alone, else an array.

        Where Python raises, as for a division by zero, the result is NaN or infinite by IEEE 754.

        >>> from chalkgrad import div
        >>> div.evaluate([1.0, 0.0], {})
        inf
        """
        if self._scalar is not None:
            for x in inputs:
                if x.__class__ is not float:
                    break
            else:
                try:
                    return self._scalar(*inputs, **params)
                except (ValueError, ArithmeticError):
                    pass  # Python's math raises where IEEE 754 defines a result: use NumPy
        try:
            out = quietly(self._forward, inputs, params)
        except (TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            if (refused := refusal(self.name, inputs, params, error)) is None:
                raise
            raise refused from error
        if out.__class__ is np.ndarray and out.shape:
            return out
        arrays = [x for x in inputs if isinstance(x, np.ndarray)] if self.elementwise else []
        if not arrays and (out.__class__ is float or (self.elementwise and np.ndim(out) == 0)):
            return float(out)
        # A formula of several operations gives a float for an array of shape ().
        return np.asarray(out, dtype=np.result_type(*arrays) if out.__class__ is float else None)

    @overload
    def __call__(self, x: T, /, *others: Any, **params: Any) -> T: ...
    @overload
    def __call__(self, x: Any, y: T, /, *others: Any, **params: Any) -> T: ...
    @overload
    def __call__(self, *inputs: Any, **params: Any) -> Any: ...
    def __call__(self, *inputs: Any, **params: Any) -> Any:
        if self._scalar is not None and len(inputs) == self.arity:  # first the common case in a derivative rule
            for x in inputs:
                if x.__class__ is not float:
                    break
            else:
                return self.evaluate(inputs, params)
        if self.arity is not None and len(inputs) > self.arity:
            inputs, params = self._in_order(inputs, params)
        if self.defaults and (missing := (self.arity or 0) - len(inputs)):
            inputs += self.defaults[-missing:]
        for x in inputs:
            if isinstance(x, Operand):
                return x.record(self, inputs, params)
        out = self.evaluate([x if type(x) in _PLAIN else plain(x, self.name) for x in inputs], params)
        return out[()] if out.__class__ is np.ndarray and not out.shape else out  # as NumPy gives scalars

    def _in_order(self, inputs: tuple[Any, ...], params: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return operands and settings of a call with positional settings, as in `sum(x, 0)`."""
        given = dict(zip(self.options, inputs[self.arity :], strict=False))
        if len(given) < len(inputs) - (self.arity or 0) or given.keys() & params:
            options = "".join(f", {name}" for name in self.options)
            raise TypeError(f"`{self.name}` takes {self.arity} operands{options}, each once; {len(inputs)} came")
        return inputs[: self.arity], {**given, **params}

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.__qualname__  # type: ignore[attr-defined]  # set by update_wrapper: a primitive pickles by its name


if TYPE_CHECKING:

    class Elementwise(Primitive):
        """A primitive with `partials`, for type checkers: its result has the type of its operands."""

        @overload
        def __call__(self, x: T, /, *others: Any, **params: Any) -> T: ...
        @overload
        def __call__(self, x: Any, y: T, /, *others: Any, **params: Any) -> T: ...
        @overload
        def __call__(self, x: N, /, *others: N | float) -> N: ...
        @overload
        def __call__(self, x: float, y: N, /, *others: N | float) -> N: ...
        @overload
        def __call__(self, x: float, /, *others: float) -> float: ...
        @overload
        def __call__(self, x: np.ndarray, /, *others: np.ndarray | float) -> np.ndarray: ...
        @overload
        def __call__(self, *inputs: Any, **params: Any) -> Any: ...
        def __call__(self, *inputs: Any, **params: Any) -> Any: ...  # pyright: ignore[reportIncompatibleMethodOverride]


class _OfArrays(Protocol[P]):
    @overload
    def __call__(self, x: T, /, *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    def __call__(self, x: Any, /, *args: P.args, **kwargs: P.kwargs) -> Any: ...


def of_arrays(f: Callable[Concatenate[Any, P], Any]) -> _OfArrays[P]:
    """Tell type checkers that a function returns a Tensor for a Tensor."""
    return cast(Any, f)


_PLAIN = frozenset({float, np.ndarray})
_NAMED = re.compile(r"`[a-z_]\w*`")  # a name in backticks marks our messages; NumPy puts code in backticks


def refusal(name: str, inputs: Sequence[Any], params: dict[str, Any], error: Exception) -> Exception | None:
    """Return an error of NumPy with the operation and its operands in the message; None for any other error."""
    foreign = any(isinstance(x, np.ndarray) and x.dtype.kind not in "fiub" for x in inputs)
    module = type(error).__module__.partition(".")[0]
    if module not in ("builtins", "numpy") or (module == "builtins" and _NAMED.search(str(error))):
        return None
    if isinstance(error, AttributeError) and not foreign:  # a mistake in the formula of the operation
        return None
    operands = " and ".join(describe(x) + (f" of {x.dtype}" if foreign and hasattr(x, "dtype") else "") for x in inputs)
    settings = "".join(f", with `{key}` {x!r:.60}" for key, x in params.items())
    kind: type[Exception] = TypeError if isinstance(error, (TypeError, AttributeError)) else ValueError
    if type(error) is IndexError:  # it ends a loop over elements
        kind = IndexError
    return kind(f"`{name}` cannot take {operands}{settings}: {error}")


def moved_numbers(f: Callable[..., Any], x: Any, *args: Any, **settings: Any) -> Any:
    """Return where a function of NumPy moves the elements of `x`: its result for their numbers 1, 2, ..."""
    shape = getattr(x, "shape", ())
    try:
        return f(np.arange(1, math.prod(shape) + 1).reshape(shape), *args, **settings)
    except Exception as error:
        raise refusal(f.__name__, [x], settings, error) or error.with_traceback(None) from error


def plain(x: Any, name: str) -> Any:
    """Return an operand that is not a node as a float or an array."""
    if x.__class__ is np.ndarray and x.dtype.kind in "fiub":
        return x
    if isinstance(x, (int, float)):  # also bool and np.float64
        return x if isinstance(x, np.generic) else float_of(x, name)
    if isinstance(x, np.generic) and x.dtype.kind in "fiub":
        return x
    if hasattr(type(x), "__array__") and (array := array_of(x, name)).dtype.kind in "fiub":
        return array  # from PyTorch, JAX or pandas, or a subclass of NumPy's
    if isinstance(x, (list, tuple)):
        try:
            array = as_array(x, name)
        except TypeError:  # from a node in the list
            array = np.empty(0, object)
        if array.dtype.kind in "fiub":
            return array
        if array.dtype == object:
            raise TypeError(f"`{name}` got a list that holds more than numbers: of nodes, make `Tensor(list)` first")
    raise TypeError(f"`{name}` takes numbers, arrays, Values and Tensors, not {type(x).__name__} ({x!r:.60})")


@overload
def primitive(*, partials: Sequence[Rule | float | None], **settings: Any) -> Callable[[Rule], Elementwise]: ...
@overload
def primitive(*, partials: None = None, **settings: Any) -> Callable[[Rule], Primitive]: ...
@overload
def primitive(forward: Rule, /, **settings: Any) -> Primitive: ...
def primitive(forward: Rule | None = None, /, **settings: Any) -> Primitive | Callable[[Rule], Primitive]:
    r"""Return a new operation from its formula and its derivative rule. All operations of the library are made so.

    It decorates a function of floats and NumPy arrays. Positional arguments of the function are operands.
    Keyword-only arguments are settings, which are not differentiated.

    Write the rules with the library's own operations (`from chalkgrad import cos, div`). Then they work on numbers,
    and on nodes, where they build the backward graph. Write `div` and `pow` instead of `/` and `**`, which raise for
    Python's floats where IEEE 754 defines a result.

    Args:
        forward: the formula. The operation gets its name, docstring and signature.
        **settings: those of `Primitive`: `partials` or `vjps`, `symbol`, `scalar`, `domain`, `kinks`, `ulps` and
            `strict_zeros`.

    Raises:
        TypeError: `forward` is not a function with a name, or `symbol` is not a string.
        ValueError: both `partials` and `vjps` are given, or their number is not the number of operands.

    >>> from chalkgrad import Value, primitive
    >>> @primitive(partials=[lambda out, x: 3 * x * x])
    ... def cube(x):
    ...     return x * x * x
    >>> x = Value(2.0)
    >>> cube(x).backward()
    >>> x.grad
    12.0
    """
    return functools.partial(Primitive, **settings) if forward is None else Primitive(forward, **settings)
