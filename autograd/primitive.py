"""What a primitive is, and `primitive`, which makes one.

A primitive holds all that the library knows of an operation. The eager engine, the backward graph, forward mode,
the drawings and the tests read it; nothing about an operation stands anywhere else.
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
    """A node of a graph: a primitive that gets one calls its `record`. Numbers and arrays are not Operands."""

    __slots__ = ()

    def record(self, op: Primitive, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Compute `op` and record it as a node."""
        raise TypeError(f"{type(self).__name__} does not record operations")


Numbers = Operand | np.ndarray | float
"""A node, for nodes; else an array, or a number where NumPy gives a scalar."""


class _OfArray(Protocol):
    """How type checkers recognise a Tensor here, whose module imports this one."""

    def to_values(self) -> Any: ...


N = TypeVar("N", bound=Operand)
T = TypeVar("T", bound=_OfArray)


def _read_only(name: str) -> Any:
    """Return an attribute that is set when a primitive is made: graphs and programs rely on it."""

    def refuse(self: Primitive, rule: Any) -> None:
        raise AttributeError(f"`{name}` of the primitive `{self.name}` cannot be changed: make one with `primitive`")

    return property(operator.attrgetter(f"_{name}"), refuse)


class Primitive:
    r"""An operation: its formula, its derivative rule, its kinks and its domain. Made by `primitive`.

    Call it with numbers, arrays, Values and Tensors.

    Args:
        forward: the formula, a function of floats and NumPy arrays.
        symbol: how it is drawn (`+`, `sin`); the function's name if left out.
        partials: for an elementwise operation, one rule per operand, $\partial f / \partial x_i$: a function
            `(out, *inputs)`, or a number, or None for an operand that is not differentiated.
        vjps: for any other operation, one rule per operand `(g, out, *inputs)` that gives the cotangent of the
            operand from the cotangent `g` of the result. For any number of operands (`*xs`), one function
            `(g, out, xs)` that lists the cotangents of all.
        scalar: a faster formula for floats (say, from `math`); where it raises, `forward` is asked.
        domain: the interval of each operand on which the operation is defined, for the tests.
        kinks: the points where the derivative jumps, for the tests.
        ulps: how far the value, a first and a second derivative may be from the exact ones, in units in the last
            place, for the tests; None promises nothing.
        strict_zeros: whether zeros in the cotangents that the rules give are exact: 0 times infinity behind them is 0.

    Raises:
        TypeError: `forward` is no function with a name, or `symbol` is no text.
        ValueError: `partials` and `vjps` are both given, or their number is not that of the operands.

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
        self.elementwise = partials is not None  # then shapes broadcast, and the rule multiplies
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
        """Return the derivative rule of input `i`; None where the operation cannot be differentiated by it."""
        rules: Any = self._vjps if self._partials is None else self._partials
        if rules is None:
            raise TypeError(f"primitive `{self.name}` has no derivative: give `partials` or `vjps` where you define it")
        if isinstance(rules, tuple):
            return rules[i]
        return lambda g, out, *xs, **params: rules(g, out, xs, **params)[i]

    def evaluate(self, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """Compute on plain numbers and arrays: a float from numbers alone, else an array; NaN and inf by IEEE."""
        if self._scalar is not None:
            for x in inputs:
                if x.__class__ is not float:
                    break
            else:
                try:
                    return self._scalar(*inputs, **params)
                except (ValueError, ArithmeticError):
                    pass  # Python's math raises where IEEE has an answer: take NumPy's
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
        # a float: from a formula of several operations, of an array of shape ()
        return np.asarray(out, dtype=np.result_type(*arrays) if out.__class__ is float else None)

    @overload
    def __call__(self, x: T, /, *others: Any, **params: Any) -> T: ...
    @overload
    def __call__(self, x: Any, y: T, /, *others: Any, **params: Any) -> T: ...
    @overload
    def __call__(self, *inputs: Any, **params: Any) -> Any: ...
    def __call__(self, *inputs: Any, **params: Any) -> Any:
        if self._scalar is not None and len(inputs) == self.arity:  # the common case in a derivative rule, first
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
        """Take settings by their order, as in `sum(x, 0)`."""
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
        """A primitive with `partials`: its result is of the kind of its operands."""

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
_NAMED = re.compile(r"`[a-z_]\w*`")  # says in our way what is wrong: NumPy's backticks hold pieces of code


def refusal(name: str, inputs: Sequence[Any], params: dict[str, Any], error: Exception) -> Exception | None:
    """Say of an error from the depths of NumPy in which operation, and of what; None for an error of anyone else."""
    foreign = any(isinstance(x, np.ndarray) and x.dtype.kind not in "fiub" for x in inputs)
    module = type(error).__module__.partition(".")[0]
    if module not in ("builtins", "numpy") or (module == "builtins" and _NAMED.search(str(error))):
        return None
    if isinstance(error, AttributeError) and not foreign:  # a mistake in the formula of somebody's operation
        return None
    operands = " and ".join(describe(x) + (f" of {x.dtype}" if foreign and hasattr(x, "dtype") else "") for x in inputs)
    settings = "".join(f", with `{key}` {x!r:.60}" for key, x in params.items())
    kind: type[Exception] = TypeError if isinstance(error, (TypeError, AttributeError)) else ValueError
    if type(error) is IndexError:  # it is what ends a loop over elements
        kind = IndexError
    return kind(f"`{name}` cannot take {operands}{settings}: {error}")


def moved_numbers(f: Callable[..., Any], x: Any, *args: Any, **settings: Any) -> Any:
    """Return where a function of NumPy moves the elements of `x`: what it makes of their numbers, from 1."""
    shape = getattr(x, "shape", ())
    try:
        return f(np.arange(1, math.prod(shape) + 1).reshape(shape), *args, **settings)
    except Exception as error:
        raise refusal(f.__name__, [x], settings, error) or error.with_traceback(None) from error


def plain(x: Any, name: str) -> Any:
    """Turn an operand that is not a node into a float or an array."""
    if x.__class__ is np.ndarray and x.dtype.kind in "fiub":
        return x
    if isinstance(x, (int, float)):  # also bool and np.float64
        return x if isinstance(x, np.generic) else float_of(x, name)
    if isinstance(x, np.generic) and x.dtype.kind in "fiub":
        return x
    if hasattr(type(x), "__array__") and (array := array_of(x, name)).dtype.kind in "fiub":
        return array  # of PyTorch, JAX, pandas, or a subclass of NumPy's
    if isinstance(x, (list, tuple)):
        try:
            array = as_array(x, name)
        except TypeError:  # a node has refused
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
    r"""Make an operation from its formula and its derivative, as all operations of the library are made.

    Decorates a function of floats and NumPy arrays. Its positional arguments are the operands; keyword-only
    arguments are settings that are not differentiated. Write the rules with the library's own operations
    (`from chalkgrad import cos, div`), so that they work on numbers and on nodes, where they build the backward
    graph; use `div` and `pow` for `/` and `**`, which on Python's floats raise where IEEE has an answer.

    Args:
        forward: the formula; its name, docstring and signature become the operation's.
        **settings: those of `Primitive`: `partials` or `vjps`, `symbol`, `scalar`, `domain`, `kinks`, `ulps` and
            `strict_zeros`.

    Raises:
        TypeError: `forward` is no function with a name, or `symbol` is no text.
        ValueError: `partials` and `vjps` are both given, or their number is not that of the operands.

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
